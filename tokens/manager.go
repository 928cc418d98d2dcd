package tokens

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// DefaultMaxInFlight is how many requests of one account may be under way at
// once (GitHub Docs, "Rate limits for the REST API", secondary limits).
const DefaultMaxInFlight = 100

// Config configures a [Manager]. The zero Config is ready to use.
type Config struct {
	// Base sends the manager's own requests, which confirm that a token is
	// dead. Defaults to the RoundTripper of the transport that met the 401.
	Base http.RoundTripper

	// MaxInFlight is how many requests of one account may be under way at
	// once. Defaults to [DefaultMaxInFlight].
	MaxInFlight int

	// Pace is how fast one account may call, besides its budgets. Defaults to
	// what the host documents, see [ratelimit.Dialect.Pace]: on for github.com
	// and ghe.com, off for every other host. The zero Pace switches it off.
	Pace *ratelimit.Pace
}

func (c Config) pace(d ratelimit.Dialect) ratelimit.Pace {
	if c.Pace != nil {
		return *c.Pace
	}
	return d.Pace()
}

func (c Config) base(via http.RoundTripper) http.RoundTripper {
	switch {
	case c.Base != nil:
		return c.Base
	case via != nil:
		return via
	}
	return http.DefaultTransport
}

func (c Config) maxInFlight() int {
	if c.MaxInFlight == 0 {
		return DefaultMaxInFlight
	}
	return c.MaxInFlight
}

// Manager holds the tokens of any number of hosts and knows what each has left.
//
// It chooses a token for each call (see [Host.Lease]), reserves what the call
// will cost, and learns from the answer. By default the account with the largest
// share of its limit left is used next, and among equals the one that was used
// the longest time ago; what has not been used yet comes first.
//
// A Manager is safe for concurrent use. It sends nothing by itself and starts
// no goroutine; while calls wait, each lane of waiters has one timer.
type Manager struct {
	config Config
	hosts  atomic.Pointer[[]*Host]

	mu      sync.RWMutex // guards what follows; never taken while a Host's is held
	entries []*entry     // in the order in which they were added
	byID    map[ID]*entry
	secrets map[[sha256.Size]byte]struct{} // of the bare secrets, for Holds
	closed  bool
}

// NewManager returns a manager of the given tokens. Errors name the token by its
// label or place in the list, never by its secret.
func NewManager(c Config, ts ...Token) (*Manager, error) {
	if c.MaxInFlight < 0 {
		return nil, fmt.Errorf("gitfleet: config: MaxInFlight is %d: want 0 for the default or more", c.MaxInFlight)
	}
	m := &Manager{config: c, byID: map[ID]*entry{}, secrets: map[[sha256.Size]byte]struct{}{}}
	m.hosts.Store(new([]*Host))
	for _, p := range [...]ProviderType{GitHub, GitLab, Bitbucket} {
		// Known even without tokens, so that a request there is refused rather
		// than sent without one (I13).
		public, err := parsePlace(p, "")
		if err != nil {
			return nil, err
		}
		m.hostAt(public)
	}
	if err := m.Add(ts...); err != nil {
		return nil, err
	}
	return m, nil
}

// Format implements [fmt.Formatter]: a Manager prints as the number of its
// tokens with every verb.
func (m *Manager) Format(f fmt.State, _ rune) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	fmt.Fprintf(f, "token manager (%d tokens)", len(m.entries))
}

// Add adds tokens. One that the manager has already, with the same provider,
// host and secret, changes nothing. If any token is malformed none is added.
func (m *Manager) Add(ts ...Token) error {
	type checked struct {
		token Token
		id    ID
		place place
	}
	all := make([]checked, len(ts))
	for i, t := range ts {
		token, id, p, err := t.normalized()
		if err != nil {
			return fmt.Errorf("%w (token %d of %d)", err, i+1, len(ts))
		}
		all[i] = checked{token, id, p}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	now := time.Now()
	for _, c := range all {
		if m.byID[c.id] != nil {
			continue
		}
		e := m.hostAt(c.place).add(c.token, c.id, now)
		m.entries = append(m.entries, e)
		m.byID[c.id] = e
		m.secrets[sha256.Sum256([]byte(c.token.Secret.Reveal()))] = struct{}{}
	}
	return nil
}

// hostAt returns the host of a place and makes it if need be.
func (m *Manager) hostAt(p place) *Host {
	hosts := *m.hosts.Load()
	for _, h := range hosts {
		if h.provider == p.provider && h.base == p.base {
			return h
		}
	}
	h := newHost(m, p)
	grown := append(hosts[:len(hosts):len(hosts)], h)
	m.hosts.Store(&grown)
	return h
}

// Host returns the host of the provider whose API u belongs to: one that the
// manager has tokens for, or the provider's public cloud. ok is false if it is
// neither; then no token may be sent to u.
func (m *Manager) Host(p ProviderType, u *url.URL) (h *Host, ok bool) {
	for _, h := range *m.hosts.Load() {
		if h.provider == p && h.Contains(u) {
			return h, true
		}
	}
	return nil, false
}

// Covers reports whether u belongs to the API of any host that the manager
// knows (see [Manager.Host]), whatever the provider.
func (m *Manager) Covers(u *url.URL) bool {
	for _, h := range *m.hosts.Load() {
		if h.Contains(u) {
			return true
		}
	}
	return false
}

// Holds reports whether h carries the secret of one of the manager's tokens as
// a credential.
func (m *Manager) Holds(h http.Header) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for secret := range secretsIn(h) {
		if _, ok := m.secrets[sha256.Sum256([]byte(secret))]; ok {
			return true
		}
	}
	return false
}

// AllTokens returns a copy of what is known of the provider's tokens, in the
// order in which they were added. The empty provider means all of them.
func (m *Manager) AllTokens(p ProviderType) []TokenInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	now := time.Now()
	infos := make([]TokenInfo, 0, len(m.entries))
	for _, e := range m.entries {
		if p != "" && e.token.Provider != p {
			continue
		}
		h := e.account.host
		h.mu.Lock()
		infos = append(infos, e.info(now))
		h.mu.Unlock()
	}
	return infos
}

// Close sends away all calls that wait, with [ErrClosed], and refuses new ones.
// Leases that are out may still be settled. Close may be called more than once.
func (m *Manager) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for _, h := range *m.hosts.Load() {
		h.close()
	}
	return nil
}
