package providers

import "time"

// Repository is a repository, at GitLab a project. Lists may say less than
// [Client.FetchRepository]; what is said there only is marked.
type Repository struct {
	Origin

	ID       string `json:"id"`
	Owner    User   `json:"owner"` // its Login is all before the name, at GitLab the path of groups
	Name     string `json:"name"`  // as in URLs, not the display name
	FullName string `json:"full_name"`

	Description   string     `json:"description,omitempty"`
	Homepage      string     `json:"homepage,omitempty"`
	DefaultBranch string     `json:"default_branch,omitempty"` // empty if the repository is
	Visibility    Visibility `json:"visibility,omitempty"`
	Language      string     `json:"language,omitempty"` // most of it; GitLab does not tell
	License       string     `json:"license,omitempty"`  // SPDX identifier at GitHub, key at GitLab (single)
	Topics        []string   `json:"topics,omitempty"`

	WebURL   string `json:"web_url,omitempty"`
	CloneURL string `json:"clone_url,omitempty"` // https, without a user name
	SSHURL   string `json:"ssh_url,omitempty"`

	Private  *bool  `json:"private,omitempty"` // whether Visibility is not public
	Archived *bool  `json:"archived,omitempty"`
	Disabled *bool  `json:"disabled,omitempty"`
	Fork     *bool  `json:"fork,omitempty"`
	Parent   string `json:"parent,omitempty"` // full name of what it was forked from (single at GitHub)
	Template *bool  `json:"template,omitempty"`

	HasWiki      *bool `json:"has_wiki,omitempty"`
	HasIssues    *bool `json:"has_issues,omitempty"`
	HasProjects  *bool `json:"has_projects,omitempty"`
	HasPages     *bool `json:"has_pages,omitempty"`
	HasDownloads *bool `json:"has_downloads,omitempty"`
	AllowForking *bool `json:"allow_forking,omitempty"`

	Stars       *int64 `json:"stars,omitempty"`
	Forks       *int64 `json:"forks,omitempty"`
	Watchers    *int64 `json:"watchers,omitempty"`    // at GitHub the same as Stars
	Subscribers *int64 `json:"subscribers,omitempty"` // who is told of all that happens (single)
	Network     *int64 `json:"network,omitempty"`     // repositories of the network (single)
	OpenIssues  *int64 `json:"open_issues,omitempty"` // at GitHub pull requests included
	SizeBytes   *int64 `json:"size_bytes,omitempty"`

	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	PushedAt  time.Time `json:"pushed_at,omitzero"`

	Permission Permission `json:"permission,omitempty"` // what the token may do
}

// Visibility says who sees a repository.
type Visibility string

// The visibilities. Internal is for all who are signed in, or all of an
// enterprise.
const (
	Public   Visibility = "public"
	Private  Visibility = "private"
	Internal Visibility = "internal"
)

// Permission is what a token may do with a repository, from little to much.
type Permission string

// The permissions.
const (
	CanRead     Permission = "read"
	CanTriage   Permission = "triage"
	CanWrite    Permission = "write"
	CanMaintain Permission = "maintain"
	CanAdmin    Permission = "admin"
)

// Language is a language of a repository.
type Language struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`           // of the code, from 0 to 1
	Bytes *int64  `json:"bytes,omitempty"` // GitLab tells shares only
}
