package ratelimit

import (
	"net/http"
	"strings"
)

// Draw says what a request costs, and whom.
type Draw struct {
	// Resource is the host's name of the budget that the request draws on,
	// such as "core" or "search", in lower case. Empty means the host's only
	// budget.
	Resource string
	// Units are drawn from the primary budget. 0 means free of charge.
	Units int64
	// Points count against the limit per minute.
	Points int64
	// Creates says that the request creates content, for which GitHub has
	// limits of its own.
	Creates bool
	// Route stands for a method and a family of paths whose calls the host
	// counts together besides its budgets, as GitLab's application limits do.
	// Equal requests have equal routes in one process. 0 is none.
	Route uint64
}

// The points that GitHub documents for its secondary limits. Other hosts have
// no such limit, and count the same here.
const (
	readPoints  = 1 // GET, HEAD, OPTIONS and GraphQL queries
	writePoints = 5 // everything else, and GraphQL mutations
)

// Draw says what a request costs before it is sent. The resource is a
// prediction: the answer may name another one, and is right.
//
// A GraphQL request counts as one unit until its answer tells the cost.
func (d Dialect) Draw(req Request) Draw {
	draw := Draw{Resource: d.predict(req), Units: 1, Points: points(req)}
	if d.github() && req.method() == http.MethodGet && restPath(req.path()) == "/rate_limit" {
		// "Accessing this endpoint does not count against your REST API rate
		// limit", but it does count against the secondary one.
		draw.Units = 0
	}
	draw.Creates = d.github() && creates(req)
	if d == GitLab {
		draw.Route = gitlabRoute(req)
	}
	return draw
}

// predict returns the budget that a request will draw on, as far as the host
// documents which. A wrong guess does no lasting harm: whoever books the answer
// moves the charge to the budget that it names.
func (d Dialect) predict(req Request) string {
	switch d {
	case GitHub, GitHubEnterprise:
		return githubResource(req)
	case GitLab:
		return gitlabThrottle(req)
	case BitbucketCloud:
		return "api"
	}
	return ""
}

// points returns what a request adds to the minute's count.
func points(req Request) int64 {
	if reads(req.method()) || isGraphQL(req) && !mutates(req.Body) {
		return readPoints
	}
	return writePoints
}

// reads reports whether a method is one that changes nothing.
func reads(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// isGraphQL reports whether a request runs a GraphQL document: a POST to
// /graphql, or to /api/graphql below any prefix (Enterprise Server, GitLab).
func isGraphQL(req Request) bool {
	return req.method() == http.MethodPost && strings.HasSuffix(strings.TrimRight(req.path(), "/"), "/graphql")
}
