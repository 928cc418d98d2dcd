package tokens

import (
	"container/heap"
	"time"
)

// lane holds the budgets of all accounts of one host for one resource, in the
// order in which they are to be used, and the calls that wait for one.
//
// Budgets that can serve now stand on shelves, one for each priority, or two: those
// whose tokens all name owners stand apart, since few calls go to them. Those that
// cannot serve stand there aside, for calls that cost nothing. An agenda orders those
// whose state time alone will change; one whose calls are all out waits in none, until
// one of them is settled. The lane is awake when
// no time of that agenda has come. While the host rests, the budgets stay where they
// are, and none serves. It is guarded by its Host's mutex.
type lane struct {
	host      *Host
	resource  string
	budgets   sequence[*budget]
	joining   []*entry           // whose accounts may have no budget here yet
	unordered []*budget          // that are still to be put where the host's ordering wants them
	mark      rung               // the furthest that calls have come by an ordering
	added     uint64             // budgets ever added
	shelves   []*shelf           // the highest priority first
	circles   map[string]*circle // by owner
	common    crowd              // the budgets of which a token names no owner
	owned     crowd              // the others
	searches  uint64             // times that a crowd was asked for a roster
	doubtful  []*spot            // for a search to note those that it comes upon
	turns     uint64             // times that a budget came into a list
	sleeping  agenda[*budget]    // by when time alone changes what they can do, or is said of them
	resting   agenda[*budget]    // by when they can serve a read again
	bound     agenda[*budget]    // the same of those whose tokens all name owners
	states    tally              // of all tokens of the host, for this resource
	sums      sums
	unsummed  []*budget // that the sums are not up to date with
	line      line
	cut       bool // the last pass over the line ended with its slice
	timer     *time.Timer
	armed     time.Time // when the timer will call serve; zero if it will not
}

func newLane(h *Host, resource string) *lane { return &lane{host: h, resource: resource} }

// add makes b a part of the lane.
func (l *lane) add(b *budget, now time.Time) {
	b.lane, b.level, b.nth = l, -1, l.added
	b.changes.of, b.frees.of = b, b
	l.added++
	l.budgets.add(b)
	b.own.budget = b
	l.common.join(&b.own)
	l.shelve(b)
	l.place(b, now)
	l.appraise(b, now)
}

// join gives accounts of the tokens that were there before the lane their budgets, a
// slice of them at most, and reports whether all have one. No call is served before.
func (l *lane) join(now time.Time) (all bool) {
	if len(l.joining) == 0 {
		return true
	}
	n := min(slice, len(l.joining))
	for _, e := range l.joining[:n] {
		if !e.removed {
			e.account.budget(l, now)
		}
	}
	if l.joining = l.joining[n:]; len(l.joining) > 0 {
		return false
	}
	l.joining = nil
	return true
}

// drop takes b out of the lane for ever.
func (l *lane) drop(b *budget) {
	l.unlist(b)
	l.sleeping.set(&b.changes, time.Time{})
	l.restingOf(b).set(&b.frees, time.Time{})
	for _, s := range b.seats {
		l.leaveSeat(s)
	}
	b.seats = nil
	l.crowdOf(b).leave(&b.own)
	l.uncount(b)
	l.unsum(b)
	l.budgets.remove(b)
}

// place moves b to where it belongs. A budget that stays in its list keeps its
// place there.
func (l *lane) place(b *budget, now time.Time) {
	calm := b.calm()
	due := !calm || b.due(now)
	if due {
		b.advance(now)
		if restOver(b.account.cool, now).IsZero() {
			b.account.cool = time.Time{}
		}
	}
	if level := b.readyLevel(now, calm); level != b.level || level < 0 && b.aside != b.asideList() {
		l.unlist(b)
		l.list(b, level)
	}
	if due {
		if b.ranked {
			l.reclimb(b, false)
			b.rerank()
		}
		b.wakeEnds = b.ends
		l.sleeping.set(&b.changes, b.nextWake(now))
	}
	if b.level < 0 || b.outlook != listed {
		l.appraise(b, now)
	}
	if b.spots > 0 {
		b.respot(now)
	}
	l.sum(b, now)
	l.freed(b)
}

// freed has those in line looked at whom b may serve, when serve is called next: b or
// its account has changed.
func (l *lane) freed(b *budget) {
	if l.line.first != nil && b.level >= 0 {
		l.line.freed(b)
	}
}

// ended moves b to where it belongs after the end of a call.
func (l *lane) ended(b *budget, now time.Time) {
	if b.stays(now) {
		if !b.unsummed {
			l.sumLater(b, now)
		}
		l.freed(b)
		return
	}
	l.place(b, now)
}

// used moves b behind all others of its list, after the beginning of a call.
func (l *lane) used(b *budget, now time.Time) {
	if !b.unsummed {
		l.sumLater(b, now)
	}
	if b.ranked || b.level < 0 && l.host.ordering != nil {
		b.climbed(now)
	}
	if b.stays(now) {
		l.requeue(b)
		return
	}
	level := b.readyLevel(now, b.calm())
	l.unlist(b)
	l.list(b, level)
	if b.level < 0 {
		l.appraise(b, now)
	}
	if b.spots > 0 {
		b.respot(now)
	}
}

// requeue moves a budget that is in a list to its end.
func (l *lane) requeue(b *budget) {
	if q := &b.shelf.lists[b.level]; !b.ranked && q.last != b {
		b.next.prev = b.prev
		if b.prev != nil {
			b.prev.next = b.next
		} else {
			q.first = b.next
		}
		b.prev, b.next = q.last, nil
		q.last.next = b
		q.last = b
	}
	l.turns++
	b.turn = l.turns
	if len(l.circles) > 0 {
		b.rerank()
	}
}

// list puts b behind all others of its level, or where the ordering of the host wants it.
func (l *lane) list(b *budget, level int) {
	b.level = level
	l.turns++
	b.turn = l.turns
	switch {
	case level < 0:
		b.entered = 0
		b.putAside()
	case l.host.ordering != nil:
		l.climb(b)
	default:
		b.append()
	}
	if len(l.circles) > 0 {
		b.rerank()
	}
}

// append puts b at the end of the list of its level.
func (b *budget) append() {
	s := b.shelf
	to := &s.lists[b.level]
	b.prev, b.next = to.last, nil
	if to.last != nil {
		to.last.next = b
	} else {
		to.first = b
		s.filled |= bit(b.level)
	}
	to.last = b
}

func (l *lane) unlist(b *budget) {
	switch {
	case b.level < 0:
		b.takeUp()
		return
	case b.ranked:
		heap.Remove(&b.shelf.ladder, b.index)
		b.ranked, b.level = false, -1
		return
	}
	s := b.shelf
	from := &s.lists[b.level]
	if b.prev != nil {
		b.prev.next = b.next
	} else {
		from.first = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	} else {
		from.last = b.prev
	}
	if from.first == nil {
		s.filled &^= bit(b.level)
	}
	b.prev, b.next, b.level = nil, nil, -1
}

// shelve puts b on the shelf of its best token, and into the circles of the owners
// that its tokens name, after these have changed.
func (l *lane) shelve(b *budget) {
	l.reseat(b)
	if bound := b.account.bound(); bound != b.bound {
		l.restingOf(b).set(&b.frees, time.Time{})
		l.crowdOf(b).leave(&b.own)
		b.bound = bound
		l.crowdOf(b).join(&b.own)
	}
	e := b.account.lead()
	if e == nil {
		return // it will be on none
	}
	to := l.shelfFor(e.token.Priority, b.bound)
	if to == b.shelf {
		if b.ranked {
			l.reclimb(b, false)
		}
		b.rerank()
		return
	}
	level := b.level
	l.unlist(b)
	b.shelf = to
	l.list(b, level)
}

// restingOf returns the agenda that b belongs in while it cannot serve.
func (l *lane) restingOf(b *budget) *agenda[*budget] {
	if b.bound {
		return &l.bound
	}
	return &l.resting
}

// slice is how many budgets are woken, and how many calls in line are served,
// while the lock is held: when a reset frees the budgets of thousands at once,
// others get at the host in between. So many take a twentieth of a millisecond.
const slice = 32

// wakeUp looks at the budgets whose time has come, a slice of them at most, and
// reports whether the lane is awake now.
func (l *lane) wakeUp(now time.Time) (awake bool) {
	for n := 0; l.sleeping.due(now); n++ {
		if n == slice {
			return false
		}
		l.place(l.sleeping.dates[0].of, now)
	}
	return true
}

// find returns the budget and token that are to serve the call now: those of its
// walk's account if they can, or else those that it prefers, or else the best.
// Both are nil if none can.
func (l *lane) find(r *Request, now time.Time) (*budget, *entry) {
	if r.Walk != nil {
		if b, e := l.goOn(r, now); b != nil {
			return b, e
		}
	}
	if r.preferred != nil {
		return l.preferable(r, now)
	}
	return l.best(r, now)
}

// goOn returns the budget and token of the account that the call's walk is with,
// or nil if they cannot serve it now.
func (l *lane) goOn(r *Request, now time.Time) (*budget, *entry) {
	a := r.Walk.at(l.host).account
	if a == nil {
		return nil, nil
	}
	return l.ofAccount(a.current(), r, now)
}

// ofAccount returns the budget and token of one account if they can serve the
// call now. No strategy is asked.
func (l *lane) ofAccount(a *account, r *Request, now time.Time) (*budget, *entry) {
	b := a.budgets[l.resource]
	if b == nil || r.Tried.hasAccount(a) || !b.ready(r.Draw, now) {
		return nil, nil
	}
	if e := a.pick(r); e != nil {
		return b, e
	}
	return nil, nil
}

// best returns the first budget and token, in order of preference, that may serve
// the call, have not been tried and can bear it, or nil.
func (l *lane) best(r *Request, now time.Time) (*budget, *entry) {
	h := l.host
	if !h.rest.IsZero() && l.rests(r, now) {
		return nil, nil
	}
	if h.strategy == nil && r.audience == nil {
		if r.Draw.Units <= 1 && r.Tried.empty() && h.plain(r.Draw) {
			if b, e := l.first(); e != nil && b.bears(&r.Draw) {
				return b, e
			}
		}
		return l.search(r, now)
	}
	switch home := r.audience.home(); {
	case r.fixed != nil, home != nil && h.strategy == nil:
		return l.ofAccount(home, r, now)
	case h.strategy != nil:
		return l.choose(r, now)
	}
	return l.search(r, now)
}

// rests reports whether the host rests. Then it has the rosters made that tell when the
// call can be served, unless that costs nothing and so does not ask.
func (l *lane) rests(r *Request, now time.Time) bool {
	if l.host.restingUntil(now).IsZero() {
		return false
	}
	if _, apart := l.apart(&r.Draw); apart && r.Draw.Units > 0 && l.host.strategy == nil && r.audience.home() == nil {
		l.search(r, now)
	}
	return true
}

// first is best for nearly all calls, those that any budget in a list can serve:
// they have not been refused yet, and need no more than one read does.
func (l *lane) first() (*budget, *entry) {
	if len(l.shelves) == 0 {
		return nil, nil
	}
	best := l.shelves[0].first()
	for _, s := range l.shelves[1:] { // nearly always there is no other
		if b := s.first(); b != nil && (best == nil || b.shelved().before(best.shelved())) {
			best = b
		}
	}
	if best == nil {
		return nil, nil
	}
	return best, best.account.lead()
}
