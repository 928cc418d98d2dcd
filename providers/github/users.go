package github

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

func (d *driver) User(ctx context.Context, login string, q providers.Query) (providers.User, error) {
	address := "user"
	if login != "" {
		address = join("users", login)
	}
	u, o, err := fetch[github.User](ctx, d, address, q.Raw)
	if err != nil {
		return providers.User{}, err
	}
	return user(o, u), nil
}

func (d *driver) Organizations(ctx context.Context, login string, q providers.Query, at providers.Position) (providers.Page[providers.Organization], error) {
	address := "user/orgs"
	if login != "" {
		address = join("users", login, "orgs") // public memberships only
	}
	params := url.Values{}
	paged(params, q)
	l := list[github.Organization, providers.Organization]{first: withQuery(address, params), model: organization}
	return l.page(ctx, d, q, at)
}

func (d *driver) Organization(ctx context.Context, login string, q providers.Query) (providers.Organization, error) {
	org, o, err := fetch[github.Organization](ctx, d, join("orgs", login), q.Raw)
	if err != nil {
		return providers.Organization{}, err
	}
	return organization(o, org), nil
}

// user makes our record of the library's.
func user(o providers.Origin, u *github.User) providers.User {
	return providers.User{
		Origin: o,
		ID:     id(u.ID), Login: u.GetLogin(), Name: u.GetName(), Email: u.GetEmail(), Kind: userKind(u.GetType()),
		AvatarURL: u.GetAvatarURL(), WebURL: u.GetHTMLURL(), CreatedAt: utc(u.CreatedAt),
	}
}

// brief is a user who is part of another record. An account that is gone is the
// zero User.
func (d *driver) brief(u *github.User) providers.User {
	if u == nil {
		return providers.User{}
	}
	return user(providers.NewOrigin(d.info, u), u)
}

func (d *driver) briefs(us []*github.User) []providers.User {
	if len(us) == 0 {
		return nil
	}
	all := make([]providers.User, 0, len(us))
	for _, u := range us {
		if u != nil {
			all = append(all, d.brief(u))
		}
	}
	return all
}

func userKind(t string) providers.UserKind {
	switch t {
	case "User":
		return providers.Person
	case "Organization":
		return providers.OrgAccount
	case "Bot":
		return providers.Bot
	}
	return ""
}

// organization makes our record of the library's. Lists have little of it.
func organization(o providers.Origin, org *github.Organization) providers.Organization {
	return providers.Organization{
		Origin: o,
		ID:     id(org.ID), Login: org.GetLogin(), Name: org.GetName(), Description: org.GetDescription(),
		AvatarURL: org.GetAvatarURL(), WebURL: org.GetHTMLURL(), CreatedAt: utc(org.CreatedAt),
	}
}

// id returns an id as text, and nothing for none.
func id(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}
