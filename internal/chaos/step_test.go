package chaos_test

import (
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// kind is what a call asks for.
type kind string

const (
	readRepo   kind = "read"
	search     kind = "search"
	rateLimit  kind = "rate_limit"
	query      kind = "graphql"
	create     kind = "create" // not to be done twice
	replace    kind = "put"    // may be done twice
	redirected kind = "redirect"
)

// reading is what a caller does with the answer's body.
type reading string

const (
	readAll     reading = "all"
	readSlowly  reading = "slowly"
	readNothing reading = "nothing" // it is closed at once
	readSome    reading = "some"
	readAndStop reading = "stop" // the context ends in the midst
)

// step is one call of a caller.
type step struct {
	Kind    kind
	Replay  bool // the body has GetBody
	Reading reading
	Pause   time.Duration // before the call
	Ends    time.Duration // after which its context ends; 0 is never
	Cancel  bool          // it is cancelled, and has no deadline
	AtReset bool          // Ends counts from the beginning of the run
	Hops    []string      // of a redirect chain: the hosts it leads to, in order
	Brings  bool          // the caller sets a token of the manager's by himself
}

// elsewhere is a host that no token is for.
const elsewhere = "elsewhere.example"

func drawCallers(r dice, p plan, calm bool) [][]step {
	all := make([][]step, 1+r.IntN(10))
	for i := range all {
		all[i] = make([]step, 1+r.IntN(6))
		for j := range all[i] {
			all[i][j] = drawStep(r, p, calm)
		}
	}
	return all
}

func drawStep(r dice, p plan, calm bool) step {
	s := step{
		Kind:    drawKind(r, p.Provider, calm),
		Replay:  r.chance(60),
		Reading: pick(r, readAll, readAll, readAll, readSlowly, readNothing, readSome, readAndStop),
	}
	if r.chance(30) {
		s.Pause = time.Duration(r.IntN(int(2 * p.Window)))
	}
	if r.chance(20) {
		reset := p.Window + time.Second // when the windows that begin with the run are waited out
		s.Ends = pick(r, time.Millisecond, 100*time.Millisecond, 2*time.Second, reset, 2*time.Hour)
		s.AtReset = s.Ends == reset && p.Way.virtual()
		s.Cancel = r.chance(50)
	}
	if s.Kind == redirected {
		s.Brings = r.chance(50)
		for range 1 + r.IntN(4) {
			s.Hops = append(s.Hops, pick(r, "", elsewhere))
		}
	}
	if !p.Way.virtual() {
		s.Pause %= 2 * time.Millisecond
		s.Ends %= 40 * time.Millisecond
	}
	return s
}

func drawKind(r dice, p tokens.ProviderType, calm bool) kind {
	if !calm && r.chance(6) {
		return redirected
	}
	if p != tokens.GitHub {
		return pick(r, readRepo, readRepo, create, replace)
	}
	return pick(r, readRepo, readRepo, readRepo, readRepo, search, rateLimit, query, create, create, replace)
}

// method returns the call's method.
func (s step) method() string {
	switch s.Kind {
	case create, query:
		return "POST"
	case replace:
		return "PUT"
	}
	return "GET"
}

// body returns what the call sends.
func (s step) body() string {
	switch s.Kind {
	case create:
		return `{"title":"t","source":{"branch":{"name":"main"}}}`
	case query:
		return `{"query":"{ viewer { login } }"}`
	case replace:
		return `{"private":false}`
	}
	return ""
}

// resource is the budget that the host books the call on, empty for none.
func (s step) resource(p tokens.ProviderType) string {
	switch {
	case s.Kind == rateLimit:
		return ""
	case p != tokens.GitHub:
		return "main"
	case s.Kind == search:
		return "search"
	case s.Kind == query:
		return "graphql"
	}
	return "core"
}

// origin is where the API of a provider is.
func origin(p tokens.ProviderType) string {
	switch p {
	case tokens.GitLab:
		return "https://gitlab.com"
	case tokens.Bitbucket:
		return "https://api.bitbucket.org"
	}
	return "https://api.github.com"
}

// url returns where the call goes.
func (s step) url(p tokens.ProviderType) string {
	repo := map[tokens.ProviderType]string{
		tokens.GitHub:    "/repos/acme/repo-0001",
		tokens.GitLab:    "/api/v4/projects/acme%2Frepo-0001",
		tokens.Bitbucket: "/2.0/repositories/acme/repo-0001",
	}[p]
	path := repo
	switch s.Kind {
	case search:
		path = "/search/repositories?q=repo&per_page=1"
	case rateLimit:
		path = "/rate_limit"
	case query:
		path = "/graphql"
	case redirected:
		path = hopPath(p, 0)
	case create:
		path = repo + "/issues"
		if p == tokens.Bitbucket {
			path = repo + "/pullrequests"
		}
	}
	return origin(p) + path
}
