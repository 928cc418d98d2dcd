package providers

import "time"

// Commit is a commit.
type Commit struct {
	Origin

	SHA       string    `json:"sha"`
	Message   string    `json:"message"`
	Author    Signature `json:"author"`
	Committer Signature `json:"committer,omitzero"` // Bitbucket does not tell
	Parents   []string  `json:"parents,omitempty"`  // SHAs
	WebURL    string    `json:"web_url,omitempty"`
}

// Signature is who did something in Git, and when.
type Signature struct {
	Name  string    `json:"name,omitempty"`
	Email string    `json:"email,omitempty"`
	Date  time.Time `json:"date,omitzero"`

	// Login and ID are the host's account with that address, if it knows one.
	Login string `json:"login,omitempty"`
	ID    string `json:"id,omitempty"`
}

// IsZero reports whether s says nothing, for JSON's omitzero.
func (s Signature) IsZero() bool { return s == Signature{} }

// Contributor is somebody with commits in a repository. Without an account there
// is a name or an address, but no Login.
type Contributor struct {
	Origin

	ID        string `json:"id,omitempty"`
	Login     string `json:"login,omitempty"`
	Name      string `json:"name,omitempty"`
	Email     string `json:"email,omitempty"`
	Commits   int64  `json:"commits"`
	Additions *int64 `json:"additions,omitempty"`
	Deletions *int64 `json:"deletions,omitempty"`
	AvatarURL string `json:"avatar_url,omitempty"`
	WebURL    string `json:"web_url,omitempty"`
}
