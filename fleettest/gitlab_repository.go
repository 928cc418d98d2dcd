package fleettest

import (
	"fmt"
	"net/http"
	"strings"
)

// archiveStorage is where archives are downloaded from. It takes its requests
// by a signature in the URL, and no token.
const archiveStorage = "https://gitlab-archives.storage.googleapis.com"

// inProject is an endpoint of a project that was found and is visible.
type inProject func(*GitLab, *call, *repository) *answer

// ofProject makes an endpoint of e: what it takes to find the project comes
// before.
func ofProject(e inProject) endpoint[*GitLab] {
	return func(g *GitLab, c *call) *answer {
		r, instead := g.projectOf(c)
		if instead != nil {
			return instead
		}
		return e(g, c, r)
	}
}

// branches answers GET /projects/{id}/repository/branches.
func (g *GitLab) branches(c *call, r *repository) *answer {
	search := c.query.Get("search")
	if search == "" {
		return gitlabPaged(c, r.branches(), func(i int) any { return gitlabBranchJSON(c, r, i) })
	}
	var found []int
	for i := range r.branches() {
		if strings.Contains(branchName(i), search) {
			found = append(found, i)
		}
	}
	return gitlabPaged(c, len(found), func(i int) any { return gitlabBranchJSON(c, r, found[i]) })
}

// branch answers GET /projects/{id}/repository/branches/{branch}.
func (g *GitLab) branch(c *call, r *repository) *answer {
	i, ok := r.branchNamed(c.param(4))
	if !ok {
		return gitlabMissing("Branch")
	}
	return gitlabJSON(http.StatusOK, gitlabBranchJSON(c, r, i))
}

// gitlabBranchJSON shows a branch.
func gitlabBranchJSON(c *call, r *repository, i int) any {
	return map[string]any{
		"name": branchName(i), "default": i == 0, "protected": i == 0, "merged": false, "can_push": !c.account.anonymous(),
		"developers_can_push": false, "developers_can_merge": false,
		"web_url": fmt.Sprintf("%s/%s/-/tree/%s", c.website(), r.fullName(), branchName(i)),
		"commit":  gitlabCommitJSON(c, r, r.commitAt(i, 0)),
	}
}

// tags answers GET /projects/{id}/repository/tags.
func (g *GitLab) tags(c *call, r *repository) *answer {
	return gitlabPaged(c, r.tags(), func(i int) any {
		if c.query.Get("sort") == "asc" {
			i = r.tags() - 1 - i
		}
		return gitlabTagJSON(c, r, i)
	})
}

// tag answers GET /projects/{id}/repository/tags/{tag}.
func (g *GitLab) tag(c *call, r *repository) *answer {
	i, ok := r.tagNamed(c.param(4))
	if !ok {
		return gitlabMissing("Tag")
	}
	return gitlabJSON(http.StatusOK, gitlabTagJSON(c, r, i))
}

// gitlabTagJSON shows a tag, with its release if it has one.
func gitlabTagJSON(c *call, r *repository, i int) any {
	t := r.tagged(i)
	v := map[string]any{
		"name": r.tagName(i), "message": "", "target": t.sha, "protected": false,
		"created_at": nil, "release": nil, "commit": gitlabCommitJSON(c, r, t),
	}
	if r.tags()-i <= r.releases() {
		v["release"] = map[string]string{"tag_name": r.tagName(i), "description": "What is new in " + r.tagName(i) + "."}
	}
	return v
}

// commits answers GET /projects/{id}/repository/commits. GitLab does not count
// them.
func (g *GitLab) commits(c *call, r *repository) *answer {
	if r.empty() {
		return gitlabPage(c, readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, 0), false, nil)
	}
	branch, from, ok := r.resolve(c.query.Get("ref_name"))
	if !ok {
		return gitlabMissing("Commit")
	}
	places := r.placesOf(c, branch, from)
	total := len(places)
	if places == nil {
		total = r.history(branch) - from
	}
	p := readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, total)
	return gitlabPage(c, p, false, func(i int) any {
		if places == nil {
			return gitlabStatsJSON(c, r, r.commitAt(branch, from+i), c.query.Get("with_stats") == "true")
		}
		return gitlabStatsJSON(c, r, r.commitAt(branch, places[i]), c.query.Get("with_stats") == "true")
	})
}

// commit answers GET /projects/{id}/repository/commits/{sha}, by hash, branch
// or tag.
func (g *GitLab) commit(c *call, r *repository) *answer {
	branch, n, ok := r.resolve(c.param(4))
	if !ok {
		return gitlabMissing("Commit")
	}
	v := gitlabStatsJSON(c, r, r.commitAt(branch, n), c.query.Get("stats") != "false")
	v["status"], v["project_id"], v["last_pipeline"] = nil, r.id, nil
	return gitlabJSON(http.StatusOK, v)
}

// gitlabStatsJSON shows a commit, with how many lines it changes if that is
// asked for.
func gitlabStatsJSON(c *call, r *repository, v commit, stats bool) map[string]any {
	out := gitlabCommitJSON(c, r, v)
	if stats {
		added, removed := v.lines()
		out["stats"] = map[string]int{"additions": added, "deletions": removed, "total": added + removed}
	}
	return out
}

// gitlabCommitJSON shows a commit.
func gitlabCommitJSON(c *call, r *repository, v commit) map[string]any {
	at := v.at.UTC().Format("2006-01-02T15:04:05.000-07:00")
	return map[string]any{
		"id": v.sha, "short_id": v.sha[:8], "title": v.title(), "message": v.message,
		"parent_ids":  append([]string{}, v.parents...),
		"author_name": v.author.name, "author_email": v.author.email(), "authored_date": at,
		"committer_name": v.author.name, "committer_email": v.author.email(), "committed_date": at, "created_at": at,
		"trailers": map[string]string{}, "extended_trailers": map[string]string{},
		"web_url": fmt.Sprintf("%s/%s/-/commit/%s", c.website(), r.fullName(), v.sha),
	}
}

// archive answers GET /projects/{id}/repository/archive and the same with a
// format, such as archive.zip: the way to the storage host.
func (g *GitLab) archive(c *call) *answer {
	name := c.param(3)
	if kind, _, _ := strings.Cut(name, "."); kind != "archive" {
		return gitlabJSON(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
	}
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	if name == "archive" {
		name = "archive.tar.gz"
	}
	a := newAnswer(http.StatusFound)
	a.header.Set("Content-Type", "text/plain")
	a.header.Set("Location", fmt.Sprintf("%s/projects/%d/%s?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Expires=600&X-Goog-Signature=%064x", archiveStorage, r.id, name, r.id))
	return a
}

// answerElsewhere answers as the storage host, and as the plain-http side of
// GitLab, which leads to https. No other name exists.
func (g *GitLab) answerElsewhere(c *call) (*answer, error) {
	if c.base != archiveStorage {
		return g.toHTTPS(c)
	}
	parts := strings.Split(c.path, "/")
	if len(parts) != 4 {
		return fromStorage(c, nil), nil
	}
	return fromStorage(c, fmt.Appendf(nil, "%s of project %s\n", parts[3], parts[2])), nil
}
