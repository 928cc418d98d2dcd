package providers

import "time"

// Branch is a branch and the commit at its head.
type Branch struct {
	Origin

	Name        string    `json:"name"`
	SHA         string    `json:"sha"`
	Protected   *bool     `json:"protected,omitempty"`
	Default     *bool     `json:"default,omitempty"`
	CommittedAt time.Time `json:"committed_at,omitzero"` // GitHub's list does not tell
	WebURL      string    `json:"web_url,omitempty"`
}

// Tag is a tag and the commit that it is on.
type Tag struct {
	Origin

	Name    string    `json:"name"`
	SHA     string    `json:"sha"`               // of the commit, also for annotated tags
	Message string    `json:"message,omitempty"` // of an annotated tag; GitHub's list does not tell
	Tagger  Signature `json:"tagger,omitzero"`
	Date    time.Time `json:"date,omitzero"`
}
