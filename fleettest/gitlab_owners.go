package fleettest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ownerNamed returns the owner with an id or a login, nil if there is none.
func (g *GitLab) ownerNamed(named string) *owner {
	if id, err := strconv.ParseInt(named, 10, 64); err == nil {
		return g.catalog.ownerByID(id)
	}
	return g.catalog.owner(named)
}

// groupOf returns the group that c's path names, or nil.
func (g *GitLab) groupOf(c *call) *owner {
	if o := g.ownerNamed(c.param(1)); o != nil && o.kind == kindOrganization {
		return o
	}
	return nil
}

// currentUser answers GET /user. The token of a project or group acts as a
// bot, which is a user.
func (g *GitLab) currentUser(c *call) *answer {
	if c.account.anonymous() {
		return gitlabNeedsUser()
	}
	o := g.catalog.owner(c.account.login)
	u := gitlabUserJSON(c, o)
	u.Bot = c.account.installation
	email, confirmed := o.login+"@example.com", gitlabTime(joined(o))
	u.Email, u.ConfirmedAt = &email, &confirmed
	return gitlabJSON(http.StatusOK, u)
}

// users answers GET /users, all or those with a name. Groups are no users.
func (g *GitLab) users(c *call) *answer {
	name, search := c.query.Get("username"), strings.ToLower(c.query.Get("search"))
	if c.account.anonymous() && name == "" {
		return gitlabError(http.StatusForbidden, "403 Forbidden - Not authorized to access /api/v4/users")
	}
	all := slices.DeleteFunc(g.catalog.all(), func(o *owner) bool {
		return o.kind != kindUser || name != "" && !strings.EqualFold(name, o.login) ||
			!strings.Contains(strings.ToLower(o.login), search)
	})
	return gitlabPaged(c, len(all), func(i int) any { return personOf(c, all[i]) })
}

// user answers GET /users/{id}, by id only.
func (g *GitLab) user(c *call) *answer {
	id, _ := strconv.ParseInt(c.param(1), 10, 64)
	o := g.catalog.ownerByID(id)
	if o == nil || o.kind != kindUser {
		return gitlabMissing("User")
	}
	return gitlabJSON(http.StatusOK, gitlabUserJSON(c, o))
}

// tokenSelf answers GET /personal_access_tokens/self.
func (g *GitLab) tokenSelf(c *call) *answer {
	if c.credential == nil {
		return gitlabNeedsUser()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var expires *string
	if t := c.credential.expires; !t.IsZero() {
		day := t.UTC().Format(time.DateOnly)
		expires = &day
	}
	return gitlabJSON(http.StatusOK, map[string]any{
		"id": c.credential.ordinal, "name": "token " + strconv.Itoa(c.credential.ordinal),
		"revoked": false, "active": true, "user_id": c.account.id,
		"scopes":       strings.FieldsFunc(c.account.scopes, func(r rune) bool { return r == ',' || r == ' ' }),
		"created_at":   gitlabTime(firstCreated),
		"last_used_at": gitlabTime(c.arrived), "expires_at": expires,
	})
}

// job answers GET /job, which is for the tokens of jobs only: the job and the
// user who started it. GitLab docs, "Jobs API".
func (g *GitLab) job(c *call) *answer {
	if c.credential == nil || c.r.Header.Get("Job-Token") == "" {
		return gitlabMissing("Job")
	}
	return gitlabJSON(http.StatusOK, map[string]any{
		"id": c.credential.ordinal, "name": "test", "status": "running", "ref": "main",
		"user": personOf(c, g.catalog.owner(c.account.login)),
	})
}

// groups answers GET /groups: all, which are public, or those that the caller
// is a member of.
func (g *GitLab) groups(c *call) *answer {
	q := c.query
	level, _ := strconv.Atoi(q.Get("min_access_level"))
	member := q.Get("min_access_level") != "" || q.Get("owned") == "true" || q.Get("all_available") == "false"
	return g.listedGroups(c, func(o *owner) bool {
		return (!member || accessLevel(c, o) >= max(guestAccess, level)) && (q.Get("top_level_only") != "true" || parentPath(o.login) == "") &&
			strings.Contains(strings.ToLower(o.login), strings.ToLower(q.Get("search")))
	})
}

// subgroups answers GET /groups/{id}/subgroups: those directly inside.
func (g *GitLab) subgroups(c *call) *answer {
	above := g.groupOf(c)
	if above == nil {
		return gitlabMissing("Group")
	}
	return g.listedGroups(c, func(o *owner) bool { return strings.EqualFold(parentPath(o.login), above.login) })
}

// descendants answers GET /groups/{id}/descendant_groups: those inside, at any
// depth.
func (g *GitLab) descendants(c *call) *answer {
	above := g.groupOf(c)
	if above == nil {
		return gitlabMissing("Group")
	}
	inside := g.catalog.below(above)
	return g.listedGroups(c, func(o *owner) bool { return slices.Contains(inside, o) })
}

// listedGroups answers a page of the groups that keep picks, by name.
func (g *GitLab) listedGroups(c *call, keep func(*owner) bool) *answer {
	if instead := gitlabRefusesPaging(c, false); instead != nil {
		return instead
	}
	all := slices.DeleteFunc(g.catalog.all(), func(o *owner) bool { return o.kind != kindOrganization || !keep(o) })
	slices.SortStableFunc(all, func(a, b *owner) int {
		return strings.Compare(strings.ToLower(displayName(a.login)), strings.ToLower(displayName(b.login)))
	})
	if c.query.Get("sort") == "desc" {
		slices.Reverse(all)
	}
	return gitlabPaged(c, len(all), func(i int) any { return g.groupJSON(c, all[i]) })
}

// group answers GET /groups/{id}, with at most 100 of its projects, as GitLab
// still does unless it is told not to.
func (g *GitLab) group(c *call) *answer {
	o := g.groupOf(c)
	if o == nil {
		return gitlabMissing("Group")
	}
	v := g.groupJSON(c, o)
	if c.query.Get("with_projects") != "false" {
		s := selection{catalog: g.catalog, reverse: true}
		s.of(o, true, c.account.seesPrivateOf(o))
		projects := make([]gitlabProject, min(100, s.total()))
		for i := range projects {
			projects[i] = projectJSON(c, s.at(i))
		}
		v.Projects = &projects
	}
	return gitlabJSON(http.StatusOK, v)
}
