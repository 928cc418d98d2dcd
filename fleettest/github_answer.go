package fleettest

import (
	"fmt"
	"net/http"
	"strconv"
)

// githubProblem is the body of GitHub's errors.
type githubProblem struct {
	Message          string `json:"message"`
	DocumentationURL string `json:"documentation_url"`
	Status           string `json:"status"`
}

// githubError is an error in GitHub's form.
func githubError(status int, message, docs string) *answer {
	return newJSON(status, githubProblem{message, docs, strconv.Itoa(status)})
}

// notFound answers what does not exist or must not be seen. GitHub says 404
// for both; docs, "Troubleshooting the REST API".
func notFound(*GitHub, *call) *answer {
	return githubError(http.StatusNotFound, "Not Found", "https://docs.github.com/rest")
}

// dress puts the headers on that GitHub sends with every answer.
func (g *GitHub) dress(c *call, a *answer) *answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dressLocked(c, a)
}

// dressLocked is dress with g.mu held.
func (g *GitHub) dressLocked(c *call, a *answer) *answer {
	g.serial++
	h := a.header
	h.Set("Server", "github.com")
	h.Set("X-Github-Request-Id", fmt.Sprintf("%04X:%06X:%08X", 0xF1EE, g.serial>>16, g.serial))
	h.Set("X-Github-Media-Type", "github.v3; format=json")
	h.Set("X-Github-Api-Version-Selected", "2022-11-28")
	h.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With")
	if c.entry.Host != "uploads.github.com" { // uploads are counted, but the numbers are not told
		setRateLimit(h, g.told(c.numbers))
	}
	if cred := c.credential; cred != nil {
		h.Set("X-Oauth-Scopes", cred.account.scopes)
		if !cred.expires.IsZero() {
			h.Set("Github-Authentication-Token-Expiration", cred.expires.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
	}
	if a.status == http.StatusOK && read(c.r.Method) && !c.skip {
		h.Set("Etag", githubETag(c, a))
		h.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	}
	return a
}

// setRateLimit writes the window's numbers.
func setRateLimit(h http.Header, n numbers) {
	if !n.limited {
		return
	}
	h.Set("X-Ratelimit-Limit", strconv.Itoa(n.limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(n.remaining))
	h.Set("X-Ratelimit-Used", strconv.Itoa(n.used))
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(n.reset.Unix(), 10))
	h.Set("X-Ratelimit-Resource", n.resource)
}
