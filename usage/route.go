package usage

import "strings"

// nameless stands for what changes from one call to the next.
const nameless = "{}"

// names says how many segments after a word are names that users gave. Negative
// means all the rest, which is a path of its own.
var names = map[string]int{
	"repos": 2, "repositories": 2, // of owner and repository
	"users": 1, "orgs": 1, "organizations": 1, "enterprises": 1, "groups": 1, "projects": 1,
	"namespaces": 1, "workspaces": 1, "teams": 1, "members": 1, "memberships": 1,
	"collaborators": 1, "outside_collaborators": 1, "assignees": 1, "followers": 1, "following": 1,
	"branches": 1, "commits": 1, "commit": 1, "compare": 1, "tags": 1, "labels": 1, "trees": 1, "blobs": 1,
	"files": 1, "environments": 1, "secrets": 1, "variables": 1, "properties": 1, "topics": 1,
	"licenses": 1, "templates": 1, "emojis": 1, "gists": 1, "snippets": 1, "services": 1, "apps": 1,
	"contents": -1, "refs": -1, "ref": -1, "matching-refs": -1, "src": -1, "raw": -1, "filehistory": -1,
	"tarball": -1, "zipball": -1, "archive": -1, "diff": -1, "diffstat": -1, "patch": -1, "packages": -1,
	"wikis": -1, "readme": -1, "git-upload-pack": -1, "lfs": -1,
}

// maxSegments is how many segments of a path a route has at most.
const maxSegments = 12

// Route returns the pattern of a request, such as
// "GET /repos/{}/{}/issues/{}". A segment of the path that is or may be a name,
// a number or a key is replaced by {}, and what follows a path inside a
// repository is left out, so that a host has some hundred routes. The query is
// not in it.
func Route(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	var b strings.Builder
	b.WriteString(word(method))
	b.WriteByte(' ')
	skip, count := 0, 0
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if segment == "" {
			continue
		}
		if count++; count > maxSegments || skip < 0 {
			b.WriteString("/" + nameless)
			break
		}
		if skip > 0 || !isWord(segment) {
			if skip--; isNumber(segment) || skip < 0 { // by number a repository is one segment
				skip = 0
			}
			segment = nameless
		} else {
			skip = names[segment]
		}
		b.WriteString("/" + segment)
	}
	if count == 0 {
		b.WriteByte('/')
	}
	return b.String()
}

// word returns the method if it may be one.
func word(method string) string {
	if len(method) > 16 || !all(method, func(c byte) bool { return 'A' <= c && c <= 'Z' }) {
		return nameless
	}
	return method
}

// isWord reports whether a segment is a word of an API, or the version of one.
func isWord(segment string) bool {
	switch segment {
	case "v1", "v2", "v3", "v4", "v5", "1.0", "2.0", "latest":
		return true
	}
	return len(segment) <= 32 && all(segment, func(c byte) bool { return 'a' <= c && c <= 'z' || c == '_' || c == '-' })
}

func isNumber(segment string) bool {
	return all(segment, func(c byte) bool { return '0' <= c && c <= '9' })
}

// all reports whether all bytes of s are as wanted.
func all(s string, wanted func(byte) bool) bool {
	for i := range len(s) {
		if !wanted(s[i]) {
			return false
		}
	}
	return true
}
