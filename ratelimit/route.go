package ratelimit

import "strings"

// rests tells whom a refusal is about.
func (d Dialect) rests(o *Observation, w *words) Subject {
	switch {
	case !o.Class.Limit():
		return Nobody
	case o.Scope == IPNumbers:
		return WholeHost
	case o.Class == PrimaryLimit:
		return OneBudget
	case d == GitLab && w.saysApplicationLimit():
		return OneRoute
	case !w.json && !w.empty:
		// A page of an edge, which looks at the sender's address. The hosts
		// themselves answer in JSON, or in a plain text that says which budget.
		return WholeHost
	}
	return OneAccount
}

// maxRouteDepth is how many segments of a path make its route: what follows is
// the name of one thing, such as a commit.
const maxRouteDepth = 4

// gitlabRoute hashes the method and the beginning of the path below /api/v4, with
// what names one thing left out: GitLab's application limits count by user and
// endpoint (GitLab docs, "Rate limits"), for example all GET /projects/:id. It is
// FNV-1a, which needs no memory.
func gitlabRoute(req Request) uint64 {
	path := req.path()
	if req.URL != nil && req.URL.RawPath != "" {
		path = req.URL.RawPath // keeps the %2F of a project's name in one segment
	}
	_, path, found := strings.Cut(path, "/api/v4")
	if !found {
		return 0
	}
	hash := fnv(fnvOffset, req.method())
	before := ""
	for range maxRouteDepth {
		var head string
		if head, path = segment(path); head == "" {
			break
		}
		if namesOne(head, before) {
			hash = fnv(hash, "/*")
		} else {
			hash = fnv(fnv(hash, "/"), head)
		}
		before = head
	}
	return hash
}

// namesOne reports whether a segment of a path is the number or the escaped name
// of one thing, or what follows the name of a collection.
func namesOne(segment, before string) bool {
	if _, ok := digits(segment); ok || strings.Contains(segment, "%") {
		return true
	}
	return before == "projects" || before == "groups" || before == "users" || before == "namespaces"
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func fnv(hash uint64, s string) uint64 {
	for i := range len(s) {
		hash = (hash ^ uint64(s[i])) * fnvPrime
	}
	return hash
}
