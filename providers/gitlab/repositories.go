package gitlab

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
)

// Repositories implements [providers.Driver]. An owner's name does not tell
// whether it is a group or a user: groups are asked first, as there are more
// projects in them and GitLab allows twice as many calls (GitLab docs, "Rate
// limit on Projects API").
func (d *driver) Repositories(ctx context.Context, o providers.Owner, q providers.Query, at providers.Position) (providers.Page[providers.Repository], error) {
	switch {
	case at.Next != "":
		return d.projects(ctx, "", q, at)
	case o.Self:
		return d.ownProjects(ctx, o.Login, q)
	case isNumber(o.Login):
		// GitLab would take the name for an id, and so for somebody else's.
		u, err := d.userNamed(ctx, o.Login)
		if err != nil {
			return providers.Page[providers.Repository]{}, err
		}
		return d.userProjects(ctx, strconv.Itoa(u.ID), q, nil)
	}
	page, err := d.groupProjects(ctx, o.Login, q)
	if strings.Contains(o.Login, "/") || !errors.Is(err, providers.ErrNotFound) {
		return page, err
	}
	page, err = d.userProjects(ctx, o.Login, q, nil)
	return page, neither(err)
}

// neither says of a user who was not found that no group was, either.
func neither(err error) error {
	var e *providers.Error
	if errors.As(err, &e) && errors.Is(e, providers.ErrNotFound) {
		both := *e
		both.Message = "no group and no user has that name, or the token may not see it"
		return &both
	}
	return err
}

func (d *driver) groupProjects(ctx context.Context, path string, q providers.Query) (providers.Page[providers.Repository], error) {
	query := paged(q, projectOrder(q)...)
	query.Set("with_shared", "false") // those of other owners
	if q.Recursive {
		query.Set("include_subgroups", "true")
	}
	return d.projects(ctx, d.url(query, "groups", path, "projects"), q, providers.Position{})
}

func (d *driver) userProjects(ctx context.Context, user string, q providers.Query, more url.Values) (providers.Page[providers.Repository], error) {
	query := paged(q, projectOrder(q)...)
	for name, values := range more {
		query[name] = values
	}
	return d.projects(ctx, d.url(query, "users", user, "projects"), q, providers.Position{})
}

// ownProjects lists what is in the namespace of the token's user. What he owns
// in groups belongs to those.
func (d *driver) ownProjects(ctx context.Context, login string, q providers.Query) (providers.Page[providers.Repository], error) {
	if login == "" || isNumber(login) {
		me, _, err := one[user](ctx, d, d.url(nil, "user"), providers.Query{})
		if err != nil {
			return providers.Page[providers.Repository]{}, err
		}
		login = strconv.Itoa(me.ID)
	}
	// It says that the answer depends on whose token it is; the list is the same.
	return d.userProjects(ctx, login, q, url.Values{"owned": {"true"}})
}

// projectOrder returns the parameters that sort projects. By default those that
// are added meanwhile come last.
func projectOrder(q providers.Query) []string {
	by := map[providers.Sort]string{
		providers.ByCreated: "created_at",
		providers.ByUpdated: "updated_at",
		providers.ByName:    "path", // the name is for people only
	}[q.Sort]
	if by == "" {
		return []string{"order_by", "id", "sort", "asc"}
	}
	return []string{"order_by", by, "sort", direction(q)}
}

func direction(q providers.Query) string {
	if q.Ascending {
		return "asc"
	}
	return "desc"
}

// projects returns a page of projects. GitLab's lists cannot be asked for what
// has changed since a time, so that is chosen here.
func (d *driver) projects(ctx context.Context, first string, q providers.Query, at providers.Position) (providers.Page[providers.Repository], error) {
	p, err := rowsAt[project](ctx, d, first, q, at)
	page := providers.Page[providers.Repository]{
		Next: p.next, Last: p.last, Items: make([]providers.Repository, 0, len(p.rows)),
	}
	for i, r := range p.rows {
		page.Items = append(page.Items, d.repository(r, p.raw(i)))
	}
	if len(p.rows) > 0 {
		d.goOnByID(&page, p.from, p.rows[len(p.rows)-1].ID, q)
	}
	if !q.Since.IsZero() {
		page.Items = slices.DeleteFunc(page.Items, func(r providers.Repository) bool { return !changedSince(&r, q.Since) })
	}
	return page, err
}

// goOnByID lets the next page of a user's projects begin after the id of the
// last one here, where the pages are read one after the other or are not counted.
// Then nothing is lost if a project before it goes, and the list may be longer
// than the 50,000 that can be reached by numbers (GitLab docs, "REST API",
// section "Keyset-based pagination"). Groups do not offer it.
func (d *driver) goOnByID(page *providers.Page[providers.Repository], from *url.URL, id int, q providers.Query) {
	query := from.Query()
	offered := strings.HasPrefix(from.Path, d.base.Path+"users/") && query.Get("order_by") == "id" && query.Get("sort") == "asc"
	if page.Next == "" || !offered || query.Get("pagination") == "keyset" || q.Concurrency > 1 && page.Last > 0 {
		return
	}
	query.Set("pagination", "keyset")
	query.Set("id_after", strconv.Itoa(id))
	u := *from
	u.RawQuery = query.Encode()
	page.Next, page.Last = u.String(), 0
}

// Repository implements [providers.Driver]. Statistics are for members.
func (d *driver) Repository(ctx context.Context, n providers.Name, q providers.Query) (providers.Repository, error) {
	query := url.Values{"license": {"true"}, "statistics": {"true"}}
	p, raw, err := one[project](ctx, d, d.url(query, "projects", n.String()), q)
	if err != nil {
		return providers.Repository{}, err
	}
	return d.repository(p, raw), nil
}

// orEmpty is for lists of what is in a repository. GitLab answers some of them
// with 404 if there is no commit yet, which is no error.
func orEmpty[T any](ctx context.Context, d *driver, n providers.Name, page providers.Page[T], err error) (providers.Page[T], error) {
	if !errors.Is(err, providers.ErrNotFound) {
		return page, err
	}
	p, _, asked := one[project](ctx, d, d.url(nil, "projects", n.String()), providers.Query{})
	switch {
	case asked == nil && p.EmptyRepo:
		return providers.Page[T]{}, nil
	case asked == nil || errors.Is(asked, providers.ErrNotFound):
		return page, err
	}
	return page, asked
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" && s != "" }
