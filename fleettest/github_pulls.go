package fleettest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// githubPullNumber is the number that GitHub gives the nth pull request. It
// has one sequence for issues and pull requests.
func githubPullNumber(n int) int { return 2 * n }

// githubIssueNumber is the number that GitHub gives the nth issue.
func githubIssueNumber(n int) int { return 2*n - 1 }

// listPulls answers GET /repos/{owner}/{repo}/pulls: the open ones unless
// another state is asked for.
func (g *GitHub) listPulls(c *call, r *repository) *answer {
	q := c.query
	state, head := orDefault(q.Get("state"), "open"), q.Get("head")
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		return githubError(http.StatusUnprocessableEntity, "Validation Failed", "https://docs.github.com/rest/pulls/pulls#list-pull-requests")
	}
	_, headBranch, named := strings.Cut(head, ":")
	all := pullsOf(r, &ledger[PullRequest]{}, g.catalog, func(p pull) bool {
		return inState(state, p.state != pullOpen) && (q.Get("base") == "" || q.Get("base") == p.target) &&
			(!named || strings.EqualFold(head, r.owner.login+":"+p.branch()) && headBranch == p.branch())
	})
	var by func(pull) time.Time
	ascending := q.Get("direction") == "asc"
	if s := q.Get("sort"); s == "updated" {
		by = func(p pull) time.Time { return p.updated }
		ascending = q.Get("direction") != "desc"
	}
	all = sorted(all, by, ascending)
	return paged(c, listPath(r, "pulls"), len(all), func(i int) any { return githubPullJSON(c, r, all[i]) })
}

// inState reports whether something is of the state open, closed or all.
func inState(state string, closed bool) bool { return state == "all" || (state == "closed") == closed }

// pull answers GET /repos/{owner}/{repo}/pulls/{number}, with what lists leave
// out.
func (g *GitHub) pull(c *call, r *repository) *answer {
	number, err := strconv.Atoi(g.rest(c))
	if err != nil || number%2 != 0 || number < 2 || number > githubPullNumber(r.pulls()) {
		return notFound(g, c)
	}
	p := r.described(r.pullAt(number / 2))
	v := githubPullJSON(c, r, p)
	merged := p.state == pullMerged
	v["merged"], v["merged_by"], v["mergeable"], v["mergeable_state"] = merged, nil, nil, "unknown"
	if merged {
		v["merged_by"] = githubPerson(c, people[0])
	}
	v["comments"], v["review_comments"], v["commits"], v["additions"], v["deletions"], v["changed_files"] = 0, 0, 1, 3, 1, 1
	v["rebaseable"], v["maintainer_can_modify"] = nil, false
	return newJSON(http.StatusOK, v)
}

// githubPullJSON shows a pull request. Whoever has no account any more is
// null.
func githubPullJSON(c *call, r *repository, p pull) map[string]any {
	p = r.described(p)
	number := githubPullNumber(p.number)
	at := fmt.Sprintf("%s/repos/%s", c.base, r.fullName())
	self, issue := fmt.Sprintf("%s/pulls/%d", at, number), fmt.Sprintf("%s/issues/%d", at, number)
	web := fmt.Sprintf("https://github.com/%s/pull/%d", r.fullName(), number)
	end := func(branch, sha string) any {
		owner := ownerJSON(c.base, r.owner)
		return map[string]any{"label": r.owner.login + ":" + branch, "ref": branch, "sha": sha, "user": owner, "repo": repositoryJSON(c, r)}
	}
	v := map[string]any{
		"id": githubIssueID(r, number), "node_id": nodeID("PullRequest", githubIssueID(r, number)), "number": number,
		"url": self, "html_url": web, "issue_url": issue, "diff_url": web + ".diff", "patch_url": web + ".patch",
		"commits_url": self + "/commits", "review_comments_url": self + "/comments", "review_comment_url": at + "/pulls/comments{/number}",
		"comments_url": issue + "/comments", "statuses_url": at + "/statuses/" + p.head,
		"title": p.title, "body": p.body, "user": githubPerson(c, p.author), "state": "open", "locked": false, "draft": p.draft && p.state == pullOpen,
		"created_at": githubTime(p.created), "updated_at": githubTime(p.updated), "closed_at": nil, "merged_at": nil,
		"merge_commit_sha": p.base, // of an open one that of a merge that was tried
		"assignee":         nil, "assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{}, "labels": []any{}, "milestone": nil,
		"head": end(p.source, p.head), "base": end(p.target, p.base),
		"_links":             map[string]any{"self": href(self), "html": href(web), "issue": href(issue), "comments": href(issue + "/comments"), "review_comments": href(self + "/comments"), "commits": href(self + "/commits")},
		"author_association": "CONTRIBUTOR", "auto_merge": nil, "active_lock_reason": nil,
	}
	if p.state != pullOpen {
		v["state"], v["closed_at"] = "closed", githubTime(p.updated)
	}
	if p.state == pullMerged {
		v["merged_at"], v["merge_commit_sha"] = githubTime(p.updated), p.merge
	}
	return v
}

// githubIssueID is the id of an issue or a pull request.
func githubIssueID(r *repository, number int) int64 { return r.id*100_000 + int64(number) }

// githubTime is t in GitHub's form.
func githubTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// href is a link of those below _links.
func href(url string) map[string]string { return map[string]string{"href": url} }
