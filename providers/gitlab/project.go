//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// project is a project as it comes. Its own fields stand in the place of the
// library's that cannot be missing.
type project struct {
	gitlab.Project

	Archived        flag   `json:"archived"`
	IssuesEnabled   flag   `json:"issues_enabled"`
	WikiEnabled     flag   `json:"wiki_enabled"`
	TargetsItself   flag   `json:"mr_default_target_self"` // forks only
	StarCount       number `json:"star_count"`
	ForksCount      number `json:"forks_count"`
	OpenIssuesCount number `json:"open_issues_count"`
	CreatedAt       stamp  `json:"created_at"`
	UpdatedAt       stamp  `json:"updated_at"`
	LastActivityAt  stamp  `json:"last_activity_at"`

	private, fork, pages, forking flag // what follows from other fields
	size                          number
}

func (p *project) whole() bool { return p.ID != 0 && p.Path != "" }

// native completes the library's record.
func (p *project) native() *gitlab.Project {
	n := &p.Project
	n.Archived, n.IssuesEnabled, n.WikiEnabled = p.Archived.value, p.IssuesEnabled.value, p.WikiEnabled.value
	n.MergeRequestDefaultTargetSelf = p.TargetsItself.value
	n.StarCount, n.ForksCount, n.OpenIssuesCount = int(p.StarCount.value), int(p.ForksCount.value), int(p.OpenIssuesCount.value)
	n.CreatedAt, n.UpdatedAt, n.LastActivityAt = p.CreatedAt.ptr(), p.UpdatedAt.ptr(), p.LastActivityAt.ptr()
	return n
}

// derive finds out what no field says by itself. Without a token GitLab shows a
// project without its visibility and all that comes with it.
func (p *project) derive() {
	full := p.Visibility != ""
	p.private = flag{p.Visibility != gitlab.PublicVisibility, full}
	// A fork of a project that the token may not see does not name it.
	isFork := p.ForkedFromProject != nil || p.TargetsItself.known
	p.fork = flag{isFork, full || isFork}
	p.pages = enabled(p.PagesAccessLevel)
	p.forking = enabled(p.ForkingAccessLevel)
	if p.Statistics != nil {
		p.size = number{p.Statistics.RepositorySize, true}
	}
}

// enabled reads who may use a feature.
func enabled(level gitlab.AccessControlValue) flag {
	return flag{level != gitlab.DisabledAccessControl, level != ""}
}

// repository makes a model of a project.
func (d *driver) repository(p *project, raw json.RawMessage) providers.Repository {
	n := p.native()
	p.derive()
	r := providers.Repository{
		Origin:        d.origin(n, raw),
		ID:            strconv.Itoa(n.ID),
		Owner:         d.owner(n),
		Name:          n.Path,
		Description:   n.Description,
		DefaultBranch: n.DefaultBranch,
		Visibility:    providers.Visibility(n.Visibility),
		Topics:        slices.Clone(n.Topics),
		WebURL:        n.WebURL,
		CloneURL:      n.HTTPURLToRepo,
		SSHURL:        n.SSHURLToRepo,
		Private:       p.private.ptr(),
		Archived:      p.Archived.ptr(),
		Fork:          p.fork.ptr(),
		HasWiki:       p.WikiEnabled.ptr(),
		HasIssues:     p.IssuesEnabled.ptr(),
		HasPages:      p.pages.ptr(),
		AllowForking:  p.forking.ptr(),
		Stars:         p.StarCount.ptr(),
		Forks:         p.ForksCount.ptr(),
		OpenIssues:    p.OpenIssuesCount.ptr(),
		SizeBytes:     p.size.ptr(),
		CreatedAt:     p.CreatedAt.UTC(),
		PushedAt:      p.LastActivityAt.UTC(), // the nearest that GitLab has
		Permission:    permission(n.Permissions),
	}
	r.FullName = cmp.Or(n.PathWithNamespace, r.Owner.Login+"/"+r.Name)
	r.UpdatedAt = p.UpdatedAt.UTC()
	if r.UpdatedAt.IsZero() {
		r.UpdatedAt = r.PushedAt
	}
	if len(r.Topics) == 0 {
		r.Topics = slices.Clone(n.TagList) // what they were called before GitLab 14
	}
	if n.License != nil {
		r.License = n.License.Key
	}
	if n.ForkedFromProject != nil {
		r.Parent = n.ForkedFromProject.PathWithNamespace
	}
	return r
}

// owner returns whom a project belongs to.
func (d *driver) owner(p *gitlab.Project) providers.User {
	u := providers.User{Login: strings.TrimSuffix(p.PathWithNamespace, "/"+p.Path)}
	n := p.Namespace
	if n == nil {
		return u
	}
	u.Origin = d.origin(n, nil)
	u.Login = cmp.Or(n.FullPath, u.Login)
	u.Name, u.AvatarURL, u.WebURL = n.Name, d.absolute(n.AvatarURL), n.WebURL
	switch n.Kind {
	case "group":
		u.Kind, u.ID = providers.OrgAccount, strconv.Itoa(n.ID)
	case "user":
		u.Kind = providers.Person
		if p.Owner != nil { // the namespace's id is not the user's
			u.ID = strconv.Itoa(p.Owner.ID)
		}
	}
	return u
}

// absolute completes an address that GitLab gives without its host.
func (d *driver) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return d.base.Scheme + "://" + d.base.Host + address
	}
	return address
}

// permission reads the higher of the rights in the project itself and through
// its group (GitLab docs, "Members API", section "Roles").
func permission(p *gitlab.Permissions) providers.Permission {
	level := gitlab.NoPermissions
	if p != nil && p.ProjectAccess != nil {
		level = p.ProjectAccess.AccessLevel
	}
	if p != nil && p.GroupAccess != nil {
		level = max(level, p.GroupAccess.AccessLevel)
	}
	switch {
	case level >= gitlab.OwnerPermissions:
		return providers.CanAdmin
	case level >= gitlab.MaintainerPermissions:
		return providers.CanMaintain
	case level >= gitlab.DeveloperPermissions:
		return providers.CanWrite
	case level >= gitlab.ReporterPermissions:
		return providers.CanTriage
	case level >= gitlab.GuestPermissions:
		return providers.CanRead
	}
	return ""
}

// changedSince reports whether a repository's last update is not before t, or is
// not known.
func changedSince(r *providers.Repository, t time.Time) bool {
	return r.UpdatedAt.IsZero() || !r.UpdatedAt.Before(t)
}
