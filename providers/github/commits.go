package github

import (
	"context"
	"net/url"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Commits are chosen by the date of the committer (GitHub Docs, "List commits").
func (d *driver) Commits(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Commit], error) {
	params := url.Values{
		"sha": {q.Ref}, "path": {q.Path}, "author": {q.Author}, "since": {stamp(q.Since)}, "until": {stamp(q.Until)},
	}
	paged(params, q)
	l := list[github.RepositoryCommit, providers.Commit]{first: withQuery(repo(n, "commits"), params), model: commit}
	p, err := l.page(ctx, d, q, at)
	if emptyRepository(err) {
		return providers.Page[providers.Commit]{}, nil
	}
	return p, err
}

// stamp spells a time as parameters want it, in whole seconds.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func commit(o providers.Origin, c *github.RepositoryCommit) providers.Commit {
	m := providers.Commit{
		Origin: o, SHA: c.GetSHA(), Message: c.GetCommit().GetMessage(), WebURL: c.GetHTMLURL(),
		Author:    signature(c.GetCommit().GetAuthor(), c.Author),
		Committer: signature(c.GetCommit().GetCommitter(), c.Committer),
	}
	for _, p := range c.Parents {
		m.Parents = append(m.Parents, p.GetSHA())
	}
	return m
}

// signature joins what Git says to the account that the host knows, if it knows
// one.
func signature(a *github.CommitAuthor, u *github.User) providers.Signature {
	return providers.Signature{
		Name: a.GetName(), Email: a.GetEmail(), Date: utc(dateOf(a)),
		Login: u.GetLogin(), ID: id(idOf(u)),
	}
}

func dateOf(a *github.CommitAuthor) *github.Timestamp {
	if a == nil {
		return nil
	}
	return a.Date
}

func idOf(u *github.User) *int64 {
	if u == nil {
		return nil
	}
	return u.ID
}

// Contributors lists those without an account, too, who are named by their
// address. Of very large repositories GitHub refuses the list with 403.
func (d *driver) Contributors(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Contributor], error) {
	params := url.Values{"anon": {"1"}}
	paged(params, q)
	l := list[github.Contributor, providers.Contributor]{first: withQuery(repo(n, "contributors"), params), model: contributor}
	return l.page(ctx, d, q, at)
}

func contributor(o providers.Origin, c *github.Contributor) providers.Contributor {
	return providers.Contributor{
		Origin: o, ID: id(c.ID), Login: c.GetLogin(), Name: c.GetName(), Email: c.GetEmail(),
		Commits: int64(c.GetContributions()), AvatarURL: c.GetAvatarURL(), WebURL: c.GetHTMLURL(),
	}
}
