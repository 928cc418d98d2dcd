package fleettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// selectFor starts a selection in the direction that c asks for. Repositories
// are in the order of their creation, which is that of their names.
func (g *GitHub) selectFor(c *call) selection {
	return selection{catalog: g.catalog, reverse: c.query.Get("direction") == "desc"}
}

// visibilities reads type (or visibility) of a list's query.
func visibilities(c *call) (public, private bool) {
	for _, name := range []string{"visibility", "type"} {
		switch c.query.Get(name) {
		case "public":
			return true, false
		case "private":
			return false, true
		}
	}
	return true, true
}

// listed answers a page of a selection.
func listed(c *call, path string, s selection) *answer {
	if kind := c.query.Get("type"); kind == "forks" || kind == "sources" {
		return listedKind(c, path, s, kind == "forks")
	}
	return paged(c, path, s.total(), func(i int) any { return repositoryJSON(c, s.at(i)) })
}

// listedKind answers a page of the forks in a selection, or of the others.
func listedKind(c *call, path string, s selection, forks bool) *answer {
	var found []int
	for i := range s.total() {
		if s.at(i).fork == forks {
			found = append(found, i)
		}
	}
	return paged(c, path, len(found), func(i int) any { return repositoryJSON(c, s.at(found[i])) })
}

// organizationRepositories answers GET /orgs/{login}/repos, and the same by id,
// which is where the links of its first page lead.
func (g *GitHub) organizationRepositories(c *call) *answer {
	o := g.ownerOf(c)
	if o == nil || o.kind != kindOrganization {
		return notFound(g, c)
	}
	public, private := visibilities(c)
	s := g.selectFor(c)
	s.of(o, public, private && c.account.memberOf(o))
	return listed(c, fmt.Sprintf("/organizations/%d/repos", o.id), s)
}

// userRepositories answers GET /users/{login}/repos: public ones only, even to
// the owner.
func (g *GitHub) userRepositories(c *call) *answer {
	o := g.ownerOf(c)
	if o == nil {
		return notFound(g, c)
	}
	s := g.selectFor(c)
	s.of(o, true, false)
	return listed(c, fmt.Sprintf("/user/%d/repos", o.id), s)
}

// currentUserRepositories answers GET /user/repos.
func (g *GitHub) currentUserRepositories(c *call) *answer {
	if instead := g.needsUser(c); instead != nil {
		return instead
	}
	public, private := visibilities(c)
	affiliation := c.query.Get("affiliation")
	if kind := c.query.Get("type"); kind == "owner" {
		affiliation = "owner"
	} else if kind == "member" {
		affiliation = "organization_member"
	}
	s := g.selectFor(c)
	if affiliation == "" || strings.Contains(affiliation, "owner") {
		s.of(g.catalog.owner(c.account.login), public, private)
	}
	if affiliation == "" || strings.Contains(affiliation, "organization_member") {
		for _, o := range g.catalog.organizationsOf(c.account) {
			s.of(o, public, private)
		}
	}
	return listed(c, "/user/repos", s)
}

// installationRepositories answers GET /installation/repositories.
func (g *GitHub) installationRepositories(c *call) *answer {
	if c.account.anonymous() || !c.account.installation {
		return githubError(http.StatusForbidden, "You must authenticate with an installation access token in order to list repositories for an installation.",
			"https://docs.github.com/rest/apps/installations#list-repositories-accessible-to-the-app-installation")
	}
	s := g.selectFor(c)
	for _, o := range g.catalog.organizationsOf(c.account) {
		s.of(o, true, true)
	}
	a := listed(c, "/installation/repositories", s)
	return rewrap(a, func(items []byte) any {
		return map[string]any{"total_count": s.total(), "repositories": json.RawMessage(items)}
	})
}

// rewrap puts a list into the object that some endpoints have around it.
func rewrap(a *answer, around func(items []byte) any) *answer {
	out := newJSON(a.status, around(a.body))
	out.header = a.header
	return out
}
