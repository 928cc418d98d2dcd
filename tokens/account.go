package tokens

import (
	"math"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// account is whom a host counts: one user or installation, with one budget a
// resource and one or more tokens (I4). It is guarded by its Host's mutex.
type account struct {
	// What every call looks at stands together, here as in entry and record: of
	// ten thousand accounts none is in the processor's cache when its turn comes.

	host *Host
	crew
	inFlight int
	underWay int64  // points of the calls in flight
	spots    int32  // of its budgets
	hanging  int32  // those that the end of a call may make able
	rated    uint32 // how often the host's bound had been set when it was last asked for

	// cool is until when a secondary limit keeps the account from being used.
	cool      time.Time
	coolings  int                   // secondary limits in a row
	cooledSeq uint64                // the newest lease when the last of them was met
	routes    map[uint64]*routeRest // that rest, or did when they were last called
	pace      pacer

	keys     []string // in Host.accounts
	name     string   // as declared, or else as the host says; empty if unknown
	identity string   // whom the host says it is, see sighting; empty if unknown
	declared bool
	into     *account // the one that this was merged into, or nil
	budgets  map[string]*budget
	census
	cooling   time.Time // as of turned
	unnoticed int       // tokens that observers are to hear of, from the first on
}

// entry is one token of a Manager. It is guarded by its Host's mutex, but for
// the fields above the blank line, which never change.
type entry struct {
	id     ID
	host   *Host
	auth   atomic.Pointer[credential] // of a static secret
	minter *minter                    // of a refreshing one, else nil
	source *mintSource                // of the minter's secret
	label  atomic.Pointer[string]     // that of token, for those who hold no lock
	probe  atomic.Pointer[url.URL]    // where the host is asked whether the token is alive

	account  *account
	state    State // Unknown, Available, Suspect or Invalid; the rest is derived
	probing  bool
	failing  bool // it has no secret, because its source fails
	disabled bool // by hand, for the reason in disabledFor
	removed  bool
	living   bool   // it is counted among those that are alive
	used     uint64 // the newest lease
	calls    uint64 // leases so far
	rotated  uint64 // the newest lease when the secret was rotated
	lastUsed time.Time
	expiry

	token       Token    // as declared
	owners      []string // that it sees; folded
	identity    Identity
	counted     string // whom the host counts for it, see sighting
	reason      string
	failure     string
	disabledFor string
	counts      State  // that its account counts it by
	place       int    // among its account's tokens
	posts       []post // in its account's squads, if there are any
	order       int    // in which it was added to the host
	nth         uint64 // in which it was added to the manager
	alone       *audience
	seen        seen         // what observers of events know
	again       date[*entry] // when it is looked at for them
}

// number is the place among all tokens of the manager.
func (e *entry) number() uint64 { return e.nth }

// usable reports whether the token itself may be sent, budgets aside.
func (e *entry) usable() bool { return e.alive() && !e.probing }

// alive reports whether the token may be sent, perhaps after it has been confirmed.
func (e *entry) alive() bool { return e.state != Invalid && !e.disabled && !e.expired }

// hopeful reports whether the token can be used, now or once it has been confirmed.
func (e *entry) hopeful() bool { return e.usable() || e.probing }

// still is the state of the token, whatever the limits of its account.
func (e *entry) still() State {
	switch {
	case e.disabled:
		return Disabled
	case e.expired:
		return Expired
	}
	return e.state
}

// last reports whether the token is to be used when no other can.
func (e *entry) last() bool { return e.state == Suspect || e.failing }

// outranks reports whether e comes before other whatever the strategy: by its
// priority, and among equals a suspect token comes last.
func (e *entry) outranks(other *entry) bool {
	if mine, theirs := e.token.Priority, other.token.Priority; mine != theirs {
		return mine > theirs
	}
	return !e.last() && other.last()
}

// before reports whether e is to be used rather than other of the same account:
// what does not outrank the other comes first if it was used longer ago, or if neither
// was used yet, if it came first.
func (e *entry) before(other *entry) bool {
	switch {
	case e.outranks(other):
		return true
	case other.outranks(e):
		return false
	case e.used != other.used:
		return e.used < other.used
	}
	return e.order < other.order
}

// restingUntil returns when the last of the limits that hold for the whole
// account or host ends, margin included. Zero means that none does.
func (a *account) restingUntil(now time.Time) time.Time {
	return later(restOver(a.cool, now), a.host.restingUntil(now))
}

// restOver returns when a rest until t is over, margin included, or the zero
// time if it is over already.
func restOver(t, now time.Time) time.Time {
	if t.IsZero() || !now.Before(t.Add(resetMargin)) {
		return time.Time{}
	}
	return t.Add(resetMargin)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// current returns the account that a was merged into, else a.
func (a *account) current() *account {
	for a.into != nil {
		a = a.into
	}
	return a
}

// budget is what one account may draw on one resource.
type budget struct {
	account  *account
	resource string

	// Where the lane keeps the budget; see there.
	lane       *lane
	shelf      *shelf
	prev, next *budget
	level      int    // -1 while it cannot serve
	turn       uint64 // when it came into its list
	unsummed   bool   // it is in the lane's list of those
	ranked     bool   // it is on the ladder of its shelf
	bound      bool   // all tokens of its account name owners
	outlook    outlook

	record

	// While least to most units of scaled, the limit, may be leased, the level
	// stays what it is.
	scaled, least, most int64

	wakeEnds time.Time     // the end of the window that its date for changes was worked out for
	changes  date[*budget] // when time alone changes what the budget can do, or is said of it
	frees    date[*budget] // when a budget that rests can serve a read again
	seats    []*seat
	aside    *budgetList // that it is in while it cannot serve, see shelf
	states   tally       // of its account's tokens, as the lane has counted them
	summed   sums        // what it is in the lane's
	rung     rung        // on the ladder
	index    int         // in it
	entered  uint32      // the orderings of the host that the rung is of; 0 if it has been aside since
	seated   uint32      // the namings of the account that its seats are for
	stopped  int64       // until when, as of account.turned; in nanoseconds, so that all fits into 640 bytes
	nth      uint64      // in which it came to the lane
	own      member      // in the crowd of the lane
	spots    int         // of it and its seats
}

// current returns the budget that b was merged into, else b.
func (b *budget) current() *budget {
	if b.account.into == nil {
		return b
	}
	return b.account.current().budgets[b.resource]
}

// number is the place among all budgets of the lane.
func (b *budget) number() uint64 { return b.nth }

// pausedUntil returns when the last of the limits that keep the budget from being
// used ends, margin included, but for that of the host. Zero means that none does.
func (b *budget) pausedUntil(now time.Time) time.Time {
	return later(restOver(b.rest, now), restOver(b.account.cool, now))
}

// restingUntil is pausedUntil with the limit of the host.
func (b *budget) restingUntil(now time.Time) time.Time {
	return later(b.pausedUntil(now), b.account.host.restingUntil(now))
}

// stoppedUntil returns when a budget that rests or is spent can be used again, but
// for a limit of the host. Zero means that it can be used now, or that time will not
// change it.
func (b *budget) stoppedUntil(now time.Time) time.Time {
	t := b.pausedUntil(now)
	if b.spent() {
		t = later(t, b.refill())
	}
	return t
}

// limitedUntil is stoppedUntil with the limit of the host.
func (b *budget) limitedUntil(now time.Time) time.Time {
	return later(b.stoppedUntil(now), b.account.host.restingUntil(now))
}

// ready reports whether the budget can serve a call that draws d now.
func (b *budget) ready(d ratelimit.Draw, now time.Time) bool {
	return b.level >= 0 && b.account.host.restingUntil(now).IsZero() && b.able(&d, now)
}

// able reports whether a budget in a list can serve a call that draws d, but for a
// rest of the host. Being there means that there is room for a read.
func (b *budget) able(d *ratelimit.Draw, now time.Time) bool {
	return b.bears(d) && (b.account.host.plain(*d) || b.account.paced(*d, b.resource, now).Equal(now))
}

// readyLevel returns the list of the lane that the budget belongs in, or -1 if
// nothing may be leased from it now. calm is b.calm(), which callers know.
func (b *budget) readyLevel(now time.Time, calm bool) int {
	e := b.account.lead()
	if e == nil || b.account.inFlight >= b.account.host.maxInFlight {
		return -1
	}
	if !calm && (!b.pausedUntil(now).IsZero() || !b.account.roomAt(b.resource, now).Equal(now)) {
		return -1
	}
	free, known := b.free()
	switch {
	case free <= 0:
		return -1
	case e.last():
		return suspectLevel
	case !known:
		return unknownLevel
	}
	return b.shareLevel(free)
}

// shareLevel returns the list for so many free units of the limit, and notes
// between which numbers it stays the same.
func (b *budget) shareLevel(free int64) int {
	const steps = unknownLevel - 1
	limit := b.limit.Or(free)
	b.scaled, b.least, b.most = limit, limit, math.MaxInt64
	if free >= limit {
		return steps
	}
	step := float64(limit) / steps
	level := math.Floor(float64(free) / step)
	b.least = min(free, max(1, int64(math.Ceil(level*step))))
	b.most = max(free, int64(math.Ceil((level+1)*step))-1)
	return int(level)
}

// stays reports whether the budget belongs in the list that it is in, as nearly
// always after a call was leased or has ended. That the account's tokens are what
// they were is taken for granted: whoever changes them relists it.
func (b *budget) stays(now time.Time) bool {
	if b.level < 0 || b.level >= unknownLevel || b.limit.Or(0) != b.scaled || b.account.inFlight >= b.account.host.maxInFlight {
		return false
	}
	free, known := b.free()
	return known && b.least <= free && free <= b.most && b.calm() && !b.due(now)
}

// due reports whether it is time to work out anew when the budget changes.
func (b *budget) due(now time.Time) bool {
	return b.wakeEnds != b.ends || !now.Before(b.changes.at)
}

// calm reports whether no limit of the budget or its account holds that time would
// end, as nearly always.
func (b *budget) calm() bool {
	p, _ := b.account.points(b.resource)
	return b.rest.IsZero() && b.account.cool.IsZero() && !p.full
}

// nextWake returns when time alone will change what readyLevel or the states of
// the tokens say. The rest of a host is the host's.
func (b *budget) nextWake(now time.Time) time.Time {
	if t := restOver(b.account.cool, now); !t.IsZero() {
		return t // a limit of the budget alone may last longer
	}
	if t := restOver(b.rest, now); !t.IsZero() {
		return t
	}
	wake := b.nextChange()
	if t := b.account.roomAt(b.resource, now); t.After(now) && (wake.IsZero() || t.Before(wake)) {
		return t
	}
	return wake
}

// relist puts all budgets of the account where they belong, after something
// that all of them share has changed.
func (a *account) relist(now time.Time) {
	for _, b := range a.budgets {
		b.lane.shelve(b)
		b.lane.place(b, now)
		b.lane.appraise(b, now)
		if b.lane.line.first != nil {
			b.lane.armTimer(now) // time may do now what a call under way was to do
		}
	}
}

// freed is lane.freed for all budgets of the account.
func (a *account) freed() {
	for _, b := range a.budgets {
		b.lane.freed(b)
	}
}

// rested books a refusal of the lease seq for a limit that named the wait, or
// did not.
func (b *budget) rested(o *ratelimit.Observation, ends time.Time, seq uint64, now time.Time) {
	h := b.account.host
	until := ends
	if after, ok := o.RetryAfter.Get(); ok {
		if t := now.Add(after); t.After(until) {
			until = t
		}
	}
	if until.IsZero() {
		if seq > b.pausedSeq { // not one more of the same burst
			b.pauses++
		}
		b.pausedSeq = h.seq
		until = now.Add(h.spentBackoff().Delay(b.pauses-1, h.random()))
	}
	if until.Before(now) {
		until = now // a reset in the past: resetMargin remains as the least pause
	}
	b.restUntil(until)
}
