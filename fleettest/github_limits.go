package fleettest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// githubResources are GitHub's windows, as GET /rate_limit lists them. An
// address may search without a token, but not code.
var githubResources = map[string]resource{
	"core":                        {limit: 5000, anonymous: 60},
	"graphql":                     {limit: 5000, anonymous: 0},
	"integration_manifest":        {limit: 5000, anonymous: 5000},
	"actions_runner_registration": {limit: 10000, anonymous: 60},
	"scim":                        {limit: 15000, anonymous: 60},
	"audit_log":                   {limit: 1750, anonymous: 60},
	"search":                      {limit: 30, anonymous: 10, window: time.Minute},
	"code_search":                 {limit: 10, anonymous: 60, window: time.Minute},
	"source_import":               {limit: 100, anonymous: 5, window: time.Minute},
	"dependency_snapshots":        {limit: 100, anonymous: 60, window: time.Minute},
	"dependency_sbom":             {limit: 100, anonymous: 60, window: time.Minute},
}

// The pages that refusals point to.
const (
	primaryDocs   = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
	secondaryDocs = "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
)

// clientAddress is the address of all clients, from the range for examples.
const clientAddress = "192.0.2.1"

// githubResource says which window a path belongs to.
func githubResource(method, path string) string {
	switch {
	case path == "/graphql":
		return "graphql"
	case path == "/search/code":
		return "code_search"
	case strings.HasPrefix(path, "/search/"):
		return "search"
	case strings.HasPrefix(path, "/app-manifests/") && method == http.MethodPost:
		return "integration_manifest"
	case strings.HasSuffix(path, "/dependency-graph/snapshots") && method == http.MethodPost:
		return "dependency_snapshots"
	case strings.HasSuffix(path, "/dependency-graph/sbom"):
		return "dependency_sbom"
	case strings.HasSuffix(path, "/import") && method == http.MethodPut:
		return "source_import"
	case strings.HasSuffix(path, "/actions/runners/registration-token") && method == http.MethodPost:
		return "actions_runner_registration"
	case strings.HasSuffix(path, "/audit-log"):
		return "audit_log"
	case strings.HasPrefix(path, "/scim/"):
		return "scim"
	}
	return "core"
}

// price is how much of its window a call takes.
func (g *GitHub) price(c *call) int {
	switch {
	case c.path == "/rate_limit":
		return 0 // "Calling this endpoint does not count against your REST API rate limit."
	case c.resource == "graphql" && g.cfg.QueryCost != nil:
		return g.cfg.QueryCost(graphQLQuery(c.body))
	}
	return 1
}

// admit takes the call's cost from the account's window, or refuses it.
func (g *GitHub) admit(c *call) *answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.budget(c.account, c.resource)
	if rest, refused := g.secondary(c); refused {
		c.numbers = w.read(c.arrived, c.resource)
		g.note(c, func(n *Counts) { n.RefusedSecondary++ })
		return g.refuseSecondary(c, rest)
	}
	ok := w.take(c.arrived, c.cost)
	c.numbers = w.read(c.arrived, c.resource)
	if !ok && !(c.resource == "graphql" && c.account.anonymous()) {
		g.note(c, func(n *Counts) { n.RefusedPrimary++ })
		return g.refusePrimary(c)
	}
	return nil
}

// refusePrimary is the answer to a call too many. g.mu must be held.
func (g *GitHub) refusePrimary(c *call) *answer {
	msg := "API rate limit exceeded for " + spender(c.account) + "."
	if c.account.anonymous() {
		msg += " (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)"
	}
	if c.resource == "graphql" {
		return g.dressLocked(c, newJSON(http.StatusOK, graphQLRefusal(msg)))
	}
	return g.dressLocked(c, githubRefusal(c, g.limitStatus(), msg, primaryDocs))
}

// refuseSecondary is the answer while a secondary limit rests the account.
// g.mu must be held.
func (g *GitHub) refuseSecondary(c *call, rest time.Duration) *answer {
	msg := "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
	if creates(c) {
		msg = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later."
	}
	a := g.dressLocked(c, githubRefusal(c, g.limitStatus(), msg, secondaryDocs))
	if !g.cfg.OmitRetryAfter {
		seconds := (rest + time.Second - 1) / time.Second
		a.header.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	return a
}

// githubRefusal is a refusal for a limit. One of a HEAD has no body.
func githubRefusal(c *call, status int, message, docs string) *answer {
	a := githubError(status, message, docs)
	if c.r.Method == http.MethodHead {
		a.body = nil
	}
	return a
}

// limitStatus is the status of refusals.
func (g *GitHub) limitStatus() int {
	if g.cfg.LimitStatus != 0 {
		return g.cfg.LimitStatus
	}
	return http.StatusForbidden
}

// spender names an account in a refusal.
func spender(a *account) string {
	switch {
	case a.anonymous():
		return clientAddress
	case a.installation:
		return fmt.Sprintf("installation ID %d", a.id)
	}
	return fmt.Sprintf("user ID %d", a.id)
}
