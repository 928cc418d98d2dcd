//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// user is a user as it comes.
type user struct{ gitlab.User }

func (u *user) whole() bool { return u.ID != 0 && u.Username != "" }

// User implements [providers.Driver]. What has the login may be a group. The
// list of users finds them by name, but says little of each.
func (d *driver) User(ctx context.Context, login string, q providers.Query) (providers.User, error) {
	if login == "" {
		return d.userAt(ctx, d.url(nil, "user"), q)
	}
	if !strings.Contains(login, "/") {
		found, err := d.userNamed(ctx, login)
		if err == nil {
			return d.userAt(ctx, d.url(nil, "users", strconv.Itoa(found.ID)), q)
		}
		if !errors.Is(err, providers.ErrNotFound) {
			return providers.User{}, err
		}
	}
	g, raw, err := d.group(ctx, login, q)
	if err != nil {
		return providers.User{}, neither(err)
	}
	return providers.User{
		Origin: d.origin(&g.Group, raw), Kind: providers.OrgAccount,
		ID: strconv.Itoa(g.ID), Login: cmp.Or(g.FullPath, g.Path), Name: g.Name,
		AvatarURL: d.absolute(g.AvatarURL), WebURL: g.WebURL, CreatedAt: utc(g.CreatedAt),
	}, nil
}

// userNamed finds a user by login.
func (d *driver) userNamed(ctx context.Context, login string) (*user, error) {
	p, err := rowsAt[user](ctx, d, d.url(url.Values{"username": {login}}, "users"), providers.Query{}, providers.Position{})
	if err != nil {
		return nil, err
	}
	for _, u := range p.rows {
		if strings.EqualFold(u.Username, login) {
			return u, nil
		}
	}
	return nil, &providers.Error{Kind: providers.ErrNotFound, Message: "no user has that name"}
}

func (d *driver) userAt(ctx context.Context, address string, q providers.Query) (providers.User, error) {
	u, raw, err := one[user](ctx, d, address, q)
	if err != nil {
		return providers.User{}, err
	}
	return d.user(u, raw), nil
}

// user makes a model of a user.
func (d *driver) user(u *user, raw json.RawMessage) providers.User {
	kind := providers.Person
	if u.Bot {
		kind = providers.Bot
	}
	return providers.User{
		Origin: d.origin(&u.User, raw), Kind: kind,
		ID: strconv.Itoa(u.ID), Login: u.Username, Name: u.Name, Email: cmp.Or(u.Email, u.PublicEmail),
		AvatarURL: d.absolute(u.AvatarURL), WebURL: u.WebURL, CreatedAt: utc(u.CreatedAt),
	}
}

// account makes a model of a user who is part of another record, nobody if the
// account is gone.
func (d *driver) account(u *gitlab.BasicUser) providers.User {
	if u == nil || u.ID == 0 {
		return providers.User{}
	}
	return providers.User{
		Origin: d.origin(u, nil),
		ID:     strconv.Itoa(u.ID), Login: u.Username, Name: u.Name,
		AvatarURL: d.absolute(u.AvatarURL), WebURL: u.WebURL, CreatedAt: utc(u.CreatedAt),
	}
}

// accounts makes models of the users of a list in another record.
func (d *driver) accounts(us []*gitlab.BasicUser) []providers.User {
	var found []providers.User
	for _, u := range us {
		if a := d.account(u); a.ID != "" {
			found = append(found, a)
		}
	}
	return found
}
