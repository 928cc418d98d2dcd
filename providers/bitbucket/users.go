package bitbucket

import (
	"context"
	"net/http"

	"github.com/gitfleet/gitfleet/providers"
)

// account is a user, a workspace (of old a "team") or an app.
type account struct {
	Type        string `json:"type"`
	UUID        string `json:"uuid"`
	AccountID   string `json:"account_id"`
	Nickname    string `json:"nickname"`
	Username    string `json:"username"` // of workspaces; people have had none since 2019
	DisplayName string `json:"display_name"`
	CreatedOn   stamp  `json:"created_on"`
	Links       links  `json:"links"`
}

func (a *account) identified() bool { return a.UUID != "" || a.AccountID != "" }

// User implements [providers.Driver]. A nickname is not unique, so that users are
// known by their account ID or {uuid} only (Atlassian developer, "Users").
func (d *driver) User(ctx context.Context, login string, q providers.Query) (providers.User, error) {
	if login == "" {
		return d.currentUser(ctx, q)
	}
	if err := single(login); err != nil {
		return providers.User{}, err
	}
	u, err := one(ctx, d, q, d.at(nil, "users", login), d.user)
	return u, explained(err, "Bitbucket finds users by account ID or {uuid}, not by nickname", http.StatusNotFound)
}

func (d *driver) currentUser(ctx context.Context, q providers.Query) (providers.User, error) {
	u, err := one(ctx, d, q, d.at(nil, "user"), d.user)
	return u, explained(err, "access tokens of a repository, a project or a workspace have no user",
		http.StatusUnauthorized, http.StatusForbidden)
}

// user converts an account that is a record of its own.
func (d *driver) user(o providers.Origin, a *account) providers.User {
	return providers.User{
		Origin: o, ID: a.id(), Login: a.login(), Name: a.DisplayName, Kind: a.kind(),
		AvatarURL: a.Links.Avatar.Href, WebURL: a.Links.HTML.Href, CreatedAt: a.CreatedOn.Time,
	}
}

// person converts an account in another record. One that is gone is null.
func (d *driver) person(a *account) providers.User {
	if a == nil {
		return providers.User{}
	}
	return d.user(d.within(), a)
}

// people converts a list of accounts.
func (d *driver) people(all []account) []providers.User {
	var list []providers.User
	for i := range all {
		list = append(list, d.person(&all[i]))
	}
	return list
}

// id is what Atlassian asks to keep accounts by; workspaces have a uuid only.
func (a *account) id() string {
	if a.AccountID != "" {
		return a.AccountID
	}
	return a.UUID
}

func (a *account) login() string {
	if a.Nickname != "" {
		return a.Nickname
	}
	return a.Username
}

func (a *account) kind() providers.UserKind {
	switch a.Type {
	case "user":
		return providers.Person
	case "team", "workspace":
		return providers.OrgAccount
	case "app_user":
		return providers.Bot
	}
	return ""
}
