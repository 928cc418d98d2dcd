package fleettest

import (
	"encoding/base64"
	"fmt"
	"time"
)

// githubOwner is a user or organization as it appears inside other things.
type githubOwner struct {
	Login     string `json:"login"`
	ID        int64  `json:"id"`
	NodeID    string `json:"node_id"`
	AvatarURL string `json:"avatar_url"`
	URL       string `json:"url"`
	HTMLURL   string `json:"html_url"`
	ReposURL  string `json:"repos_url"`
	OrgsURL   string `json:"organizations_url"`
	Type      string `json:"type"`
	SiteAdmin bool   `json:"site_admin"`
}

// githubUser is a user or an organization on its own.
type githubUser struct {
	githubOwner
	Name         string     `json:"name"`
	Company      *string    `json:"company"`
	Blog         string     `json:"blog"`
	Location     *string    `json:"location"`
	Email        *string    `json:"email"`
	Bio          *string    `json:"bio"`
	Description  string     `json:"description,omitempty"`
	PublicRepos  int        `json:"public_repos"`
	PublicGists  int        `json:"public_gists"`
	Followers    int        `json:"followers"`
	Following    int        `json:"following"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	TotalPrivate *int       `json:"total_private_repos,omitempty"` // one's own only
	OwnedPrivate *int       `json:"owned_private_repos,omitempty"`
	Plan         *planBrief `json:"plan,omitempty"`
}

// planBrief is what one's own account says about what is paid.
type planBrief struct {
	Name string `json:"name"`
}

// githubRepository is a repository as lists show it, less its URLs to other
// endpoints.
type githubRepository struct {
	ID              int64           `json:"id"`
	NodeID          string          `json:"node_id"`
	Name            string          `json:"name"`
	FullName        string          `json:"full_name"`
	Private         bool            `json:"private"`
	Owner           githubOwner     `json:"owner"`
	HTMLURL         string          `json:"html_url"`
	Description     string          `json:"description"`
	Fork            bool            `json:"fork"`
	URL             string          `json:"url"`
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
	PushedAt        time.Time       `json:"pushed_at"`
	GitURL          string          `json:"git_url"`
	SSHURL          string          `json:"ssh_url"`
	CloneURL        string          `json:"clone_url"`
	SVNURL          string          `json:"svn_url"`
	MirrorURL       *string         `json:"mirror_url"`
	Homepage        *string         `json:"homepage"`
	Size            int             `json:"size"`
	StargazersCount int             `json:"stargazers_count"`
	WatchersCount   int             `json:"watchers_count"`
	Language        *string         `json:"language"`
	HasIssues       bool            `json:"has_issues"`
	HasProjects     bool            `json:"has_projects"`
	HasDownloads    bool            `json:"has_downloads"`
	HasWiki         bool            `json:"has_wiki"`
	HasPages        bool            `json:"has_pages"`
	HasDiscussions  bool            `json:"has_discussions"`
	ForksCount      int             `json:"forks_count"`
	Archived        bool            `json:"archived"`
	Disabled        bool            `json:"disabled"`
	OpenIssuesCount int             `json:"open_issues_count"`
	License         *githubLicense  `json:"license"`
	AllowForking    bool            `json:"allow_forking"`
	IsTemplate      bool            `json:"is_template"`
	SignoffRequired bool            `json:"web_commit_signoff_required"`
	Topics          []string        `json:"topics"`
	Visibility      string          `json:"visibility"`
	Forks           int             `json:"forks"`
	OpenIssues      int             `json:"open_issues"`
	Watchers        int             `json:"watchers"`
	DefaultBranch   string          `json:"default_branch"`
	Permissions     map[string]bool `json:"permissions,omitempty"`

	// What a repository asked for alone has besides.
	Organization     *githubOwner    `json:"organization,omitempty"`
	Parent           *githubUpstream `json:"parent,omitempty"`
	NetworkCount     *int            `json:"network_count,omitempty"`
	SubscribersCount *int            `json:"subscribers_count,omitempty"`
}

// githubLicense is a licence in brief.
type githubLicense struct {
	Key    string `json:"key"`
	Name   string `json:"name"`
	SPDXID string `json:"spdx_id"`
	URL    string `json:"url"`
}

// githubUpstream is what a fork was made from.
type githubUpstream struct {
	ID       int64       `json:"id"`
	Name     string      `json:"name"`
	FullName string      `json:"full_name"`
	Owner    githubOwner `json:"owner"`
	HTMLURL  string      `json:"html_url"`
}

// nodeID is an id in the form that GraphQL has, as it was before 2021.
func nodeID(kind string, id int64) string {
	name := fmt.Sprintf("%s%d", kind, id)
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%03d:%s", len(kind), name)))
}

// ownerJSON shows o inside other things.
func ownerJSON(base string, o *owner) githubOwner {
	url := base + "/users/" + o.login
	return githubOwner{
		Login: o.login, ID: o.id, NodeID: nodeID(o.kind, o.id), Type: o.kind,
		AvatarURL: fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", o.id),
		URL:       url, ReposURL: url + "/repos", OrgsURL: url + "/orgs",
		HTMLURL: "https://github.com/" + o.login,
	}
}

// userJSON shows o on its own.
func userJSON(base string, o *owner) githubUser {
	created := firstCreated.AddDate(-1, 0, int(o.id-firstID))
	u := githubUser{
		githubOwner: ownerJSON(base, o),
		Name:        displayName(o.login),
		PublicRepos: o.repositories - o.private,
		CreatedAt:   created, UpdatedAt: created.AddDate(5, 0, 0),
	}
	if o.kind == kindOrganization {
		u.URL = base + "/orgs/" + o.login
		u.ReposURL = u.URL + "/repos"
		u.Description = "The organization " + o.login
	}
	return u
}
