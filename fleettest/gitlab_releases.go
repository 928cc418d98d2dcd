package fleettest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// listReleases answers GET /projects/{id}/releases.
func (g *GitLab) listReleases(c *call, r *repository) *answer {
	return gitlabPaged(c, r.releases(), func(i int) any {
		if c.query.Get("sort") == "asc" {
			i = r.releases() - 1 - i
		}
		return gitlabReleaseJSON(c, r, r.releaseAt(i))
	})
}

// release answers GET /projects/{id}/releases/{tag}.
func (g *GitLab) release(c *call, r *repository) *answer {
	for i := range r.releases() {
		if v := r.releaseAt(i); v.tag == c.param(3) {
			return gitlabJSON(http.StatusOK, gitlabReleaseJSON(c, r, v))
		}
	}
	return gitlabError(http.StatusNotFound, "404 Not Found")
}

// gitlabReleaseJSON shows a release. It has no number, and its links no sizes.
func gitlabReleaseJSON(c *call, r *repository, v release) any {
	web := c.website() + "/" + r.fullName()
	var sources []any
	for _, format := range []string{"zip", "tar.gz", "tar.bz2", "tar"} {
		sources = append(sources, map[string]string{"format": format, "url": fmt.Sprintf("%s/-/archive/%s/%s-%s.%s", web, v.tag, r.name, v.tag, format)})
	}
	name := fmt.Sprintf("%s-%s.tar.gz", r.name, v.tag)
	return map[string]any{
		"tag_name": v.tag, "name": "Release " + v.tag, "description": "What is new in " + v.tag + ".",
		"created_at": gitlabTime(v.published), "released_at": gitlabTime(v.published), "upcoming_release": false,
		"author": personJSON(c, v.author), "commit": gitlabCommitJSON(c, r, v.commit), "milestones": []any{}, "evidences": []any{},
		"commit_path": "/" + r.fullName() + "/-/commit/" + v.commit.sha, "tag_path": "/" + r.fullName() + "/-/tags/" + v.tag,
		"assets": map[string]any{
			"count": len(sources) + 1, "sources": sources,
			"links": []any{map[string]any{"id": v.number, "name": name, "url": web + "/-/package_files/" + name, "direct_asset_url": web + "/-/releases/" + v.tag + "/downloads/" + name, "link_type": "other", "external": true}},
		},
		"_links": map[string]string{"self": web + "/-/releases/" + v.tag},
	}
}

// contributors answers GET /projects/{id}/repository/contributors: names and
// addresses, those with the fewest commits first unless asked otherwise.
func (g *GitLab) contributors(c *call, r *repository) *answer {
	order := make([]int, r.contributors())
	for i := range order {
		order[i] = i
	}
	if by := c.query.Get("order_by"); by == "name" || by == "email" {
		slices.SortFunc(order, func(a, b int) int { return -strings.Compare(contributor(a).name, contributor(b).name) })
	}
	if c.query.Get("sort") != "desc" {
		slices.Reverse(order)
	}
	return gitlabPaged(c, len(order), func(i int) any {
		p := contributor(order[i])
		return map[string]any{"name": p.name, "email": p.email(), "commits": r.contributions(order[i]), "additions": 0, "deletions": 0}
	})
}
