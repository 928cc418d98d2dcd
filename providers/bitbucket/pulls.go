package bitbucket

import (
	"context"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// pullLength is the most pull requests that Bitbucket puts on a page. It says
// 100, and refuses more than 50 with "Invalid pagelen".
const pullLength = 50

// pull is a pull request.
type pull struct {
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	State       string    `json:"state"`
	Draft       *bool     `json:"draft"`
	Author      *account  `json:"author"`
	Reviewers   []account `json:"reviewers"`
	ClosedBy    *account  `json:"closed_by"`
	Source      pullEnd   `json:"source"`
	Destination pullEnd   `json:"destination"`
	MergeCommit *commit   `json:"merge_commit"`
	Comments    *int64    `json:"comment_count"`
	CreatedOn   stamp     `json:"created_on"`
	UpdatedOn   stamp     `json:"updated_on"`
	Links       links     `json:"links"`
}

func (p *pull) identified() bool { return p.ID != 0 }

// pullEnd is one end of a pull request.
type pullEnd struct {
	Branch     named          `json:"branch"`
	Commit     *commit        `json:"commit"`     // its hash is abbreviated
	Repository *repositoryRef `json:"repository"` // null if the fork is gone
}

// pullStates are Bitbucket's words, by ours.
var pullStates = map[providers.State][]string{
	"":               {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}, // without any it lists the open ones
	providers.Open:   {"OPEN"},
	providers.Merged: {"MERGED"},
	providers.Closed: {"DECLINED", "SUPERSEDED"},
}

// pullOrders are what pull requests can be sorted by.
var pullOrders = map[providers.Sort]string{providers.ByCreated: "created_on", providers.ByUpdated: "updated_on"}

// PullRequests implements [providers.Driver].
func (d *driver) PullRequests(ctx context.Context, n providers.Name, q providers.Query, at providers.Position) (providers.Page[providers.PullRequest], error) {
	address := at.Next
	if address == "" {
		v := paging(q, pullLength)
		v["state"] = pullStates[q.State]
		err := ordered(v, q, pullOrders)
		if err == nil {
			since(v, q)
			address, err = d.of(n, v, "pullrequests")
		}
		if err != nil {
			return providers.Page[providers.PullRequest]{}, err
		}
	}
	p, err := list(ctx, d, q, address, d.pull)
	return updatedSince(p, q.Since, func(p *providers.PullRequest) time.Time { return p.UpdatedAt }), err
}

func (d *driver) pull(o providers.Origin, p *pull) providers.PullRequest {
	v := providers.PullRequest{
		Origin: o, Number: p.ID, Title: p.Title, Body: p.Description, State: pullState(p.State), Draft: p.Draft,
		Author: d.person(p.Author), Reviewers: d.people(p.Reviewers),
		Head: p.Source.side(), Base: p.Destination.side(), Comments: p.Comments,
		CreatedAt: p.CreatedOn.Time, UpdatedAt: p.UpdatedOn.Time, WebURL: p.Links.HTML.Href,
	}
	if v.State == providers.Merged {
		v.MergedBy = d.person(p.ClosedBy)
	}
	if p.MergeCommit != nil {
		v.MergeSHA = p.MergeCommit.Hash
	}
	return v
}

func (e *pullEnd) side() providers.Side {
	s := providers.Side{Ref: e.Branch.Name}
	if e.Commit != nil {
		s.SHA = e.Commit.Hash
	}
	if e.Repository != nil {
		s.Repository = e.Repository.FullName
	}
	return s
}

func pullState(s string) providers.State {
	switch s {
	case "DECLINED", "SUPERSEDED":
		return providers.Closed
	}
	return providers.State(strings.ToLower(s))
}
