package fleettest

import "net/http"

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
	return bitbucketPaged(c, s.total(), func(i int) any { return b.repositoryJSON(c, s.at(i)) })
}
