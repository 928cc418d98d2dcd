package ratelimit

import (
	"net/http"
	"strings"
)

// githubResource names the bucket that GitHub books a request on, where the
// answer does not say: before 2020, on old Enterprise Server releases, or
// before there is an answer. The buckets are those of "REST API endpoints for
// rate limits"; which path belongs to which is known from recorded answers.
//
// Whole segments are compared, because a file, a branch or a user may be
// called audit-log or graphql.
func githubResource(req Request) string {
	path, method := restPath(req.path()), req.method()
	switch {
	// A GET of /graphql, for the schema, is booked like the POSTs.
	case path == "/graphql" || isGraphQL(req):
		return "graphql"
	case path == "/search/code":
		return "code_search"
	case strings.HasPrefix(path, "/search/"):
		return "search"
	case strings.HasPrefix(path, "/scim/"):
		return "scim"
	case method == http.MethodPost && manifestConversion(path):
		return "integration_manifest"
	}
	kind, tail := owned(path)
	switch {
	// Starting an import was answered with 99 of 100 left and no resource:
	// booked on core, it would make a full token look nearly empty.
	case kind == "repo" && tail == "/import" && method == http.MethodPut:
		return "source_import"
	case kind == "repo" && tail == "/dependency-graph/snapshots" && method == http.MethodPost:
		return "dependency_snapshots"
	case kind == "repo" && tail == "/dependency-graph/sbom":
		return "dependency_sbom"
	case kind == "group" && tail == "/audit-log":
		return "audit_log"
	// Listing runners is core, as recorded; only registering one is not.
	case tail == "/actions/runners/registration-token" && method == http.MethodPost:
		return "actions_runner_registration"
	}
	// Uploads of SARIF had a bucket of their own until May 2026.
	return "core"
}

// restPath strips what comes before the path on Enterprise Server ("/api/v3",
// or "/api" for GraphQL and uploads), and trailing slashes. No path of
// github.com or ghe.com begins with /api.
func restPath(path string) string {
	path = below(below(path, "/api"), "/v3")
	for len(path) > 0 && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	return path
}

// below returns what follows a first segment, or the path if it begins otherwise.
func below(path, first string) string {
	if rest, ok := strings.CutPrefix(path, first); ok && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path
}

// manifestConversion reports whether path is /app-manifests/{code}/conversions.
func manifestConversion(path string) bool {
	head, rest := segment(path)
	_, tail := segment(rest)
	return head == "app-manifests" && tail == "/conversions"
}

// owned splits a path into the kind of its owner, "repo" or "group", and what
// follows the owner. Renamed repositories redirect to /repositories/{id}, and
// organizations can be named by id as well.
func owned(path string) (kind, tail string) {
	head, rest := segment(path)
	switch head {
	case "repos":
		_, rest = segment(rest)
		_, rest = segment(rest)
		return "repo", rest
	case "repositories":
		_, rest = segment(rest)
		return "repo", rest
	case "orgs", "organizations", "enterprises":
		_, rest = segment(rest)
		return "group", rest
	}
	return "", ""
}

// segment splits "/a/b/c" into "a" and "/b/c".
func segment(path string) (head, tail string) {
	if path == "" {
		return "", ""
	}
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// githubRefusal tells what a 403 or 429 of GitHub means. Only the message and
// documentation_url of a JSON body count, never the raw body: titles of issues
// speak of secondary rate limits, and pages of proxies of rate limits.
//
// The order follows "Rate limits for the REST API", except that a message
// which says secondary wins over a spent budget; both waits then apply.
func githubRefusal(resp Response, o *Observation, w *words) Class {
	remaining, known := o.Remaining.Get()
	_, paused := o.RetryAfter.Get()
	tooMany := resp.Status == http.StatusTooManyRequests
	switch {
	case w.saysSecondary():
		return SecondaryLimit
	case w.saysPrimary():
		return PrimaryLimit
	case known && remaining == 0 && (tooMany || w.said() == ""):
		// HEAD has no body, so the header must do. A 403 that gives another
		// reason is an answer: waiting for the reset would not change it.
		return PrimaryLimit
	case paused || first(resp.Header, "Gh-Limited-By") != "":
		// Only Enterprise Server sends gh-limited-by.
		return SecondaryLimit
	case tooMany:
		// Nothing says which limit. The secondary one costs a minute's pause,
		// where the primary one would rest the budget without a known end.
		return SecondaryLimit
	}
	return Forbidden
}

// graphqlClass tells what a served GraphQL answer means: GitHub refuses with
// 200 and an entry in errors. The types are those of "Rate limits and query
// limits for the GraphQL API", and RATE_LIMIT, sent since December 2025.
func graphqlClass(w *words) Class {
	switch {
	case w.spent:
		return PrimaryLimit
	case w.hurried:
		return SecondaryLimit
	}
	return OK
}

// saysPrimary reports whether the message is that of a spent budget: "API rate
// limit exceeded for user ID 1", or "API rate limit already exceeded".
func (w *words) saysPrimary() bool {
	m := strings.ToLower(trim(w.said()))
	return strings.HasPrefix(m, "api rate limit exceeded") ||
		strings.HasPrefix(m, "api rate limit already exceeded") ||
		w.message == "" && w.spent
}

// saysSecondary reports whether the message, or the page of the documentation
// that it points to, is about secondary limits, called abuse limits until 2021.
func (w *words) saysSecondary() bool {
	guide := strings.ToLower(w.guide)
	return hurried(w.message) ||
		strings.Contains(guide, "secondary-rate-limits") ||
		strings.Contains(guide, "abuse-rate-limits") ||
		w.message == "" && w.hurried
}

// hurried reports whether a message says that requests came too fast.
func hurried(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "secondary rate limit") ||
		strings.Contains(m, "abuse detection mechanism") ||
		strings.Contains(m, "was submitted too quickly")
}
