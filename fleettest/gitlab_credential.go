package fleettest

import (
	"net/http"
	"strings"
)

// gitlabSecret is the credential of a call and how it came. GitLab docs, "REST
// API authentication".
type gitlabSecret struct {
	secret string
	bearer bool
	given  bool // there was one, be it an empty Bearer
}

// gitlabCredential returns what c carries: PRIVATE-TOKEN or JOB-TOKEN, the
// same as a parameter of the query, or a Bearer. GitLab takes the first there
// is; an empty one is none.
func gitlabCredential(c *call) gitlabSecret {
	for _, secret := range []string{
		c.r.Header.Get("Private-Token"), c.query.Get("private_token"),
		c.r.Header.Get("Job-Token"), c.query.Get("job_token"),
	} {
		if secret != "" {
			return gitlabSecret{secret: secret, given: true}
		}
	}
	scheme, rest, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "bearer") {
		return gitlabSecret{secret: strings.TrimSpace(rest), bearer: true, given: true}
	}
	return gitlabSecret{}
}

// unauthorized refuses a credential that is not accepted: in the form of RFC
// 6750, if it came as a Bearer.
func (g *GitLab) unauthorized(c *call, s gitlabSecret) *answer {
	g.mu.Lock()
	g.note(c, func(n *Counts) { n.Unauthorized++ })
	why := g.whyNot(s.secret)
	g.mu.Unlock()
	if !s.bearer {
		return gitlabNeedsUser()
	}
	a := gitlabJSON(http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": why})
	a.header.Set("Www-Authenticate", `Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="`+why+`"`)
	return a
}

// whyNot says why a Bearer is not accepted. g.mu must be held.
func (g *GitLab) whyNot(secret string) string {
	switch cred := g.credentials[digestOf(secret)]; {
	case cred == nil:
		return "Bad Access Token."
	case cred.revoked:
		return "Token was revoked. You have to re-authorize from the user."
	}
	return "Token is expired. You can either do re-authorization or token refresh."
}

// gitlabNeedsUser answers an endpoint that has nothing for the public.
func gitlabNeedsUser() *answer { return gitlabError(http.StatusUnauthorized, "401 Unauthorized") }
