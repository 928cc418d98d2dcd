package bitbucket

import (
	"context"
	"net/mail"
	"regexp"

	"github.com/gitfleet/gitfleet/providers"
)

// commit is a commit, or what another record says of one.
type commit struct {
	Hash    string   `json:"hash"`
	Message string   `json:"message"`
	Date    stamp    `json:"date"`
	Author  *author  `json:"author"`
	Parents []commit `json:"parents"`
	Links   links    `json:"links"`
}

func (c *commit) identified() bool { return c.Hash != "" }

// author is who wrote something, as Git has it, and the account with that
// address if there is one.
type author struct {
	Raw  string   `json:"raw"`
	User *account `json:"user"`
}

// Commits implements [providers.Driver]. Without a revision Bitbucket lists the
// commits of all branches, which nobody asked for.
func (d *driver) Commits(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Commit], error) {
	none := providers.Page[providers.Commit]{}
	switch {
	case q.Author != "":
		return none, providers.Unsupported("Bitbucket cannot choose commits by author")
	case !q.Since.IsZero() || !q.Until.IsZero():
		return none, providers.Unsupported("Bitbucket cannot choose commits by date")
	}
	address := at.Next
	if address == "" {
		revision, err := d.revision(ctx, n, q.Ref)
		if err != nil || revision == "" {
			return none, err
		}
		v := paging(q, pageLength)
		if q.Path != "" {
			v.Set("path", q.Path)
		}
		if address, err = d.of(n, v, "commits", revision); err != nil {
			return none, err
		}
	}
	return list(ctx, d, q, address, d.commit)
}

func (d *driver) commit(o providers.Origin, c *commit) providers.Commit {
	v := providers.Commit{
		Origin: o, SHA: c.Hash, Message: c.Message, Author: c.Author.signature(c.Date), WebURL: c.Links.HTML.Href,
	}
	for _, p := range c.Parents {
		v.Parents = append(v.Parents, p.Hash)
	}
	return v
}

// signature returns who a is. A nil one is nobody.
func (a *author) signature(at stamp) providers.Signature {
	s := providers.Signature{Date: at.Time}
	if a == nil {
		return s
	}
	s.Name, s.Email = address(a.Raw)
	if a.User != nil {
		s.Login, s.ID = a.User.login(), a.User.id()
	}
	return s
}

// gitAddress is how Git writes who somebody is. That need not be an address of
// e-mail's: those of bots have brackets.
var gitAddress = regexp.MustCompile(`^([^<>]+) <([^<>@\s]+@[^<>@\s]+)>$`)

// address takes a name and an address apart. What is neither is a name.
func address(raw string) (name, email string) {
	if a, err := mail.ParseAddress(raw); err == nil {
		return a.Name, a.Address
	}
	if m := gitAddress.FindStringSubmatch(raw); m != nil {
		return m[1], m[2]
	}
	return raw, ""
}
