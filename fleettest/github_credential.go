package fleettest

import (
	"net/http"
	"strings"
)

// githubCredential returns the token that r carries, in one of the forms of
// GitHub docs, "Authenticating to the REST API": Bearer, token, or Basic with
// the token as the password (or, from before 2020, as the user).
func githubCredential(r *http.Request) (token string, given bool) {
	value := r.Header.Get("Authorization")
	if value == "" {
		return "", false
	}
	scheme, rest, _ := strings.Cut(value, " ")
	switch strings.ToLower(scheme) {
	case "bearer", "token":
		return strings.TrimSpace(rest), true
	case "basic":
		user, password, _ := r.BasicAuth()
		if password == "" || password == "x-oauth-basic" {
			return user, true
		}
		return password, true
	}
	return "", true
}

// malformed answers what GitHub's edge does not let in. There are no
// rate-limit headers.
func malformed(c *call) *answer {
	if len(c.r.Header["Authorization"]) > 1 {
		return edgePage(http.StatusBadRequest, "Bad Request")
	}
	// Before net/http has written a request, a missing User-Agent means its
	// own; only an empty one says that there shall be none.
	if agent, ok := c.r.Header["User-Agent"]; (ok || c.from.wire) && strings.Join(agent, "") == "" {
		return edgePage(http.StatusForbidden, "Request forbidden by administrative rules. "+
			"Please make sure your request has a User-Agent header "+
			"(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). "+
			"Check https://developer.github.com for other possible causes.")
	}
	return nil
}

// edgePage is an answer of what stands before GitHub.
func edgePage(status int, text string) *answer {
	a := newAnswer(status)
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	a.body = []byte(text + "\r\n")
	return a
}

// unauthorized refuses a token that is not accepted. The numbers are those of
// the address, on which such calls are counted.
func (g *GitHub) unauthorized(c *call) *answer {
	g.mu.Lock()
	g.note(c, func(n *Counts) { n.Unauthorized++ })
	w := g.budget(g.address, "core")
	w.drain(c.arrived, 1)
	c.numbers = w.read(c.arrived, "core")
	g.mu.Unlock()
	c.resource = "core"
	return g.dress(c, githubError(http.StatusUnauthorized, "Bad credentials", "https://docs.github.com/rest"))
}

// requiresAuthentication answers an endpoint that has nothing for the public.
func requiresAuthentication(*GitHub, *call) *answer {
	return githubError(http.StatusUnauthorized, "Requires authentication", "https://docs.github.com/rest")
}
