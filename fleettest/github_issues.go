package fleettest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Issues returns what clients created, in order.
func (g *GitHub) Issues() []Issue { return g.issues.list() }

// createIssue answers POST /repos/{owner}/{repo}/issues.
func (g *GitHub) createIssue(c *call, r *repository) *answer {
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
	i := g.issues.add(r, 1+githubPullNumber(max(r.pulls(), r.issueCount())), func(n int) Issue {
		return Issue{Repository: r.fullName(), Number: n, Account: c.account.login, Title: in.Title, Body: in.Body, Labels: in.Labels, Created: c.arrived}
	})
	a := newJSON(http.StatusCreated, githubIssueJSON(c, r, githubIssue{issue: issueFrom(i, g.catalog), number: i.Number}))
	a.header.Set("Location", fmt.Sprintf("%s/repos/%s/issues/%d", c.base, r.fullName(), i.Number))
	return a
}

// githubIssue is an entry of a list of issues, where pull requests are as well.
type githubIssue struct {
	issue
	number int   // among both
	pull   *pull // nil if it is none
}

// listedIssues returns issues and pull requests that the query asks for, in its
// order: open ones unless another state is named, the newest first.
func (g *GitHub) listedIssues(c *call, r *repository) []githubIssue {
	q := c.query
	state, since, labels := orDefault(q.Get("state"), "open"), timeParam(c, "since"), strings.Split(q.Get("labels"), ",")
	keep := func(i issue) bool {
		for _, l := range labels {
			if l != "" && !slices.Contains(i.labels, l) {
				return false
			}
		}
		return inState(state, i.closed) && !i.updated.Before(since) && (q.Get("creator") == "" || q.Get("creator") == i.author.login)
	}
	list := g.allIssues(r, keep)
	slices.SortFunc(list, func(a, b githubIssue) int { return b.number - a.number })
	var by func(githubIssue) time.Time
	if q.Get("sort") == "updated" {
		by = func(v githubIssue) time.Time { return v.updated }
	}
	return sorted(list, by, q.Get("direction") == "asc")
}

// allIssues returns issues and pull requests that keep picks.
func (g *GitHub) allIssues(r *repository, keep func(issue) bool) []githubIssue {
	var list []githubIssue
	for _, i := range issuesOf(r, &g.issues, g.catalog, keep) {
		v := githubIssue{issue: i, number: i.number}
		if i.generated {
			v.number = githubIssueNumber(i.number)
		}
		list = append(list, v)
	}
	for n := range r.pulls() {
		p := r.pullAt(n + 1)
		i := issue{closed: p.state != pullOpen, author: p.author, created: p.created, updated: p.updated}
		if keep(i) {
			list = append(list, githubIssue{issue: i, number: githubPullNumber(p.number), pull: &p})
		}
	}
	return list
}

// listIssues answers GET /repos/{owner}/{repo}/issues. A long list leads on by
// cursors and refuses the numbers of late pages.
func (g *GitHub) listIssues(c *call, r *repository) *answer {
	const docs = "https://docs.github.com/rest/issues/issues#list-repository-issues"
	if !slices.Contains([]string{"", "open", "closed", "all"}, c.query.Get("state")) {
		return githubError(http.StatusUnprocessableEntity, "Validation Failed", docs)
	}
	list := g.listedIssues(c, r)
	p := pageOf(c, len(list))
	after, before := c.query.Get("after"), c.query.Get("before")
	if after == "" && before == "" {
		if p.number > 1 && p.number*p.size >= githubPageMax {
			return githubError(http.StatusUnprocessableEntity, "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)", docs)
		}
		if len(list) < githubPageMax {
			return paged(c, listPath(r, "issues"), len(list), func(i int) any { return githubIssueJSON(c, r, list[i]) })
		}
	}
	from := (p.number - 1) * p.size
	if after != "" {
		from = slices.IndexFunc(list, func(v githubIssue) bool { return githubCursor(v) == after }) + 1
	} else if before != "" {
		from = max(0, slices.IndexFunc(list, func(v githubIssue) bool { return githubCursor(v) == before })-p.size)
	}
	return githubCursored(c, r, list, from, p.size)
}

// githubPageMax is how many issues page numbers reach. It is not documented;
// the last of 100 pages of 100 is refused.
const githubPageMax = 10_000

// githubCursor is where a list goes on after v, or ended before it.
func githubCursor(v githubIssue) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "cursor:v2:%d", v.number))
}

// githubCursored answers issues from a place in their list, with cursors in
// its links and no numbers of pages.
func githubCursored(c *call, r *repository, list []githubIssue, from, size int) *answer {
	to := min(from+size, len(list))
	from = min(from, to)
	shown := make(jsonList, 0, to-from)
	for _, v := range list[from:to] {
		shown = append(shown, marshal(githubIssueJSON(c, r, v)))
	}
	a := newJSON(http.StatusOK, shown)
	var links []string
	add := func(rel, name string, v githubIssue) {
		q := maps.Clone(c.query)
		q.Del("page")
		q.Del("after")
		q.Del("before")
		q.Set(name, githubCursor(v))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, c.base, listPath(r, "issues"), q.Encode(), rel))
	}
	if to < len(list) {
		add("next", "after", list[to-1])
	}
	if from > 0 && from < len(list) {
		add("prev", "before", list[from])
	}
	if len(links) > 0 {
		a.header.Set("Link", strings.Join(links, ", "))
	}
	return a
}

// issue answers GET /repos/{owner}/{repo}/issues/{number}, also for a pull
// request.
func (g *GitHub) issue(c *call, r *repository) *answer {
	for _, v := range g.allIssues(r, func(issue) bool { return true }) {
		if strconv.Itoa(v.number) == c.lastSegment() {
			return newJSON(http.StatusOK, githubIssueJSON(c, r, v))
		}
	}
	return notFound(g, c)
}

// githubIssueJSON shows an issue, or a pull request as one.
func githubIssueJSON(c *call, r *repository, v githubIssue) any {
	labels := make([]map[string]any, len(v.labels))
	for n, name := range v.labels {
		labels[n] = map[string]any{"id": n + 1, "name": name, "color": "d73a4a", "default": name == "bug", "description": nil}
	}
	i, kind := v.titled(r), "issues"
	path, id := fmt.Sprintf("%s/issues/%d", r.fullName(), v.number), githubIssueID(r, v.number)
	out := map[string]any{"pull_request": nil}
	if v.pull != nil {
		kind = "pull"
		p := r.described(*v.pull)
		i.title, i.body = p.title, p.body
		shown := githubPullJSON(c, r, p)
		out["pull_request"] = map[string]any{"url": shown["url"], "html_url": shown["html_url"], "diff_url": shown["diff_url"], "patch_url": shown["patch_url"], "merged_at": shown["merged_at"]}
		out["draft"] = shown["draft"]
	} else {
		delete(out, "pull_request")
	}
	at := c.base + "/repos/" + path
	maps.Copy(out, map[string]any{
		"id": id, "node_id": nodeID("Issue", id), "number": v.number, "state": "open", "state_reason": nil,
		"title": i.title, "body": i.body, "labels": labels, "user": githubPerson(c, v.author), "locked": v.locked, "active_lock_reason": nil,
		"assignee": nil, "assignees": []any{}, "milestone": nil, "comments": v.comments, "author_association": "CONTRIBUTOR",
		"url": at, "repository_url": c.base + "/repos/" + r.fullName(), "labels_url": at + "/labels{/name}",
		"comments_url": at + "/comments", "events_url": at + "/events", "timeline_url": at + "/timeline",
		"html_url":   fmt.Sprintf("https://github.com/%s/%s/%d", r.fullName(), kind, v.number),
		"created_at": githubTime(v.created), "updated_at": githubTime(v.updated), "closed_at": nil, "closed_by": nil,
	})
	if v.closed {
		out["state"], out["closed_at"], out["state_reason"] = "closed", githubTime(v.updated), "completed"
	}
	if v.closed && v.unplanned {
		out["state_reason"] = "not_planned"
	}
	return out
}
