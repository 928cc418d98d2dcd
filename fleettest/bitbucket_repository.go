package fleettest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// downloadStorage is where downloads are kept. It takes its requests by a
// signature in the URL, and no token.
const downloadStorage = "https://bbuseruploads.s3.amazonaws.com"

// repositoryOf returns the repository that c's path names, by slug or UUID, or
// the answer that takes its place.
func (b *Bitbucket) repositoryOf(c *call) (*repository, *answer) {
	var r *repository
	if o := b.workspaceOf(c); o != nil {
		r, _ = b.catalog.repository(o.login, c.param(2))
		if id, ok := uuidID(uuidRepo, c.param(2)); ok {
			r = b.catalog.repositoryByID(id)
		}
		if r != nil && r.owner != o {
			r = nil
		}
	}
	if r == nil || !r.visibleTo(c.account) {
		return nil, bitbucketError(http.StatusNotFound, fmt.Sprintf("Repository %s/%s not found", c.param(1), c.param(2)))
	}
	return r, nil
}

// repository answers GET /repositories/{workspace}/{slug}.
func (b *Bitbucket) repository(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	return bitbucketJSON(http.StatusOK, b.repositoryJSON(c, r))
}

// branches answers GET …/refs/branches.
func (b *Bitbucket) branches(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	return bitbucketRefs(c, r.branches(), branchName, func(i int) any {
		return b.refJSON(c, r, "branch", branchName(i), r.commitAt(i, 0))
	})
}

// tags answers GET …/refs/tags.
func (b *Bitbucket) tags(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	return bitbucketRefs(c, r.tags(), r.tagName, func(i int) any { return b.tagJSON(c, r, i) })
}

// bitbucketRefs answers a page of refs, which can be asked for by name.
func bitbucketRefs(c *call, total int, name func(int) string, show func(int) any) *answer {
	if !c.query.Has("q") && !c.query.Has("sort") {
		return bitbucketPaged(c, total, show)
	}
	all := make([]int, total)
	for i := range all {
		all[i] = i
	}
	found, instead := queried(c, all, queryFields[int]{"name": name})
	if instead != nil {
		return instead
	}
	return bitbucketPaged(c, len(found), func(i int) any { return show(found[i]) })
}

// branch answers GET …/refs/branches/{name}.
func (b *Bitbucket) branch(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	name := strings.TrimPrefix(c.after(3), "branches/")
	i, ok := r.branchNamed(name)
	if !ok {
		return bitbucketError(http.StatusNotFound, "Branch \""+name+"\" does not exist.")
	}
	return bitbucketJSON(http.StatusOK, b.refJSON(c, r, "branch", name, r.commitAt(i, 0)))
}

// tag answers GET …/refs/tags/{name}.
func (b *Bitbucket) tag(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	i, ok := r.tagNamed(c.param(5))
	if !ok {
		return bitbucketError(http.StatusNotFound, "Tag \""+c.param(5)+"\" does not exist.")
	}
	return bitbucketJSON(http.StatusOK, b.tagJSON(c, r, i))
}

// tagJSON shows a tag. It has no object of its own.
func (b *Bitbucket) tagJSON(c *call, r *repository, i int) any {
	v := b.refJSON(c, r, "tag", r.tagName(i), r.tagged(i))
	v["message"], v["date"], v["tagger"] = nil, nil, nil
	return v
}

// refJSON shows a branch or a tag.
func (b *Bitbucket) refJSON(c *call, r *repository, kind, name string, target commit) map[string]any {
	api := c.base + "/repositories/" + r.fullName()
	plural := map[string]string{"branch": "branches", "tag": "tags"}[kind]
	v := map[string]any{
		"type": kind, "name": name, "target": b.commitJSON(c, r, target),
		"links": bitbucketLinks{
			"self":    {Href: api + "/refs/" + plural + "/" + url.PathEscape(name)},
			"commits": {Href: api + "/commits/" + url.PathEscape(name)},
			"html":    {Href: "https://bitbucket.org/" + r.fullName() + "/branch/" + name},
		},
	}
	if kind == "branch" {
		v["merge_strategies"] = []string{"merge_commit", "squash", "fast_forward"}
		v["default_merge_strategy"] = "merge_commit"
	}
	return v
}

// commits answers GET …/commits and …/commits/{revision}: the history of main,
// or of what the revision names.
func (b *Bitbucket) commits(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	revision := c.after(3)
	if r.empty() && revision == "" {
		return bitbucketWalked(c, 0, nil)
	}
	branch, from, ok := r.resolve(revision)
	if !ok {
		return bitbucketError(http.StatusNotFound, "Commit not found")
	}
	return bitbucketWalked(c, r.history(branch)-from, func(i int) any {
		return b.commitJSON(c, r, r.commitAt(branch, from+i))
	})
}

// commit answers GET …/commit/{hash}.
func (b *Bitbucket) commit(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	branch, n, ok := r.resolve(c.after(3))
	if !ok {
		return bitbucketError(http.StatusNotFound, "Commit not found")
	}
	return bitbucketJSON(http.StatusOK, b.commitJSON(c, r, r.commitAt(branch, n)))
}

// bitbucketCommitName shows a commit inside other things.
func bitbucketCommitName(c *call, r *repository, sha string) any {
	return map[string]any{"type": "commit", "hash": sha, "links": bitbucketLinks{
		"self": {Href: c.base + "/repositories/" + r.fullName() + "/commit/" + sha},
		"html": {Href: "https://bitbucket.org/" + r.fullName() + "/commits/" + sha},
	}}
}

// commitJSON shows a commit. Its author has an account if Bitbucket knows one.
func (b *Bitbucket) commitJSON(c *call, r *repository, v commit) any {
	api := c.base + "/repositories/" + r.fullName() + "/commit/"
	author := map[string]any{"type": "author", "raw": fmt.Sprintf("%s <%s>", v.author.name, v.author.email())}
	if v.author.account {
		author["user"] = bitbucketPerson(c, v.author)
	}
	parents := make([]any, len(v.parents))
	for i, sha := range v.parents {
		parents[i] = bitbucketCommitName(c, r, sha)
	}
	return map[string]any{
		"type": "commit", "hash": v.sha, "date": v.at.UTC().Format("2006-01-02T15:04:05-07:00"),
		"message": v.message, "author": author, "parents": parents,
		"summary":    map[string]string{"type": "rendered", "raw": v.message, "markup": "markdown", "html": "<p>" + v.title() + "</p>"},
		"repository": bitbucketNameJSON(c, bitbucketUUID(uuidRepo, r.id), r.fullName()),
		"links": bitbucketLinks{
			"self": {Href: api + v.sha},
			"html": {Href: "https://bitbucket.org/" + r.fullName() + "/commits/" + v.sha},
		},
	}
}

// issuesGone answers for issues, which Bitbucket had until August 2026.
func (b *Bitbucket) issuesGone(c *call) *answer {
	if _, instead := b.repositoryOf(c); instead != nil {
		return instead
	}
	return bitbucketError(http.StatusGone, "This resource has been removed.")
}

// download answers GET …/downloads/{name} with the way to the storage host.
// There is a download for every name.
func (b *Bitbucket) download(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	a := newAnswer(http.StatusFound)
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	a.header.Set("Location", fmt.Sprintf("%s/%d/%s?response-content-disposition=attachment&Signature=%032x&Expires=1800000000", downloadStorage, r.id, url.PathEscape(c.param(4)), r.id))
	return a
}

// answerElsewhere answers as the storage host, and as the plain-http side of
// Bitbucket, which leads to https. No other name exists.
func (b *Bitbucket) answerElsewhere(c *call) (*answer, error) {
	if c.base != downloadStorage {
		return b.toHTTPS(c)
	}
	parts := strings.Split(c.path, "/")
	if len(parts) != 3 {
		return fromStorage(c, nil), nil
	}
	return fromStorage(c, fmt.Appendf(nil, "%s of repository %s\n", parts[2], parts[1])), nil
}
