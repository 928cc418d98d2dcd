package fleettest

import (
	"fmt"
	"net/http"
)

// inRepository is an endpoint of a repository that was found and is visible.
type inRepository func(*GitHub, *call, *repository) *answer

// of makes an endpoint of e: what it takes to find the repository comes before.
func of(e inRepository) endpoint[*GitHub] {
	return func(g *GitHub, c *call) *answer {
		r, instead := g.repositoryOf(c)
		if instead != nil {
			return instead
		}
		return e(g, c, r)
	}
}

// rest is what c's path has behind the kind of thing in the repository.
func (g *GitHub) rest(c *call) string {
	if c.segment(0) == "repositories" {
		return c.after(2)
	}
	return c.after(3)
}

// listPath is where the further pages of a list of a repository are.
func listPath(r *repository, kind string) string {
	return fmt.Sprintf("/repositories/%d/%s", r.id, kind)
}

// branches answers GET /repos/{owner}/{repo}/branches.
func (g *GitHub) branches(c *call, r *repository) *answer {
	only := c.query.Get("protected")
	switch {
	case only == "true":
		return paged(c, listPath(r, "branches"), min(1, r.branches()), func(i int) any { return branchJSON(c, r, i) })
	case only == "false":
		return paged(c, listPath(r, "branches"), max(0, r.branches()-1), func(i int) any { return branchJSON(c, r, i+1) })
	}
	return paged(c, listPath(r, "branches"), r.branches(), func(i int) any { return branchJSON(c, r, i) })
}

// branchJSON shows a branch in brief. Main is protected.
func branchJSON(c *call, r *repository, i int) map[string]any {
	return map[string]any{"name": branchName(i), "commit": shaJSON(c, r, r.head(i)), "protected": i == 0}
}

// shaJSON shows a commit by its hash only.
func shaJSON(c *call, r *repository, sha string) map[string]string {
	return map[string]string{"sha": sha, "url": c.base + "/repos/" + r.fullName() + "/commits/" + sha}
}

// branch answers GET /repos/{owner}/{repo}/branches/{branch}, whose name may
// have slashes in it.
func (g *GitHub) branch(c *call, r *repository) *answer {
	i, ok := r.branchNamed(g.rest(c))
	if !ok {
		return githubError(http.StatusNotFound, "Branch not found", "https://docs.github.com/rest/branches/branches#get-a-branch")
	}
	v := branchJSON(c, r, i)
	self := c.base + "/repos/" + r.fullName() + "/branches/" + branchName(i)
	v["commit"] = githubCommitJSON(c, r, r.commitAt(i, 0))
	v["_links"] = map[string]string{"self": self, "html": "https://github.com/" + r.fullName() + "/tree/" + branchName(i)}
	v["protection_url"] = self + "/protection"
	v["protection"] = map[string]any{
		"enabled":                i == 0,
		"required_status_checks": map[string]any{"enforcement_level": "off", "contexts": []string{}, "checks": []string{}},
	}
	return newJSON(http.StatusOK, v)
}

// tags answers GET /repos/{owner}/{repo}/tags.
func (g *GitHub) tags(c *call, r *repository) *answer {
	return paged(c, listPath(r, "tags"), r.tags(), func(i int) any {
		name, at := r.tagName(i), c.base+"/repos/"+r.fullName()
		return map[string]any{
			"name": name, "commit": shaJSON(c, r, r.tagged(i).sha),
			"zipball_url": at + "/zipball/refs/tags/" + name, "tarball_url": at + "/tarball/refs/tags/" + name,
			"node_id": nodeID("Ref", r.id),
		}
	})
}
