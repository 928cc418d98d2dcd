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
	// resources are the windows the host has, and their limits by default.
	resources map[string]resource

	mu          sync.Mutex // guards what follows
	accounts    map[string]*account
	credentials map[digest]*credential
	unnamed     int // accounts named by us
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
}

// init makes the parts that every host needs.
func (h *host) init(name string, cfg Config) {
	h.name, h.cfg = name, cfg
	h.cfg.Tokens, h.cfg.Accounts = nil, nil // only hashes are kept
	h.catalog = newCatalog(cfg)
	h.accounts = make(map[string]*account)
	h.credentials = make(map[digest]*credential)
	h.address = &account{windows: make(map[string]*window), sees: map[string]bool{}}
	h.addAccounts(cfg)
}

// window returns the account's window of a resource. h.mu must be held.
func (h *host) window(a *account, name string) *window {
	w, ok := a.windows[name]
	if !ok {
		w = &window{limit: h.limitOf(a, name), length: h.windowOf(name)}
		a.windows[name] = w
	}
	return w
}

// limitOf returns how much of a resource the account has in a window.
func (h *host) limitOf(a *account, name string) int {
	if h.cfg.Limit < 0 {
		return -1
	}
	known := h.resources[name]
	if a.anonymous() {
		return known.anonymous
	}
	if n, ok := a.limits[name]; ok {
		return n
	}
	if n, ok := h.cfg.Limits[name]; ok {
		return n
	}
	if name == "core" && h.cfg.Limit != 0 {
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
	if h.cfg.Window != 0 {
		return h.cfg.Window
	}
	return time.Hour
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
