package github

import (
	"context"
	"net/url"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// Issues leaves out the pull requests, which GitHub lists among them.
func (d *driver) Issues(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.Issue], error) {
	switch {
	case q.Sort == providers.ByName:
		return providers.Page[providers.Issue]{}, providers.Unsupported("issues have no order by name")
	case q.State == providers.Merged:
		return providers.Page[providers.Issue]{}, providers.Unsupported("issues are not merged")
	}
	state := "all"
	if q.State != "" {
		state = string(q.State)
	}
	params := url.Values{"state": {state}, "since": {stamp(q.Since)}}
	sorted(params, q, "")
	l := list[github.Issue, providers.Issue]{first: withQuery(repo(n, "issues"), params), model: d.issue}
	l.keep = func(i *github.Issue) bool { return !isPull(i) }
	return l.page(ctx, d, q, at)
}

// isPull reports whether a row is a pull request. It is not enough that there are
// links: answers of old have them for every issue, all of them null.
func isPull(i *github.Issue) bool {
	l := i.PullRequestLinks
	return l != nil && (l.GetURL() != "" || l.GetHTMLURL() != "" || l.GetDiffURL() != "")
}

func (d *driver) issue(o providers.Origin, i *github.Issue) providers.Issue {
	f := &struct {
		locked   bool
		comments int64
	}{}
	return providers.Issue{
		Origin: o, ID: id(i.ID), Number: int64(i.GetNumber()), Title: i.GetTitle(), Body: i.GetBody(),
		State: providers.State(i.GetState()), Reason: i.GetStateReason(),
		Author: d.brief(i.User), Assignees: d.briefs(i.Assignees), Labels: labels(i.Labels), Milestone: i.GetMilestone().GetTitle(),
		Comments: number(&f.comments, i.Comments), Locked: flag(&f.locked, i.Locked),
		CreatedAt: utc(i.CreatedAt), UpdatedAt: utc(i.UpdatedAt), ClosedAt: utc(i.ClosedAt), WebURL: i.GetHTMLURL(),
	}
}
