package github

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Repositories lists what an organization or a user has, or the token's own user
// with private ones. [providers.Recursive] changes nothing: there are no groups
// in groups.
func (d *driver) Repositories(ctx context.Context, o providers.Owner, q providers.Query, at providers.Position) (providers.Page[providers.Repository], error) {
	l := list[github.Repository, providers.Repository]{model: d.repository}
	var older bool
	if !q.Since.IsZero() {
		l.keep = func(r *github.Repository) bool {
			old := utc(r.UpdatedAt).Before(q.Since)
			older = older || old
			return !old
		}
	}
	if at.Next == "" {
		address, params, err := d.repositoriesOf(ctx, o)
		if err != nil {
			return providers.Page[providers.Repository]{}, err
		}
		sorted(params, q, "full_name")
		l.first = withQuery(address, params)
	}
	p, err := l.page(ctx, d, q, at)
	if err != nil && at.Next == "" {
		d.kinds.forget(o.Login) // a user may have become an organization
	}
	return newestOnly(p, q, older), err
}

// repositoriesOf returns where an owner's repositories are listed.
func (d *driver) repositoriesOf(ctx context.Context, o providers.Owner) (string, url.Values, error) {
	if o.Self {
		return "user/repos", url.Values{"affiliation": {"owner"}}, nil
	}
	organization, err := d.isOrganization(ctx, o.Login)
	if err != nil {
		return "", nil, err
	}
	if organization {
		return join("orgs", o.Login, "repos"), url.Values{"type": {"all"}}, nil
	}
	return join("users", o.Login, "repos"), url.Values{"type": {"owner"}}, nil
}

// sorted sets the order and the size of pages. The oldest come first by default,
// so that what is added during a walk comes last. byName is what the host calls
// the order by name.
func sorted(params url.Values, q providers.Query, byName string) {
	by, direction := "created", "asc"
	switch q.Sort {
	case providers.ByUpdated:
		by = "updated"
	case providers.ByName:
		by = byName
	}
	if q.Sort != "" && !q.Ascending {
		direction = "desc"
	}
	params.Set("sort", by)
	params.Set("direction", direction)
	paged(params, q)
}

func paged(params url.Values, q providers.Query) { params.Set("per_page", strconv.Itoa(q.PageSize)) }

// newestOnly ends a list for which Since is set, and which the host does not
// choose from by itself, where all that follows is older. Such a list is read
// page by page; any other has to be read to its end.
func newestOnly[T any](p providers.Page[T], q providers.Query, older bool) providers.Page[T] {
	if q.Since.IsZero() || q.Sort != providers.ByUpdated || q.Ascending {
		return p
	}
	if p.Last = 0; older {
		p.Next = ""
	}
	return p
}

func (d *driver) Repository(ctx context.Context, n providers.Name, q providers.Query) (providers.Repository, error) {
	r, o, err := fetch[github.Repository](ctx, d, repo(n), q.Raw)
	if err != nil {
		return providers.Repository{}, err
	}
	return d.repository(o, r), nil
}
