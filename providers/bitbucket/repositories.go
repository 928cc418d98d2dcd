package bitbucket

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// repository is a repository.
type repository struct {
	UUID        string         `json:"uuid"`
	Slug        string         `json:"slug"`
	FullName    string         `json:"full_name"`
	Description string         `json:"description"`
	Website     string         `json:"website"`
	Language    string         `json:"language"`
	Owner       *account       `json:"owner"`
	Mainbranch  *named         `json:"mainbranch"` // null if the repository is empty
	Parent      *repositoryRef `json:"parent"`     // of forks only
	IsPrivate   *bool          `json:"is_private"`
	HasWiki     *bool          `json:"has_wiki"`
	HasIssues   *bool          `json:"has_issues"`
	ForkPolicy  string         `json:"fork_policy"`
	Size        *int64         `json:"size"` // bytes
	CreatedOn   stamp          `json:"created_on"`
	UpdatedOn   stamp          `json:"updated_on"`
	Links       links          `json:"links"`
}

func (r *repository) identified() bool { return r.UUID != "" && strings.Contains(r.FullName, "/") }

// repositoryRef is a repository in another record.
type repositoryRef struct {
	FullName string `json:"full_name"`
}

// named is a branch in another record.
type named struct {
	Name string `json:"name"`
}

// repositoryOrders are what repositories can be sorted by.
var repositoryOrders = map[providers.Sort]string{
	providers.ByCreated: "created_on", providers.ByUpdated: "updated_on", providers.ByName: "name",
}

// Repositories implements [providers.Driver]. A user's own are in the workspace
// with the user's {uuid}, if there is one. [providers.Recursive] changes nothing:
// a workspace has no groups below it.
func (d *driver) Repositories(ctx context.Context, o providers.Owner, q providers.Query, at providers.Position) (providers.Page[providers.Repository], error) {
	address := at.Next
	if address == "" {
		var err error
		if address, err = d.repositoriesOf(ctx, o, q); err != nil {
			return providers.Page[providers.Repository]{}, err
		}
	}
	p, err := list(ctx, d, q, address, d.repository)
	if o.Login == "" {
		err = explained(err, "the token's user has no workspace of that name; FetchOrganizations lists those that there are", http.StatusNotFound)
	}
	return updatedSince(p, q.Since, func(r *providers.Repository) time.Time { return r.UpdatedAt }), err
}

// repositoriesOf returns where the first page of an owner's repositories is.
func (d *driver) repositoriesOf(ctx context.Context, o providers.Owner, q providers.Query) (string, error) {
	v := paging(q, pageLength)
	if err := ordered(v, q, repositoryOrders); err != nil {
		return "", err
	}
	since(v, q)
	login := o.Login
	if login == "" {
		self, err := one(ctx, d, providers.Query{}, d.at(nil, "user"), func(_ providers.Origin, a *account) string { return a.UUID })
		if err != nil {
			return "", explained(err, "access tokens of a repository, a project or a workspace have no user: name the workspace",
				http.StatusUnauthorized, http.StatusForbidden)
		}
		login = self
	}
	return d.at(v, "repositories", login), single(login)
}

// Repository implements [providers.Driver].
func (d *driver) Repository(ctx context.Context, n providers.Name, q providers.Query) (providers.Repository, error) {
	address, err := d.of(n, nil)
	if err != nil {
		return providers.Repository{}, err
	}
	return one(ctx, d, q, address, d.repository)
}

func (d *driver) repository(o providers.Origin, w *repository) providers.Repository {
	i := strings.LastIndexByte(w.FullName, '/')
	r := providers.Repository{
		Origin: o, ID: w.UUID, Owner: d.person(w.Owner), Name: w.FullName[i+1:], FullName: w.FullName,
		Description: w.Description, Homepage: w.Website, Language: w.Language,
		Visibility: visibility(w.IsPrivate), Private: w.IsPrivate, Fork: new(w.Parent != nil),
		HasWiki: w.HasWiki, HasIssues: w.HasIssues, SizeBytes: w.Size, WebURL: w.Links.HTML.Href,
		CreatedAt: w.CreatedOn.Time, UpdatedAt: w.UpdatedOn.Time,
	}
	// The workspace's name, for which an owner's nickname is no substitute.
	r.Owner.Origin, r.Owner.Login = d.within(), w.FullName[:i]
	if w.Mainbranch != nil {
		r.DefaultBranch = w.Mainbranch.Name
	}
	if w.Parent != nil {
		r.Parent = w.Parent.FullName
	}
	if w.ForkPolicy != "" {
		r.AllowForking = new(w.ForkPolicy != "no_forks")
	}
	for _, l := range w.Links.Clone {
		switch l.Name {
		case "https":
			r.CloneURL = anonymous(l.Href)
		case "ssh":
			r.SSHURL = l.Href
		}
	}
	return r
}

// anonymous takes the name of the token's user off an address, which Bitbucket
// puts there for Git.
func anonymous(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}
