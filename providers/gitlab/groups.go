//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// group is a group as it comes.
type group struct{ gitlab.Group }

func (g *group) whole() bool { return g.ID != 0 && g.Path != "" }

// Organizations implements [providers.Driver] for the groups that the token's
// user is a member of, subgroups included.
func (d *driver) Organizations(ctx context.Context, login string, q providers.Query, at providers.Position) (providers.Page[providers.Organization], error) {
	if login != "" {
		return providers.Page[providers.Organization]{}, providers.Unsupported("gitlab lists the groups of the token's own user only: leave the login empty")
	}
	query := paged(q, "min_access_level", strconv.Itoa(int(gitlab.GuestPermissions)), "order_by", "id", "sort", "asc")
	return list(ctx, d, d.url(query, "groups"), q, at, d.organization)
}

// Organization implements [providers.Driver].
func (d *driver) Organization(ctx context.Context, login string, q providers.Query) (providers.Organization, error) {
	g, raw, err := d.group(ctx, login, q)
	if err != nil {
		return providers.Organization{}, err
	}
	return d.organization(g, raw), nil
}

// group asks for a group by its path, without its projects, which GitLab would
// add.
func (d *driver) group(ctx context.Context, path string, q providers.Query) (*group, json.RawMessage, error) {
	g, raw, err := one[group](ctx, d, d.url(url.Values{"with_projects": {"false"}}, "groups", path), q)
	if err == nil && isNumber(path) && g.FullPath != path {
		// GitLab took the name for an id.
		return nil, nil, &providers.Error{Kind: providers.ErrNotFound, Message: "no group has that path"}
	}
	return g, raw, err
}

// organization makes a model of a group.
func (d *driver) organization(g *group, raw json.RawMessage) providers.Organization {
	o := providers.Organization{
		Origin: d.origin(&g.Group, raw),
		ID:     strconv.Itoa(g.ID), Login: cmp.Or(g.FullPath, g.Path), Name: g.Name, Description: g.Description,
		AvatarURL: d.absolute(g.AvatarURL), WebURL: g.WebURL,
		Visibility: providers.Visibility(g.Visibility), CreatedAt: utc(g.CreatedAt),
	}
	if g.ParentID != 0 {
		o.ParentID = strconv.Itoa(g.ParentID)
	}
	return o
}
