package fleettest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Bitbucket is a simulated Bitbucket Cloud.
//
// As an [http.RoundTripper] it answers in memory as https://api.bitbucket.org,
// below /2.0, and as the storage host that downloads are redirected to. A
// request for any other host fails as if the name did not exist; if it carried
// a credential, [Bitbucket.Leaks] says so.
//
// It counts like Bitbucket: an account has 1,000 calls in the hour before now,
// whenever that is, and each call is given back by itself when it is an hour
// old; [Bitbucket.SetRemaining] makes all that was spent count as spent now. A
// call too many is refused with 429 and a plain text, and is not counted.
// Nobody is told how many calls remain or when one is given back: there is no
// header that says so, and no Retry-After. An access token, which is what a
// Bearer is here, is told X-RateLimit-Limit, -Resource and -NearLimit, except
// on a refusal. Calls without a credential share the address's 60 an hour. See
// Atlassian support, "API request limits", and the Atlassian developer page
// "Rate limits" on Bitbucket Cloud.
//
// Workspaces come from [Config.Organizations]; every user is one, too.
//
// More than 50 pull requests on a page are refused with 400, although the
// documentation says 100. Issues are gone, with 410.
//
// A Bitbucket is safe for concurrent use and must not be copied. It starts no
// goroutine.
type Bitbucket struct {
	host
	requests ledger[PullRequest]
}

var (
	_ http.RoundTripper = (*Bitbucket)(nil)
	_ http.Handler      = (*Bitbucket)(nil)
)

// bitbucketHome is the host of Bitbucket's API.
const bitbucketHome = "https://api.bitbucket.org"

// NewBitbucket returns a simulated Bitbucket. It panics if a token or an
// account is listed twice, or a limit is for a resource that it does not have.
func NewBitbucket(cfg Config) *Bitbucket {
	b := &Bitbucket{}
	b.home = bitbucketHome
	b.origins = map[string]bool{bitbucketHome: true}
	b.resources, b.main, b.period = bitbucketResources, bitbucketAPI, time.Hour
	b.newBudget = func(limit int, length time.Duration) budget { return &rolling{limit: limit, span: length} }
	b.reply = b.answer
	b.foreign = b.answerElsewhere
	b.init("bitbucket", cfg)
	b.has = func(name string) bool { return name == bitbucketAPI }
	b.checkResources(cfg, b.has)
	return b
}

// String names the simulator and what it has counted, no token.
func (b *Bitbucket) String() string {
	s := b.Stats()
	return fmt.Sprintf("fleettest.Bitbucket{%d accounts, %d requests}", len(s.Accounts)-1, s.Requests)
}

// Format prints what String says, whatever the verb.
func (b *Bitbucket) Format(s fmt.State, _ rune) { io.WriteString(s, b.String()) }

// PullRequests returns what clients created, in order.
func (b *Bitbucket) PullRequests() []PullRequest { return b.requests.list() }

// answer answers one request: its credential first, then its limit.
func (b *Bitbucket) answer(c *call) *answer {
	secret, bearer, given := bitbucketCredential(c.r)
	c.resource = bitbucketAPI
	if !b.identify(c, secret, given) {
		return b.dress(c, b.unauthorized(c), false)
	}
	if a := b.admit(c); a != nil {
		return a
	}
	return b.dress(c, b.run(c), bearer)
}

// run carries the call out, unless a fault answers in its place. What is not
// below /2.0 is forbidden to whoever has a credential.
func (b *Bitbucket) run(c *call) *answer {
	if c.skip {
		return newAnswer(http.StatusOK)
	}
	rest, ok := strings.CutPrefix(c.r.URL.EscapedPath(), "/2.0/")
	if !ok && !c.account.anonymous() {
		return bitbucketError(http.StatusForbidden, "Forbidden")
	}
	c.base += "/2.0"
	c.escaped = true
	c.path = "/" + strings.TrimSuffix(rest, "/")
	if r, found := bitbucketRoutes.match(c.r.Method, c.path); ok && found {
		return r.endpoint(b, c)
	}
	return bitbucketError(http.StatusNotFound, "Resource not found")
}

// bitbucketRoutes are the endpoints that the simulator has.
var bitbucketRoutes = routes[*Bitbucket]{
	on("GET", "/user", (*Bitbucket).currentUser),
	on("GET", "/user/workspaces", (*Bitbucket).currentUserWorkspaces),
	on("GET", "/users/{id}", (*Bitbucket).user),
	on("GET", "/workspaces/{workspace}", (*Bitbucket).workspace),
	on("GET", "/repositories/{workspace}", (*Bitbucket).workspaceRepositories),
	on("GET", "/repositories/{workspace}/{slug}", (*Bitbucket).repository),
	on("GET", "/repositories/{workspace}/{slug}/refs/branches", (*Bitbucket).branches),
	on("GET", "/repositories/{workspace}/{slug}/refs/tags", (*Bitbucket).tags),
	on("GET", "/repositories/{workspace}/{slug}/commits", (*Bitbucket).commits),
	on("GET", "/repositories/{workspace}/{slug}/commits/{revision...}", (*Bitbucket).commits),
	on("GET", "/repositories/{workspace}/{slug}/commit/{hash...}", (*Bitbucket).commit),
	on("GET", "/repositories/{workspace}/{slug}/refs/branches/{name...}", (*Bitbucket).branch),
	on("GET", "/repositories/{workspace}/{slug}/refs/tags/{name}", (*Bitbucket).tag),
	on("GET", "/repositories/{workspace}/{slug}/src", (*Bitbucket).sourceRoot),
	on("GET", "/repositories/{workspace}/{slug}/src/{path...}", (*Bitbucket).source),
	on("GET", "/repositories/{workspace}/{slug}/pullrequests", (*Bitbucket).listPulls),
	on("POST", "/repositories/{workspace}/{slug}/pullrequests", (*Bitbucket).createPull),
	on("GET", "/repositories/{workspace}/{slug}/pullrequests/{id}", (*Bitbucket).pullRequest),
	on("GET", "/repositories/{workspace}/{slug}/downloads/{name}", (*Bitbucket).download),
	on("GET", "/repositories/{workspace}/{slug}/issues", (*Bitbucket).issuesGone),
	on("POST", "/repositories/{workspace}/{slug}/issues", (*Bitbucket).issuesGone),
	on("GET", "/repositories/{workspace}/{slug}/issues/{id}", (*Bitbucket).issuesGone),
}
