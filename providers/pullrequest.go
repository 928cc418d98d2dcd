package providers

import "time"

// PullRequest is a pull request, at GitLab a merge request.
type PullRequest struct {
	Origin

	ID     string `json:"id,omitempty"`
	Number int64  `json:"number"` // as in URLs
	Title  string `json:"title"`
	Body   string `json:"body,omitempty"`
	State  State  `json:"state"` // a declined or superseded one is closed
	Draft  *bool  `json:"draft,omitempty"`

	Author    User     `json:"author,omitzero"` // zero if the account is gone
	Assignees []User   `json:"assignees,omitempty"`
	Reviewers []User   `json:"reviewers,omitempty"`
	Labels    []string `json:"labels,omitempty"`

	Head Side `json:"head"`
	Base Side `json:"base"`

	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	MergedAt  time.Time `json:"merged_at,omitzero"`
	MergedBy  User      `json:"merged_by,omitzero"` // GitHub's list does not tell
	MergeSHA  string    `json:"merge_sha,omitempty"`
	Comments  *int64    `json:"comments,omitempty"`
	WebURL    string    `json:"web_url,omitempty"`
}

// Side is one end of a pull request.
type Side struct {
	Ref        string `json:"ref"`
	SHA        string `json:"sha,omitempty"`        // Bitbucket abbreviates it
	Repository string `json:"repository,omitempty"` // full name, its id where the host says no more; empty if it is gone
}

// Issue is an issue. Pull requests are none.
type Issue struct {
	Origin

	ID     string `json:"id"`
	Number int64  `json:"number"` // as in URLs
	Title  string `json:"title"`
	Body   string `json:"body,omitempty"`
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"` // why it is closed, in GitHub's words

	Author    User     `json:"author,omitzero"`
	Assignees []User   `json:"assignees,omitempty"`
	Labels    []string `json:"labels,omitempty"`
	Milestone string   `json:"milestone,omitempty"`
	Comments  *int64   `json:"comments,omitempty"`
	Locked    *bool    `json:"locked,omitempty"`

	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
	WebURL    string    `json:"web_url,omitempty"`
}
