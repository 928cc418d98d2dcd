package fleettest

import (
	"net/http"
	"strings"
)

// Requests returns a [Fault.Match] that picks requests by their method and
// path. In the path "{name}" stands for any part, and "{name...}" at the end
// for one or more of them:
//
//	sim.Inject(fleettest.Fault{
//		Match: fleettest.Requests("GET", "/repos/{owner}/{repo}/commits"),
//		Times: 3, Status: 451,
//	})
//
// The path is the client's whole path as it was sent, so that it begins with
// /api/v4 at GitLab and with /2.0 at Bitbucket, and a name that is escaped, as
// acme%2Frepo-0001, is one part. The method "" picks any.
func Requests(method, path string) func(*http.Request) bool {
	want := strings.Split(path, "/")
	return func(r *http.Request) bool {
		return (method == "" || method == r.Method) && fits(want, strings.Split(r.URL.EscapedPath(), "/"))
	}
}

// fits reports whether the parts of a path are those wanted, of which "{name}"
// is any and "{name...}", the last, any number but none.
func fits(want, got []string) bool {
	for i, part := range want {
		switch {
		case i >= len(got) || got[i] == "" && part != "":
			return false
		case strings.HasSuffix(part, "...}"):
			return true
		case !strings.HasPrefix(part, "{") && part != got[i]:
			return false
		}
	}
	return len(want) == len(got)
}
