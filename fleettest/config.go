package fleettest

import (
	"fmt"
	"io"
	"time"
)

// Config says what a simulated host knows and how strict it is.
//
// The zero Config is a host without accounts that is as strict as the real one
// is documented to be. In every limit, 0 means the real host's own number and a
// negative number means that there is no such limit.
//
// A Config is read once, by the constructor. It prints without its tokens.
type Config struct {
	// Tokens are accepted, each for an account of its own. The accounts are
	// called user-1, user-2 and so on.
	Tokens []string `json:"-"`

	// Accounts are further accounts, for those that have several tokens or
	// limits of their own.
	Accounts []Account

	// Organizations and Users own repositories. Every account is a user as
	// well, whether or not it is listed here.
	Organizations []Owner
	Users         []Owner

	// Limit is how many calls of the resource "core" an account has in a
	// window. Defaults to 5,000. If it is negative, nothing is limited, no
	// rate-limit header is sent and GET /rate_limit is 404, as on an
	// Enterprise Server with rate limiting off.
	Limit int

	// Limits are the limits of other resources by name, such as "search": 30
	// or "graphql": 5000. A resource not listed has GitHub's own.
	Limits map[string]int

	// Window is the length of a window. It starts with the first call that
	// counts and ends on a whole second. Defaults to an hour. Resources that
	// GitHub counts by the minute, such as search, keep their minute.
	Window time.Duration

	// Windows are the windows of single resources by name.
	Windows map[string]time.Duration

	// PointsPerMinute is the secondary limit of an account on REST calls: a
	// read costs 1 point, a write 5, and a point counts for 60 seconds.
	// Defaults to 900; GraphQL then has 2,000 of its own. Negative switches
	// both off.
	PointsPerMinute int

	// MaxConcurrent is the secondary limit on an account's calls in flight.
	// Defaults to 100.
	MaxConcurrent int

	// CreationsPerMinute and CreationsPerHour are the secondary limits on
	// requests that create content. Default to 80 and 500.
	CreationsPerMinute int
	CreationsPerHour   int

	// SecondaryRest is how long an account is refused everything after it
	// broke a secondary limit. Defaults to a minute.
	SecondaryRest time.Duration

	// OmitRetryAfter leaves Retry-After out of secondary refusals, as GitHub
	// often does.
	OmitRetryAfter bool

	// LimitStatus is the status of a refusal because of a limit: 403 or 429,
	// both of which GitHub documents. Defaults to 403.
	LimitStatus int

	// QueryCost returns the points that a GraphQL query takes from the
	// resource "graphql". It must be safe for concurrent use. If nil, every
	// query costs 1.
	QueryCost func(query string) int `json:"-"`

	// Latency is the time from a request's arrival, when it is counted, to its
	// answer. Defaults to none.
	Latency time.Duration

	// Seed varies what generated repositories are like.
	Seed uint64
}

// Account is what a host counts: a user, or an installation of an app, with
// all its tokens. It prints without its tokens.
type Account struct {
	// Login is the account's name. Defaults to the next of user-1, user-2, …
	Login string

	// Tokens are the account's tokens, which share its limits.
	Tokens []string `json:"-"`

	// Limit and Limits are the account's own, in place of those of [Config].
	Limit  int
	Limits map[string]int

	// Owners are the organizations whose private repositories the account
	// sees. If nil, it sees those of all organizations; empty, of none.
	Owners []string

	// Scopes is what X-OAuth-Scopes says. Defaults to "read:org, repo, user".
	Scopes string

	// Installation makes this an installation of a GitHub App, which is no
	// user: GET /user is refused, and refusals name an installation.
	Installation bool
}

// Owner is a user or an organization and how many repositories it has.
type Owner struct {
	Login        string
	Repositories int // how many there are, private ones included
	Private      int // how many of them are private: the last ones
}

// redactedTokens stands for a list of tokens wherever one is printed.
type redactedTokens int

func (n redactedTokens) String() string   { return fmt.Sprintf("[%d tokens]", int(n)) }
func (n redactedTokens) GoString() string { return n.String() }

// Format prints c without its tokens, whatever the verb.
func (c Config) Format(s fmt.State, _ rune) {
	io.WriteString(s, c.describe())
}

// describe names what a reader of a failed test looks for.
func (c Config) describe() string {
	return fmt.Sprintf("fleettest.Config{Tokens:%v Accounts:%v Organizations:%+v Users:%+v Limit:%d Limits:%v Window:%v Seed:%d}",
		redactedTokens(len(c.Tokens)), c.Accounts, c.Organizations, c.Users, c.Limit, c.Limits, c.Window, c.Seed)
}

// Format prints a without its tokens, whatever the verb.
func (a Account) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "fleettest.Account{Login:%q Tokens:%v Limit:%d Limits:%v Owners:%q Installation:%t}",
		a.Login, redactedTokens(len(a.Tokens)), a.Limit, a.Limits, a.Owners, a.Installation)
}
