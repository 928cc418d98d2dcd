package fleettest

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// GitHub is a simulated GitHub.
//
// As an [http.RoundTripper] it answers in memory as https://api.github.com and
// https://uploads.github.com, and as the storage host that release assets are
// redirected to. A request for any other host fails as if the name did not
// exist; if it carried a credential, [GitHub.Leaks] says so.
//
// It counts like GitHub. An account's calls go into a window for each
// resource, which starts with the first call that counts and is told in the
// X-RateLimit headers; a call too many is refused with 403 or 429, and is not
// counted. An unknown token is 401, with the numbers of the client's address;
// calls without a token share the address's 60 an hour. All clients have the
// same address. A conditional request that is answered 304 is free for an
// account. Secondary limits refuse an account everything until its rest is
// over. See GitHub docs, "Rate limits for the REST API" and "Best practices
// for using the REST API".
//
// Issues and pull requests share one sequence of numbers and one list. A list of
// issues with 10,000 or more leads on by cursors and refuses the numbers of
// late pages with 422, as GitHub does without documenting it. A file above 1 MiB
// comes as it is only, a directory shows 1,000 entries and a tree 7 MiB of
// them. See GitHub docs, "Get repository content" and "Get a tree".
//
// A GitHub is safe for concurrent use and must not be copied. It starts no
// goroutine.
type GitHub struct {
	host
	issues ledger[Issue]
}

var (
	_ http.RoundTripper = (*GitHub)(nil)
	_ http.Handler      = (*GitHub)(nil)
)

// The hosts of github.com that take a token.
const (
	githubAPI     = "https://api.github.com"
	githubUploads = "https://uploads.github.com"
)

// NewGitHub returns a simulated GitHub. It panics if a token or an account is
// listed twice.
func NewGitHub(cfg Config) *GitHub {
	g := &GitHub{}
	g.home = githubAPI
	g.origins = map[string]bool{githubAPI: true, githubUploads: true}
	g.resources, g.main, g.period = githubResources, "core", time.Hour
	g.scopes = "read:org, repo, user"
	g.newBudget = func(limit int, length time.Duration) budget { return &window{limit: limit, length: length} }
	g.reply = g.answer
	g.foreign = g.answerElsewhere
	g.init("github", cfg)
	return g
}

// String names the simulator and what it has counted, no token.
func (g *GitHub) String() string {
	s := g.Stats()
	return fmt.Sprintf("fleettest.GitHub{%d accounts, %d requests}", len(s.Accounts)-1, s.Requests)
}

// Format prints what String says, whatever the verb.
func (g *GitHub) Format(s fmt.State, _ rune) { io.WriteString(s, g.String()) }

// answer answers one request, in the order in which GitHub looks at it: its
// form, its credential, its limits, its path.
func (g *GitHub) answer(c *call) *answer {
	g.cutPrefix(c)
	if a := malformed(c); a != nil {
		return a
	}
	secret, given := githubCredential(c.r)
	c.resource = githubResource(c.r.Method, c.path)
	if !g.identify(c, secret, given) {
		return g.unauthorized(c)
	}
	var e endpoint[*GitHub] = notFound
	if r, ok := githubRoutes.match(c.r.Method, c.path); ok {
		e = r.endpoint
	}
	if c.r.Header.Get("If-None-Match") != "" && read(c.r.Method) && !c.skip {
		return g.conditional(c, e)
	}
	c.cost = g.price(c)
	if a := g.admit(c); a != nil {
		return a
	}
	return g.dress(c, g.run(c, e))
}

// run carries the call out, unless a fault answers in its place.
func (g *GitHub) run(c *call, e endpoint[*GitHub]) *answer {
	if c.skip {
		return newAnswer(http.StatusOK)
	}
	return e(g, c)
}

// conditional answers a request that has the answer already, perhaps. What is
// spent is spent: GitHub does not say whether a 304 would still be given then.
func (g *GitHub) conditional(c *call, e endpoint[*GitHub]) *answer {
	a := g.run(c, e)
	fresh := a.status == http.StatusOK && matches(c.r.Header.Get("If-None-Match"), githubETag(c, a))
	if c.cost = g.price(c); fresh && c.credential != nil {
		c.cost = 0
	}
	if refusal := g.admit(c); refusal != nil {
		return refusal
	}
	a = g.dress(c, a)
	if fresh {
		a.status, a.body = http.StatusNotModified, nil
		a.header.Del("Content-Type") // Link stays, which may have changed (app-sre/github-mirror, pull request 113)
	}
	return a
}
