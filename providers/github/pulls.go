package github

import (
	"context"
	"net/url"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// PullRequests are chosen by state here where GitHub has no word for it: merged
// ones are among the closed. So they are by Since, which this list has no
// parameter for.
func (d *driver) PullRequests(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.PullRequest], error) {
	if q.Sort == providers.ByName {
		return providers.Page[providers.PullRequest]{}, providers.Unsupported("pull requests have no order by name")
	}
	state := "all"
	switch q.State {
	case providers.Open:
		state = "open"
	case providers.Closed, providers.Merged:
		state = "closed"
	}
	params := url.Values{"state": {state}}
	sorted(params, q, "")
	var older bool
	l := list[github.PullRequest, providers.PullRequest]{first: withQuery(repo(n, "pulls"), params), model: d.pullRequest}
	l.keep = func(p *github.PullRequest) bool {
		old := !q.Since.IsZero() && utc(p.UpdatedAt).Before(q.Since)
		older = older || old
		return !old && (q.State == "" || pullState(p) == q.State)
	}
	p, err := l.page(ctx, d, q, at)
	return newestOnly(p, q, older), err
}

// pullState tells merged from closed: rows of lists say when one was merged, but
// not that it was.
func pullState(p *github.PullRequest) providers.State {
	switch {
	case p.MergedAt != nil && !p.MergedAt.IsZero(), p.GetMerged():
		return providers.Merged
	case p.GetState() == "closed":
		return providers.Closed
	}
	return providers.Open
}

func (d *driver) pullRequest(o providers.Origin, p *github.PullRequest) providers.PullRequest {
	f := &struct {
		draft    bool
		comments int64
	}{}
	m := providers.PullRequest{
		Origin: o, ID: id(p.ID), Number: int64(p.GetNumber()), Title: p.GetTitle(), Body: p.GetBody(),
		State: pullState(p), Draft: flag(&f.draft, p.Draft),
		Author: d.brief(p.User), Assignees: d.briefs(p.Assignees), Reviewers: d.briefs(p.RequestedReviewers), Labels: labels(p.Labels),
		Head: side(p.Head), Base: side(p.Base),
		CreatedAt: utc(p.CreatedAt), UpdatedAt: utc(p.UpdatedAt), ClosedAt: utc(p.ClosedAt), MergedAt: utc(p.MergedAt),
		MergedBy: d.brief(p.MergedBy), Comments: number(&f.comments, p.Comments), WebURL: p.GetHTMLURL(),
	}
	if m.State == providers.Merged {
		m.MergeSHA = p.GetMergeCommitSHA() // before that it is of a merge on trial
	}
	return m
}

// side makes our record of a branch. Its repository is null if the fork is gone.
func side(b *github.PullRequestBranch) providers.Side {
	return providers.Side{Ref: b.GetRef(), SHA: b.GetSHA(), Repository: b.GetRepo().GetFullName()}
}

func labels(ls []*github.Label) []string {
	if len(ls) == 0 {
		return nil
	}
	names := make([]string, 0, len(ls))
	for _, l := range ls {
		names = append(names, l.GetName())
	}
	return names
}
