package tokens

import (
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// group puts e into the account of all tokens that the host counts as one. What
// was declared is kept.
func (h *Host) group(e *entry, s sighting, now time.Time) {
	if s.counted == "" {
		if a := e.account; !a.declared && a.identity == "" {
			a.name = s.account()
		}
		return
	}
	if a := e.account; e.token.Account == "" && a.identity != "" && h.accounts[identityKey(s.counted)] != a {
		h.move(e, h.alone(e, now), now) // it has the secret of somebody else by now
	}
	mine, other := e.account, h.accounts[identityKey(s.counted)]
	if named := h.accounts[accountKey(s.account())]; other == nil && named != nil && named.declared && named.identity == "" {
		other = named // it was declared by the name that the host has
	}
	switch {
	case other == nil || other == mine:
		h.claim(mine, s)
		return
	case !mine.declared:
		h.merge(mine, other, now)
	case !other.declared:
		h.merge(other, mine, now)
	default:
		return // two that were declared stay two
	}
	h.claim(e.account, s)
	h.tell(Event{Kind: AccountsMerged}, e)
}

func identityKey(counted string) string { return "identity " + counted }

// claim has later tokens of the same identity, or of its name, join the account.
func (h *Host) claim(a *account, s sighting) {
	h.name(a, identityKey(s.counted))
	if a.identity == "" {
		a.identity = s.counted
	}
	if a.declared || s.account() == "" {
		return
	}
	a.name = s.account()
	if key := accountKey(a.name); h.accounts[key] == nil {
		h.name(a, key)
	}
}

// name has the account found by one more key.
func (h *Host) name(a *account, key string) {
	if h.accounts[key] != a {
		h.accounts[key] = a
		a.keys = append(a.keys, key)
	}
}

// unname has a key free again.
func (h *Host) unname(key string) {
	if a := h.accounts[key]; a != nil {
		a.keys = slices.DeleteFunc(a.keys, func(other string) bool { return other == key })
		delete(h.accounts, key)
	}
}

// alone returns a new account for e only.
func (h *Host) alone(e *entry, now time.Time) *account {
	key := "token " + string(e.id)
	if a := h.accounts[key]; a != nil && len(a.tokens) > 0 {
		h.unname(key) // else it is e's own from before, and calls may be out on it
	}
	return h.accountOf(Token{}, e.id, now)
}

// move makes e a token of another account. What is known of the budgets stays
// where it is.
func (h *Host) move(e *entry, to *account, now time.Time) {
	from := e.account
	from.discharge(e)
	to.enlist(e)
	h.readmit()
	for _, a := range [...]*account{from, to} {
		a.refloor()
		a.relist(now)
	}
}

// merge makes two accounts one: leases that are out settle on the one that stays
// (see budget.current), and a budget has what both knew of it.
func (h *Host) merge(from, to *account, now time.Time) {
	for _, b := range from.budgets {
		mine := to.budget(b.lane, now)
		mine.absorb(&b.record)
		mine.relimit()
		b.lane.drop(b)
	}
	to.absorb(from, now)
	for _, key := range from.keys {
		h.name(to, key)
	}
	for _, e := range from.tokens {
		to.enlist(e)
	}
	from.crew, from.census = crew{}, census{}
	from.budgets, from.keys, from.into = nil, nil, to
	h.readmit()
	to.refloor()
	to.relist(now)
	h.serveLines(now)
	to.notice(now)
}

// absorb takes over what rests and what is under way; the longer rest counts.
func (a *account) absorb(from *account, now time.Time) {
	a.inFlight += from.inFlight
	a.underWay += from.underWay
	a.cool = later(a.cool, from.cool)
	a.coolings = max(a.coolings, from.coolings)
	a.cooledSeq = max(a.cooledSeq, from.cooledSeq)
	a.pace.absorb(&from.pace, a.host.pace, now)
	for route, r := range from.routes {
		if a.routes == nil {
			a.routes = map[uint64]*routeRest{}
		}
		mine := a.routes[route]
		if mine != nil {
			a.host.countRoute(route, -1)
		}
		if mine == nil || mine.until.Before(r.until) {
			a.routes[route] = r
		}
	}
}

func (p *pacer) absorb(from *pacer, limits ratelimit.Pace, now time.Time) {
	p.rest.absorb(&from.rest, limits.PointsPerMinute, now)
	p.graphQL.absorb(&from.graphQL, limits.GraphQLPointsPerMinute, now)
	p.minute = joined(p.minute, from.minute, now)
	p.hour = joined(p.hour, from.hour, now)
	p.lastWrite = later(p.lastWrite, from.lastWrite)
}

func (p *points) absorb(from *points, limit int64, now time.Time) {
	p.window = joined(p.window, from.window, now)
	p.full = p.window != nil && p.window.Held(now) >= limit
}

// joined returns a window that holds the points of both, either of which may be
// nil.
func joined(a, b *ratelimit.Sliding, now time.Time) *ratelimit.Sliding {
	switch {
	case a == nil:
		return b
	case b != nil:
		a.Absorb(b, now)
	}
	return a
}

// absorb takes over what is known of a budget that turned out to be the same one:
// of one window the lower number, of two the newer.
func (r *record) absorb(o *record) {
	r.out += o.out
	r.last = max(r.last, o.last)
	r.restUntil(o.rest)
	r.lost.absorb(o.lost)
	r.costs.absorb(o.costs)
	if r.pauses < o.pauses {
		r.pauses = o.pauses
	}
	r.pausedSeq = max(r.pausedSeq, o.pausedSeq)
	mine, known := r.remaining.Get()
	theirs, knew := o.remaining.Get()
	switch {
	case !knew:
		r.answered = r.answered || o.answered
		if !r.limit.IsKnown() {
			r.limit = o.limit
		}
	case !known || r.precedes(o):
		r.take(o)
	case !o.precedes(r):
		r.remaining = ratelimit.Known(min(mine, theirs))
		if r.ends.Before(o.ends) {
			r.reset, r.ends = o.reset, o.ends
		}
		r.told = max(r.told, o.told)
		r.answered = r.answered || o.answered
		r.silent.absorb(o.silent)
	}
}

// precedes reports whether the window of r is older than that of o.
func (r *record) precedes(o *record) bool {
	return !r.ends.IsZero() && !o.ends.IsZero() &&
		r.compare(&reading{reset: o.reset, ends: o.ends, seq: o.told}) == newer
}

// take takes over the window of o.
func (r *record) take(o *record) {
	if o.limit.IsKnown() {
		r.limit = o.limit
	}
	r.remaining = o.remaining
	r.reset, r.ends = o.reset, o.ends
	r.silent, r.answered, r.since, r.told = o.silent, o.answered, o.since, o.told
}

func (c *costs) absorb(o costs) {
	c.now, c.before = max(c.now, o.now), max(c.before, o.before)
}

func (l *losses) absorb(o losses) {
	l.first += o.first
	l.firstSeq = max(l.firstSeq, o.firstSeq)
	l.second += o.second
	l.secondSeq = max(l.secondSeq, o.secondSeq)
}
