package fleettest

import "strings"

// githubRoutes are the endpoints that the simulator has.
var githubRoutes = routes[*GitHub]{
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
