package fleettest

import (
	"net/http"
	"slices"
	"strings"
)

// endpoint carries out a call that was admitted.
type endpoint func(*GitHub, *call) *answer

// route is a method and a path; segments in braces stand for any.
type route struct {
	method   string
	segments []string
	endpoint endpoint
}

// routes are looked through in order.
type routes []route

// githubRoutes are the endpoints that the simulator has.
var githubRoutes = routes{
	on("GET", "/", (*GitHub).root),
	on("GET", "/rate_limit", (*GitHub).rateLimit),
	on("POST", "/graphql", (*GitHub).graphQL),
	on("GET", "/user", (*GitHub).currentUser),
	on("GET", "/user/repos", (*GitHub).currentUserRepositories),
	on("GET", "/user/orgs", (*GitHub).currentUserOrganizations),
	on("GET", "/user/{id}/repos", (*GitHub).userRepositories),
	on("GET", "/users/{login}", (*GitHub).user),
	on("GET", "/users/{login}/repos", (*GitHub).userRepositories),
	on("GET", "/orgs/{login}", (*GitHub).organization),
	on("GET", "/orgs/{login}/repos", (*GitHub).organizationRepositories),
	on("GET", "/organizations/{id}", (*GitHub).organization),
	on("GET", "/organizations/{id}/repos", (*GitHub).organizationRepositories),
	on("GET", "/installation/repositories", (*GitHub).installationRepositories),
	on("GET", "/repos/{owner}/{repo}", (*GitHub).repository),
	on("GET", "/repos/{owner}/{repo}/branches", (*GitHub).branches),
	on("GET", "/repos/{owner}/{repo}/issues", (*GitHub).listIssues),
	on("POST", "/repos/{owner}/{repo}/issues", (*GitHub).createIssue),
	on("GET", "/repos/{owner}/{repo}/issues/{number}", (*GitHub).issue),
	on("GET", "/repos/{owner}/{repo}/releases/assets/{id}", (*GitHub).asset),
	on("POST", "/repos/{owner}/{repo}/releases/{id}/assets", (*GitHub).uploadAsset),
	on("GET", "/repositories/{id}", (*GitHub).repository),
	on("GET", "/repositories/{id}/branches", (*GitHub).branches),
	on("GET", "/repositories/{id}/issues", (*GitHub).listIssues),
	on("POST", "/repositories/{id}/issues", (*GitHub).createIssue),
	on("GET", "/repositories/{id}/issues/{number}", (*GitHub).issue),
	on("GET", "/repositories/{id}/releases/assets/{id}", (*GitHub).asset),
	on("GET", "/search/repositories", (*GitHub).searchRepositories),
	on("GET", "/search/{kind}", (*GitHub).searchNothing),
}

// on makes a route.
func on(method, path string, e endpoint) route {
	return route{method, strings.Split(path, "/"), e}
}

// match returns the endpoint for a path, one that answers 404 if there is
// none. HEAD is GET.
func (rs routes) match(method, path string) endpoint {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(path, "/")
	for _, r := range rs {
		if r.method == method && r.fits(segments) {
			return r.endpoint
		}
	}
	return notFound
}

// fits reports whether segments are those of the route.
func (r route) fits(segments []string) bool {
	return slices.EqualFunc(r.segments, segments, func(want, got string) bool {
		return want == got || strings.HasPrefix(want, "{") && got != ""
	})
}

// cutPrefix takes off the path what an Enterprise Server has before it. It is
// only looked for on sockets of one's own.
func (g *GitHub) cutPrefix(c *call) {
	if !c.from.anyName {
		return
	}
	for prefix, rest := range map[string]string{"/api/v3": "/", "/api/uploads": "/", "/api": "/graphql"} {
		if path, ok := strings.CutPrefix(c.path, prefix); ok && strings.HasPrefix(path, rest) {
			c.base += prefix
			c.path = path
			return
		}
	}
}

// segment returns the nth part of the path, from 0.
func (c *call) segment(n int) string {
	parts := strings.Split(c.path, "/")
	if n+1 < len(parts) {
		return parts[n+1]
	}
	return ""
}

// lastSegment returns the last part of the path.
func (c *call) lastSegment() string { return c.path[strings.LastIndex(c.path, "/")+1:] }
