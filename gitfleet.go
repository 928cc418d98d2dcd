// Package gitfleet gives programs that call Git hosts a fleet of tokens: a
// manager that knows what each token has left, below any HTTP client.
//
//	fleet, err := gitfleet.FromEnv()
//	if err != nil { … }
//	defer fleet.Close()
//	gh := github.NewClient(fleet.HTTPClient(tokens.GitHub)) // go-github, unchanged
//
// A [Fleet] wires three packages together, each of which can be used by itself:
// tokens holds the manager, transport the [net/http.RoundTripper] that spends
// its tokens, and ratelimit reads what hosts say of their limits. Package
// fleettest has simulated hosts for tests.
//
// Use only tokens that are entitled to the work. Hosts forbid pooling people's
// accounts to get past a limit; see "Responsible use" in the README.
package gitfleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// The words of the field, so that most programs import this package only.
type (
	// TokenManager holds tokens and knows what each has left.
	TokenManager = tokens.Manager
	// ProviderType names a kind of Git host.
	ProviderType = tokens.ProviderType
)

// Config configures a [Fleet].
type Config struct {
	// Manager holds the tokens. Required.
	Manager *tokens.Manager

	// Base sends the requests, and the probe that confirms a 401 unless the manager
	// has a base of its own. What the manager is asked to ask (Identify, Prime,
	// Revalidate) goes through [tokens.Config].Base alone, since a manager may be
	// below several fleets: where Base leads through a proxy or trusts an authority
	// of its own, give it to both. Defaults to [http.DefaultTransport].
	Base http.RoundTripper

	// MaxWait bounds how long one call waits for a token. Defaults to
	// [tokens.DefaultMaxWait]; negative never waits.
	MaxWait time.Duration

	// Cache, if not nil, keeps answers for all providers' transports, which ask
	// the host whether they still hold: at GitHub that is free where nothing has
	// changed. new(transport.Cache) keeps them in memory. Defaults to none.
	Cache *transport.Cache

	// Hooks are told what happens. Defaults to none.
	Hooks transport.Hooks

	// Logger is told of swaps, waits and tokens put aside, by their labels.
	// Defaults to none.
	Logger *slog.Logger

	// Transport, if not nil, is called once for each provider's transport, by
	// New and with all of the above filled in, to set what else a
	// [transport.Transport] has: retries, policies, bounds of one provider.
	Transport func(*transport.Transport)

	// UserAgent is what the portable clients call themselves. Defaults to
	// [providers.DefaultUserAgent].
	UserAgent string

	// MaxAnswer is how many bytes of one answer the portable clients take into
	// memory, see [providers.Config]. Defaults to [providers.DefaultMaxAnswer];
	// negative is no bound.
	MaxAnswer int64

	// Anonymous lets the portable clients of hosts for which the manager has no
	// token, when a client is first asked for, send requests without one.
	Anonymous bool

	// StateFile keeps what is known of limits, but no secret, from one run to
	// the next: New reads it, Close writes it, with mode 0600. See [StatePath].
	// Defaults to none.
	StateFile string
}

// Fleet is a manager's tokens below HTTP clients, one for each provider, and
// below portable clients, one for each host. It is safe for concurrent use.
type Fleet struct {
	manager    *tokens.Manager
	transports map[tokens.ProviderType]*transport.Transport
	userAgent  string
	maxAnswer  int64
	anonymous  bool
	stateFile  string

	mu      sync.Mutex // guards clients
	clients map[place]*providers.Client
}

// New returns the fleet that c describes. It sends nothing. Its error names all
// that is wrong with c.
func New(c Config) (*Fleet, error) {
	var faults []error
	if c.Manager == nil {
		faults = append(faults, errors.New("Manager is nil: make one with tokens.NewManager, or use FromEnv"))
	} else if c.StateFile != "" {
		if err := restore(c.Manager, c.StateFile); err != nil {
			faults = append(faults, fmt.Errorf("StateFile: %w", err))
		}
	}
	if strings.ContainsFunc(c.UserAgent, unicode.IsControl) {
		faults = append(faults, fmt.Errorf("UserAgent is %q: it must not have control characters", c.UserAgent))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("gitfleet: config: %w", err)
	}
	return newFleet(c), nil
}

func newFleet(c Config) *Fleet {
	f := &Fleet{
		manager:    c.Manager,
		transports: map[tokens.ProviderType]*transport.Transport{},
		userAgent:  c.UserAgent,
		maxAnswer:  c.MaxAnswer,
		anonymous:  c.Anonymous,
		stateFile:  c.StateFile,
		clients:    map[place]*providers.Client{},
	}
	for _, p := range []tokens.ProviderType{tokens.GitHub, tokens.GitLab, tokens.Bitbucket} {
		t := &transport.Transport{
			Manager:  c.Manager,
			Provider: p,
			Base:     c.Base,
			MaxWait:  c.MaxWait,
			Cache:    c.Cache,
			Hooks:    c.Hooks,
			Logger:   c.Logger,
			Timeout:  providers.DefaultTimeout,
		}
		if c.Transport != nil {
			c.Transport(t)
		}
		f.transports[p] = t
	}
	return f
}

// FromEnv returns a fleet of the tokens in the environment variables that
// [tokens.Env] reads, such as GITHUB_TOKENS. If there is none the error matches
// [tokens.ErrNoTokens] and names every variable it looked for.
func FromEnv() (*Fleet, error) {
	ts, err := tokens.Env().Tokens(context.Background())
	if err != nil {
		return nil, err
	}
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		return nil, err
	}
	return New(Config{Manager: m})
}

// Manager returns the manager, for a look at the tokens or to add some.
func (f *Fleet) Manager() *TokenManager { return f.manager }

// Transport returns the provider's RoundTripper, always the same one. A
// provider that GitFleet does not know gets one that refuses every request.
func (f *Fleet) Transport(p ProviderType) http.RoundTripper {
	if t := f.transports[p]; t != nil {
		return t
	}
	return refusing{fmt.Errorf("gitfleet: unknown provider %q", p)}
}

// HTTPClient returns a new client on top of the provider's RoundTripper. Leave
// its Timeout at 0 and use contexts: Timeout would count the time that a call
// waits for a token.
func (f *Fleet) HTTPClient(p ProviderType) *http.Client {
	return &http.Client{Transport: f.Transport(p)}
}

// Close closes the manager: calls that wait for a token return
// [tokens.ErrClosed], and so does every later one. It writes Config.StateFile.
func (f *Fleet) Close() error {
	err := f.manager.Close()
	if f.stateFile == "" {
		return err
	}
	if saved := save(f.manager, f.stateFile); saved != nil {
		err = errors.Join(err, fmt.Errorf("gitfleet: state: %w", saved))
	}
	return err
}

// refusing is a RoundTripper that fails.
type refusing struct{ err error }

// RoundTrip implements [http.RoundTripper].
func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, r.err
}
