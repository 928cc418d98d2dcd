package fleettest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// emptyRepository answers for what only commits have. docs, "Get a tree" and
// "List commits", both with 409.
func emptyRepository(docs string) *answer {
	return githubError(http.StatusConflict, "Git Repository is empty.", "https://docs.github.com/rest/"+docs)
}

// commits answers GET /repos/{owner}/{repo}/commits.
func (g *GitHub) commits(c *call, r *repository) *answer {
	if r.empty() {
		return emptyRepository("commits/commits#list-commits")
	}
	branch, from, ok := r.resolve(c.query.Get("sha"))
	if !ok {
		return notFound(g, c)
	}
	places := r.placesOf(c, branch, from)
	if places == nil {
		return paged(c, listPath(r, "commits"), r.history(branch)-from, func(i int) any {
			return githubCommitJSON(c, r, r.commitAt(branch, from+i))
		})
	}
	return paged(c, listPath(r, "commits"), len(places), func(i int) any {
		return githubCommitJSON(c, r, r.commitAt(branch, places[i]))
	})
}

// placesOf returns where in a branch's history the commits are that the query
// asks for by author, path and time; nil if it asks for all.
func (r *repository) placesOf(c *call, branch, from int) []int {
	q := c.query
	author, path, since, until := strings.ToLower(q.Get("author")), q.Get("path"), timeParam(c, "since"), timeParam(c, "until")
	if author == "" && path == "" && since.IsZero() && until.IsZero() {
		return nil
	}
	places := []int{}
	for n := from; n < r.history(branch); n++ {
		v := r.commitAt(branch, n)
		if v.by(author) && v.touches(path) && !v.at.Before(since) && (until.IsZero() || !v.at.After(until)) {
			places = append(places, n)
		}
	}
	return places
}

// by reports whether the commit is an author's: a login, an address or a
// name in lower case. "" is any.
func (v commit) by(author string) bool {
	p := v.author
	return author == "" || p.account && author == p.login || author == p.email() || author == strings.ToLower(p.name)
}

// touches reports whether the commit changes a file or something in a
// directory. "" is any.
func (v commit) touches(path string) bool {
	path = strings.Trim(path, "/")
	if path == "" || v.file < 0 {
		return path == ""
	}
	changed := filePath(v.file)
	return changed == path || strings.HasPrefix(changed, path+"/")
}

// commit answers GET /repos/{owner}/{repo}/commits/{ref}, by hash, branch or
// tag.
func (g *GitHub) commit(c *call, r *repository) *answer {
	if r.empty() {
		return emptyRepository("commits/commits#get-a-commit")
	}
	branch, n, ok := r.resolve(g.rest(c))
	if !ok {
		return githubError(http.StatusUnprocessableEntity, "No commit found for SHA: "+g.rest(c), "https://docs.github.com/rest/commits/commits#get-a-commit")
	}
	v := r.commitAt(branch, n)
	out := githubCommitJSON(c, r, v)
	added, removed := v.lines()
	out["stats"] = map[string]int{"total": added + removed, "additions": added, "deletions": removed}
	out["files"] = []any{}
	if v.file >= 0 {
		path, blob := filePath(v.file), r.blob(v.file)
		out["files"] = []any{map[string]any{
			"sha": blob, "filename": path, "status": "modified", "additions": added, "deletions": removed, "changes": added + removed,
			"blob_url":     "https://github.com/" + r.fullName() + "/blob/" + v.sha + "/" + pathEscaped(path),
			"raw_url":      "https://github.com/" + r.fullName() + "/raw/" + v.sha + "/" + pathEscaped(path),
			"contents_url": contentsURL(c, r, path, v.sha), "patch": "@@ -1 +1 @@",
		}}
	}
	return newJSON(http.StatusOK, out)
}

// lines is how many lines a commit adds and removes, made up from its hash.
func (v commit) lines() (added, removed int) { return 1 + int(v.sha[0]%40), int(v.sha[1] % 20) }

// githubCommitJSON shows a commit. Its author is null if GitHub knows of no
// account.
func githubCommitJSON(c *call, r *repository, v commit) map[string]any {
	at := c.base + "/repos/" + r.fullName()
	web := "https://github.com/" + r.fullName() + "/commit/"
	who := map[string]string{"name": v.author.name, "email": v.author.email(), "date": v.at.UTC().Format(time.RFC3339)}
	parents := make([]any, len(v.parents))
	for i, sha := range v.parents {
		parents[i] = map[string]string{"sha": sha, "url": at + "/commits/" + sha, "html_url": web + sha}
	}
	account := githubPerson(c, v.author)
	return map[string]any{
		"sha": v.sha, "node_id": nodeID("Commit", r.id), "url": at + "/commits/" + v.sha, "html_url": web + v.sha,
		"comments_url": at + "/commits/" + v.sha + "/comments",
		"commit": map[string]any{
			"message": v.message, "author": who, "committer": who, "comment_count": 0,
			"url":          at + "/git/commits/" + v.sha,
			"tree":         map[string]string{"sha": r.treeHash(""), "url": at + "/git/trees/" + r.treeHash("")},
			"verification": map[string]any{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil},
		},
		"author": account, "committer": account, "parents": parents,
	}
}

// githubPerson shows who wrote something, nil if that is no account.
func githubPerson(c *call, p person) *githubOwner {
	if !p.account {
		return nil
	}
	v := ownerJSON(c.base, &owner{login: p.login, id: p.id, kind: kindUser})
	return &v
}

// linkedAuthors is how many authors GitHub leads to accounts. docs, "List
// repository contributors": the first 500.
const linkedAuthors = 500

// contributors answers GET /repos/{owner}/{repo}/contributors: those with an
// account, and if anon is set the others as well, who have a name only.
func (g *GitHub) contributors(c *call, r *repository) *answer {
	if r.empty() {
		return newAnswer(http.StatusNoContent)
	}
	anonymous := c.query.Get("anon") == "1" || c.query.Get("anon") == "true"
	var shown []int
	for i := range r.contributors() {
		if anonymous || i < linkedAuthors && contributor(i).account {
			shown = append(shown, i)
		}
	}
	return paged(c, listPath(r, "contributors"), len(shown), func(i int) any {
		p, commits := contributor(shown[i]), r.contributions(shown[i])
		if !p.account || shown[i] >= linkedAuthors {
			return map[string]any{"type": "Anonymous", "name": p.name, "email": p.email(), "contributions": commits}
		}
		return struct {
			*githubOwner
			Contributions int `json:"contributions"`
		}{githubPerson(c, p), commits}
	})
}

// GitHubListTooLarge is GitHub's refusal to list the contributors, or the
// commits, of a repository with a very long history.
func GitHubListTooLarge() Fault {
	return Fault{Status: http.StatusForbidden, Body: string(marshal(githubProblem{
		Message:          "The history or contributor list is too large to list contributors for this repository via the API.",
		DocumentationURL: "https://docs.github.com/rest/repos/repos#list-repository-contributors",
		Status:           fmt.Sprint(http.StatusForbidden),
	}))}
}
