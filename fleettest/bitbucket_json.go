package fleettest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// bitbucketLinks are links by name.
type bitbucketLinks map[string]bitbucketLink

// bitbucketLink is one link.
type bitbucketLink struct {
	Href string `json:"href"`
	Name string `json:"name,omitempty"`
}

// bitbucketOwner is a user or a workspace inside other things.
type bitbucketOwner struct {
	Type        string         `json:"type"`
	UUID        string         `json:"uuid"`
	DisplayName string         `json:"display_name,omitempty"`
	Nickname    string         `json:"nickname,omitempty"`
	AccountID   string         `json:"account_id,omitempty"`
	Username    string         `json:"username,omitempty"` // of workspaces only
	Slug        string         `json:"slug,omitempty"`
	Name        string         `json:"name,omitempty"`
	Key         string         `json:"key,omitempty"`
	Links       bitbucketLinks `json:"links"`
}

// bitbucketRepository is a repository.
type bitbucketRepository struct {
	Type        string                   `json:"type"`
	UUID        string                   `json:"uuid"`
	FullName    string                   `json:"full_name"`
	Name        string                   `json:"name"`
	Slug        string                   `json:"slug"`
	Description string                   `json:"description"`
	SCM         string                   `json:"scm"`
	Website     *string                  `json:"website"`
	Owner       bitbucketOwner           `json:"owner"`
	Workspace   bitbucketOwner           `json:"workspace"`
	Project     bitbucketOwner           `json:"project"`
	IsPrivate   bool                     `json:"is_private"`
	ForkPolicy  string                   `json:"fork_policy"`
	CreatedOn   string                   `json:"created_on"`
	UpdatedOn   string                   `json:"updated_on"`
	Size        int64                    `json:"size"` // bytes
	Language    string                   `json:"language"`
	HasIssues   bool                     `json:"has_issues"`
	HasWiki     bool                     `json:"has_wiki"`
	Mainbranch  map[string]string        `json:"mainbranch"`
	Parent      *bitbucketRepositoryName `json:"parent,omitempty"`
	Links       bitbucketRepositoryLinks `json:"links"`
}

// bitbucketRepositoryName is a repository inside other things.
type bitbucketRepositoryName struct {
	Type     string         `json:"type"`
	FullName string         `json:"full_name"`
	Name     string         `json:"name"`
	UUID     string         `json:"uuid"`
	Links    bitbucketLinks `json:"links"`
}

// bitbucketRepositoryLinks are a repository's links; clone has two.
type bitbucketRepositoryLinks struct {
	Self         bitbucketLink   `json:"self"`
	HTML         bitbucketLink   `json:"html"`
	Avatar       bitbucketLink   `json:"avatar"`
	PullRequests bitbucketLink   `json:"pullrequests"`
	Commits      bitbucketLink   `json:"commits"`
	Branches     bitbucketLink   `json:"branches"`
	Tags         bitbucketLink   `json:"tags"`
	Source       bitbucketLink   `json:"source"`
	Downloads    bitbucketLink   `json:"downloads"`
	Clone        []bitbucketLink `json:"clone"`
}

// The first parts of UUIDs, by the kind of thing.
const (
	uuidOwner = 0x0a11
	uuidRepo  = 0x0b22
	uuidGroup = 0x0c33
)

// bitbucketUUID is an id in Bitbucket's form, with its braces.
func bitbucketUUID(kind int, id int64) string {
	return fmt.Sprintf("{%08x-f1ee-4000-8000-%012x}", kind, id)
}

// uuidID returns the id in a UUID.
func uuidID(kind int, uuid string) (int64, bool) {
	digits, ok := strings.CutPrefix(uuid, fmt.Sprintf("{%08x-f1ee-4000-8000-", kind))
	id, err := strconv.ParseInt(strings.TrimSuffix(digits, "}"), 16, 64)
	return id, ok && err == nil
}

// bitbucketTime is the usual form of times.
const bitbucketTime = "2006-01-02T15:04:05.000000-07:00"

// when spells a time of r in the form that is r's.
func (b *Bitbucket) when(r *repository, t time.Time) string {
	t = t.UTC().Truncate(time.Second).Add(time.Duration(r.id%1_000_000) * time.Microsecond)
	if layouts := b.cfg.Bitbucket.TimeLayouts; len(layouts) > 0 {
		return t.Format(layouts[(r.n-1)%len(layouts)])
	}
	return t.Format(bitbucketTime)
}

// bitbucketPerson shows who wrote something.
func bitbucketPerson(c *call, p person) bitbucketOwner {
	uuid := bitbucketUUID(uuidOwner, p.id)
	return bitbucketOwner{
		Type: "user", UUID: uuid, DisplayName: p.name, Nickname: p.login,
		AccountID: "557058:" + strings.Trim(uuid, "{}"),
		Links: bitbucketLinks{
			"self":   {Href: c.base + "/users/" + escapeBraces(uuid)},
			"html":   {Href: "https://bitbucket.org/" + escapeBraces(uuid) + "/"},
			"avatar": {Href: "https://secure.gravatar.com/avatar/" + strings.Trim(uuid, "{}")},
		},
	}
}

// escapeBraces is a UUID as it is in URLs.
func escapeBraces(uuid string) string { return "%7B" + strings.Trim(uuid, "{}") + "%7D" }

// bitbucketOwnerJSON shows whom a repository belongs to: a user, or a team,
// which is the old word for a workspace.
func bitbucketOwnerJSON(c *call, o *owner) bitbucketOwner {
	v := bitbucketPerson(c, person{id: o.id, login: o.login, name: displayName(o.login)})
	if o.kind == kindOrganization {
		v.Type, v.Username, v.Nickname, v.AccountID = "team", o.login, "", ""
		v.Links["self"] = bitbucketLink{Href: c.base + "/workspaces/" + escapeBraces(v.UUID)}
	}
	return v
}

// workspaceJSON shows a workspace.
func workspaceJSON(c *call, o *owner) bitbucketOwner {
	return bitbucketOwner{
		Type: "workspace", UUID: bitbucketUUID(uuidOwner, o.id), Slug: o.login, Name: displayName(o.login),
		Links: bitbucketLinks{
			"self":   {Href: c.base + "/workspaces/" + o.login},
			"html":   {Href: "https://bitbucket.org/" + o.login + "/"},
			"avatar": {Href: "https://bitbucket.org/workspaces/" + o.login + "/avatar/"},
		},
	}
}

// bitbucketNameJSON shows a repository inside other things.
func bitbucketNameJSON(c *call, uuid, fullName string) bitbucketRepositoryName {
	return bitbucketRepositoryName{
		Type: "repository", FullName: fullName, Name: fullName[strings.LastIndexByte(fullName, '/')+1:], UUID: uuid,
		Links: bitbucketLinks{
			"self":   {Href: c.base + "/repositories/" + fullName},
			"html":   {Href: "https://bitbucket.org/" + fullName},
			"avatar": {Href: "https://bytebucket.org/ravatar/" + escapeBraces(uuid) + "?ts=default"},
		},
	}
}

// repositoryJSON shows r to the sender of c.
func (b *Bitbucket) repositoryJSON(c *call, r *repository) bitbucketRepository {
	path, uuid := r.fullName(), bitbucketUUID(uuidRepo, r.id)
	api := c.base + "/repositories/" + path
	names := bitbucketNameJSON(c, uuid, path).Links
	v := bitbucketRepository{
		Type: "repository", UUID: uuid, FullName: path, Name: r.name, Slug: r.name, Description: r.description, SCM: "git",
		Owner: bitbucketOwnerJSON(c, r.owner), Workspace: workspaceJSON(c, r.owner),
		Project: bitbucketOwner{
			Type: "project", UUID: bitbucketUUID(uuidGroup, r.owner.id), Key: "PROJ", Name: "Project of " + r.owner.login,
			Links: bitbucketLinks{"self": {Href: c.base + "/workspaces/" + r.owner.login + "/projects/PROJ"}},
		},
		IsPrivate: r.private, ForkPolicy: "allow_forks", Size: int64(r.size) * 1024, Language: strings.ToLower(r.language),
		CreatedOn: b.when(r, r.created), UpdatedOn: b.when(r, r.updated),
		Links: bitbucketRepositoryLinks{
			Self: names["self"], HTML: names["html"], Avatar: names["avatar"],
			PullRequests: bitbucketLink{Href: api + "/pullrequests"}, Commits: bitbucketLink{Href: api + "/commits"},
			Branches: bitbucketLink{Href: api + "/refs/branches"}, Tags: bitbucketLink{Href: api + "/refs/tags"},
			Source: bitbucketLink{Href: api + "/src"}, Downloads: bitbucketLink{Href: api + "/downloads"},
			Clone: cloneLinks(c, path),
		},
	}
	if r.empty() {
		v.Size = 0
	} else {
		v.Mainbranch = map[string]string{"type": "branch", "name": branchName(0)}
	}
	if r.fork {
		upstream := bitbucketNameJSON(c, bitbucketUUID(uuidRepo, int64(r.n)), "upstream/"+generatedName(r.n))
		v.Parent = &upstream
	}
	return v
}

// cloneLinks are the addresses to clone from. Bitbucket puts the caller's name
// into that by https.
func cloneLinks(c *call, path string) []bitbucketLink {
	user := ""
	if !c.account.anonymous() {
		user = c.account.login + "@"
	}
	return []bitbucketLink{
		{Href: "https://" + user + "bitbucket.org/" + path + ".git", Name: "https"},
		{Href: "git@bitbucket.org:" + path + ".git", Name: "ssh"},
	}
}
