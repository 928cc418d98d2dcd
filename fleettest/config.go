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
// negative number means that there is no such limit. A field that says at which
// host it holds is ignored at the others.
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
	// well, whether or not it is listed here. At GitLab organizations are
	// groups, which may be in others ("acme/platform"); at Bitbucket they are
	// workspaces, and every user is one too.
	Organizations []Owner
	Users         []Owner

	// Limit is how many calls an account has in a window: at GitHub 5,000 of
	// the resource "core" by default, at GitLab 2,000 of
	// "throttle_authenticated_api", at Bitbucket 1,000 of "api". If it is
	// negative, these and all other windows are not limited and no rate-limit
	// header is sent; GET /rate_limit is 404, as on an Enterprise Server with
	// rate limiting off. GitLab's application limits are not meant by that.
	Limit int

	// Limits are the limits of other resources by name, such as "search": 30
	// or "graphql": 5000 at GitHub. A resource not listed has the host's own.
	// GitLab's are "throttle_unauthenticated_api", which is of the address, and
	// the application limits by their route, such as
	// "GET /groups/{id}/projects": 600. Bitbucket has no other than "api".
	Limits map[string]int

	// Window is the length of a window. Defaults to an hour, at GitLab to a
	// minute. At GitHub it starts with the first call that counts and ends on
	// a whole second; resources that GitHub counts by the minute, such as
	// search, keep their minute. At GitLab it begins and ends with the clock's
	// minutes. At Bitbucket it is always the span before now.
	Window time.Duration

	// Windows are the windows of single resources by name.
	Windows map[string]time.Duration

	// PointsPerMinute is, at GitHub, the secondary limit of an account on REST
	// calls: a read costs 1 point, a write 5, and a point counts for 60
	// seconds. Defaults to 900; GraphQL then has 2,000 of its own. Negative
	// switches both off.
	PointsPerMinute int

	// MaxConcurrent is, at GitHub, the secondary limit on an account's calls in
	// flight. Defaults to 100.
	MaxConcurrent int

	// CreationsPerMinute and CreationsPerHour are, at GitHub, the secondary
	// limits on requests that create content. Default to 80 and 500.
	CreationsPerMinute int
	CreationsPerHour   int

	// SecondaryRest is how long GitHub refuses an account everything after it
	// broke a secondary limit. Defaults to a minute.
	SecondaryRest time.Duration

	// OmitRetryAfter leaves Retry-After out of secondary refusals, as GitHub
	// often does, and out of those of GitLab's application limits. Bitbucket
	// never sends it.
	OmitRetryAfter bool

	// LimitStatus is the status of GitHub's refusals because of a limit: 403 or
	// 429, both of which it documents. Defaults to 403. The others say 429.
	LimitStatus int

	// QueryCost returns the points that a GraphQL query takes from GitHub's
	// resource "graphql". It must be safe for concurrent use. If nil, every
	// query costs 1.
	QueryCost func(query string) int `json:"-"`

	// Latency is the time from a request's arrival, when it is counted, to its
	// answer. Defaults to none.
	Latency time.Duration

	// ClockAhead is how far the host's clock is ahead of the local one, for the
	// Date of its answers and the ends of windows that they tell; negative is
	// behind. Windows last as long as ever. When a token expires is told by the
	// local clock.
	ClockAhead time.Duration

	// MaxLog is how many requests the log keeps at least, the newest; it drops
	// the rest when there are twice as many. Defaults to 0, all of them.
	MaxLog int

	// Seed varies what generated repositories are like.
	Seed uint64

	// GitLab and Bitbucket are what only these hosts know.
	GitLab    GitLabConfig
	Bitbucket BitbucketConfig
}

// GitLabConfig is what only a simulated GitLab knows. The zero value is
// gitlab.com.
type GitLabConfig struct {
	// OmitThrottleHeaders leaves the RateLimit headers out, and Retry-After
	// out of the throttle's refusals: all they have is their text. So does an
	// instance whose throttle data is missing, or whose proxy removes them.
	OmitThrottleHeaders bool

	// ThrottleText is what the throttle's refusals say, without the newline at
	// its end. An administrator can change it. Defaults to "Retry later".
	ThrottleText string

	// NoApplicationLimits leaves out the limits of single routes that
	// gitlab.com documents. Those in Config.Limits stay.
	NoApplicationLimits bool
}

// BitbucketConfig is what only a simulated Bitbucket knows. The zero value is
// bitbucket.org.
type BitbucketConfig struct {
	// TimeLayouts are the forms, as of [time.Time.Format], in which times are
	// spelled: those of an owner's nth repository in the nth, and so on in
	// turn. Defaults to six fraction digits and "+00:00", as Bitbucket usually
	// has it. It is known to leave out the fraction, or to end in "Z".
	TimeLayouts []string
}

// Account is what a host counts: a user, or an installation of an app, with
// all its tokens. It prints without its tokens.
type Account struct {
	// Login is the account's name. Defaults to the next of user-1, user-2, …
	Login string

	// Tokens are the account's tokens, which share its limits.
	Tokens []string `json:"-"`

	// Limit and Limits are the account's own, in place of those of [Config]. At
	// Bitbucket that is how a paid workspace's scaled limit looks.
	Limit  int
	Limits map[string]int

	// Owners are the organizations whose private repositories the account
	// sees. If nil, it sees those of all organizations; empty, of none.
	Owners []string

	// Scopes is what GitHub's X-OAuth-Scopes says, "read:org, repo, user" by
	// default, and what GitLab says of the token, "api" by default. Bitbucket
	// says it in the same header, and nothing by default. It allows and forbids
	// nothing.
	Scopes string

	// Installation makes this an account that is no person. At GitHub it is an
	// installation of an app: GET /user is refused, and refusals name an
	// installation. At GitLab it is the bot of a project or group access
	// token. At Bitbucket it is a repository, project or workspace access
	// token, which GET /user does not support.
	Installation bool
}

// Owner is a user or an organization and how many repositories it has.
type Owner struct {
	Login        string
	Repositories int // how many there are, private ones included
	Private      int // how many of them are private: the last ones

	// Names are those of the first repositories, in place of repo-0001 and so
	// on.
	Names []string

	// Contents is what each of the repositories holds, less those that
	// SetContents gives something else.
	Contents Contents
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
	return fmt.Sprintf("fleettest.Config{Tokens:%v Accounts:%v Organizations:%+v Users:%+v Limit:%d Limits:%v Window:%v Seed:%d GitLab:%+v Bitbucket:%+v}",
		redactedTokens(len(c.Tokens)), c.Accounts, c.Organizations, c.Users, c.Limit, c.Limits, c.Window, c.Seed, c.GitLab, c.Bitbucket)
}

// Format prints a without its tokens, whatever the verb.
func (a Account) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "fleettest.Account{Login:%q Tokens:%v Limit:%d Limits:%v Owners:%q Installation:%t}",
		a.Login, redactedTokens(len(a.Tokens)), a.Limit, a.Limits, a.Owners, a.Installation)
}
