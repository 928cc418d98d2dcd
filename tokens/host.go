package tokens

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Host is one API base of a provider together with the tokens that may be sent
// there. [Manager.Host] finds it. A Host is safe for concurrent use.
type Host struct {
	place
	manager     *Manager
	main        string // the resource that a status shows as the token's own
	maxInFlight int
	local       localClock
	withOwners  atomic.Int64 // tokens that name owners
	learned     learned

	mu         lock // guards what follows and all that hangs on it
	pace       ratelimit.Pace
	paced      bool          // whether the pace has any bound
	span       time.Duration // that the points of the pace are counted over
	rates      uint32        // how often the bound was set, see SetRate
	closed     bool
	clock      hostClock
	rest       time.Time      // limits that count the IP address: nothing is sent before
	mostPoints int64          // that calls take of which a roster is kept
	routes     map[uint64]int // how many accounts rest for a route, or did when it was last called
	accounts   map[string]*account
	entries    sequence[*entry]
	added      int // entries ever added
	lanes      map[string]*lane
	told       int    // lanes that answers made
	recent     *lane  // the one that was asked for last
	seq        uint64 // leases ever granted
	waiters    uint64 // calls that ever stood in line
	inLine     int    // calls that do
	leases     leaseTable
	notices    notices

	named      map[string]*viewers // of each owner that a token names, folded; "" is none
	alive      sequence[*entry]    // the tokens that can serve, perhaps after a rest
	generation uint64              // of what tokens can be used for, see readmit

	strategy   Strategy    // that is asked for each call; nil if none is
	ordering   ordering    // that budgets stand by; nil is the default
	orderings  uint32      // how often that was set
	priorities map[int]int // how many tokens have each
	candidates []Candidate
	chosen     []choice // what the candidates stand for
}

func newHost(m *Manager, p place) *Host {
	pace, maxInFlight := m.config.pace(p.dialect), m.config.maxInFlight()
	if p.isService() {
		pace, maxInFlight = ratelimit.Pace{}, math.MaxInt // its owner decides, see SetRate
	}
	h := &Host{
		place:       p,
		manager:     m,
		main:        p.mainResource(),
		maxInFlight: maxInFlight,
		span:        time.Minute,
		pace:        pace,
		paced:       pace != ratelimit.Pace{},
		accounts:    map[string]*account{},
		lanes:       map[string]*lane{},
		priorities:  map[int]int{},
		named:       map[string]*viewers{},
		generation:  1,
	}
	h.adopt(m.config.Strategy)
	return h
}

// Provider returns the kind of host.
func (h *Host) Provider() ProviderType { return h.provider }

// URL returns the base URL, such as "https://api.github.com".
func (h *Host) URL() string { return h.base }

// String returns the base URL.
func (h *Host) String() string { return h.base }

// Format implements [fmt.Formatter]: a Host prints as its base URL with every
// verb.
func (h *Host) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.base) }

// Dialect returns how the host speaks of its limits.
func (h *Host) Dialect() ratelimit.Dialect { return h.dialect }

// Contains reports whether a request for u may carry a token of the host:
// scheme, host, port and path prefix are matched exactly.
func (h *Host) Contains(u *url.URL) bool { return h.contains(u) }

// add makes t an entry of the host, that goes on where was stopped if it is not
// nil. It is the caller who keeps IDs unique, and who numbers the tokens.
func (h *Host) add(t Token, id ID, nth uint64, was *entry, now time.Time) *entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Tags, t.Owners = slices.Clone(t.Tags), slices.Clone(t.Owners)
	e := &entry{id: id, host: h, token: t, source: t.Secret.source, nth: nth}
	e.label.Store(new(t.Label))
	e.probe.Store(h.probeURL(t.ProbePath))
	if e.source != nil {
		e.minter = &minter{entry: e, manager: h.manager}
	} else {
		e.auth.Store(new(newCredential(t)))
	}
	e.inherit(was)
	e.schedule(now)
	e.order = h.added
	h.added++
	h.entries.add(e)
	h.countPriority(t.Priority, 1)
	h.nameOwners(e)
	e.enliven()
	h.accountOf(t, id, now).enlist(e)
	h.readmit()
	e.account.refloor()
	e.account.relist(now)
	e.baseline(now)
	h.tell(Event{Kind: TokenAdded}, e)
	e.announceEnd(now)
	h.serveLines(now)
	return e
}

func (h *Host) accountOf(t Token, id ID, now time.Time) *account {
	key := accountKey(t.Account)
	if t.Account == "" {
		key = "token " + string(id)
	}
	a := h.accounts[key]
	if a == nil {
		a = &account{host: h, budgets: map[string]*budget{}, rated: h.rates}
		a.tokens = a.first[:0]
		h.name(a, key)
	}
	if t.Account != "" {
		a.name, a.declared = t.Account, true
	}
	for _, l := range h.lanes {
		a.budget(l, now)
	}
	a.rate(now) // it may have had no token for a while
	return a
}

func accountKey(name string) string { return "account " + name }

// eachAccount yields every account once, whatever the number of its keys.
func (h *Host) eachAccount() iter.Seq[*account] {
	return func(yield func(*account) bool) {
		for key, a := range h.accounts {
			if key == a.keys[0] && !yield(a) {
				return
			}
		}
	}
}

// budget returns the account's budget in the lane. A removed token may still ask
// an account that was merged into another.
func (a *account) budget(l *lane, now time.Time) *budget {
	a = a.current()
	if b := a.budgets[l.resource]; b != nil {
		return b
	}
	b := &budget{account: a, resource: l.resource}
	b.answered = a.host.isService() // it never tells numbers that were worth waiting for
	a.budgets[l.resource] = b
	l.add(b, now)
	return b
}

// lane returns the lane of a resource. Not all accounts may have joined it yet.
func (h *Host) lane(resource string, now time.Time) *lane {
	if l := h.recent; l != nil && l.resource == resource {
		return l
	}
	l := h.lanes[resource]
	if l == nil {
		l = newLane(h, resource)
		h.lanes[resource] = l
		l.joining = h.entries.list()
		l.join(now)
	}
	h.recent = l
	return l
}

// awake returns the lane of a resource when all have joined it, and are awake
// whose time has come.
func (h *Host) awake(resource string, now time.Time) *lane {
	l := h.lane(resource, now)
	for !l.join(now) || !l.wakeUp(now) {
		h.letOthers()
	}
	return l
}

// Request says what a lease is for.
type Request struct {
	// Draw is what the call will cost, as the host's dialect says.
	Draw ratelimit.Draw

	// Tried holds what refused the same call before; it will not serve it
	// again until the call has waited, which empties the list. Nil means
	// that nothing did.
	Tried *Tried

	// Owner is whose things the call is about, see [Host.Owner]: it goes to tokens
	// that name the owner in [Token.Owners] and to tokens without owners. Empty
	// means unknown, and so does an owner that no token names which can serve now
	// or later: then every token may serve.
	Owner string

	// Token is the only token that may serve the call, whatever its owners. Empty
	// means any.
	Token ID

	// Pin, if not nil, keeps the call with one account, see there.
	Pin *Pin

	// Walk, if not nil, keeps the call with the account that served the calls
	// before it, as far as that is free, see there.
	Walk *Walk

	// Prefer names tokens that are to serve the call if they can at once, the
	// first of them first, for example because a cache holds what the host told
	// them. It comes after Pin and Walk and before the strategy, and not before a
	// higher [Token.Priority]. Tokens that the host does not have are passed over.
	Prefer []ID

	// MaxWait bounds the wait for a token. 0 means [DefaultMaxWait], negative
	// never waits.
	MaxWait time.Duration

	// OnWait, if not nil, is called before the call begins to wait, with the
	// earliest time at which it may go on. It must not block. It is called again
	// only if the token that the call waited for has no secret (see
	// [Refreshing]) and it has to wait for another.
	OnWait func(until time.Time)

	fixed     *entry    // Token's
	preferred []*entry  // Prefer's, nil if Token is set
	audience  *audience // who may serve, as [Host.admit] says
	admitted  uint64    // the host's generation that audience is of
}

// DefaultMaxWait is how long a call waits for a token at most: a GitHub window
// of an hour, and some minutes for those in line before it.
const DefaultMaxWait = 65 * time.Minute

func (r *Request) maxWait() time.Duration {
	if r.MaxWait == 0 {
		return DefaultMaxWait
	}
	return r.MaxWait
}

// Lease returns the right to send one request with one token, which must be
// settled (see [Lease]).
//
// The lease reserves what the call draws. A GraphQL call, whose cost only its
// answer tells, reserves what the dearest of this window or the last has cost,
// at most a fiftieth of the limit, which is also taken while none is known; if
// less is left, such calls go one at a time.
//
// If every token that could serve is spent, Lease waits in line for the first
// to become free. It does not begin to wait if that lies beyond MaxWait or the
// context's deadline; then, and where no token will ever serve, it returns an
// [*ExhaustedError]. If the host has no token of the ID that the request names, the
// error matches [ErrUnknownToken]. If the context ends, Lease returns the context's
// error.
func (h *Host) Lease(ctx context.Context, r Request) (Lease, error) {
	if err := h.fix(&r); err != nil {
		return Lease{}, err
	}
	var lease Lease
	err := h.lease(ctx, &r, &lease)
	if err != nil || lease.entry.minter == nil {
		return lease, err
	}
	return h.withSecret(ctx, r, lease)
}

// fix finds the token that the request names.
func (h *Host) fix(r *Request) error {
	if r.Token == "" {
		h.findPreferred(r)
		return nil
	}
	h.manager.mu.RLock()
	e := h.manager.byID[r.Token]
	h.manager.mu.RUnlock()
	if e == nil || e.host != h {
		return fmt.Errorf("gitfleet: %w: no token of %s has the ID %q", ErrUnknownToken, h.base, r.Token)
	}
	r.fixed = e
	return nil
}

// lease fills in the lease rather than return it, like those that it calls:
// handing on five words from result to result costs more than finding them.
func (h *Host) lease(ctx context.Context, r *Request, lease *Lease) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.Draw.Units = max(0, r.Draw.Units)
	w, err := h.leaseOrEnter(ctx, r, lease)
	if w == nil {
		return err
	}
	*lease, err = w.wait(ctx)
	return err
}

// leaseOrEnter takes a lease or a place in line.
func (h *Host) leaseOrEnter(ctx context.Context, r *Request, lease *Lease) (*waiter, error) {
	now := h.local.now()
	h.mu.Lock()
	defer h.mu.Unlock() // also when a user's strategy panics
	for {
		if h.closed {
			return nil, ErrClosed
		}
		l := h.lane(r.Draw.Resource, now)
		if len(l.joining) > 0 && !l.join(now) {
			h.letOthers()
			continue
		}
		h.admit(r)
		l.cut = false
		granted, all := l.take(r, now, lease)
		if granted {
			return nil, nil
		}
		if all && !l.cut {
			return l.enter(ctx, r, now)
		}
		h.letOthers()
	}
}

// letOthers gives way to whoever waits for the lock.
func (h *Host) letOthers() {
	h.mu.Unlock()
	h.mu.Lock()
}

// take leases what is free now, unless somebody in line could use it too. If
// nothing is, all says whether that is certain: those in line come first, and a
// slice may not be enough for them, or to wake all that can serve.
func (l *lane) take(r *Request, now time.Time, lease *Lease) (granted, all bool) {
	if len(l.unordered) > 0 {
		l.order(now)
	}
	if !l.serve(now) {
		return false, false
	}
	awake := l.wakeUp(now)
	b, e := l.find(r, now)
	if b == nil && r.Draw.Units == 0 {
		b, e = l.searchFree(r, now)
	}
	if b == nil {
		return false, awake
	}
	l.grant(r, b, e, now, lease)
	return true, true
}

// grant takes one lease of b with e for a call, and tells its walk.
func (l *lane) grant(r *Request, b *budget, e *entry, now time.Time, lease *Lease) {
	r.Walk.served(b.account, r.Owner)
	l.host.grant(b, e, &r.Draw, now, lease)
}

// oneRead is the draw of the least demanding call that costs something.
var oneRead = ratelimit.Draw{Units: 1, Points: 1}

// grant takes one lease of b with e.
func (h *Host) grant(b *budget, e *entry, d *ratelimit.Draw, now time.Time, lease *Lease) {
	e.lastUsed, e.used = now, h.seq+1
	e.calls++
	if b.account.squads != nil {
		e.repost()
	}
	h.book(b, e, d, now, lease)
	b.lane.used(b, now)
}

// grantOwn takes one lease for a request of the manager's own: it is accounted
// for like any, and the turn of the token stays what it was.
func (h *Host) grantOwn(b *budget, e *entry, d *ratelimit.Draw, now time.Time) (lease Lease) {
	h.book(b, e, d, now, &lease)
	b.lane.place(b, now)
	return lease
}

func (h *Host) book(b *budget, e *entry, d *ratelimit.Draw, now time.Time, lease *Lease) {
	h.seq++
	held := b.hold(d)
	b.out += held
	b.last = h.seq
	b.account.takePace(d, b.resource, now)
	b.account.inFlight++
	if b.account.inFlight == h.maxInFlight {
		b.account.relist(now)
	}
	lease.host, lease.entry = h, e
	lease.slot, lease.gen = h.leases.add(b, d, held, h.seq, now)
}

// ReadyAt returns when a call that draws on the resource can be served at the
// earliest. ok is false if no token will ever serve it.
func (h *Host) ReadyAt(resource string) (at time.Time, ok bool) {
	d := oneRead
	d.Resource = resource
	return h.ReadyFor(Request{Draw: d})
}

// ReadyFor is [Host.ReadyAt] for one call: only the tokens that may serve it
// count, but for those that it has tried. It waits for nothing.
func (h *Host) ReadyFor(r Request) (at time.Time, ok bool) {
	if h.fix(&r) != nil {
		return time.Time{}, false
	}
	r.Tried, r.Walk = nil, nil
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		l := h.awake(r.Draw.Resource, now)
		h.admit(&r)
		l.cut = false
		b, _ := l.best(&r, now)
		if b == nil && r.Draw.Units <= 0 {
			b, _ = l.searchFree(&r, now)
		}
		if b != nil {
			return now, true
		}
		if !l.cut {
			return l.earliest(&r, now)
		}
		h.letOthers()
	}
}

// serveLines serves all lines; whoever has waited longest decides which first.
func (h *Host) serveLines(now time.Time) {
	var waiting []*lane
	for _, l := range h.lanes {
		if l.line.first != nil {
			waiting = append(waiting, l)
		}
	}
	slices.SortFunc(waiting, func(a, b *lane) int {
		return cmp.Compare(a.line.first.number, b.line.first.number)
	})
	for _, l := range waiting {
		l.serve(now)
	}
}

func (h *Host) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for e := range h.entries.all() {
		e.stopExpiry()
	}
	h.notices.stop()
	for _, l := range h.lanes {
		l.line.failAll(ErrClosed)
		l.stopTimer()
	}
}

// random is where jitter comes from.
func (h *Host) random() float64 { return rand.Float64() }

// ErrClosed is returned by a manager after [Manager.Close].
var ErrClosed = errors.New("gitfleet: token manager is closed")
