package fleettest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// tree answers GET /projects/{id}/repository/tree, in pages with numbers or,
// if they are asked for, with keys.
func (g *GitLab) tree(c *call, r *repository) *answer {
	if _, _, ok := r.resolve(c.query.Get("ref")); !ok {
		return gitlabMissing("Tree")
	}
	recursive := c.query.Get("recursive") == "true"
	list, ok := r.tree(strings.Trim(c.query.Get("path"), "/"), recursive)
	if !ok {
		return gitlabError(http.StatusNotFound, "404 invalid revision or path Not Found")
	}
	if !recursive { // directories first
		slices.SortStableFunc(list, func(a, b file) int { return boolInt(b.dir()) - boolInt(a.dir()) })
	}
	show := func(i int) any { return gitlabEntryJSON(r, list[i]) }
	if c.query.Get("pagination") == "keyset" {
		return gitlabTreeKeyset(c, r, list, show)
	}
	return gitlabPaged(c, len(list), show)
}

// boolInt is 1 for true.
func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// gitlabTreeKeyset answers the entries behind the one whose hash is the
// page_token.
func gitlabTreeKeyset(c *call, r *repository, list []file, show func(int) any) *answer {
	from := 0
	if token := c.query.Get("page_token"); token != "" {
		from = slices.IndexFunc(list, func(f file) bool { return r.hash(f) == token }) + 1
		if from == 0 {
			return gitlabError(http.StatusUnprocessableEntity, "Invalid page token: "+token)
		}
	}
	size := readPage(c, "per_page", gitlabPerPage, gitlabPerPageMax, len(list)).size
	to := min(from+size, len(list))
	a := gitlabJSON(http.StatusOK, page{number: 1, size: size, total: to - from}.items(func(i int) any { return show(from + i) }))
	if to < len(list) {
		q := maps.Clone(c.query)
		q.Del("page")
		q.Set("per_page", strconv.Itoa(size))
		q.Set("page_token", r.hash(list[to-1]))
		a.header.Set("Link", gitlabRel(c, q, "next"))
	}
	return a
}

// gitlabEntryJSON shows an entry of a tree.
func gitlabEntryJSON(r *repository, f file) any {
	kind, mode := "blob", "100644"
	if f.dir() {
		kind, mode = "tree", "040000"
	}
	return map[string]string{"id": r.hash(f), "name": f.name(), "type": kind, "path": f.path, "mode": mode}
}

// file answers GET /projects/{id}/repository/files/{path}, with the contents
// in base64 however long they are.
func (g *GitLab) file(c *call, r *repository) *answer {
	ref := c.query.Get("ref")
	if ref == "" {
		return gitlabJSON(http.StatusBadRequest, map[string]string{"error": "ref is missing, ref is empty"})
	}
	i, told, instead := g.fileTold(c, r, ref)
	if instead != nil {
		return instead
	}
	v := map[string]any{
		"file_name": told["File-Name"], "file_path": told["File-Path"], "size": r.fileSize(i), "encoding": "base64",
		"content": base64.StdEncoding.EncodeToString(r.fileBody(i)), "content_sha256": told["Content-Sha256"], "ref": ref,
		"blob_id": told["Blob-Id"], "commit_id": told["Commit-Id"], "last_commit_id": told["Last-Commit-Id"], "execute_filemode": false,
	}
	a := gitlabJSON(http.StatusOK, v)
	tell(a, told)
	return a
}

// rawFile answers GET /projects/{id}/repository/files/{path}/raw.
func (g *GitLab) rawFile(c *call, r *repository) *answer {
	i, told, instead := g.fileTold(c, r, orDefault(c.query.Get("ref"), "HEAD"))
	if instead != nil {
		return instead
	}
	a := newAnswer(http.StatusOK)
	a.header.Set("Content-Type", "text/plain; charset=utf-8")
	a.body = r.fileBody(i)
	tell(a, told)
	return a
}

// fileTold finds the file that c's path names, and what the headers say of it.
func (g *GitLab) fileTold(c *call, r *repository, ref string) (i int, told map[string]string, instead *answer) {
	branch, n, ok := r.resolve(ref)
	if !ok {
		return 0, nil, gitlabMissing("Commit")
	}
	path := c.param(4)
	i, ok = r.fileNumber(path)
	if !ok {
		return 0, nil, gitlabMissing("File")
	}
	return i, map[string]string{
		"Blob-Id": r.blob(i), "Commit-Id": r.shaAt(branch, n), "Last-Commit-Id": r.lastChange(i),
		"Content-Sha256": fmt.Sprintf("%x", sha256.Sum256(r.fileBody(i))), "Encoding": "base64", "Execute-Filemode": "false",
		"File-Name": file{path, i}.name(), "File-Path": path, "Ref": ref, "Size": strconv.Itoa(r.fileSize(i)),
	}, nil
}

// tell writes what is known of a file into headers.
func tell(a *answer, told map[string]string) {
	for name, value := range told {
		a.header.Set("X-Gitlab-"+name, value)
	}
}

// lastChange is the hash of the newest commit of main that changes the ith
// file, or of the oldest.
func (r *repository) lastChange(i int) string {
	for n := range r.commits() {
		if (r.commits()-n-1)%r.files() == i {
			return r.shaAt(0, n)
		}
	}
	return r.shaAt(0, r.commits()-1)
}

// languages answers GET /projects/{id}/languages, in percent.
func (g *GitLab) languages(_ *call, r *repository) *answer {
	all, total := r.languageBytes(), 0
	for _, n := range all {
		total += n
	}
	shares := make(map[string]float64, len(all))
	for name, n := range all {
		shares[name] = float64(n*10_000/total) / 100
	}
	return gitlabJSON(http.StatusOK, shares)
}
