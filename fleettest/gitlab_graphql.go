package fleettest

import (
	"fmt"
	"net/http"
)

// graphQL answers POST /api/graphql. It does not read the query: every answer
// shows the current user, which is null for the public. It draws on the same
// throttle as the rest.
func (g *GitLab) graphQL(c *call) *answer {
	if graphQLQuery(c.body) == "" {
		return gitlabJSON(http.StatusOK, map[string]any{"errors": []graphQLProblem{{Message: "Unexpected end of document"}}})
	}
	var user any
	if !c.account.anonymous() {
		o := g.catalog.owner(c.account.login)
		user = map[string]string{
			"id": fmt.Sprintf("gid://gitlab/User/%d", o.id), "username": o.login, "name": displayName(o.login),
		}
	}
	return gitlabJSON(http.StatusOK, map[string]any{"data": map[string]any{"currentUser": user}})
}
