package bitbucket

import (
	"context"

	"github.com/gitfleet/gitfleet/providers"
)

// workspace is an organization.
type workspace struct {
	UUID      string `json:"uuid"`
	Slug      string `json:"slug"`
	Name      string `json:"name"`
	IsPrivate *bool  `json:"is_private"`
	CreatedOn stamp  `json:"created_on"`
	Links     links  `json:"links"`
}

func (w *workspace) identified() bool { return w.UUID != "" && w.Slug != "" }

// membership is a workspace that the user is in.
type membership struct {
	Workspace workspace `json:"workspace"`
}

func (m *membership) identified() bool { return m.Workspace.identified() }

// Organizations implements [providers.Driver]. The lists across all workspaces
// were removed in April 2026; this one took their place (Atlassian developer,
// changelog, CHANGE-2770).
func (d *driver) Organizations(ctx context.Context, login string, q providers.Query, at providers.Position) (providers.Page[providers.Organization], error) {
	if login != "" {
		return providers.Page[providers.Organization]{}, providers.Unsupported("Bitbucket lists the workspaces of a token's own user only")
	}
	address := at.Next
	if address == "" {
		address = d.at(paging(q, pageLength), "user", "workspaces")
	}
	return list(ctx, d, q, address, func(o providers.Origin, m *membership) providers.Organization {
		return d.organization(o, &m.Workspace)
	})
}

// Organization implements [providers.Driver]. The login may be a {uuid}.
func (d *driver) Organization(ctx context.Context, login string, q providers.Query) (providers.Organization, error) {
	if err := single(login); err != nil {
		return providers.Organization{}, err
	}
	return one(ctx, d, q, d.at(nil, "workspaces", login), d.organization)
}

func (d *driver) organization(o providers.Origin, w *workspace) providers.Organization {
	return providers.Organization{
		Origin: o, ID: w.UUID, Login: w.Slug, Name: w.Name, Visibility: visibility(w.IsPrivate),
		AvatarURL: w.Links.Avatar.Href, WebURL: w.Links.HTML.Href, CreatedAt: w.CreatedOn.Time,
	}
}

// visibility is unknown where nothing is said.
func visibility(private *bool) providers.Visibility {
	switch {
	case private == nil:
		return ""
	case *private:
		return providers.Private
	}
	return providers.Public
}
