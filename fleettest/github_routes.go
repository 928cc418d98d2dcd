package fleettest

import "strings"

// githubRoutes are the endpoints that the simulator has.
var githubRoutes = append(inGitHubRepositories(), routes[*GitHub]{
	on("GET", "/", (*GitHub).root),
	on("GET", "/rate_limit", (*GitHub).rateLimit),
	on("POST", "/graphql", (*GitHub).graphQL),
	on("GET", "/user", (*GitHub).currentUser),
	on("GET", "/user/repos", (*GitHub).currentUserRepositories),
	on("GET", "/user/orgs", (*GitHub).currentUserOrganizations),
	on("GET", "/user/{id}/repos", (*GitHub).userRepositories),
	on("GET", "/users/{login}", (*GitHub).user),
	on("GET", "/users/{login}/repos", (*GitHub).userRepositories),
	on("GET", "/users/{login}/orgs", (*GitHub).userOrganizations),
	on("GET", "/user/{id}/orgs", (*GitHub).userOrganizations),
	on("GET", "/orgs/{login}", (*GitHub).organization),
	on("GET", "/orgs/{login}/repos", (*GitHub).organizationRepositories),
	on("GET", "/organizations/{id}", (*GitHub).organization),
	on("GET", "/organizations/{id}/repos", (*GitHub).organizationRepositories),
	on("GET", "/installation/repositories", (*GitHub).installationRepositories),
	on("GET", "/search/repositories", (*GitHub).searchRepositories),
	on("GET", "/search/{kind}", (*GitHub).searchNothing),
}...)

// inGitHubRepositories are the endpoints of repositories, which are found by
// name and by id.
func inGitHubRepositories() (all routes[*GitHub]) {
	for _, e := range []struct {
		method, path string
		of           inRepository
	}{
		{"GET", "", (*GitHub).repository},
		{"GET", "/branches", (*GitHub).branches},
		{"GET", "/branches/{branch...}", (*GitHub).branch},
		{"GET", "/tags", (*GitHub).tags},
		{"GET", "/commits", (*GitHub).commits},
		{"GET", "/commits/{ref...}", (*GitHub).commit},
		{"GET", "/contributors", (*GitHub).contributors},
		{"GET", "/languages", (*GitHub).languages},
		{"GET", "/contents", (*GitHub).contents},
		{"GET", "/contents/", (*GitHub).contents},
		{"GET", "/contents/{path...}", (*GitHub).contents},
		{"GET", "/git/trees/{sha...}", (*GitHub).trees},
		{"GET", "/pulls", (*GitHub).listPulls},
		{"GET", "/pulls/{number}", (*GitHub).pull},
		{"GET", "/issues", (*GitHub).listIssues},
		{"POST", "/issues", (*GitHub).createIssue},
		{"GET", "/issues/{number}", (*GitHub).issue},
		{"GET", "/releases", (*GitHub).listReleases},
		{"GET", "/releases/latest", (*GitHub).latestRelease},
		{"GET", "/releases/tags/{tag}", (*GitHub).releaseByTag},
		{"GET", "/releases/assets/{id}", (*GitHub).asset},
		{"POST", "/releases/{id}/assets", (*GitHub).uploadAsset},
	} {
		all = append(all,
			on(e.method, "/repos/{owner}/{repo}"+e.path, of(e.of)),
			on(e.method, "/repositories/{id}"+e.path, of(e.of)))
	}
	return all
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
