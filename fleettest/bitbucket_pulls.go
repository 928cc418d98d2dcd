package fleettest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
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
	if n, err := strconv.Atoi(c.query.Get("pagelen")); err == nil && n > bitbucketPullsMax {
		return bitbucketError(http.StatusBadRequest, "Invalid pagelen")
	}
	states := c.query["state"]
	if len(states) == 0 && !strings.Contains(c.query.Get("q"), "state") {
		states = []string{"OPEN"}
	}
	all, instead := queried(c, pullsOf(r, &b.requests, b.catalog, func(p pull) bool {
		return len(states) == 0 || slices.Contains(states, bitbucketStates[p.state])
	}), pullFields(r))
	if instead != nil {
		return instead
	}
	return bitbucketPaged(c, len(all), func(i int) any { return b.pullJSON(c, r, all[i]) })
}

// bitbucketPullsMax is the size of the largest page of pull requests. The
// documentation says 100; more than 50 is refused.
const bitbucketPullsMax = 50

// pullFields are what pull requests can be asked for by.
func pullFields(r *repository) queryFields[pull] {
	return queryFields[pull]{
		"id":                      func(p pull) string { return strconv.Itoa(p.number) },
		"title":                   func(p pull) string { return r.described(p).title },
		"state":                   func(p pull) string { return bitbucketStates[p.state] },
		"draft":                   func(p pull) string { return strconv.FormatBool(p.draft && p.state == pullOpen) },
		"source.branch.name":      func(p pull) string { return r.described(p).source },
		"destination.branch.name": func(p pull) string { return p.target },
		"created_on":              func(p pull) string { return p.created.Format(time.RFC3339) },
		"updated_on":              func(p pull) string { return p.updated.Format(time.RFC3339) },
	}
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
	p = r.described(p)
	repo := bitbucketNameJSON(c, bitbucketUUID(uuidRepo, r.id), r.fullName())
	end := func(branch, sha string) any {
		return map[string]any{
			"branch": map[string]string{"name": branch}, "repository": repo,
			"commit": bitbucketCommitName(c, r, sha[:12]),
		}
	}
	self := fmt.Sprintf("%s/repositories/%s/pullrequests/%d", c.base, r.fullName(), p.number)
	v := map[string]any{
		"type": "pullrequest", "id": p.number, "title": p.title, "description": p.body, "state": bitbucketStates[p.state], "draft": p.draft && p.state == pullOpen,
		"author": bitbucketPerson(c, p.author), "source": end(p.source, p.head), "destination": end(p.target, p.base),
		"created_on": b.when(r, p.created), "updated_on": b.when(r, p.updated),
		"merge_commit": nil, "closed_by": nil, "close_source_branch": false, "comment_count": 0, "task_count": 0, "reason": "",
		"reviewers": []any{}, "participants": []any{},
		"summary": map[string]string{"type": "rendered", "raw": p.body, "markup": "markdown", "html": "<p>" + html.EscapeString(p.body) + "</p>"},
		"links": bitbucketLinks{
			"self": {Href: self}, "commits": {Href: self + "/commits"},
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
