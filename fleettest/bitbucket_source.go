package fleettest

import (
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// source answers GET …/src/{commit}/{path}: a file as it is, or a page of what
// is in a directory.
func (b *Bitbucket) source(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	branch, n, where, ok := r.revisionAndPath(c.after(3))
	if !ok {
		return bitbucketError(http.StatusNotFound, "Commit not found")
	}
	sha := r.shaAt(branch, n)
	if i, ok := r.fileNumber(where); ok {
		return b.sourceFile(c, r, sha, file{where, i})
	}
	depth, _ := strconv.Atoi(c.query.Get("max_depth"))
	list, ok := r.tree(where, depth > 1)
	if !ok {
		return bitbucketError(http.StatusNotFound, "No such file or directory: "+where)
	}
	return bitbucketWalked(c, len(list), func(i int) any { return b.entryJSON(c, r, sha, list[i]) })
}

// sourceRoot answers GET …/src with the way to the newest commit of main.
func (b *Bitbucket) sourceRoot(c *call) *answer {
	r, instead := b.repositoryOf(c)
	if instead != nil {
		return instead
	}
	if r.empty() {
		return bitbucketError(http.StatusNotFound, "Repository has no commits")
	}
	a := newAnswer(http.StatusFound)
	to := c.base + c.path + "/" + r.head(0) + "/"
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	a.header.Set("Location", to)
	return a
}

// revisionAndPath splits what comes behind src: a revision, whose name may have
// a slash in it, and a path.
func (r *repository) revisionAndPath(rest string) (branch, n int, where string, ok bool) {
	rest = strings.Trim(rest, "/")
	for i := range len(rest) + 1 {
		if i < len(rest) && rest[i] != '/' {
			continue
		}
		if branch, n, ok = r.resolve(rest[:i]); ok && i > 0 {
			return branch, n, strings.Trim(rest[i:], "/"), true
		}
	}
	return 0, 0, "", false
}

// sourceFile answers a file as it is, or what there is to say of it.
func (b *Bitbucket) sourceFile(c *call, r *repository, sha string, f file) *answer {
	if c.query.Get("format") == "meta" {
		return bitbucketJSON(http.StatusOK, b.entryJSON(c, r, sha, f))
	}
	a := newAnswer(http.StatusOK)
	a.header.Set("Content-Type", orDefault(mime.TypeByExtension(path.Ext(f.path)), "text/plain; charset=utf-8"))
	a.header.Set("Content-Disposition", "attachment")
	a.body = r.fileBody(f.number)
	return a
}

// entryJSON shows a file or a directory without what is in it.
func (b *Bitbucket) entryJSON(c *call, r *repository, sha string, f file) any {
	api := c.base + "/repositories/" + r.fullName()
	self := bitbucketLink{Href: api + "/src/" + sha + "/" + pathEscaped(f.path)}
	v := map[string]any{
		"type": "commit_directory", "path": f.path,
		"commit": map[string]any{"type": "commit", "hash": sha, "links": bitbucketLinks{"self": {Href: api + "/commit/" + sha}}},
		"links":  bitbucketLinks{"self": self, "meta": {Href: self.Href + "?format=meta"}},
	}
	if !f.dir() {
		v["type"], v["size"], v["attributes"], v["escaped_path"] = "commit_file", r.fileSize(f.number), []string{}, pathEscaped(f.path)
		v["mimetype"] = nil
	}
	return v
}
