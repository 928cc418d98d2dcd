package providers

import "time"

// User is an account: a person, an organization or a program. Where it is part
// of another record, that says little more than ID and Login.
type User struct {
	Origin

	ID        string    `json:"id,omitempty"`
	Login     string    `json:"login,omitempty"` // at Bitbucket a nickname, which is not unique
	Name      string    `json:"name,omitempty"`
	Email     string    `json:"email,omitempty"` // usually kept private
	Kind      UserKind  `json:"kind,omitempty"`
	AvatarURL string    `json:"avatar_url,omitempty"`
	WebURL    string    `json:"web_url,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}

// UserKind is what stands behind an account.
type UserKind string

// The kinds of account. A GitLab group and a Bitbucket workspace is an
// Organization.
const (
	Person     UserKind = "user"
	OrgAccount UserKind = "organization"
	Bot        UserKind = "bot"
)

// Organization is an organization, at GitLab a group, at Bitbucket a workspace.
type Organization struct {
	Origin

	ID          string     `json:"id"`
	Login       string     `json:"login"` // at GitLab the full path, such as "a/b"
	Name        string     `json:"name,omitempty"`
	Description string     `json:"description,omitempty"`
	AvatarURL   string     `json:"avatar_url,omitempty"`
	WebURL      string     `json:"web_url,omitempty"`
	ParentID    string     `json:"parent_id,omitempty"` // of a GitLab subgroup
	Visibility  Visibility `json:"visibility,omitempty"`
	CreatedAt   time.Time  `json:"created_at,omitzero"`
}
