package ratelimit

import (
	"net/http"
	"strings"
)

// gitlabThrottle names the throttle that GitLab books a request on, as the
// RateLimit-Name header would. Which paths have one of their own is described
// on "User and IP rate limits", "Package registry rate limits", "Repository
// files API rate limits" and "Git LFS rate limits"; an administrator may have
// left them off, and then the general throttle counts.
func gitlabThrottle(req Request) string {
	path := req.path()
	if req.URL != nil && req.URL.RawPath != "" {
		path = req.URL.RawPath // keeps the %2F of a project's name in one segment
	}
	// Git LFS is no part of the API: it hangs below the repository's own URL,
	// and GitLab has no throttle of its own for anonymous LFS.
	if strings.Contains(path, "/info/lfs/") {
		if req.Anonymous {
			return "throttle_unauthenticated_git_http"
		}
		return "throttle_authenticated_git_lfs"
	}
	// RateLimit-Name tells an anonymous request's throttle by its middle word.
	switch apiFamily(path) {
	case "packages":
		if req.Anonymous {
			return "throttle_unauthenticated_packages_api"
		}
		return "throttle_authenticated_packages_api"
	case "files":
		if req.Anonymous {
			return "throttle_unauthenticated_files_api"
		}
		return "throttle_authenticated_files_api"
	}
	if req.Anonymous {
		return "throttle_unauthenticated_api"
	}
	return "throttle_authenticated_api"
}

// apiFamily returns "packages" or "files" for a path of the REST API that has
// a throttle of its own, else "". The API may live below a relative URL root.
func apiFamily(path string) string {
	_, path, found := strings.Cut(path, "/api/v4")
	if !found {
		return ""
	}
	head, rest := segment(path)
	owner := head
	if head == "projects" || head == "groups" {
		_, rest = segment(rest)
		head, rest = segment(rest)
	}
	if owner == "groups" && head == "-" {
		head, rest = segment(rest)
	}
	switch {
	case head == "packages" && rest != "" && rest != "/":
		return "packages"
	case owner == "projects" && head == "repository" && strings.HasPrefix(rest, "/files/"):
		return "files"
	}
	return ""
}

// gitlabRefusal tells what a 403 or 429 of GitLab means. Its throttles answer
// in plain text with RateLimit headers; the text can be changed by an
// administrator, and the headers may be missing. Its application limits answer
// in JSON, count one endpoint, and do not show in the headers, which may look
// healthy. What is left comes from the edge.
func gitlabRefusal(resp Response, w *words) Class {
	switch {
	case resp.Status != http.StatusTooManyRequests:
		return Forbidden
	case w.saysApplicationLimit():
		return SecondaryLimit
	case strings.HasPrefix(strings.ToLower(w.plain), "retry later"):
		return PrimaryLimit
	case hasPrefixed(resp.Header, "Ratelimit-"):
		return PrimaryLimit
	}
	return SecondaryLimit
}

// saysApplicationLimit reports whether the body is that of GitLab's
// application limiter.
func (w *words) saysApplicationLimit() bool {
	return w.json && strings.Contains(strings.ToLower(w.text()), "requested too many times")
}

// hasPrefixed reports whether a header whose canonical key has this prefix
// says anything.
func hasPrefixed(h http.Header, prefix string) bool {
	for key := range h {
		if strings.HasPrefix(key, prefix) && first(h, key) != "" {
			return true
		}
	}
	return false
}
