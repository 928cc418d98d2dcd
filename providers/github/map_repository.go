package github

import (
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// repositoryFacts is what the pointers of a repository point to: one allocation
// for all of them, and no memory of the library's.
type repositoryFacts struct {
	private, archived, disabled, fork, template                       bool
	wiki, issues, projects, pages, downloads, forking                 bool
	stars, forks, watchers, subscribers, network, openIssues, byteLen int64
}

// repository makes our record of the library's.
func (d *driver) repository(o providers.Origin, r *github.Repository) providers.Repository {
	f := &repositoryFacts{}
	m := providers.Repository{
		Origin: o,
		ID:     id(r.ID), Owner: d.brief(r.Owner), Name: r.GetName(), FullName: r.GetFullName(),
		Description: r.GetDescription(), Homepage: r.GetHomepage(), DefaultBranch: r.GetDefaultBranch(),
		Visibility: visibility(r), Language: r.GetLanguage(), License: license(r), Topics: slices.Clone(r.Topics),
		WebURL: r.GetHTMLURL(), CloneURL: r.GetCloneURL(), SSHURL: r.GetSSHURL(),

		Private: flag(&f.private, r.Private), Archived: flag(&f.archived, r.Archived), Disabled: flag(&f.disabled, r.Disabled),
		Fork: flag(&f.fork, r.Fork), Parent: r.GetParent().GetFullName(), Template: flag(&f.template, r.IsTemplate),

		HasWiki: flag(&f.wiki, r.HasWiki), HasIssues: flag(&f.issues, r.HasIssues), HasProjects: flag(&f.projects, r.HasProjects),
		HasPages: flag(&f.pages, r.HasPages), HasDownloads: flag(&f.downloads, r.HasDownloads), AllowForking: flag(&f.forking, r.AllowForking),

		Stars: number(&f.stars, r.StargazersCount), Forks: number(&f.forks, r.ForksCount), Watchers: number(&f.watchers, either(r.WatchersCount, r.Watchers)),
		Subscribers: number(&f.subscribers, r.SubscribersCount), Network: number(&f.network, r.NetworkCount),
		OpenIssues: number(&f.openIssues, either(r.OpenIssuesCount, r.OpenIssues)), SizeBytes: number(&f.byteLen, r.Size),

		CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt), PushedAt: utc(r.PushedAt),
		Permission: permission(r),
	}
	f.byteLen *= 1024 // the host counts in KiB
	if m.FullName == "" && m.Owner.Login != "" {
		m.FullName = m.Owner.Login + "/" + m.Name
	}
	return m
}

// visibility falls back to what hosts said before there was more than two.
func visibility(r *github.Repository) providers.Visibility {
	switch {
	case r.GetVisibility() != "":
		return providers.Visibility(strings.ToLower(r.GetVisibility()))
	case r.Private == nil:
		return ""
	case r.GetPrivate():
		return providers.Private
	}
	return providers.Public
}

// license returns the SPDX identifier. NOASSERTION says that the host does not
// know.
func license(r *github.Repository) string {
	if spdx := r.GetLicense().GetSPDXID(); spdx != "NOASSERTION" {
		return spdx
	}
	return ""
}

// permissions are GitHub's words, from much to little.
var permissions = []struct {
	word string
	is   providers.Permission
}{
	{"admin", providers.CanAdmin},
	{"maintain", providers.CanMaintain},
	{"push", providers.CanWrite},
	{"triage", providers.CanTriage},
	{"pull", providers.CanRead},
}

func permission(r *github.Repository) providers.Permission {
	for _, p := range permissions {
		if r.Permissions[p.word] {
			return p.is
		}
	}
	return ""
}

// flag copies a value to where it is kept, and returns nil for none.
func flag(to, from *bool) *bool {
	if from == nil {
		return nil
	}
	*to = *from
	return to
}

// number is flag for numbers.
func number(to *int64, from *int) *int64 {
	if from == nil {
		return nil
	}
	*to = int64(*from)
	return to
}

// either returns the first that there is. Servers of old say some numbers under
// the shorter name only.
func either(a, b *int) *int {
	if a != nil {
		return a
	}
	return b
}
