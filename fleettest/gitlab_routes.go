package fleettest

import "strings"

// gitlabRoutes are the endpoints that the simulator has. Their names, such as
// "GET /projects/{id}", are what application limits are about.
var gitlabRoutes = routes[*GitLab]{
	on("GET", "/user", (*GitLab).currentUser),
	on("GET", "/job", (*GitLab).job),
	on("GET", "/users", (*GitLab).users),
	on("GET", "/users/{id}", (*GitLab).user),
	on("GET", "/users/{id}/projects", (*GitLab).userProjects),
	on("GET", "/personal_access_tokens/self", (*GitLab).tokenSelf),
	on("GET", "/groups", (*GitLab).groups),
	on("GET", "/groups/{id}", (*GitLab).group),
	on("GET", "/groups/{id}/subgroups", (*GitLab).subgroups),
	on("GET", "/groups/{id}/descendant_groups", (*GitLab).descendants),
	on("GET", "/groups/{id}/projects", (*GitLab).groupProjects),
	on("GET", "/projects", (*GitLab).projects),
	on("GET", "/projects/{id}", (*GitLab).project),
	on("GET", "/projects/{id}/repository/branches", ofProject((*GitLab).branches)),
	on("GET", "/projects/{id}/repository/tags", ofProject((*GitLab).tags)),
	on("GET", "/projects/{id}/repository/commits", ofProject((*GitLab).commits)),
	on("GET", "/projects/{id}/repository/branches/{branch}", ofProject((*GitLab).branch)),
	on("GET", "/projects/{id}/repository/tags/{tag}", ofProject((*GitLab).tag)),
	on("GET", "/projects/{id}/repository/commits/{sha}", ofProject((*GitLab).commit)),
	on("GET", "/projects/{id}/repository/contributors", ofProject((*GitLab).contributors)),
	on("GET", "/projects/{id}/repository/tree", ofProject((*GitLab).tree)),
	on("GET", "/projects/{id}/repository/files/{path}", ofProject((*GitLab).file)),
	on("GET", "/projects/{id}/repository/files/{path}/raw", ofProject((*GitLab).rawFile)),
	on("GET", "/projects/{id}/languages", ofProject((*GitLab).languages)),
	on("GET", "/projects/{id}/releases", ofProject((*GitLab).listReleases)),
	on("GET", "/projects/{id}/releases/{tag}", ofProject((*GitLab).release)),
	on("GET", "/projects/{id}/repository/{archive}", (*GitLab).archive),
	on("GET", "/projects/{id}/issues", ofProject((*GitLab).listIssues)),
	on("POST", "/projects/{id}/issues", (*GitLab).createIssue),
	on("GET", "/projects/{id}/issues/{iid}", ofProject((*GitLab).issue)),
	on("GET", "/projects/{id}/merge_requests", (*GitLab).listMerges),
	on("POST", "/projects/{id}/merge_requests", (*GitLab).createMerge),
	on("GET", "/projects/{id}/merge_requests/{iid}", (*GitLab).mergeRequest),
	on("POST", "/graphql", (*GitLab).graphQL),
}

// enter takes off the path what leads to the API, and reports whether the call
// is for the API at all. The path stays escaped, as a project's may be one
// part of it. A relative URL root is only looked for on sockets of one's own.
func (g *GitLab) enter(c *call) bool {
	path, root := c.r.URL.EscapedPath(), ""
	c.escaped = true
	if i := strings.Index(path, "/api/"); i > 0 && c.from.anyName {
		root, path = path[:i], path[i:]
	}
	switch rest, v4 := strings.CutPrefix(path, "/api/v4/"); {
	case v4:
		c.base += root + "/api/v4"
		c.path = "/" + strings.TrimSuffix(rest, "/")
	case path == "/api/graphql":
		c.base += root + "/api"
		c.path = "/graphql"
	default:
		return false
	}
	return true
}

// website is where the pages for people are.
func (c *call) website() string {
	return strings.TrimSuffix(strings.TrimSuffix(c.base, "/v4"), "/api")
}

// gitHost is the name in SSH addresses.
func (c *call) gitHost() string {
	name, _, _ := strings.Cut(c.entry.Host, ":")
	return name
}
