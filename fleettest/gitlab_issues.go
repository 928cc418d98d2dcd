package fleettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
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
	i := g.issues.add(r, r.issueCount()+1, func(n int) Issue {
		return Issue{Repository: r.fullName(), Number: n, Account: c.account.login, Title: in.Title, Body: in.Description, Labels: in.Labels, Created: c.arrived}
	})
	return gitlabJSON(http.StatusCreated, gitlabIssueJSON(c, r, issueFrom(i, g.catalog)))
}

// gitlabRead reads the body of a write into v, or returns the refusal.
func gitlabRead(c *call, v any) *answer {
	if json.Unmarshal(c.body, v) != nil {
		return gitlabJSON(http.StatusBadRequest, map[string]string{"error": "Problems parsing JSON"})
	}
	return nil
}

// listIssues answers GET /projects/{id}/issues, in all states unless one is
// asked for.
func (g *GitLab) listIssues(c *call, r *repository) *answer {
	if instead := gitlabRefusesPaging(c, false); instead != nil {
		return instead
	}
	q := c.query
	inTime := within(c)
	state := map[string]string{"opened": "open", "closed": "closed"}[q.Get("state")]
	all := issuesOf(r, &g.issues, g.catalog, func(i issue) bool {
		return inState(orDefault(state, "all"), i.closed) && inScope(c, i.author) && inTime(i.created, i.updated)
	})
	slices.Reverse(all)
	all = sorted(all, gitlabOrder(c, func(i issue) time.Time { return i.updated }), q.Get("sort") == "asc")
	return gitlabPaged(c, len(all), func(i int) any { return gitlabIssueJSON(c, r, all[i]) })
}

// inScope reports whether something is in the scope that c names, by who made
// it. Nothing is assigned to anybody.
func inScope(c *call, author person) bool {
	switch c.query.Get("scope") {
	case "created_by_me", "created-by-me":
		return !c.account.anonymous() && author.id == c.account.id
	case "assigned_to_me", "assigned-to-me":
		return false
	}
	return true
}

// within returns what reports whether something was created and updated when c
// asks for it.
func within(c *call) func(created, updated time.Time) bool {
	since, until := timeParam(c, "created_after"), timeParam(c, "created_before")
	updatedSince, updatedUntil := timeParam(c, "updated_after"), timeParam(c, "updated_before")
	return func(created, updated time.Time) bool {
		return !created.Before(since) && (until.IsZero() || !created.After(until)) &&
			!updated.Before(updatedSince) && (updatedUntil.IsZero() || !updated.After(updatedUntil))
	}
}

// gitlabOrder returns updated if c asks for the order of updates.
func gitlabOrder[T any](c *call, updated func(T) time.Time) func(T) time.Time {
	if c.query.Get("order_by") == "updated_at" {
		return updated
	}
	return nil
}

// issue answers GET /projects/{id}/issues/{iid}.
func (g *GitLab) issue(c *call, r *repository) *answer {
	found := issuesOf(r, &g.issues, g.catalog, func(i issue) bool { return strconv.Itoa(i.number) == c.param(3) })
	if len(found) == 0 {
		return gitlabMissing("Issue")
	}
	return gitlabJSON(http.StatusOK, gitlabIssueJSON(c, r, found[0]))
}

// gitlabIssueJSON shows an issue. Its iid counts in the project, its id
// everywhere.
func gitlabIssueJSON(c *call, r *repository, i issue) any {
	i = i.titled(r)
	author := personJSON(c, i.author)
	v := map[string]any{
		"id": r.id*100_000 + int64(i.number), "iid": i.number, "project_id": r.id, "state": "opened",
		"title": i.title, "description": i.body, "labels": append([]string{}, i.labels...),
		"author": author, "assignees": []any{}, "assignee": nil, "milestone": nil, "type": "ISSUE",
		"created_at": gitlabTime(i.created), "updated_at": gitlabTime(i.updated), "closed_at": nil, "closed_by": nil,
		"user_notes_count": i.comments, "upvotes": 0, "downvotes": 0, "merge_requests_count": 0,
		"confidential": false, "discussion_locked": nil, "issue_type": "issue", "due_date": nil, "time_stats": gitlabTimeStats,
		"web_url": fmt.Sprintf("%s/%s/-/issues/%d", c.website(), r.fullName(), i.number),
	}
	if i.locked {
		v["discussion_locked"] = true
	}
	if i.closed {
		v["state"], v["closed_at"], v["closed_by"] = "closed", gitlabTime(i.updated), author
	}
	return v
}

// gitlabTimeStats is what GitLab says where nobody counted hours.
var gitlabTimeStats = map[string]any{"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": nil, "human_total_time_spent": nil}
