package fleettest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// gitlabJSON returns an answer with v as its body. GitLab names no character
// set.
func gitlabJSON(status int, v any) *answer {
	a := newJSON(status, v)
	a.header.Set("Content-Type", "application/json")
	return a
}

// gitlabError is an error in GitLab's usual form. Others have "error" in the
// place of "message".
func gitlabError(status int, message string) *answer {
	return gitlabJSON(status, map[string]string{"message": message})
}

// gitlabMissing answers what does not exist or must not be seen, by the name
// of its kind: "404 Project Not Found".
func gitlabMissing(kind string) *answer {
	return gitlabError(http.StatusNotFound, "404 "+kind+" Not Found")
}

// websitePage is an answer of the part of GitLab that is no API.
func websitePage() *answer {
	a := newAnswer(http.StatusNotFound)
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	a.body = []byte("<!DOCTYPE html>\n<title>The page could not be found (404)</title>\n")
	return a
}

// dress puts the headers on that GitLab sends with every answer of the API.
func (g *GitLab) dress(c *call, a *answer) *answer {
	g.mu.Lock()
	g.serial++
	serial := g.serial
	g.mu.Unlock()
	h := a.header
	h.Set("Server", "nginx")
	h.Set("X-Request-Id", fmt.Sprintf("01FLEET%019X", serial))
	h.Set("X-Runtime", "0.040000")
	h.Set("Vary", "Origin")
	h.Set("Cache-Control", "max-age=0, private, must-revalidate")
	g.tell(h, c.numbers)
	revalidate(c, a)
	return a
}

// tell writes the state of the throttle, which successes have as well. The
// limit is told for a minute, rounded up, and what remains for the period as
// it is, so that it may be more. GitLab docs, "User and IP rate limits",
// section "Response headers".
func (g *GitLab) tell(h http.Header, n numbers) {
	if !n.limited || g.cfg.GitLab.OmitThrottleHeaders {
		return
	}
	n = g.told(n)
	perMinute := math.Ceil(float64(n.limit) * float64(time.Minute) / float64(g.windowOf(n.resource)))
	h.Set("RateLimit-Limit", strconv.Itoa(int(perMinute)))
	h.Set("RateLimit-Name", n.resource)
	h.Set("RateLimit-Observed", strconv.Itoa(n.used))
	h.Set("RateLimit-Remaining", strconv.Itoa(n.remaining))
	h.Set("RateLimit-Reset", strconv.FormatInt(n.reset.Unix(), 10))
}
