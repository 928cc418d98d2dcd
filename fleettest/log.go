package fleettest

import (
	"slices"
	"time"
)

// Request is a line of a simulator's log: one request that arrived.
type Request struct {
	Time     time.Time // when it arrived
	Account  string    // login of the account; "" without a valid credential
	Token    int       // place of the token in Config, from 1; 0 without a valid one
	Scheme   string
	Host     string
	Method   string
	URL      string // path and query
	Resource string // the budget that the host books it on
	Status   int    // of the answer; 0 if there is none (yet)

	// Authorizations is how many headers there were that carry a credential:
	// Authorization, PRIVATE-TOKEN and JOB-TOKEN, empty ones as well.
	Authorizations int
}

// Counts are numbers of requests.
type Counts struct {
	Requests         int // all that arrived
	NotModified      int // answered 304
	RefusedPrimary   int // refused because a window was spent
	RefusedSecondary int // refused because of a secondary (at GitLab: an application) limit
	Unauthorized     int // refused because of their credential
	MaxInFlight      int // most at a time
}

// Stats are the numbers of a simulator so far.
type Stats struct {
	Counts
	Faulty   int               // requests that a Fault struck
	Accounts map[string]Counts // by login; "" for those without a valid credential
}

// Leak is a credential that arrived where it does not belong: at a host that
// is not the simulator's own, over plain http, or, at GitLab, outside the API.
// It names the place only.
type Leak struct {
	Scheme string
	Host   string
	Header string // name of the header, or "URL"
}

// Requests returns a copy of the log, in order of arrival.
func (h *host) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	log := make([]Request, len(h.log))
	for i, r := range h.log {
		log[i] = *r
	}
	return log
}

// enter adds a line to the log, and drops old ones if it need not keep all.
// h.mu must be held.
func (h *host) enter(r *Request) {
	h.log = append(h.log, r)
	if keep := h.cfg.MaxLog; keep > 0 && len(h.log) >= 2*keep {
		h.log = slices.Clone(h.log[len(h.log)-keep:])
	}
}

// Stats returns the numbers so far.
func (h *host) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := Stats{Counts: h.counts, Faulty: h.faulty}
	s.Accounts = map[string]Counts{"": h.address.counts}
	for login, a := range h.accounts {
		s.Accounts[login] = a.counts
	}
	return s
}

// Leaks returns the credentials that arrived at foreign hosts, in order.
func (h *host) Leaks() []Leak {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.leaks)
}

// note counts something about c, for all and for its account. h.mu must be
// held.
func (h *host) note(c *call, count func(*Counts)) {
	count(&h.counts)
	if c.account != nil {
		count(&c.account.counts)
	}
}
