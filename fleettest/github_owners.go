package fleettest

import (
	"fmt"
	"net/http"
	"strconv"
)

// root answers GET /.
func (g *GitHub) root(c *call) *answer {
	return newJSON(http.StatusOK, map[string]string{
		"current_user_url": c.base + "/user",
		"rate_limit_url":   c.base + "/rate_limit",
		"repository_url":   c.base + "/repos/{owner}/{repo}",
	})
}

// currentUser answers GET /user.
func (g *GitHub) currentUser(c *call) *answer {
	if instead := g.needsUser(c); instead != nil {
		return instead
	}
	o := g.catalog.owner(c.account.login)
	u := userJSON(c.base, o)
	u.TotalPrivate, u.OwnedPrivate, u.Plan = &o.private, &o.private, &planBrief{"free"}
	return newJSON(http.StatusOK, u)
}

// needsUser answers callers that are not a user, nil for those that are.
func (g *GitHub) needsUser(c *call) *answer {
	switch {
	case c.account.anonymous():
		return requiresAuthentication(g, c)
	case c.account.installation:
		return githubError(http.StatusForbidden, "Resource not accessible by integration",
			"https://docs.github.com/rest/users/users#get-the-authenticated-user")
	}
	return nil
}

// user answers GET /users/{login}, which knows organizations as well.
func (g *GitHub) user(c *call) *answer {
	o := g.ownerOf(c)
	if o == nil {
		return notFound(g, c)
	}
	u := userJSON(c.base, o)
	u.githubOwner = ownerJSON(c.base, o)
	return newJSON(http.StatusOK, u)
}

// organization answers GET /orgs/{login} and /organizations/{id}.
func (g *GitHub) organization(c *call) *answer {
	o := g.ownerOf(c)
	if o == nil || o.kind != kindOrganization {
		return notFound(g, c)
	}
	u := userJSON(c.base, o)
	if c.account.memberOf(o) {
		u.TotalPrivate, u.OwnedPrivate = &o.private, &o.private
	}
	return newJSON(http.StatusOK, u)
}

// ownerOf returns the owner that c's path names, by login or id, or nil.
func (g *GitHub) ownerOf(c *call) *owner {
	if kind := c.segment(0); kind == "organizations" || kind == "user" {
		id, _ := strconv.ParseInt(c.segment(1), 10, 64)
		return g.catalog.ownerByID(id)
	}
	return g.catalog.owner(c.segment(1))
}

// currentUserOrganizations answers GET /user/orgs.
func (g *GitHub) currentUserOrganizations(c *call) *answer {
	if instead := g.needsUser(c); instead != nil {
		return instead
	}
	orgs := g.catalog.organizationsOf(c.account)
	return paged(c, "/user/orgs", len(orgs), func(i int) any { return organizationBrief(c, orgs[i]) })
}

// organizationBrief shows an organization in lists of them.
func organizationBrief(c *call, o *owner) any {
	at := c.base + "/orgs/" + o.login
	return map[string]any{
		"login": o.login, "id": o.id, "node_id": nodeID(o.kind, o.id), "url": at,
		"repos_url": at + "/repos", "events_url": at + "/events", "hooks_url": at + "/hooks", "issues_url": at + "/issues",
		"members_url": at + "/members{/member}", "public_members_url": at + "/public_members{/member}",
		"avatar_url": ownerJSON(c.base, o).AvatarURL, "description": "The organization " + o.login,
	}
}

// userOrganizations answers GET /users/{login}/orgs. All memberships are
// public.
func (g *GitHub) userOrganizations(c *call) *answer {
	o := g.ownerOf(c)
	if o == nil {
		return notFound(g, c)
	}
	g.mu.Lock()
	a := g.accounts[o.login]
	g.mu.Unlock()
	var orgs []*owner
	if a != nil {
		orgs = g.catalog.organizationsOf(a)
	}
	return paged(c, fmt.Sprintf("/user/%d/orgs", o.id), len(orgs), func(i int) any { return organizationBrief(c, orgs[i]) })
}
