package fleettest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// catalog is who there is and what they own. Repositories are made up when
// somebody asks.
type catalog struct {
	seed  uint64
	nests bool // organizations may be in others: "acme/platform"

	mu      sync.RWMutex // guards what follows
	owners  []*owner
	byLogin map[string]*owner  // by lower-case login
	renamed map[int64]string   // the names that were given last, by id
	holds   map[int64]Contents // of repositories that differ from their owner's others
	byName  map[string]int64   // ids by every name given, lower-case "owner/name"
}

// owner is a user or an organization.
type owner struct {
	login        string
	kind         string
	id           int64
	repositories int
	private      int
	names        []string // of the first repositories
	contents     Contents
}

// The kinds of owners, in GitHub's words.
const (
	kindUser         = "User"
	kindOrganization = "Organization"
)

// Ids are counted from firstID; a repository's id tells its owner and number.
const (
	firstID           = 1001
	repositoriesToAID = 1_000_000
)

// newCatalog returns what cfg lists. If organizations nest, those above others
// are there as well, without repositories unless they are listed.
func newCatalog(cfg Config, nests bool) *catalog {
	c := &catalog{
		seed:    cfg.Seed,
		nests:   nests,
		byLogin: make(map[string]*owner),
		renamed: make(map[int64]string),
		byName:  make(map[string]int64),
		holds:   make(map[int64]Contents),
	}
	for _, o := range cfg.Organizations {
		c.add(o, kindOrganization)
	}
	for _, o := range cfg.Organizations {
		for above := parentPath(o.Login); nests && above != ""; above = parentPath(above) {
			c.add(Owner{Login: above}, kindOrganization)
		}
	}
	for _, o := range cfg.Users {
		c.add(o, kindUser)
	}
	return c
}

// add enters an owner, unless it is there.
func (c *catalog) add(given Owner, kind string) *owner {
	login := given.Login
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.byLogin[strings.ToLower(login)]; ok {
		return o
	}
	nested := c.nests && kind == kindOrganization && !strings.HasPrefix(login, "/") && !strings.HasSuffix(login, "/")
	if login == "" || strings.Contains(login, "/") && !nested {
		panic(fmt.Sprintf("fleettest: config: an owner cannot be called %q", login))
	}
	if given.Repositories >= repositoriesToAID || given.Private > given.Repositories || len(given.Names) > given.Repositories {
		panic(fmt.Sprintf("fleettest: config: owner %q: cannot have %d repositories with %d private ones and %d names", login, given.Repositories, given.Private, len(given.Names)))
	}
	o := &owner{
		login: login, kind: kind, id: firstID + int64(len(c.owners)),
		repositories: given.Repositories, private: given.Private, names: slices.Clone(given.Names), contents: given.Contents,
	}
	c.owners = append(c.owners, o)
	c.byLogin[strings.ToLower(login)] = o
	for i, name := range o.names {
		c.byName[strings.ToLower(login+"/"+name)] = o.id*repositoriesToAID + int64(i) + 1
	}
	return o
}

// owner returns the owner with a login, nil if there is none.
func (c *catalog) owner(login string) *owner {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byLogin[strings.ToLower(login)]
}

// ownerByID returns the owner with an id, nil if there is none.
func (c *catalog) ownerByID(id int64) *owner {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if i := id - firstID; i >= 0 && i < int64(len(c.owners)) {
		return c.owners[i]
	}
	return nil
}

// repository returns the repository with a name, and whether that is its name
// of old.
func (c *catalog) repository(login, name string) (r *repository, moved bool) {
	o := c.owner(login)
	if o == nil {
		return nil, false
	}
	c.mu.RLock()
	id, ok := c.byName[strings.ToLower(o.login+"/"+name)]
	c.mu.RUnlock()
	if ok {
		r = c.repositoryByID(id)
		return r, !strings.EqualFold(r.name, name)
	}
	digits, ok := strings.CutPrefix(strings.ToLower(name), "repo-")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n <= len(o.names) || n > o.repositories || !strings.EqualFold(generatedName(n), name) {
		return nil, false
	}
	r = c.generate(o, n)
	return r, !strings.EqualFold(r.name, name)
}

// repositoryByID returns the repository with an id, nil if there is none.
func (c *catalog) repositoryByID(id int64) *repository {
	o := c.ownerByID(id / repositoriesToAID)
	n := int(id % repositoriesToAID)
	if o == nil || n < 1 || n > o.repositories {
		return nil
	}
	return c.generate(o, n)
}

// rename gives a repository another name. Those of old lead to it as before.
func (c *catalog) rename(r *repository, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renamed[r.id] = name
	c.byName[strings.ToLower(r.owner.login+"/"+name)] = r.id
}

// setContents says what a repository holds from now on.
func (c *catalog) setContents(r *repository, contents Contents) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds[r.id] = contents
}

// stateOf returns what can be changed of an owner's nth repository.
func (c *catalog) stateOf(o *owner, n int) (contents Contents, name string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	id := o.id*repositoriesToAID + int64(n)
	contents, ok := c.holds[id]
	if !ok {
		contents = o.contents
	}
	switch renamed, ok := c.renamed[id]; {
	case ok:
		return contents, renamed
	case n <= len(o.names):
		return contents, o.names[n-1]
	}
	return contents, generatedName(n)
}

// generatedName is the name of an owner's nth repository.
func generatedName(n int) string { return fmt.Sprintf("repo-%04d", n) }

// parentPath is the path of what is above path, "" if nothing is.
func parentPath(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '/'))]
}

// below returns the organizations inside one, at any depth, in order.
func (c *catalog) below(o *owner) []*owner {
	prefix := strings.ToLower(o.login) + "/"
	var found []*owner
	for _, other := range c.all() {
		if strings.HasPrefix(strings.ToLower(other.login), prefix) {
			found = append(found, other)
		}
	}
	return found
}

// all returns every owner.
func (c *catalog) all() []*owner {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return append([]*owner(nil), c.owners...)
}

// organizationsOf returns the organizations that an account belongs to.
func (c *catalog) organizationsOf(a *account) []*owner {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var orgs []*owner
	for _, o := range c.owners {
		if o.kind == kindOrganization && a.memberOf(o) {
			orgs = append(orgs, o)
		}
	}
	return orgs
}

// displayName is what people and groups are called beside their login.
func displayName(login string) string {
	login = login[strings.LastIndexByte(login, '/')+1:]
	return strings.ToUpper(login[:1]) + login[1:]
}
