package ratelimit

import (
	"net/url"
	"strings"
)

// Owner says whose things a request for u is about, as far as the URL tells.
//
// name is a user, organization, enterprise, group (with those it is in, as in
// "acme/web"), workspace or project key as the URL spells it. id is given
// instead where the URL names something by a number or a UUID: such as
// "repositories/1296269", "projects/13083" or "{f7dba7f4-…}". Both are empty if
// the URL says nothing, as for GraphQL. They are parts of u's own text.
//
// The paths are those of GitHub Docs, "REST API" (repos, orgs, users, networks,
// enterprises, and the user:, org: and repo: qualifiers of a search that has one
// owner), GitLab docs, "REST API" (projects, groups, users, namespaces), and "The
// Bitbucket Cloud REST API" (repositories, workspaces, teams, users, snippets);
// of Bitbucket Data Center projects and users. Other dialects know no owners.
func (d Dialect) Owner(u *url.URL) (name, id string) {
	switch d {
	case GitHub, GitHubEnterprise:
		return githubOwner(u)
	case GitLab:
		return gitlabOwner(u)
	case BitbucketCloud:
		return bitbucketOwner(u)
	case BitbucketDataCenter:
		head, rest := segment(dataCenterPath(u))
		if head == "projects" || head == "users" {
			name, _ = segment(rest)
		}
	}
	return name, ""
}

func githubOwner(u *url.URL) (name, id string) {
	path := restPath(u.Path)
	head, rest := segment(path)
	next, _ := segment(rest)
	switch head {
	case "repos", "orgs", "users", "networks", "enterprises":
		return next, ""
	case "repositories", "organizations", "user":
		// The links between pages name owners and repositories by number.
		if isNumber(next) {
			return "", firstTwo(path, head, next)
		}
	case "search":
		return searchedOwner(u.RawQuery), ""
	}
	return "", ""
}

func gitlabOwner(u *url.URL) (name, id string) {
	raw := u.RawPath // keeps the %2F of a path in one segment
	if raw == "" {
		raw = u.Path
	}
	before, path, found := strings.Cut(raw, gitlabAPI)
	if !found {
		return "", ""
	}
	head, rest := segment(path)
	next, _ := segment(rest)
	switch head {
	case "projects", "groups", "users", "namespaces":
	default:
		return "", ""
	}
	if isNumber(next) {
		return "", firstTwo(path, head, next)
	}
	if head == "projects" { // the last part is the project's own
		slash := max(strings.LastIndex(next, "%2F"), strings.LastIndex(next, "%2f"))
		next = next[:max(0, slash)]
	}
	if u.RawPath == "" {
		return next, ""
	}
	return unescapedPart(u, len(before)+len(gitlabAPI)+1+len(head)+1, next), ""
}

// unescapedPart returns the part of u's unescaped path that raw, which begins at
// from in its escaped path, stands for.
func unescapedPart(u *url.URL, from int, raw string) string {
	if from > len(u.RawPath) || unescapedLen(u.RawPath) != len(u.Path) {
		return "" // somebody has set a RawPath that is not the path's
	}
	start := unescapedLen(u.RawPath[:from])
	end := start + unescapedLen(raw)
	if start < 0 || end < start || end > len(u.Path) {
		return ""
	}
	return u.Path[start:end]
}

// unescapedLen returns how long an escaped text is without its escapes.
func unescapedLen(s string) int { return len(s) - 2*strings.Count(s, "%") }

func bitbucketOwner(u *url.URL) (name, id string) {
	head, rest := segment(cloudPath(u))
	switch head {
	case "repositories", "workspaces", "teams", "users", "snippets":
		name, _ = segment(rest)
	}
	if strings.HasPrefix(name, "{") {
		return "", name
	}
	return name, ""
}

// gitlabAPI is where GitLab's REST API lives, perhaps below a relative root.
const gitlabAPI = "/api/v4"

// cloudPath strips the version from a path of Bitbucket Cloud.
func cloudPath(u *url.URL) string {
	if head, rest := segment(u.Path); head == "2.0" {
		return rest
	}
	return u.Path
}

// dataCenterPath returns what follows the API's name and version in a path such
// as /rest/api/1.0/projects, which may live below a context path.
func dataCenterPath(u *url.URL) string {
	_, path, found := strings.Cut(u.Path, "/rest/")
	if !found {
		return ""
	}
	_, path, _ = strings.Cut(path, "/")
	_, path, found = strings.Cut(path, "/")
	if !found {
		return ""
	}
	return u.Path[len(u.Path)-len(path)-1:]
}

// firstTwo returns the first two segments of a path, "a/b" of "/a/b/c".
func firstTwo(path, a, b string) string { return path[1 : 1+len(a)+1+len(b)] }

func isNumber(s string) bool {
	_, ok := digits(s)
	return ok
}
