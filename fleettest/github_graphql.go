package fleettest

import (
	"encoding/json"
	"net/http"
	"time"
)

// graphQLQuery returns the query in the body of POST /graphql, "" if it cannot
// be read.
func graphQLQuery(body []byte) string {
	var in struct {
		Query string `json:"query"`
	}
	if json.Unmarshal(body, &in) != nil {
		return ""
	}
	return in.Query
}

// graphQLProblem is an entry of errors[].
type graphQLProblem struct {
	Type    string `json:"type,omitempty"`
	Message string `json:"message"`
}

// graphQLRefusal is the body when the points are spent: GraphQL says so with
// status 200. GitHub docs, "Rate limits and query limits for the GraphQL API".
func graphQLRefusal(message string) any {
	return map[string]any{"errors": []graphQLProblem{{"RATE_LIMITED", message}}}
}

// graphQL answers POST /graphql. It does not read the query: every answer
// shows the viewer and the rate limit.
func (g *GitHub) graphQL(c *call) *answer {
	if c.account.anonymous() {
		return githubError(http.StatusUnauthorized, "This endpoint requires you to be authenticated.",
			"https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql")
	}
	if graphQLQuery(c.body) == "" {
		return newJSON(http.StatusOK, map[string]any{"errors": []graphQLProblem{{Message: "A query attribute must be specified and must be a string."}}})
	}
	n := g.told(c.numbers)
	return newJSON(http.StatusOK, map[string]any{"data": map[string]any{
		"viewer": map[string]any{
			"login":      c.account.login,
			"id":         nodeID(kindUser, c.account.id),
			"databaseId": c.account.id,
		},
		"rateLimit": map[string]any{
			"limit": n.limit, "cost": c.cost, "remaining": n.remaining, "used": n.used,
			"resetAt": n.reset.UTC().Format(time.RFC3339), "nodeCount": 0,
		},
	}})
}
