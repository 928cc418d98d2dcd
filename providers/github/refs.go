package github

import (
	"context"
	"net/url"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Branches asks for the repository first: the list does not say which branch is
// the default one. Its name goes along in the fragment of the address of the
// next page, which is never sent.
func (d *driver) Branches(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Branch], error) {
	params := url.Values{}
	paged(params, q)
	l := list[github.Branch, providers.Branch]{first: withQuery(repo(n, "branches"), params)}
	standard, err := d.defaultBranch(ctx, n, at)
	if err != nil {
		return providers.Page[providers.Branch]{}, err
	}
	l.model = func(o providers.Origin, b *github.Branch) providers.Branch { return branch(o, b, standard) }
	p, err := l.page(ctx, d, q, at)
	if p.Next != "" {
		p.Next += "#" + (&url.URL{Fragment: standard}).EscapedFragment()
	}
	return p, err
}

func (d *driver) defaultBranch(ctx context.Context, n providers.Name, at providers.Position) (string, error) {
	if at.Next != "" {
		u, err := url.Parse(at.Next)
		if err != nil {
			return "", err
		}
		return u.Fragment, nil
	}
	r, _, err := fetch[github.Repository](ctx, d, repo(n), false)
	return r.GetDefaultBranch(), err
}

func branch(o providers.Origin, b *github.Branch, standard string) providers.Branch {
	f := &struct{ protected, standard bool }{standard: b.GetName() == standard}
	return providers.Branch{
		Origin: o, Name: b.GetName(), SHA: b.GetCommit().GetSHA(),
		Protected: flag(&f.protected, b.Protected), Default: &f.standard,
	}
}

func (d *driver) Tags(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Tag], error) {
	params := url.Values{}
	paged(params, q)
	l := list[github.RepositoryTag, providers.Tag]{first: withQuery(repo(n, "tags"), params), model: tag}
	return l.page(ctx, d, q, at)
}

func tag(o providers.Origin, t *github.RepositoryTag) providers.Tag {
	return providers.Tag{Origin: o, Name: t.GetName(), SHA: t.GetCommit().GetSHA()}
}
