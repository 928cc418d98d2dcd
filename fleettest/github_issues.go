package fleettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Issues returns what clients created, in order.
func (g *GitHub) Issues() []Issue { return g.issues.list() }

// createIssue answers POST /repos/{owner}/{repo}/issues.
func (g *GitHub) createIssue(c *call) *answer {
	r, instead := g.repositoryOf(c)
	if instead != nil {
		return instead
	}
	if c.account.anonymous() {
		return requiresAuthentication(g, c)
	}
	var in struct {
		Title  string   `json:"title"`
		Body   string   `json:"body"`
		Labels []string `json:"labels"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return githubError(http.StatusBadRequest, "Problems parsing JSON", "https://docs.github.com/rest/issues/issues#create-an-issue")
	}
	if in.Title == "" {
		return githubError(http.StatusUnprocessableEntity, "Validation Failed", "https://docs.github.com/rest/issues/issues#create-an-issue")
	}
	i := g.issues.add(r, 1, func(n int) Issue {
		return Issue{Repository: r.fullName(), Number: n, Account: c.account.login, Title: in.Title, Body: in.Body, Labels: in.Labels, Created: c.arrived}
	})
	a := newJSON(http.StatusCreated, g.issueJSON(c, r, i))
	a.header.Set("Location", fmt.Sprintf("%s/repos/%s/issues/%d", c.base, r.fullName(), i.Number))
	return a
}

// listIssues answers GET /repos/{owner}/{repo}/issues with those created here.
func (g *GitHub) listIssues(c *call) *answer {
	r, instead := g.repositoryOf(c)
	if instead != nil {
		return instead
	}
	all := g.issues.of(r)
	slices.Reverse(all) // the newest first
	return paged(c, fmt.Sprintf("/repositories/%d/issues", r.id), len(all), func(i int) any { return g.issueJSON(c, r, all[i]) })
}

// issue answers GET /repos/{owner}/{repo}/issues/{number}.
func (g *GitHub) issue(c *call) *answer {
	r, instead := g.repositoryOf(c)
	if instead != nil {
		return instead
	}
	for _, i := range g.issues.of(r) {
		if strconv.Itoa(i.Number) == c.lastSegment() {
			return newJSON(http.StatusOK, g.issueJSON(c, r, i))
		}
	}
	return notFound(g, c)
}

// issueJSON shows an issue.
func (g *GitHub) issueJSON(c *call, r *repository, i Issue) any {
	labels := make([]map[string]string, len(i.Labels))
	for n, name := range i.Labels {
		labels[n] = map[string]string{"name": name}
	}
	path := fmt.Sprintf("%s/issues/%d", r.fullName(), i.Number)
	id := r.id*1000 + int64(i.Number)
	return map[string]any{
		"id": id, "node_id": nodeID("Issue", id), "number": i.Number, "state": "open",
		"title": i.Title, "body": i.Body, "labels": labels,
		"user": ownerJSON(c.base, g.catalog.owner(i.Account)),
		"url":  c.base + "/repos/" + path, "repository_url": c.base + "/repos/" + r.fullName(),
		"html_url":   "https://github.com/" + path,
		"comments":   0,
		"created_at": i.Created.UTC().Truncate(time.Second), "updated_at": i.Created.UTC().Truncate(time.Second),
	}
}
