package fleettest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
)

// bitbucketStates are Bitbucket's words for the states of pull requests.
var bitbucketStates = map[string]string{
	pullOpen: "OPEN", pullMerged: "MERGED", pullDeclined: "DECLINED", pullSuperseded: "SUPERSEDED",
}

// listPulls answers GET …/pullrequests: the open ones, or those in the states
// that are asked for, of which there can be several.
func (b *Bitbucket) listPulls(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	states := c.query["state"]
	if len(states) == 0 {
		states = []string{"OPEN"}
	}
	all := pullsOf(r, &b.requests, b.catalog, func(p pull) bool { return slices.Contains(states, bitbucketStates[p.state]) })
	return bitbucketPaged(c, len(all), func(i int) any { return b.pullJSON(c, r, all[i]) })
}

// pullRequest answers GET …/pullrequests/{id}.
func (b *Bitbucket) pullRequest(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	id, _ := strconv.Atoi(c.param(4))
	p, ok := pullNumbered(r, &b.requests, b.catalog, id)
	if !ok {
		return bitbucketError(http.StatusNotFound, "Pull request "+c.param(4)+" not found")
	}
	return bitbucketJSON(http.StatusOK, b.pullJSON(c, r, p))
}

// createPull answers POST …/pullrequests.
func (b *Bitbucket) createPull(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	if c.account.anonymous() {
		return unsupportedToken()
	}
	type end struct {
		Branch struct {
			Name string `json:"name"`
		} `json:"branch"`
	}
	var in struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Source      end    `json:"source"`
		Destination end    `json:"destination"`
	}
	if json.Unmarshal(c.body, &in) != nil || in.Title == "" || in.Source.Branch.Name == "" {
		return bitbucketError(http.StatusBadRequest, "Bad request")
	}
	p := b.requests.add(r, r.pulls()+1, func(n int) PullRequest {
		return PullRequest{
			Repository: r.fullName(), Number: n, Account: c.account.login, Title: in.Title, Body: in.Description,
			Source: in.Source.Branch.Name, Target: orDefault(in.Destination.Branch.Name, "main"), Created: c.arrived,
		}
	})
	return bitbucketJSON(http.StatusCreated, b.pullJSON(c, r, r.pullFrom(p, b.catalog)))
}

// pullJSON shows a pull request. Its hashes are abbreviated.
func (b *Bitbucket) pullJSON(c *call, r *repository, p pull) any {
	repo := bitbucketNameJSON(c, bitbucketUUID(uuidRepo, r.id), r.fullName())
	end := func(branch, sha string) any {
		return map[string]any{
			"branch": map[string]string{"name": branch}, "repository": repo,
			"commit": map[string]string{"type": "commit", "hash": sha[:12]},
		}
	}
	self := fmt.Sprintf("%s/repositories/%s/pullrequests/%d", c.base, r.fullName(), p.number)
	v := map[string]any{
		"type": "pullrequest", "id": p.number, "title": p.title, "description": p.body, "state": bitbucketStates[p.state], "draft": false,
		"author": bitbucketPerson(c, p.author), "source": end(p.source, p.head), "destination": end(p.target, p.base),
		"created_on": b.when(r, p.created), "updated_on": b.when(r, p.updated),
		"merge_commit": nil, "closed_by": nil, "close_source_branch": false, "comment_count": 0, "task_count": 0, "reason": "",
		"reviewers": []any{}, "participants": []any{},
		"summary": map[string]string{"type": "rendered", "raw": p.body, "markup": "markdown", "html": "<p>" + html.EscapeString(p.body) + "</p>"},
		"links": bitbucketLinks{
			"self": {Href: self},
			"html": {Href: fmt.Sprintf("https://bitbucket.org/%s/pull-requests/%d", r.fullName(), p.number)},
		},
	}
	if p.state != pullOpen {
		v["closed_by"] = bitbucketPerson(c, p.author)
	}
	if p.merge != "" {
		v["merge_commit"] = map[string]string{"type": "commit", "hash": p.merge[:12]}
	}
	return v
}
