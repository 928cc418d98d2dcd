package transport

import (
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// sendForeign sends a request for a host that the manager's tokens of this
// provider must not reach. http.Client drops Authorization on a redirect to
// another host, but a RoundTripper runs after that, and PRIVATE-TOKEN and
// JOB-TOKEN are not dropped at all (net/http, Client.makeHeadersCopier).
func (t *Transport) sendForeign(req *http.Request) (*http.Response, error) {
	if !t.Manager.Holds(req.Header) && !t.redirectedFromHost(req) {
		return t.pass(req)
	}
	bare := *req
	bare.Header = req.Header.Clone()
	tokens.StripCredentials(bare.Header)
	resp, err := t.base().RoundTrip(&bare)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// pass sends req as it came in. It makes up for RoundTrippers that do not say
// what they answer, because redirectedFromHost follows that.
func (t *Transport) pass(req *http.Request) (*http.Response, error) {
	resp, err := t.base().RoundTrip(req)
	if resp != nil && resp.Request == nil {
		resp.Request = req
	}
	return resp, err
}

// redirectedFromHost reports whether req is a hop of a redirect chain that any
// token's host was part of.
func (t *Transport) redirectedFromHost(req *http.Request) bool {
	for r := req.Response; r != nil && r.Request != nil; r = r.Request.Response {
		if t.Manager.Covers(r.Request.URL) {
			return true
		}
	}
	return false
}

// keepsOwnCredential reports whether the caller has set a credential that only
// the caller can have: GitHub's endpoints for apps want the app's JWT, as do
// those that tell where an app is installed, and those for OAuth applications
// want Basic with the client's secret (GitHub Docs, "REST API endpoints for
// GitHub Apps" and "… for OAuth authorizations").
func keepsOwnCredential(h *tokens.Host, req *http.Request) bool {
	auths := req.Header["Authorization"] // the key is in canonical form
	if len(auths) == 0 || auths[0] == "" {
		return false
	}
	auth := auths[0]
	path := req.URL.Path
	switch h.Dialect() {
	case ratelimit.GitHub:
	case ratelimit.GitHubEnterprise:
		_, path, _ = strings.Cut(path, "/api/v3")
	default:
		return false
	}
	switch {
	case path == "/app", strings.HasPrefix(path, "/app/"), strings.HasSuffix(path, "/installation"):
		return isJWT(auth)
	case strings.HasPrefix(path, "/applications/"):
		return hasPrefixFold(auth, "Basic ")
	}
	return false
}

// isJWT reports whether auth carries a JSON Web Token, whose header is a JSON
// object and so begins with "eyJ" in base64url.
func isJWT(auth string) bool {
	return hasPrefixFold(auth, "Bearer eyJ") && strings.Count(auth, ".") == 2
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
