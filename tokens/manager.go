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
	// Base sends the manager's own requests, which confirm that a token is dead,
	// and those of Identify, Prime and Revalidate. Defaults to the RoundTripper of
	// the transport that met the 401, and for the others to
	// [http.DefaultTransport].
	Base http.RoundTripper

	// MaxInFlight is how many requests of one account may be under way at
	// once. Defaults to [DefaultMaxInFlight].
	MaxInFlight int

	// Pace is how fast one account may call, besides its budgets. Defaults to
	// what the host documents, see [ratelimit.Dialect.Pace]: on for github.com
	// and ghe.com, off for every other host. The zero Pace switches it off.
	Pace *ratelimit.Pace

	// Strategy chooses among the tokens that could serve a call. Defaults to
	// the most remaining, see [ParseStrategy]; [Manager.SetStrategy] changes it.
	Strategy Strategy
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
// the longest time ago; what has not been used yet comes first. [Token.Owners],
// and a [Request]'s Token, Identity and Walk, narrow down who may serve.
//
// A Manager is safe for concurrent use. It sends nothing by itself and starts
// no goroutine, but while it asks a source for tokens or secrets, or has an event
// for an observer; while calls wait, each lane of waiters has one timer.
type Manager struct {
	config     Config
	hosts      atomic.Pointer[[]*Host]
	events     events
	background *background

	mu      sync.RWMutex     // guards what follows; never taken while a Host's is held
	entries sequence[*entry] // in the order in which they were added
	added   uint64           // tokens ever added
	byID    map[ID]*entry
	secrets map[[sha256.Size]byte]struct{} // of the bare secrets, for Holds
	closed  bool

	archive  map[ID]*archived
	departed sequence[*archived] // what is in archive, in the order of removal
	removals uint64
}

// NewManager returns a manager of the given tokens. Errors name the token by its
// label or place in the list, never by its secret.
func NewManager(c Config, ts ...Token) (*Manager, error) {
	if c.MaxInFlight < 0 {
		return nil, fmt.Errorf("gitfleet: config: MaxInFlight is %d: want 0 for the default or more", c.MaxInFlight)
	}
	m := &Manager{
		config:     c,
		background: newBackground(),
		byID:       map[ID]*entry{},
		secrets:    map[[sha256.Size]byte]struct{}{},
		archive:    map[ID]*archived{},
	}
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
	fmt.Fprintf(f, "token manager (%d tokens)", m.entries.count)
}

// Add adds tokens. One that the manager has already, with the same provider,
// host and secret, changes nothing; see [Manager.Replace]. If any token is malformed none is added.
func (m *Manager) Add(ts ...Token) error {
	all, err := checkedAll(ts)
	if err != nil {
		return err
	}
	_, err = m.insert(all, nil, false)
	return err
}

// checkedToken is a token with its defaults filled in, ready to be added.
type checkedToken struct {
	token Token
	id    ID
	place place
}

func (t Token) checked() (checkedToken, error) {
	token, id, p, err := t.normalized()
	return checkedToken{token, id, p}, err
}

func checkedAll(ts []Token) ([]checkedToken, error) {
	all := make([]checkedToken, len(ts))
	for i, t := range ts {
		c, err := t.checked()
		if err != nil {
			return nil, fmt.Errorf("%w (token %d of %d)", err, i+1, len(ts))
		}
		all[i] = c
	}
	return all, nil
}

// insert adds tokens, by hand or for a Syncer, which brings back nothing that
// was removed by hand, and returns which of them are new or back. Those that are
// there already stay as they are or are declared anew.
func (m *Manager) insert(all []checkedToken, by *Syncer, anew bool) (change SyncChange, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for i := 0; !m.closed; i++ {
		if i == len(all) {
			return change, nil
		}
		m.insertOne(all[i], by, anew, &change, now)
		if i%slice == slice-1 { // those who look for a token get at the manager in between
			m.mu.Unlock()
			m.mu.Lock()
		}
	}
	return change, ErrClosed
}

func (m *Manager) insertOne(c checkedToken, by *Syncer, anew bool, change *SyncChange, now time.Time) {
	if e := m.byID[c.id]; e != nil {
		if anew {
			e.host.replace(e, c.token, now)
		}
		return
	}
	var was *entry
	if a := m.archive[c.id]; a != nil {
		if by != nil && a.by == nil {
			return
		}
		was = m.takeBack(a)
	}
	e := m.hostAt(c.place).add(c.token, c.id, m.added, was, now)
	m.added++
	m.entries.add(e)
	m.byID[c.id] = e
	if c.token.Secret.source == nil && c.token.Scheme != Opaque {
		m.secrets[sha256.Sum256([]byte(c.token.Secret.Reveal()))] = struct{}{}
	}
	if was != nil {
		change.Restored = append(change.Restored, c.id)
	} else {
		change.Added = append(change.Added, c.id)
	}
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
// order in which they were added, as far as every filter wants them. The empty
// provider means all. Each copy is consistent in itself; it is made while other tokens
// are used. The filters are called without any lock.
func (m *Manager) AllTokens(p ProviderType, filters ...Filter) []TokenInfo {
	infos := []TokenInfo{}
	for _, e := range m.of(p) {
		var info TokenInfo
		if e.look(func(now time.Time) { info = e.info(now) }) && info.wanted(filters) {
			infos = append(infos, info)
		}
	}
	return infos
}

// Close sends away all calls that wait, with [ErrClosed], and refuses new ones.
// Leases that are out may still be settled. Close may be called more than once.
//
// Sources that are being asked see their context end, and Close waits until they
// have returned. One that has not after 5 s is named in the error.
func (m *Manager) Close() error {
	m.mu.Lock()
	m.closed = true
	for _, h := range *m.hosts.Load() {
		h.close()
	}
	m.mu.Unlock()
	return m.background.close()
}
