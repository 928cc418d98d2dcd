package fleettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// gitlabLabels are labels in a request: a list, or text with commas.
type gitlabLabels []string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *gitlabLabels) UnmarshalJSON(data []byte) error {
	var list []string
	if json.Unmarshal(data, &list) == nil {
		*l = list
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	*l = strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	return nil
}

// createIssue answers POST /projects/{id}/issues.
func (g *GitLab) createIssue(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	if c.account.anonymous() {
		return gitlabNeedsUser()
	}
	var in struct {
		Title       string       `json:"title"`
		Description string       `json:"description"`
		Labels      gitlabLabels `json:"labels"`
	}
	if instead := gitlabRead(c, &in); instead != nil {
		return instead
	}
	if in.Title == "" {
		return gitlabJSON(http.StatusBadRequest, map[string]string{"error": "title is missing"})
	}
	i := g.issues.add(r, 1, func(n int) Issue {
		return Issue{Repository: r.fullName(), Number: n, Account: c.account.login, Title: in.Title, Body: in.Description, Labels: in.Labels, Created: c.arrived}
	})
	return gitlabJSON(http.StatusCreated, g.issueJSON(c, r, i))
}

// gitlabRead reads the body of a write into v, or returns the refusal.
func gitlabRead(c *call, v any) *answer {
	if json.Unmarshal(c.body, v) != nil {
		return gitlabJSON(http.StatusBadRequest, map[string]string{"error": "Problems parsing JSON"})
	}
	return nil
}

// listIssues answers GET /projects/{id}/issues with those created here. They
// are open.
func (g *GitLab) listIssues(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	all := g.issues.of(r)
	if c.query.Get("state") == "closed" {
		all = nil
	}
	if c.query.Get("sort") != "asc" {
		slices.Reverse(all)
	}
	return gitlabPaged(c, len(all), func(i int) any { return g.issueJSON(c, r, all[i]) })
}

// issue answers GET /projects/{id}/issues/{iid}.
func (g *GitLab) issue(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	for _, i := range g.issues.of(r) {
		if strconv.Itoa(i.Number) == c.param(3) {
			return gitlabJSON(http.StatusOK, g.issueJSON(c, r, i))
		}
	}
	return gitlabMissing("Issue")
}

// issueJSON shows an issue. Its iid counts in the project, its id everywhere.
func (g *GitLab) issueJSON(c *call, r *repository, i Issue) any {
	at := gitlabTime(i.Created)
	return map[string]any{
		"id": r.id*1000 + int64(i.Number), "iid": i.Number, "project_id": r.id, "state": "opened",
		"title": i.Title, "description": i.Body, "labels": append([]string{}, i.Labels...),
		"author": personOf(c, g.catalog.owner(i.Account)), "assignees": []any{}, "assignee": nil, "milestone": nil,
		"created_at": at, "updated_at": at, "closed_at": nil, "closed_by": nil,
		"user_notes_count": 0, "upvotes": 0, "downvotes": 0, "merge_requests_count": 0,
		"confidential": false, "discussion_locked": nil, "issue_type": "issue", "due_date": nil,
		"web_url": fmt.Sprintf("%s/%s/-/issues/%d", c.website(), r.fullName(), i.Number),
	}
}
