package providers

import "time"

// Release is a release of a repository.
type Release struct {
	Origin

	ID         string `json:"id,omitempty"` // GitLab has none; the tag is the key there
	Tag        string `json:"tag"`
	Name       string `json:"name,omitempty"`
	Body       string `json:"body,omitempty"`
	Draft      *bool  `json:"draft,omitempty"`
	Prerelease *bool  `json:"prerelease,omitempty"`
	Author     User   `json:"author,omitzero"`

	CreatedAt   time.Time `json:"created_at,omitzero"` // at GitHub the date of the commit
	PublishedAt time.Time `json:"published_at,omitzero"`
	Assets      []Asset   `json:"assets,omitempty"`
	WebURL      string    `json:"web_url,omitempty"`
}

// Asset is a file of a release.
type Asset struct {
	Name      string `json:"name"`
	URL       string `json:"url"` // where to download it
	SizeBytes *int64 `json:"size_bytes,omitempty"`
	Downloads *int64 `json:"downloads,omitempty"`
}
