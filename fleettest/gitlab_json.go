package fleettest

import (
	"fmt"
	"strings"
	"time"
)

// gitlabPerson is a user as he appears inside other things.
type gitlabPerson struct {
	ID        int64   `json:"id"`
	Username  string  `json:"username"`
	Name      string  `json:"name"`
	State     string  `json:"state"`
	Locked    bool    `json:"locked"`
	AvatarURL *string `json:"avatar_url"`
	WebURL    string  `json:"web_url"`
}

// gitlabUser is a user on its own.
type gitlabUser struct {
	gitlabPerson
	CreatedAt    string  `json:"created_at"`
	Bio          string  `json:"bio"`
	Location     string  `json:"location"`
	PublicEmail  string  `json:"public_email"`
	WebsiteURL   string  `json:"website_url"`
	Organization string  `json:"organization"`
	JobTitle     string  `json:"job_title"`
	Bot          bool    `json:"bot"`
	Email        *string `json:"email,omitempty"` // one's own only
	ConfirmedAt  *string `json:"confirmed_at,omitempty"`
}

// gitlabGroup is a group.
type gitlabGroup struct {
	ID                   int64            `json:"id"`
	WebURL               string           `json:"web_url"`
	Name                 string           `json:"name"`
	Path                 string           `json:"path"`
	Description          string           `json:"description"`
	Visibility           string           `json:"visibility"`
	LFSEnabled           bool             `json:"lfs_enabled"`
	DefaultBranch        *string          `json:"default_branch"`
	AvatarURL            *string          `json:"avatar_url"`
	RequestAccessEnabled bool             `json:"request_access_enabled"`
	FullName             string           `json:"full_name"`
	FullPath             string           `json:"full_path"`
	CreatedAt            string           `json:"created_at"`
	ParentID             *int64           `json:"parent_id"`
	Projects             *[]gitlabProject `json:"projects,omitempty"`
}

// gitlabNamespace is whom a project belongs to: a group or a user.
type gitlabNamespace struct {
	ID        int64   `json:"id"`
	Name      string  `json:"name"`
	Path      string  `json:"path"`
	Kind      string  `json:"kind"`
	FullPath  string  `json:"full_path"`
	ParentID  *int64  `json:"parent_id"`
	AvatarURL *string `json:"avatar_url"`
	WebURL    string  `json:"web_url"`
}

// gitlabProject is a project as lists show it, less much of its settings.
type gitlabProject struct {
	ID                int64              `json:"id"`
	Description       string             `json:"description"`
	Name              string             `json:"name"`
	NameWithNamespace string             `json:"name_with_namespace"`
	Path              string             `json:"path"`
	PathWithNamespace string             `json:"path_with_namespace"`
	CreatedAt         string             `json:"created_at"`
	UpdatedAt         string             `json:"updated_at"`
	LastActivityAt    string             `json:"last_activity_at"`
	DefaultBranch     *string            `json:"default_branch"`
	TagList           []string           `json:"tag_list"`
	Topics            []string           `json:"topics"`
	SSHURL            string             `json:"ssh_url_to_repo"`
	HTTPURL           string             `json:"http_url_to_repo"`
	WebURL            string             `json:"web_url"`
	ReadmeURL         *string            `json:"readme_url"`
	ForksCount        int                `json:"forks_count"`
	StarCount         int                `json:"star_count"`
	OpenIssuesCount   int                `json:"open_issues_count"`
	AvatarURL         *string            `json:"avatar_url"`
	Namespace         gitlabNamespace    `json:"namespace"`
	Owner             *gitlabPerson      `json:"owner,omitempty"`
	Links             gitlabLinks        `json:"_links"`
	EmptyRepo         bool               `json:"empty_repo"`
	Archived          bool               `json:"archived"`
	Visibility        string             `json:"visibility"`
	IssuesEnabled     bool               `json:"issues_enabled"`
	MergesEnabled     bool               `json:"merge_requests_enabled"`
	WikiEnabled       bool               `json:"wiki_enabled"`
	JobsEnabled       bool               `json:"jobs_enabled"`
	CreatorID         int64              `json:"creator_id"`
	ImportStatus      string             `json:"import_status"`
	PublicJobs        bool               `json:"public_jobs"`
	SharedWithGroups  []struct{}         `json:"shared_with_groups"`
	MergeMethod       string             `json:"merge_method"`
	ForkedFrom        *gitlabParent      `json:"forked_from_project,omitempty"`
	Permissions       *gitlabPermissions `json:"permissions,omitempty"`

	// What a project asked for alone has besides, if it is asked for.
	License    *gitlabLicense    `json:"license,omitempty"`
	LicenseURL string            `json:"license_url,omitempty"`
	Statistics *gitlabStatistics `json:"statistics,omitempty"`
}

// gitlabLinks lead to the other endpoints of a project.
type gitlabLinks struct {
	Self          string `json:"self"`
	Issues        string `json:"issues"`
	MergeRequests string `json:"merge_requests"`
	RepoBranches  string `json:"repo_branches"`
	Labels        string `json:"labels"`
	Events        string `json:"events"`
	Members       string `json:"members"`
}

// gitlabParent is what a fork was made from.
type gitlabParent struct {
	ID                int64  `json:"id"`
	Name              string `json:"name"`
	Path              string `json:"path"`
	PathWithNamespace string `json:"path_with_namespace"`
	WebURL            string `json:"web_url"`
}

// gitlabPermissions are the caller's rights. GitLab docs, "Members API":
// 30 is a developer, 50 an owner.
type gitlabPermissions struct {
	Project *gitlabAccess `json:"project_access"`
	Group   *gitlabAccess `json:"group_access"`
}

// gitlabAccess is one right.
type gitlabAccess struct {
	AccessLevel       int `json:"access_level"`
	NotificationLevel int `json:"notification_level"`
}

// gitlabLicense is a licence in brief.
type gitlabLicense struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Nickname string `json:"nickname"`
	HTMLURL  string `json:"html_url"`
}

// gitlabStatistics are sizes in bytes.
type gitlabStatistics struct {
	CommitCount    int   `json:"commit_count"`
	StorageSize    int64 `json:"storage_size"`
	RepositorySize int64 `json:"repository_size"`
}

// gitlabTime is t in GitLab's form, with milliseconds.
func gitlabTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// joined is when an owner came to the host.
func joined(o *owner) time.Time { return firstCreated.AddDate(-1, 0, int(o.id-firstID)) }

// personOf shows a user inside other things.
func personOf(c *call, o *owner) gitlabPerson {
	return personJSON(c, person{id: o.id, login: o.login, name: displayName(o.login)})
}

// personJSON shows who wrote something.
func personJSON(c *call, p person) gitlabPerson {
	return gitlabPerson{ID: p.id, Username: p.login, Name: p.name, State: "active", WebURL: c.website() + "/" + p.login}
}

// gitlabUserJSON shows a user on its own.
func gitlabUserJSON(c *call, o *owner) gitlabUser {
	return gitlabUser{gitlabPerson: personOf(c, o), CreatedAt: gitlabTime(joined(o))}
}

// groupJSON shows a group.
func (g *GitLab) groupJSON(c *call, o *owner) gitlabGroup {
	v := gitlabGroup{
		ID: o.id, WebURL: c.website() + "/groups/" + o.login,
		Name: displayName(o.login), Path: o.login[strings.LastIndexByte(o.login, '/')+1:],
		FullName: fullName(o.login), FullPath: o.login,
		Description: "The group " + o.login, Visibility: "public", LFSEnabled: true, RequestAccessEnabled: true,
		CreatedAt: gitlabTime(joined(o)),
	}
	if above := g.catalog.owner(parentPath(o.login)); above != nil {
		v.ParentID = &above.id
	}
	return v
}

// fullName is how a path is written for people: "Acme / Platform".
func fullName(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = displayName(p)
	}
	return strings.Join(parts, " / ")
}

// projectJSON shows r to the sender of c.
func projectJSON(c *call, r *repository) gitlabProject {
	path, web := r.fullName(), c.website()+"/"+r.fullName()
	api := fmt.Sprintf("%s/projects/%d", c.base, r.id)
	v := gitlabProject{
		ID: r.id, Description: r.description, Name: r.name, Path: r.name, PathWithNamespace: path,
		NameWithNamespace: fullName(r.owner.login) + " / " + r.name,
		CreatedAt:         gitlabTime(r.created), UpdatedAt: gitlabTime(r.updated), LastActivityAt: gitlabTime(r.pushed),
		EmptyRepo: r.empty(), TagList: append([]string{}, r.topics...), Topics: append([]string{}, r.topics...),
		SSHURL: "git@" + c.gitHost() + ":" + path + ".git", HTTPURL: web + ".git", WebURL: web,
		ForksCount: r.forks, StarCount: r.stars, OpenIssuesCount: r.issues,
		Namespace: namespaceJSON(c, r.owner), CreatorID: r.owner.id,
		Links: gitlabLinks{
			api, api + "/issues", api + "/merge_requests", api + "/repository/branches",
			api + "/labels", api + "/events", api + "/members",
		},
		Archived: r.archived, Visibility: "public", IssuesEnabled: true, MergesEnabled: true, WikiEnabled: true,
		JobsEnabled: true, ImportStatus: "none", PublicJobs: true, SharedWithGroups: []struct{}{}, MergeMethod: "merge",
	}
	if r.private {
		v.Visibility = "private"
	}
	if !r.empty() {
		main, readme := branchName(0), web+"/-/blob/main/README.md"
		v.DefaultBranch, v.ReadmeURL = &main, &readme
	}
	if r.owner.kind == kindUser {
		p := personOf(c, r.owner)
		v.Owner = &p
	}
	if r.fork {
		name := generatedName(r.n)
		v.ForkedFrom = &gitlabParent{int64(r.n), name, name, "upstream/" + name, c.website() + "/upstream/" + name}
	}
	v.Permissions = permissionsJSON(c, r.owner)
	return v
}

// namespaceJSON shows whom a project belongs to.
func namespaceJSON(c *call, o *owner) gitlabNamespace {
	n := gitlabNamespace{
		ID: o.id, Name: displayName(o.login), Path: o.login[strings.LastIndexByte(o.login, '/')+1:],
		Kind: "user", FullPath: o.login, WebURL: c.website() + "/" + o.login,
	}
	if o.kind == kindOrganization {
		n.Kind, n.WebURL = "group", c.website()+"/groups/"+o.login
	}
	return n
}

// The levels of access. GitLab docs, "Members API".
const (
	guestAccess     = 10
	developerAccess = 30
	ownerAccess     = 50
)

// accessLevel is the caller's access to what o has, 0 if it is the public's.
func accessLevel(c *call, o *owner) int {
	switch {
	case c.account.anonymous():
		return 0
	case o.id == c.account.id:
		return ownerAccess
	case o.kind == kindOrganization && c.account.memberOf(o):
		return developerAccess
	}
	return 0
}

// permissionsJSON shows the caller's rights on what o has, nil to the public.
func permissionsJSON(c *call, o *owner) *gitlabPermissions {
	if c.account.anonymous() {
		return nil
	}
	switch level := accessLevel(c, o); level {
	case ownerAccess:
		return &gitlabPermissions{Project: &gitlabAccess{level, 3}}
	case developerAccess:
		return &gitlabPermissions{Group: &gitlabAccess{level, 3}}
	}
	return &gitlabPermissions{}
}
