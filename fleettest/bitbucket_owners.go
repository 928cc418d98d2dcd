package fleettest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// currentUser answers GET /user. An access token of a repository, project or
// workspace is nobody's.
func (b *Bitbucket) currentUser(c *call) *answer {
	if c.account.anonymous() || c.account.installation {
		return unsupportedToken()
	}
	o := b.catalog.owner(c.account.login)
	return bitbucketJSON(http.StatusOK, struct {
		bitbucketOwner
		CreatedOn     string  `json:"created_on"`
		IsStaff       bool    `json:"is_staff"`
		Location      *string `json:"location"`
		Website       *string `json:"website"`
		AccountStatus string  `json:"account_status"`
		Has2FA        *bool   `json:"has_2fa_enabled"`
	}{
		bitbucketOwner: bitbucketPerson(c, person{id: o.id, login: o.login, name: displayName(o.login)}),
		CreatedOn:      joined(o).UTC().Format(bitbucketTime), AccountStatus: "active",
	})
}

// currentUserWorkspaces answers GET /user/workspaces: one's own, and those one
// is a member of.
func (b *Bitbucket) currentUserWorkspaces(c *call) *answer {
	if c.account.anonymous() || c.account.installation {
		return unsupportedToken()
	}
	var mine []*owner
	for _, o := range b.catalog.all() {
		if c.account.seesPrivateOf(o) {
			mine = append(mine, o)
		}
	}
	return bitbucketPaged(c, len(mine), func(i int) any {
		return map[string]any{
			"type": "workspace_access", "administrator": mine[i].id == c.account.id,
			"workspace": workspaceJSON(c, mine[i]),
		}
	})
}

// workspaceOf returns the workspace that a part of c's path names, by slug or
// UUID, or nil.
func (b *Bitbucket) workspaceOf(c *call) *owner {
	named := c.param(1)
	if id, ok := uuidID(uuidOwner, named); ok {
		return b.catalog.ownerByID(id)
	}
	return b.catalog.owner(named)
}

// noWorkspace answers for a workspace that does not exist.
func noWorkspace(c *call) *answer {
	return bitbucketError(http.StatusNotFound, "No workspace with identifier '"+c.param(1)+"'.")
}

// workspace answers GET /workspaces/{workspace}.
func (b *Bitbucket) workspace(c *call) *answer {
	o := b.workspaceOf(c)
	if o == nil {
		return noWorkspace(c)
	}
	return bitbucketJSON(http.StatusOK, struct {
		bitbucketOwner
		IsPrivate bool   `json:"is_private"`
		CreatedOn string `json:"created_on"`
	}{workspaceJSON(c, o), false, joined(o).UTC().Format(bitbucketTime)})
}

// workspaceRepositories answers GET /repositories/{workspace} with what the
// caller sees.
func (b *Bitbucket) workspaceRepositories(c *call) *answer {
	o := b.workspaceOf(c)
	if o == nil {
		return noWorkspace(c)
	}
	s := selection{catalog: b.catalog}
	s.of(o, true, c.account.seesPrivateOf(o))
	if !c.query.Has("q") && !c.query.Has("sort") {
		return bitbucketPaged(c, s.total(), func(i int) any { return b.repositoryJSON(c, s.at(i)) })
	}
	found, instead := queried(c, s.filter(func(*repository) bool { return true }), repositoryQueryFields)
	if instead != nil {
		return instead
	}
	return bitbucketPaged(c, len(found), func(i int) any { return b.repositoryJSON(c, found[i]) })
}

// repositoryQueryFields are what repositories can be asked for by.
var repositoryQueryFields = queryFields[*repository]{
	"name":        func(r *repository) string { return r.name },
	"slug":        func(r *repository) string { return r.name },
	"full_name":   (*repository).fullName,
	"description": func(r *repository) string { return r.description },
	"language":    func(r *repository) string { return strings.ToLower(r.language) },
	"is_private":  func(r *repository) string { return strconv.FormatBool(r.private) },
	"size":        func(r *repository) string { return strconv.Itoa(r.size * 1024) },
	"created_on":  func(r *repository) string { return r.created.Format(time.RFC3339) },
	"updated_on":  func(r *repository) string { return r.updated.Format(time.RFC3339) },
}

// user answers GET /users/{id}, by UUID or account id. A nickname is nobody's
// name, and a workspace no user.
func (b *Bitbucket) user(c *call) *answer {
	named := c.param(1)
	if id, ok := strings.CutPrefix(named, "557058:"); ok {
		named = "{" + id + "}"
	}
	id, ok := uuidID(uuidOwner, named)
	o := b.catalog.ownerByID(id)
	if !ok || o == nil || o.kind != kindUser {
		return bitbucketError(http.StatusNotFound, c.param(1))
	}
	return bitbucketJSON(http.StatusOK, struct {
		bitbucketOwner
		CreatedOn     string `json:"created_on"`
		AccountStatus string `json:"account_status"`
	}{bitbucketPerson(c, person{id: o.id, login: o.login, name: displayName(o.login)}), joined(o).UTC().Format(bitbucketTime), "active"})
}
