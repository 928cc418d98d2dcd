package fleettest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// The sizes beyond which GitHub does not show a file as JSON, a directory or a
// tree in full. docs, "Get repository content" and "Get a tree".
const (
	githubFileMax   = 1 << 20
	githubDirMax    = 1000
	githubTreeMax   = 100_000
	githubTreeBytes = 7 << 20
)

// contents answers GET /repos/{owner}/{repo}/contents/{path}: a file, or what
// is in a directory.
func (g *GitHub) contents(c *call, r *repository) *answer {
	const docs = "https://docs.github.com/rest/repos/contents#get-repository-content"
	if r.empty() {
		return githubError(http.StatusNotFound, "This repository is empty.", docs)
	}
	ref := c.query.Get("ref")
	if _, _, ok := r.resolve(ref); !ok {
		return githubError(http.StatusNotFound, "No commit found for the ref "+ref, docs)
	}
	path := strings.Trim(g.rest(c), "/")
	if i, ok := r.fileNumber(path); ok {
		return githubFile(c, r, i, orDefault(ref, branchName(0)))
	}
	list, ok := r.tree(path, false)
	if !ok {
		return githubError(http.StatusNotFound, "Not Found", docs)
	}
	shown := make([]any, 0, min(len(list), githubDirMax))
	for _, f := range list[:min(len(list), githubDirMax)] {
		shown = append(shown, githubEntryJSON(c, r, f, orDefault(ref, branchName(0))))
	}
	return newJSON(http.StatusOK, shown)
}

// githubFile answers a file as JSON, or as it is if the client asks for that.
func githubFile(c *call, r *repository, i int, ref string) *answer {
	if wantsRaw(c) {
		a := newAnswer(http.StatusOK)
		a.header.Set("Content-Type", "application/vnd.github.raw; charset=utf-8")
		a.body = r.fileBody(i)
		return a
	}
	v := githubEntryJSON(c, r, file{filePath(i), i}, ref)
	v["content"], v["encoding"] = "", "none"
	if r.fileSize(i) <= githubFileMax {
		v["content"], v["encoding"] = inLines(base64.StdEncoding.EncodeToString(r.fileBody(i))), "base64"
	}
	return newJSON(http.StatusOK, v)
}

// wantsRaw reports whether c asks for a file as it is.
func wantsRaw(c *call) bool {
	accept := c.r.Header.Get("Accept")
	return strings.Contains(accept, "application/vnd.github.raw") || strings.Contains(accept, "application/vnd.github.v3.raw")
}

// inLines breaks base64 into lines of 60, as GitHub does.
func inLines(text string) string {
	var out strings.Builder
	for len(text) > 60 {
		out.WriteString(text[:60] + "\n")
		text = text[60:]
	}
	return out.String() + text + "\n"
}

// githubEntryJSON shows a file or a directory without what is in it.
func githubEntryJSON(c *call, r *repository, f file, ref string) map[string]any {
	at := c.base + "/repos/" + r.fullName()
	kind, git, page, size := "file", "blobs", "blob", 0
	var download any
	if f.dir() {
		kind, git, page = "dir", "trees", "tree"
	} else {
		download = "https://raw.githubusercontent.com/" + r.fullName() + "/" + ref + "/" + pathEscaped(f.path)
		size = r.fileSize(f.number)
	}
	self, blob := contentsURL(c, r, f.path, ref), at+"/git/"+git+"/"+r.hash(f)
	web := "https://github.com/" + r.fullName() + "/" + page + "/" + ref + "/" + pathEscaped(f.path)
	return map[string]any{
		"name": f.name(), "path": f.path, "sha": r.hash(f), "size": size, "type": kind,
		"url": self, "html_url": web, "git_url": blob, "download_url": download,
		"_links": map[string]string{"self": self, "git": blob, "html": web},
	}
}

// contentsURL is where a file is described.
func contentsURL(c *call, r *repository, path, ref string) string {
	return c.base + "/repos/" + r.fullName() + "/contents/" + pathEscaped(path) + "?ref=" + url.QueryEscape(ref)
}

// pathEscaped is a path in a URL.
func pathEscaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// trees answers GET /repos/{owner}/{repo}/git/trees/{sha}. What is too much is
// cut off, and truncated says so.
func (g *GitHub) trees(c *call, r *repository) *answer {
	if r.empty() {
		return emptyRepository("git/trees#get-a-tree")
	}
	name := strings.TrimPrefix(g.rest(c), "trees/")
	dir, ok := r.treeNamed(name)
	if !ok {
		return notFound(g, c)
	}
	list, _ := r.tree(dir, c.query.Has("recursive"))
	at := c.base + "/repos/" + r.fullName() + "/git/"
	shown, bytes := make(jsonList, 0, len(list)), 0
	for _, f := range list {
		out := marshal(treeEntryJSON(r, at, dir, f))
		if bytes += len(out); bytes > githubTreeBytes || len(shown) == githubTreeMax {
			break
		}
		shown = append(shown, out)
	}
	return newJSON(http.StatusOK, map[string]any{
		"sha": r.treeHash(dir), "url": at + "trees/" + r.treeHash(dir),
		"tree": json.RawMessage(shown.render()), "truncated": len(shown) < len(list),
	})
}

// treeNamed finds the directory that a tree's hash, or a commit or a branch,
// means.
func (r *repository) treeNamed(name string) (dir string, ok bool) {
	if _, _, ok := r.resolve(name); ok {
		return "", true
	}
	list, _ := r.tree("", true)
	for _, f := range append(list, file{"", -1}) {
		if f.dir() && r.treeHash(f.path) == name {
			return f.path, true
		}
	}
	return "", false
}

// treeEntryJSON shows an entry of the tree of a directory.
func treeEntryJSON(r *repository, at, dir string, f file) any {
	path := strings.TrimPrefix(strings.TrimPrefix(f.path, dir), "/")
	if f.dir() {
		hash := r.treeHash(f.path)
		return map[string]any{"path": path, "mode": "040000", "type": "tree", "sha": hash, "url": at + "trees/" + hash}
	}
	hash := r.hash(f)
	return map[string]any{"path": path, "mode": "100644", "type": "blob", "sha": hash, "size": r.fileSize(f.number), "url": at + "blobs/" + hash}
}

// languages answers GET /repos/{owner}/{repo}/languages, in bytes.
func (g *GitHub) languages(_ *call, r *repository) *answer {
	return newJSON(http.StatusOK, r.languageBytes())
}
