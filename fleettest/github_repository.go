package fleettest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// repositoryLinks are the URLs to a repository's other endpoints, by the part
// of the field's name before "_url".
var repositoryLinks = [][2]string{
	{"archive", "/{archive_format}{/ref}"}, {"assignees", "/assignees{/user}"}, {"blobs", "/git/blobs{/sha}"},
	{"branches", "/branches{/branch}"}, {"collaborators", "/collaborators{/collaborator}"},
	{"comments", "/comments{/number}"}, {"commits", "/commits{/sha}"}, {"compare", "/compare/{base}...{head}"},
	{"contents", "/contents/{+path}"}, {"contributors", "/contributors"}, {"deployments", "/deployments"},
	{"downloads", "/downloads"}, {"events", "/events"}, {"forks", "/forks"}, {"git_commits", "/git/commits{/sha}"},
	{"git_refs", "/git/refs{/sha}"}, {"git_tags", "/git/tags{/sha}"}, {"hooks", "/hooks"},
	{"issue_comment", "/issues/comments{/number}"}, {"issue_events", "/issues/events{/number}"},
	{"issues", "/issues{/number}"}, {"keys", "/keys{/key_id}"}, {"labels", "/labels{/name}"},
	{"languages", "/languages"}, {"merges", "/merges"}, {"milestones", "/milestones{/number}"},
	{"notifications", "/notifications{?since,all,participating}"}, {"pulls", "/pulls{/number}"},
	{"releases", "/releases{/id}"}, {"stargazers", "/stargazers"}, {"statuses", "/statuses/{sha}"},
	{"subscribers", "/subscribers"}, {"subscription", "/subscription"}, {"tags", "/tags"}, {"teams", "/teams"},
	{"trees", "/git/trees{/sha}"},
}

// render returns r as JSON, with the URLs. It is no MarshalJSON, because
// package json would check all of it once more, which took half the time of a
// list.
func (r githubRepository) render() []byte {
	out, base := marshal(repositoryFields(r)), marshal(r.URL)
	out, base = out[:len(out)-1], base[:len(base)-1] // what closes them comes later
	for _, l := range repositoryLinks {
		out = append(out, `,"`+l[0]+`_url":`...)
		out = append(out, base...)
		out = append(out, l[1]+`"`...)
	}
	return append(out, '}')
}

// repositoryFields are a repository without its own way to JSON.
type repositoryFields githubRepository

// repositoryJSON shows r to the sender of c.
func repositoryJSON(c *call, r *repository) githubRepository {
	path := r.fullName()
	v := githubRepository{
		ID: r.id, NodeID: nodeID("Repository", r.id), Name: r.name, FullName: path,
		Private: r.private, Visibility: "public", Owner: ownerJSON(c.base, r.owner),
		HTMLURL: "https://github.com/" + path, URL: c.base + "/repos/" + path,
		GitURL: "git://github.com/" + path + ".git", SSHURL: "git@github.com:" + path + ".git",
		CloneURL: "https://github.com/" + path + ".git", SVNURL: "https://github.com/" + path,
		Description: r.description, Fork: r.fork, Archived: r.archived,
		CreatedAt: r.created, UpdatedAt: r.updated, PushedAt: r.pushed,
		Size: r.size, StargazersCount: r.stars, WatchersCount: r.stars, Watchers: r.stars,
		ForksCount: r.forks, Forks: r.forks, OpenIssuesCount: r.issues, OpenIssues: r.issues,
		HasIssues: true, HasProjects: true, HasDownloads: true, HasWiki: true, AllowForking: true,
		License: licenseJSON(c.base, r.license), Topics: append([]string{}, r.topics...),
		DefaultBranch: "main",
	}
	if r.private {
		v.Visibility = "private"
	}
	if r.empty() {
		v.Size = 0
	} else if r.language != "" {
		v.Language = &r.language
	}
	if !c.account.anonymous() {
		owns := r.owner.id == c.account.id
		member := owns || r.owner.kind == kindOrganization && c.account.memberOf(r.owner)
		v.Permissions = map[string]bool{"admin": owns, "maintain": owns, "push": member, "triage": member, "pull": true}
	}
	return v
}

// repositoryAloneJSON adds what only a repository asked for alone shows.
func repositoryAloneJSON(c *call, r *repository) githubRepository {
	v := repositoryJSON(c, r)
	v.NetworkCount, v.SubscribersCount = &v.Forks, &v.OpenIssues
	if r.owner.kind == kindOrganization {
		v.Organization = &v.Owner
	}
	if r.fork {
		up := owner{login: "upstream", kind: kindOrganization, id: 1}
		v.Parent = &githubUpstream{
			ID: int64(r.n), Name: generatedName(r.n), FullName: up.login + "/" + generatedName(r.n),
			Owner: ownerJSON(c.base, &up), HTMLURL: "https://github.com/" + up.login + "/" + generatedName(r.n),
		}
	}
	return v
}

// licenseJSON shows a licence, nil for none.
func licenseJSON(base, spdx string) *githubLicense {
	if spdx == "" {
		return nil
	}
	key := strings.ToLower(spdx)
	return &githubLicense{Key: key, Name: spdx + " License", SPDXID: spdx, URL: base + "/licenses/" + key}
}

// repositoryOf returns the repository that c's path names, by name or id, or
// the answer that takes its place.
func (g *GitHub) repositoryOf(c *call) (*repository, *answer) {
	var r *repository
	var moved bool
	if c.segment(0) == "repositories" {
		id, _ := strconv.ParseInt(c.segment(1), 10, 64)
		r = g.catalog.repositoryByID(id)
	} else {
		r, moved = g.catalog.repository(c.segment(1), c.segment(2))
	}
	if r == nil || !r.visibleTo(c.account) {
		return nil, notFound(g, c)
	}
	if moved {
		return nil, movedTo(c, r)
	}
	return r, nil
}

// movedTo leads from a name of old to the id. GitHub keeps the method of a
// write with 307.
func movedTo(c *call, r *repository) *answer {
	status := http.StatusMovedPermanently
	if !read(c.r.Method) {
		status = http.StatusTemporaryRedirect
	}
	url := fmt.Sprintf("%s/repositories/%d", c.base, r.id)
	if rest := strings.SplitN(c.path, "/", 5); len(rest) == 5 {
		url += "/" + rest[4]
	}
	if c.r.URL.RawQuery != "" {
		url += "?" + c.r.URL.RawQuery
	}
	a := newJSON(status, map[string]string{
		"message": http.StatusText(status), "url": url, "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
	})
	a.header.Set("Location", url)
	return a
}

// repository answers GET /repos/{owner}/{repo}.
func (g *GitHub) repository(c *call, r *repository) *answer {
	return newJSON(http.StatusOK, repositoryAloneJSON(c, r))
}

// Rename gives a repository another name. Requests for its old name are then
// redirected to its id, with 301, or 307 for writes, as GitHub does.
func (g *GitHub) Rename(owner, from, to string) {
	r, _ := g.catalog.repository(owner, from)
	if r == nil {
		panic(fmt.Sprintf("fleettest: Rename: the simulated github has no repository %q", owner+"/"+from))
	}
	g.catalog.rename(r, to)
}
