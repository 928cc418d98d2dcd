package transport

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// made is a refusal in the form of one kind of host.
type made struct {
	status int
	kind   string // Content-Type
	text   string
	prefix string // of the header fields with numbers; empty if the host sends none
}

// makeRefusal returns the answer that the host would give to a call for which
// no token is left. It has nothing that was not known before: the numbers are
// the sums of the manager's accounts, its Reset and Retry-After say when the
// manager is ready.
func (c *call) makeRefusal(why *tokens.ExhaustedError) *http.Response {
	m := c.refusalOf(why)
	now := time.Now()
	h := http.Header{
		"Content-Type": {m.kind},
		"Date":         {now.UTC().Format(http.TimeFormat)},
		"X-From-Cache": {"1"},
		"Retry-After":  {strconv.FormatInt(max(1, ceilSeconds(why.ReadyAt.Sub(now))), 10)},
	}
	if m.prefix != "" {
		c.tellNumbers(h, m.prefix, why.ReadyAt)
	}
	resp := &http.Response{
		Status:     strconv.Itoa(m.status) + " " + http.StatusText(m.status),
		StatusCode: m.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        h,
		Body:          http.NoBody,
		ContentLength: int64(len(m.text)),
	}
	h.Set("Content-Length", strconv.Itoa(len(m.text)))
	if method(c.request) != http.MethodHead {
		resp.Body = io.NopCloser(bytes.NewReader([]byte(m.text)))
	}
	return resp
}

// tellNumbers writes a spent budget into h.
func (c *call) tellNumbers(h http.Header, prefix string, readyAt time.Time) {
	h.Set(prefix+"Remaining", "0")
	h.Set(prefix+"Reset", strconv.FormatInt(readyAt.Add(time.Second-1).Unix(), 10))
	used, resource := "Used", "Resource"
	if prefix == gitlabPrefix {
		used, resource = "Observed", "Name"
	}
	h.Set(prefix+resource, c.draw.Resource)
	if limit := c.host.Limit(c.draw.Resource); limit > 0 {
		h.Set(prefix+"Limit", strconv.FormatInt(limit, 10))
		h.Set(prefix+used, strconv.FormatInt(limit, 10))
	}
}

const (
	githubPrefix = "X-Ratelimit-"
	gitlabPrefix = "Ratelimit-"
)

// refusalOf returns the form of the call's host: GitHub's 403, which GraphQL has
// as a 200 with an error of the type RATE_LIMITED (GitHub Docs, "Rate limits for
// the REST API", "Rate limits and query limits for the GraphQL API"), and the
// 429 of all others (GitLab docs, "User and IP rate limits"; Atlassian support,
// "API request limits").
func (c *call) refusalOf(why *tokens.ExhaustedError) made {
	text := "API rate limit exceeded for the fleet of tokens: " + strings.TrimPrefix(why.Error(), "gitfleet: ")
	switch c.host.Dialect() {
	case ratelimit.GitHub, ratelimit.GitHubEnterprise:
		if c.draw.Resource == "graphql" {
			type problem struct {
				Type    string `json:"type"`
				Message string `json:"message"`
			}
			doc := map[string]any{"errors": []problem{{"RATE_LIMITED", text}}}
			return made{http.StatusOK, "application/json; charset=utf-8", string(mustMarshal(doc)), githubPrefix}
		}
		doc := map[string]string{
			"message":           text,
			"documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
		}
		return made{http.StatusForbidden, "application/json; charset=utf-8", string(mustMarshal(doc)), githubPrefix}
	case ratelimit.GitLab:
		return made{http.StatusTooManyRequests, "text/plain", "Retry later\n", gitlabPrefix}
	}
	return made{http.StatusTooManyRequests, "text/plain", "Rate limit for this resource has been exceeded", ""}
}
