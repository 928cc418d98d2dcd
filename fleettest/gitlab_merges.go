package fleettest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// gitlabStates are GitLab's words for the states of merge requests.
var gitlabStates = map[string]string{
	pullOpen: "opened", pullMerged: "merged", pullDeclined: "closed", pullSuperseded: "closed",
}

// listMerges answers GET /projects/{id}/merge_requests, in all states unless
// one is asked for.
func (g *GitLab) listMerges(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	if instead := gitlabRefusesPaging(c, false); instead != nil {
		return instead
	}
	q := c.query
	inTime := within(c)
	state := orDefault(q.Get("state"), "all")
	all := pullsOf(r, &g.merges, g.catalog, func(p pull) bool {
		return (state == "all" || gitlabStates[p.state] == state) && inScope(c, p.author) && inTime(p.created, p.updated) &&
			(q.Get("target_branch") == "" || q.Get("target_branch") == p.target)
	})
	all = sorted(all, gitlabOrder(c, func(p pull) time.Time { return p.updated }), q.Get("sort") == "asc")
	return gitlabPaged(c, len(all), func(i int) any { return mergeJSON(c, r, all[i]) })
}

// mergeRequest answers GET /projects/{id}/merge_requests/{iid}.
func (g *GitLab) mergeRequest(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	iid, _ := strconv.Atoi(c.param(3))
	p, ok := pullNumbered(r, &g.merges, g.catalog, iid)
	if !ok {
		return gitlabError(http.StatusNotFound, "404 Not found")
	}
	return gitlabJSON(http.StatusOK, mergeJSON(c, r, p))
}

// createMerge answers POST /projects/{id}/merge_requests.
func (g *GitLab) createMerge(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	if c.account.anonymous() {
		return gitlabNeedsUser()
	}
	var in struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Source      string `json:"source_branch"`
		Target      string `json:"target_branch"`
	}
	if instead := gitlabRead(c, &in); instead != nil {
		return instead
	}
	for name, value := range map[string]string{"title": in.Title, "source_branch": in.Source, "target_branch": in.Target} {
		if value == "" {
			return gitlabJSON(http.StatusBadRequest, map[string]string{"error": name + " is missing"})
		}
	}
	p := g.merges.add(r, r.pulls()+1, func(n int) PullRequest {
		return PullRequest{Repository: r.fullName(), Number: n, Account: c.account.login, Title: in.Title, Body: in.Description, Source: in.Source, Target: in.Target, Created: c.arrived}
	})
	return gitlabJSON(http.StatusCreated, mergeJSON(c, r, r.pullFrom(p, g.catalog)))
}

// mergeJSON shows a merge request.
func mergeJSON(c *call, r *repository, p pull) any {
	p = r.described(p)
	author := personJSON(c, p.author)
	v := map[string]any{
		"id": r.id*100_000 + int64(p.number), "iid": p.number, "project_id": r.id,
		"source_project_id": r.id, "target_project_id": r.id,
		"title": p.title, "description": p.body, "state": gitlabStates[p.state], "draft": p.draft && p.state == pullOpen, "work_in_progress": p.draft && p.state == pullOpen,
		"author": author, "assignees": []any{}, "assignee": nil, "reviewers": []any{}, "labels": []string{}, "milestone": nil,
		"source_branch": p.source, "target_branch": p.target, "sha": p.head,
		"diff_refs":  map[string]string{"base_sha": p.base, "head_sha": p.head, "start_sha": p.base},
		"created_at": gitlabTime(p.created), "updated_at": gitlabTime(p.updated),
		"merged_at": nil, "merged_by": nil, "closed_at": nil, "closed_by": nil, "merge_commit_sha": nil, "squash_commit_sha": nil,
		"user_notes_count": 0, "upvotes": 0, "downvotes": 0, "detailed_merge_status": "not_open",
		"merge_status": "can_be_merged", "merge_when_pipeline_succeeds": false, "squash": false, "discussion_locked": nil,
		"should_remove_source_branch": nil, "force_remove_source_branch": nil, "approvals_before_merge": nil, "time_stats": gitlabTimeStats,
		"web_url": fmt.Sprintf("%s/%s/-/merge_requests/%d", c.website(), r.fullName(), p.number),
	}
	switch v["state"] {
	case "opened":
		v["detailed_merge_status"] = "mergeable"
	case "merged":
		v["merged_at"], v["merged_by"], v["merge_commit_sha"] = gitlabTime(p.updated), author, p.merge
	case "closed":
		v["closed_at"], v["closed_by"] = gitlabTime(p.updated), author
	}
	return v
}
