package fleettest

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// GitLab is a simulated GitLab.
//
// As an [http.RoundTripper] it answers in memory as https://gitlab.com, with
// its API below /api/v4 and at /api/graphql, and as the storage host that
// downloads of archives are redirected to. Over a socket the API may also lie
// below a relative URL root, such as /gitlab/api/v4. A request for any other
// host fails as if the name did not exist. What is outside /api is a website
// that counts nothing; a credential does not belong there, and [GitLab.Leaks]
// says so if one came.
//
// It counts like GitLab. All calls of an account draw on one throttle,
// throttle_authenticated_api, of 2,000 a minute as the clock has it; the
// RateLimit headers of every answer tell its state, and a call too many is
// refused with 429 and a plain text, but is counted. Calls without a token,
// and those with one that is not accepted, draw on the 500 that the address
// has. Beside the throttle some routes have limits of their own, which those
// headers do not show: their 429 is JSON. A resource is called by the name of
// its throttle or by its route: "GET /groups/{id}/projects". A conditional request that is
// answered 304 costs a call. See GitLab docs, "Rate limits on GitLab.com",
// "User and IP rate limits" and "Rate limit on Projects API".
//
// Groups come from [Config.Organizations]. A login with slashes, such as
// "acme/platform", is a group in another one.
//
// Lists of more than 10,000 entries, and all lists of commits, do not say how
// long they are. Lists of projects and of files can be read by keys; others
// refuse that with 405. See GitLab docs, "REST API", section "Pagination".
//
// A GitLab is safe for concurrent use and must not be copied. It starts no
// goroutine.
type GitLab struct {
	host
	issues ledger[Issue]
	merges ledger[PullRequest]
}

var (
	_ http.RoundTripper = (*GitLab)(nil)
	_ http.Handler      = (*GitLab)(nil)
)

// gitlabHome is where the best known GitLab is.
const gitlabHome = "https://gitlab.com"

// NewGitLab returns a simulated GitLab. It panics if a token or an account is
// listed twice, or a limit is for a resource that it does not have.
func NewGitLab(cfg Config) *GitLab {
	g := &GitLab{}
	g.home = gitlabHome
	g.origins = map[string]bool{gitlabHome: true}
	g.resources, g.main, g.period = gitlabResources(cfg), gitlabThrottle, time.Minute
	g.scopes, g.nests = "api", true
	g.newBudget = func(limit int, length time.Duration) budget {
		return &window{limit: limit, length: length, aligned: true, strict: true}
	}
	g.reply = g.answer
	g.foreign = g.answerElsewhere
	g.init("gitlab", cfg)
	g.checkResources(cfg, gitlabHas)
	g.has = func(name string) bool { _, ok := g.resources[name]; return ok }
	return g
}

// String names the simulator and what it has counted, no token.
func (g *GitLab) String() string {
	s := g.Stats()
	return fmt.Sprintf("fleettest.GitLab{%d accounts, %d requests}", len(s.Accounts)-1, s.Requests)
}

// Format prints what String says, whatever the verb.
func (g *GitLab) Format(s fmt.State, _ rune) { io.WriteString(s, g.String()) }

// answer answers one request, in the order in which GitLab looks at it: its
// throttle stands before its credential.
func (g *GitLab) answer(c *call) *answer {
	if !g.enter(c) {
		g.recordLeaks(c)
		return websitePage()
	}
	cred := gitlabCredential(c)
	known := g.identify(c, cred.secret, cred.given)
	c.resource = gitlabThrottle
	if c.account.anonymous() {
		c.resource = gitlabAddressThrottle
	}
	if a := g.throttle(c); a != nil {
		return a
	}
	if !known {
		return g.dress(c, g.unauthorized(c, cred))
	}
	return g.dress(c, g.run(c))
}

// run carries the call out, unless the limit of its route is spent or a fault
// answers in its place.
func (g *GitLab) run(c *call) *answer {
	r, ok := gitlabRoutes.match(c.r.Method, c.path)
	if !ok {
		if c.skip {
			return newAnswer(http.StatusOK)
		}
		return gitlabJSON(http.StatusNotFound, map[string]string{"error": "404 Not Found"})
	}
	if a := g.applicationLimit(c, r.name()); a != nil {
		return a
	}
	if c.skip {
		return newAnswer(http.StatusOK)
	}
	return r.endpoint(g, c)
}

// Issues returns what clients created, in order.
func (g *GitLab) Issues() []Issue { return g.issues.list() }

// PullRequests returns the merge requests that clients created, in order.
func (g *GitLab) PullRequests() []PullRequest { return g.merges.list() }

// Rename gives a project another path. A read of its old path is then
// redirected to its id, and a write is refused with 405, as GitLab does.
func (g *GitLab) Rename(namespace, from, to string) {
	r, _ := g.catalog.repository(namespace, from)
	if r == nil {
		panic(fmt.Sprintf("fleettest: Rename: the simulated gitlab has no project %q", namespace+"/"+from))
	}
	g.catalog.rename(r, to)
}
