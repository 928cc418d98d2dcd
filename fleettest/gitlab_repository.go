package fleettest

import (
	"fmt"
	"net/http"
	"strings"
)

// archiveStorage is where archives are downloaded from. It takes its requests
// by a signature in the URL, and no token.
const archiveStorage = "https://gitlab-archives.storage.googleapis.com"

// branches answers GET /projects/{id}/repository/branches.
func (g *GitLab) branches(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	return gitlabPaged(c, r.branches, func(i int) any {
		return map[string]any{
			"name": branchName(i), "default": i == 0, "protected": i == 0, "merged": false, "can_push": !c.account.anonymous(),
			"developers_can_push": false, "developers_can_merge": false,
			"web_url": fmt.Sprintf("%s/%s/-/tree/%s", c.website(), r.fullName(), branchName(i)),
			"commit":  gitlabCommitJSON(c, r, r.commitAt(i, 0)),
		}
	})
}

// tags answers GET /projects/{id}/repository/tags.
func (g *GitLab) tags(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	return gitlabPaged(c, r.tags(), func(i int) any {
		t := r.tagged(i)
		return map[string]any{
			"name": r.tagName(i), "message": "", "target": t.sha, "protected": false,
			"created_at": nil, "release": nil, "commit": gitlabCommitJSON(c, r, t),
		}
	})
}

// commits answers GET /projects/{id}/repository/commits. GitLab does not count
// them.
func (g *GitLab) commits(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	branch, from, ok := r.resolve(c.query.Get("ref_name"))
	if !ok {
		return gitlabMissing("Commit")
	}
	p := readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, r.history(branch)-from)
	return gitlabPage(c, p, false, func(i int) any { return gitlabCommitJSON(c, r, r.commitAt(branch, from+i)) })
}

// gitlabCommitJSON shows a commit.
func gitlabCommitJSON(c *call, r *repository, v commit) any {
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
