package tokens

import (
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// outlook is what a call that costs one read can expect of a budget.
type outlook uint8

const (
	listed   outlook = iota // it is in a list
	resting                 // it can serve at a time that is known, or once a call under way is over
	hopeless                // no token of it can be used
)

// tally is how many tokens are in each state.
type tally [len(stateNames)]int32

// appraise keeps what the lane knows of all its budgets together up to date with
// one of them, which is in no list or was in none before, or whose tokens have
// changed. So a call that nobody
// can serve is told when to come again, and why, without a look at every budget.
//
// What it notes holds until the budget is placed again: whatever else changes it,
// its account's other calls included, places it, and so does time (see nextWake). The
// rest of the host comes on top of it.
func (l *lane) appraise(b *budget, now time.Time) {
	at := time.Time{}
	b.outlook = listed
	if b.level < 0 {
		b.outlook = hopeless
		if free, hope := b.freeAt(&oneRead, nil, now); hope {
			b.outlook, at = resting, free
		}
		if was := b.frees.at; !at.After(now) && !was.IsZero() && !was.After(now) && !at.IsZero() {
			at = was // it is under way still
		}
	}
	l.restingOf(b).set(&b.frees, at)
	b.appraiseSeats(at, now)
	l.recount(b, now)
}

// recount counts the states of the budget's tokens anew.
func (l *lane) recount(b *budget, now time.Time) {
	l.uncount(b)
	for s, n := range b.account.states {
		if n > 0 {
			s := b.counts(State(s), now)
			b.states[s] += n
			l.states[s] += n
		}
	}
}

func (l *lane) uncount(b *budget) {
	for s, n := range b.states {
		l.states[s] -= n
	}
	b.states = tally{}
}

// earliest returns when a call can be served at the earliest by those that may and
// have not been tried, as far as can be known: now if that depends on calls that
// are under way. ok is false if no token will ever serve it. The lane must be
// awake.
func (l *lane) earliest(r *Request, now time.Time) (at time.Time, ok bool) {
	s := waitSearch{least: later(now, l.host.restingUntil(now)), free: r.Draw.Units == 0}
	if home := r.audience.home(); home != nil {
		if b := home.budgets[l.resource]; b != nil {
			s.try(b, r, now)
		}
		return s.at, s.ok
	}
	if s.rosters(l, r, now) {
		return s.at, s.ok
	}
	s.listed(l, r, now)
	soonest(&s, &l.resting, r, now)
	if r.audience == nil {
		soonest(&s, &l.bound, r, now)
		return s.at, s.ok
	}
	for owner := r.audience.owner; owner != ""; owner = around(owner) {
		if c := l.circles[owner]; c != nil {
			soonest(&s, &c.resting, r, now)
		}
	}
	return s.at, s.ok
}

// readyAt is earliest for one budget.
func (b *budget) readyAt(r *Request, now time.Time) (at time.Time, ok bool) {
	if b.ready(r.Draw, now) {
		// It could serve at once; if it does not, the host has refused this
		// very call through it, and waiting would not change that.
		a := b.account
		return now, !r.Tried.hasAccount(a) && (a.pick(r) != nil || a.probing(r.audience))
	}
	at, ok = b.freeAt(&r.Draw, r.audience, now)
	return later(at, b.account.host.restingUntil(now)), ok
}

// freeAt is readyAt for a budget that cannot serve the call now, but for the rest of
// the host.
func (b *budget) freeAt(d *ratelimit.Draw, of *audience, now time.Time) (at time.Time, ok bool) {
	a := b.account
	if !a.hopeful(of) {
		return time.Time{}, false
	}
	at = later(now, b.pausedUntil(now))
	if free, known := b.free(); known && free+b.out < d.Units {
		at = later(at, b.refill()) // whatever comes of the calls under way
	}
	if d.Points > 1 { // what it needs beyond a read may depend on calls under way
		at = later(at, a.paced(oneRead, b.resource, now))
	}
	return later(at, a.paced(*d, b.resource, now)), true
}

// exhausted makes the error for a call that found no token, ready at the given
// time or never. The lane must be awake.
func (l *lane) exhausted(r *Request, readyAt, now time.Time) *ExhaustedError {
	err := &ExhaustedError{
		Provider: l.host.provider,
		Host:     l.host.base,
		Resource: l.resource,
		ReadyAt:  readyAt,
		Tokens:   l.host.entries.count,
		States:   map[State]int{},
		Only:     r.audience.String(),
	}
	for s, n := range l.states {
		if n > 0 {
			err.States[l.host.outward(State(s), now)] += int(n)
		}
	}
	return err
}
