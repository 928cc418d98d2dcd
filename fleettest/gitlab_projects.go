package fleettest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// listing is a list of repositories, made up when they are asked for.
type listing struct {
	total int
	at    func(i int) *repository
}

// projects answers GET /projects: what the caller sees of everybody's.
func (g *GitLab) projects(c *call) *answer {
	owned, member := c.query.Get("owned") == "true", c.query.Get("membership") == "true"
	if c.account.anonymous() && (owned || member) {
		return gitlabNeedsUser()
	}
	var owners []*owner
	for _, o := range g.catalog.all() {
		mine := o.id == c.account.id && !c.account.anonymous()
		if owned && !mine || member && !c.account.seesPrivateOf(o) {
			continue
		}
		owners = append(owners, o)
	}
	return listedProjects(c, g.selectFrom(c, owners), true)
}

// groupProjects answers GET /groups/{id}/projects.
func (g *GitLab) groupProjects(c *call) *answer {
	o := g.groupOf(c)
	if o == nil {
		return gitlabMissing("Group")
	}
	owners := []*owner{o}
	if c.query.Get("include_subgroups") == "true" {
		owners = append(owners, g.catalog.below(o)...)
	}
	return listedProjects(c, g.selectFrom(c, owners), false)
}

// userProjects answers GET /users/{id}/projects, by id or name.
func (g *GitLab) userProjects(c *call) *answer {
	o := g.ownerNamed(c.param(1))
	if o == nil || o.kind != kindUser {
		return gitlabMissing("User")
	}
	return listedProjects(c, g.selectFrom(c, []*owner{o}), true)
}

// selectFrom selects what the caller sees of owners, who are in the order of
// their ids, as the query asks for. The newest come first unless sort says
// otherwise; GitLab's order by creation is that of ids here.
func (g *GitLab) selectFrom(c *call, owners []*owner) selection {
	public, private := visibilities(c)
	s := selection{catalog: g.catalog, reverse: c.query.Get("sort") != "asc"}
	level, _ := strconv.Atoi(c.query.Get("min_access_level"))
	for _, o := range owners {
		if accessLevel(c, o) < level {
			continue
		}
		s.of(o, public, private && c.account.seesPrivateOf(o))
	}
	s.within(idParam(c, "id_after", 0), idParam(c, "id_before", math.MaxInt64/2))
	return s
}

// listedProjects answers a page of a selection.
func listedProjects(c *call, s selection, keyset bool) *answer {
	if instead := gitlabRefusesPaging(c, keyset); instead != nil {
		return instead
	}
	list := listing{s.total(), s.at}
	archived, search := c.query.Get("archived"), strings.ToLower(c.query.Get("search"))
	if archived != "" || search != "" {
		found := s.filter(func(r *repository) bool {
			return (archived == "" || strconv.FormatBool(r.archived) == archived) &&
				strings.Contains(strings.ToLower(r.name+" "+r.description), search)
		})
		list = listing{len(found), func(i int) *repository { return found[i] }}
	}
	show := func(r *repository) any { return projectJSON(c, r) }
	if c.query.Get("pagination") == "keyset" {
		return gitlabKeyset(c, list, show)
	}
	return gitlabPaged(c, list.total, func(i int) any { return show(list.at(i)) })
}

// project answers GET /projects/{id}.
func (g *GitLab) project(c *call) *answer {
	r, instead := g.projectOf(c)
	if instead != nil {
		return instead
	}
	p := projectJSON(c, r)
	if c.query.Get("license") == "true" && r.license != "" {
		key := strings.ToLower(r.license)
		p.License = &gitlabLicense{Key: key, Name: r.license + " License", Nickname: r.license, HTMLURL: "https://opensource.org/licenses/" + r.license}
		p.LicenseURL = p.WebURL + "/-/blob/main/LICENSE"
	}
	if c.query.Get("statistics") == "true" && p.Permissions != nil {
		size := int64(r.size) * 1024
		if r.empty() {
			size = 0
		}
		p.Statistics = &gitlabStatistics{CommitCount: r.commits(), StorageSize: size, RepositorySize: size}
	}
	return gitlabJSON(http.StatusOK, p)
}

// projectOf returns the project that c's path names, by id or by its whole
// path in one escaped part, or the answer that takes its place.
func (g *GitLab) projectOf(c *call) (*repository, *answer) {
	named := c.param(1)
	id, err := strconv.ParseInt(named, 10, 64)
	var r *repository
	var moved bool
	if err == nil {
		r = g.catalog.repositoryByID(id)
	} else {
		r, moved = g.catalog.repository(parentPath(named), named[strings.LastIndexByte(named, '/')+1:])
	}
	if r == nil || !r.visibleTo(c.account) {
		return nil, gitlabMissing("Project")
	}
	if moved {
		return nil, g.moved(c, r)
	}
	return r, nil
}

// moved answers a request for a path of old. GitLab docs, "REST API", section
// "Redirects".
func (g *GitLab) moved(c *call, r *repository) *answer {
	if !read(c.r.Method) {
		return gitlabError(http.StatusMethodNotAllowed, "Non GET methods are not allowed for moved projects")
	}
	url := fmt.Sprintf("%s/projects/%d", c.base, r.id)
	if rest := strings.SplitN(c.path, "/", 4); len(rest) == 4 {
		url += "/" + rest[3]
	}
	if c.r.URL.RawQuery != "" {
		url += "?" + c.r.URL.RawQuery
	}
	a := newAnswer(http.StatusMovedPermanently)
	a.header.Set("Content-Type", "text/plain")
	a.header.Set("Location", url)
	a.body = []byte("This resource has been moved permanently to " + url)
	return a
}
