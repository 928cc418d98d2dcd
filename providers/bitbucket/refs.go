package bitbucket

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// ref is a branch or a tag.
type ref struct {
	Name    string  `json:"name"`
	Target  *commit `json:"target"`
	Message string  `json:"message"` // of annotated tags
	Tagger  *author `json:"tagger"`
	Date    stamp   `json:"date"`
	Links   links   `json:"links"`
}

func (r *ref) identified() bool { return r.Name != "" && r.Target != nil && r.Target.identified() }

// Branches implements [providers.Driver].
func (d *driver) Branches(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Branch], error) {
	address, err := d.listOf(n, q, at, "refs", "branches")
	if err != nil {
		return providers.Page[providers.Branch]{}, err
	}
	return list(ctx, d, q, address, func(o providers.Origin, r *ref) providers.Branch {
		return providers.Branch{
			Origin: o, Name: r.Name, SHA: r.Target.Hash, CommittedAt: r.Target.Date.Time, WebURL: r.Links.HTML.Href,
		}
	})
}

// Tags implements [providers.Driver].
func (d *driver) Tags(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Tag], error) {
	address, err := d.listOf(n, q, at, "refs", "tags")
	if err != nil {
		return providers.Page[providers.Tag]{}, err
	}
	return list(ctx, d, q, address, func(o providers.Origin, r *ref) providers.Tag {
		return providers.Tag{
			Origin: o, Name: r.Name, SHA: r.Target.Hash, Message: r.Message, Tagger: r.Tagger.signature(r.Date), Date: r.Date.Time,
		}
	})
}

// listOf returns where a page of a repository's list is.
func (d *driver) listOf(n providers.Name, q providers.Query, at providers.Position, segments ...string) (string, error) {
	if at.Next != "" {
		return at.Next, nil
	}
	return d.of(n, paging(q, pageLength), segments...)
}

// revision returns what Bitbucket takes for a ref in a path: the main branch if
// it is empty, and a commit if it has a slash, which the endpoints of commits and
// files do not find, escaped or not (BCLOUD issue 9969). It is empty if the
// repository is.
func (d *driver) revision(ctx context.Context, n providers.Name, name string) (string, error) {
	if name == "" {
		address, err := d.of(n, url.Values{"fields": {"uuid,full_name,mainbranch.name"}})
		if err != nil {
			return "", err
		}
		r, err := one(ctx, d, providers.Query{}, address, d.repository)
		if err != nil || r.DefaultBranch == "" {
			return "", err
		}
		name = r.DefaultBranch
	}
	switch parts := strings.Split(name, "/"); {
	case slices.Contains(parts, "") || slices.Contains(parts, ".") || slices.Contains(parts, ".."):
		return "", invalid("%q is no name of a branch, a tag or a commit", name)
	case len(parts) == 1:
		return name, nil
	}
	return d.headOf(ctx, n, name)
}

// headOf returns the commit that a branch, else a tag, is on.
func (d *driver) headOf(ctx context.Context, n providers.Name, name string) (string, error) {
	var sha string
	for _, kind := range []string{"branches", "tags"} {
		address, err := d.of(n, nil, "refs", kind, name)
		if err != nil {
			return "", err
		}
		sha, err = one(ctx, d, providers.Query{}, address, func(_ providers.Origin, r *ref) string { return r.Target.Hash })
		if !hasStatus(err, http.StatusNotFound) || kind == "tags" {
			return sha, err
		}
	}
	return sha, nil
}
