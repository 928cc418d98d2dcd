package fleettest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// host is what all simulated hosts have in common: accounts and their
// budgets, generated data, faults, the log, and the ways in. What is said and
// counted for a request is the single host's own.
type host struct {
	name    string // for error texts
	cfg     Config
	catalog *catalog
	home    string          // the first of origins
	origins map[string]bool // "https://api.github.com": answered in memory

	// reply answers a call for one of origins, or one that came in over a
	// server of the host's own. It must not wait.
	reply func(*call) *answer
	// foreign answers a call for any other origin.
	foreign func(*call) (*answer, error)
	// resources are the budgets the host has, and their limits by default;
	// main is the one that Limit and Window are about, period its length by
	// default.
	resources map[string]resource
	main      string
	period    time.Duration
	newBudget func(limit int, length time.Duration) budget
	has       func(resource string) bool // nil if resources are an open set
	scopes    string                     // of accounts, by default
	nests     bool                       // organizations may have others in them

	mu          sync.Mutex // guards what follows
	accounts    map[string]*account
	credentials map[digest]*credential
	fragments   map[digest]bool // words of tokens, which may have a "=" in them
	unnamed     int             // accounts named by us
	address     *account
	faults      []*armedFault
	log         []*Request
	leaks       []Leak
	inFlight    int
	counts      Counts
	faulty      int
	serial      uint64 // of request ids
}

// resource is a budget that a host has, as it is by default.
type resource struct {
	limit     int
	anonymous int // limit of an address without a credential
	window    time.Duration
	beside    bool // counted beside the main one, and limited even if that is not
}

// init makes the parts that every host needs.
func (h *host) init(name string, cfg Config) {
	h.name, h.cfg = name, cfg
	h.cfg.Tokens, h.cfg.Accounts = nil, nil // only hashes are kept
	h.catalog = newCatalog(cfg, h.nests)
	h.accounts = make(map[string]*account)
	h.credentials = make(map[digest]*credential)
	h.fragments = make(map[digest]bool)
	h.address = &account{budgets: make(map[string]budget), sees: map[string]bool{}}
	h.addAccounts(cfg)
}

// budget returns the account's budget of a resource, "" being the main one.
// h.mu must be held.
func (h *host) budget(a *account, name string) budget {
	if name == "" {
		name = h.main
	}
	b, ok := a.budgets[name]
	if !ok {
		b = h.newBudget(h.limitOf(a, name), h.windowOf(name))
		a.budgets[name] = b
	}
	return b
}

// limitOf returns how much of a resource the account has in a window.
func (h *host) limitOf(a *account, name string) int {
	known := h.resources[name]
	if h.cfg.Limit < 0 && !known.beside {
		return -1
	}
	if a.anonymous() {
		if n, ok := h.cfg.Limits[name]; ok && known.limit == 0 && known.anonymous != 0 {
			return n // it is of addresses only
		}
		return known.anonymous
	}
	if n, ok := a.limits[name]; ok {
		return n
	}
	if n, ok := h.cfg.Limits[name]; ok {
		return n
	}
	if name == h.main && h.cfg.Limit != 0 {
		return h.cfg.Limit
	}
	return known.limit
}

// windowOf returns the length of a resource's window.
func (h *host) windowOf(name string) time.Duration {
	if d, ok := h.cfg.Windows[name]; ok {
		return d
	}
	if d := h.resources[name].window; d != 0 {
		return d
	}
	return orDefault(h.cfg.Window, h.period)
}

// identify finds out who sent c: one of the accounts, or the address if there
// was no credential. It reports false if there was one that is not accepted.
func (h *host) identify(c *call, secret string, given bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.account = h.address
	ok := !given
	if cred := h.credentials[digestOf(secret)]; given && cred != nil && cred.valid(c.arrived) {
		c.account, c.credential, ok = cred.account, cred, true
		c.entry.Account, c.entry.Token = cred.account.login, cred.ordinal
	}
	c.account.inFlight++
	c.account.counts.Requests++
	c.account.counts.MaxInFlight = max(c.account.counts.MaxInFlight, c.account.inFlight)
	return ok
}

// nameSet returns names in lower case, nil if names is nil.
func nameSet(names []string) map[string]bool {
	if names == nil {
		return nil
	}
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[strings.ToLower(n)] = true
	}
	return set
}

// read reports whether a method reads only.
func read(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// orDefault returns v, or d if v is zero.
func orDefault[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
