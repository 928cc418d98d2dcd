package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Defaults of a [Transport].
const (
	// DefaultMaxAttempts is how often one call is sent at most: enough to step
	// over fifteen tokens that turn out to be dead or spent.
	DefaultMaxAttempts = 16

	// MaxWaits is how often one call waits for a token at most.
	MaxWaits = 5
)

// Transport is an [http.RoundTripper] that spends a manager's tokens.
//
// For each request it leases a token from Manager, sends a copy of the request
// with that token, and reports what the answer's header says of limits back.
// The caller's request is never modified and its body is always closed.
// Whatever credential the caller set is replaced, unless Credential says
// otherwise; the endpoints of GitHub that take no user's or installation's token
// (/app… and …/installation with a JWT, /applications/… with Basic) keep theirs.
//
// An answer that refuses the request because of a limit is sent again with a
// token of another account, and a 401 with another token, after a probe has
// shown whether the first is dead. That takes a request without a body or with
// GetBody set, or MaxBodyBuffer; one that cannot be replayed is sent once. Any
// other answer is returned as it is, whatever its status. After a network error
// or a server error nothing is sent again, unless Retries asks for it. Bodies of
// answers that are not returned are drained and closed.
//
// If every usable token is spent, RoundTrip waits for the first of them, at
// most MaxWait and never beyond the request context's deadline; when the wait
// would be longer it does not begin to wait. Then it returns the refusal that
// it met or, if nothing was sent, a [*tokens.ExhaustedError], whose ReadyAt says
// when to come again; see Exhausted. It returns an [*UnavailableError] while the
// host keeps failing; see BreakAfter. It returns the context's error, unwrapped,
// when the context ends first. Neither errors nor hooks contain a token; tokens appear
// by label and ID. Note that [http.Client].Timeout counts the waiting.
//
// Tokens that name owners (see [tokens.Token.Owners]) serve only calls about them:
// whose things a call is about is told by [WithOwner], else by its path, and for
// paths that name a thing by number by the links and redirects that led there.
// Requests that ask for what belongs to whoever asks, such as GitHub's /user or
// GitLab's membership=true, stay with one account per Transport and wait for it
// (see [tokens.Pin]). [WithToken] fixes a request to one token, and
// [WithWalk] keeps the pages of a list with one account while that can serve.
//
// A token is sent to the API of its own host only: scheme, host, port and path
// prefix match exactly. A request for another host, for example after a redirect
// to a download server, goes out without one, and loses a credential of the
// manager's or of a host that redirected there.
//
// So that client libraries with a memory for limits of their own do not defeat
// the manager, some headers are changed on the way back; see RawHeaders. The
// rate-limit headers that are read, and the vendor pages that define them, are
// listed in package ratelimit. Durations are wall-clock; limits count requests.
//
// A Transport is safe for concurrent use. Its fields must not change after the
// first request, nor must it be copied.
type Transport struct {
	Manager  *tokens.Manager     // required
	Provider tokens.ProviderType // required: whose tokens to use

	// Base sends the requests. Defaults to [http.DefaultTransport].
	Base http.RoundTripper

	// MaxWait bounds how long one call waits for a token, all its waits taken
	// together. Defaults to [tokens.DefaultMaxWait]; negative never waits.
	MaxWait time.Duration

	// MaxAttempts bounds how often one call is sent. Defaults to
	// [DefaultMaxAttempts]; 1 never sends again.
	MaxAttempts int

	// Timeout bounds how long an attempt may go without progress: from its
	// sending until the header of its answer, and in each read of the body. The
	// wait for a token is not counted, nor is the time that the caller takes
	// between two reads. It is a network error then, which matches
	// [os.ErrDeadlineExceeded]. Defaults to 0, none.
	Timeout time.Duration

	// Retries is how often a GET, HEAD, OPTIONS, PUT or DELETE is sent again
	// after a 5xx or a network error, with pauses as [ratelimit.GeneralBackoff]
	// has them or a 503's Retry-After asks for. They count towards MaxWait and
	// MaxAttempts, and no token is blamed. Defaults to 0, never.
	Retries int

	// RetryBudget bounds those resends for all calls together, so that they do
	// not bury a host that fails: they are at most this share of the calls, and
	// 10 a minute besides; 100 can be saved up. When it is used up the answer or
	// error is returned as it is. Swaps after a limit or a 401 do not count; they
	// are what MaxAttempts bounds. Defaults to [DefaultRetryBudget], 0.2;
	// negative leaves Retries as the only bound.
	RetryBudget float64

	// BreakAfter is how many failures of a host in a row, over all calls, stop
	// the Transport from sending to it: network errors and answers of 500, 502,
	// 503, 504 and 520 to 530, with server errors to three different paths among
	// them or network errors in their place. Then calls return an
	// [*UnavailableError] at once, for 5 seconds. One call is sent after that as
	// a probe, and while probes fail the pause doubles, up to a minute. Any other
	// answer ends it. A call that its own context has ended is no failure.
	// Defaults to [DefaultBreakAfter]; negative never stops.
	BreakAfter int

	// MaxBodyBuffer is how many bytes of a body without GetBody are read into
	// memory, so that it can be sent again. A longer body is sent once.
	// Defaults to 0, none.
	MaxBodyBuffer int64

	// Secondary says what a call does after a secondary limit. Defaults to
	// [SwapOnce].
	Secondary SecondaryPolicy

	// Credential says whose credential wins if the caller's request has one.
	// Defaults to [ReplaceCredential], the manager's.
	Credential CredentialPolicy

	// SwapSSO sends a request that GitHub refused with a 403 and "X-GitHub-SSO:
	// required" once more with another account, if one is free, whose token may
	// be authorized for the organization's single sign-on. Lists that leave out
	// such organizations are answers, and keep their X-GitHub-SSO field. Defaults
	// to false: the 403 says where to authorize the token.
	SwapSSO bool

	// Exhausted says what a call returns for which there is no token, or none to
	// go on with after a limit. Defaults to [ReturnRefusal].
	Exhausted ExhaustedPolicy

	// RawHeaders hands back every header as the host sent it, for proxies and
	// for transports above this one that read limits themselves. Otherwise, on
	// anything but a limit refusal, a Remaining of 0 becomes what the manager
	// still has, at least 1 (also in the body of GitHub's /rate_limit), GitLab's
	// RateLimit-Limit becomes the sum of the accounts' limits, and a limit
	// refusal carries X-From-Cache: 1 and says in its Reset and
	// Retry-After when the manager is ready.
	RawHeaders bool

	// Cache keeps answers to GET requests and asks the host whether they still
	// hold, which GitHub does not charge for. Several Transports may share one.
	// Defaults to none.
	Cache *Cache

	// Hooks are told what happens. Defaults to none.
	Hooks Hooks

	// Logger is told of swaps, waits and retries (Info), of tokens put aside and
	// hosts that keep failing (Warn), and once that a caller's credential was
	// replaced (Info). Tokens appear by label and ID. Defaults to none.
	Logger *slog.Logger

	retries  retryBudget
	breakers breakers
	replaced uint32 // atomic; 1 once the Logger knows that a caller's credential was
	pin      tokens.Pin
}

var _ http.RoundTripper = (*Transport)(nil)

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.check(req); err != nil {
		closeBody(req)
		return nil, err
	}
	host, ok := t.Manager.Host(t.Provider, req.URL)
	if !ok || req.Host != "" && req.Host != req.URL.Host {
		return t.sendForeign(req)
	}
	if keepsOwnCredential(host, req) || t.Credential == KeepCredential && bringsCredential(req.Header) {
		return t.pass(req)
	}
	if t.Cache != nil {
		return t.Cache.roundTrip(t, host, req)
	}
	return t.carry(host, req, nil)
}

// carry sends a request for a token's host. kept is nil if no Cache has to do
// with it.
func (t *Transport) carry(host *tokens.Host, req *http.Request, kept *lookup) (*http.Response, error) {
	c := newCall(t, host, req)
	c.kept = kept
	resp, err := c.run()
	c.free() // not if something below panics: then nobody knows who still has it
	return resp, err
}

func (t *Transport) check(req *http.Request) error {
	switch {
	case t == nil || t.Manager == nil:
		return errors.New("gitfleet: transport: Manager is nil: set it to a tokens.Manager")
	case t.Provider == "":
		return errors.New("gitfleet: transport: Provider is empty: set it to tokens.GitHub, tokens.GitLab or tokens.Bitbucket")
	case req.URL == nil:
		return errors.New("gitfleet: transport: request without URL")
	}
	return nil
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

func (t *Transport) maxAttempts() int {
	if t.MaxAttempts == 0 {
		return DefaultMaxAttempts
	}
	return t.MaxAttempts
}

// CloseIdleConnections closes the idle connections of Base, if it can; it is
// what [http.Client.CloseIdleConnections] calls.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// sleep waits for d or for the end of ctx, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
