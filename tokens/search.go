package tokens

import (
	"math"
	"time"
)

// search looks for the best budget and token for one call. What it is shown comes in
// the order of the best that each could be, so that it can tell when nothing better
// will come: a call that a token has refused may find a budget with a lesser one.
//
// It does not hold the request, which would be allocated for each lease then.
type search struct {
	budget *budget
	entry  *entry
	best   standing
	free   bool // the call costs nothing: whatever a token's budget, it can serve
	looks  int  // at so many budgets more, for the first of which there is no need to look further
	cut    bool // there were not enough
}

// search returns the first budget and token, in order of preference, that may serve
// the call, have not been tried and can bear it, or nil. That the host rests is for
// whoever asks. A call of which it knows a kind looks at few budgets that cannot serve
// it: if rosters have to be brought up to date first, and that takes more than a slice,
// it cuts the pass over the line and returns nil.
//
// Whoever gets nothing asks for how long, unless it costs nothing. So there are rosters
// then also if few budgets or none are in a list.
func (l *lane) search(r *Request, now time.Time) (*budget, *entry) {
	k, apart := l.apart(&r.Draw)
	s := search{looks: math.MaxInt}
	if apart {
		s.looks = glance
	}
	s.lane(l, r, now)
	if s.cut || apart && s.entry == nil && r.Draw.Units > 0 && l.reaches(r.audience, glance) {
		return l.muster(k, r, now)
	}
	return s.budget, s.entry
}

// searchFree is search for a call that costs nothing, and so never waits. Budgets that
// cannot serve others now come after those that can, the first of them that has stood
// there longest.
func (l *lane) searchFree(r *Request, now time.Time) (*budget, *entry) {
	s := search{free: true, looks: math.MaxInt}
	if home := r.audience.home(); home == nil {
		s.lane(l, r, now)
	} else if b := home.budgets[l.resource]; b != nil {
		s.try(b, standing{}, r, now)
	}
	return s.budget, s.entry
}

// lane looks at the budgets in lists that the call may go to.
func (s *search) lane(l *lane, r *Request, now time.Time) {
	for _, shelf := range l.shelves {
		if r.audience == nil || !shelf.bound {
			s.shelf(shelf, r, now)
		}
	}
	if r.audience != nil {
		for owner := r.audience.owner; owner != ""; owner = around(owner) {
			if c := l.circles[owner]; c != nil {
				s.circle(c, r, now)
			}
		}
	}
}

func (s *search) shelf(f *shelf, r *Request, now time.Time) {
	listed := func(b *budget) bool { return s.try(b, b.shelved(), r, now) }
	f.inLists(listed)
	for i := 0; i < len(f.ladder) && !s.cut; {
		i = heapNext(i, len(f.ladder), listed(f.ladder[i]))
	}
	if s.free {
		f.aside.all(listed)
		f.asideSuspect.all(listed)
	}
}

func (s *search) circle(c *circle, r *Request, now time.Time) {
	s.ranking(c.ready, r, now)
	if s.free {
		s.ranking(c.aside, r, now)
	}
}

func (s *search) ranking(q ranking, r *Request, now time.Time) {
	for i := 0; i < len(q) && !s.cut; {
		i = heapNext(i, len(q), s.try(q[i].budget, q[i].standing, r, now))
	}
}

// try looks at one budget, which stands no better than at, and reports whether one
// that comes after it could be better than the best so far.
func (s *search) try(b *budget, at standing, r *Request, now time.Time) bool {
	if s.entry != nil && !at.before(s.best) {
		return false
	}
	if s.looks == 0 {
		s.cut = true
		return false
	}
	s.looks--
	if r.Tried.hasAccount(b.account) || !s.free && (b.level < 0 || !b.able(&r.Draw, now)) {
		return true
	}
	e := b.account.pick(r)
	if e == nil {
		return true
	}
	if stands := b.standing(e); s.entry == nil || stands.before(s.best) {
		s.budget, s.entry, s.best = b, e, stands
	}
	return true
}

// muster is search with the rosters for the call's kind.
func (l *lane) muster(k kind, r *Request, now time.Time) (*budget, *entry) {
	s := search{looks: math.MaxInt}
	all := true
	l.crowds(r.audience, func(c *crowd) bool {
		ro := l.rosterFor(c, k)
		if all = ro != nil; !all {
			return false
		}
		s.cut = !ro.make(c, now) || !ro.wake(now, batch) || !s.roster(l, ro, r, now)
		return !s.cut
	})
	switch {
	case !all: // there are too many kinds to know this one
		s = search{looks: math.MaxInt}
		s.lane(l, r, now)
	case s.cut:
		l.cut = true
		return nil, nil
	}
	return s.budget, s.entry
}

// roster looks at the able, and puts where they belong who are not. It reports whether
// that is all.
func (s *search) roster(l *lane, ro *roster, r *Request, now time.Time) bool {
	found := l.doubtful[:0]
	i := 0
	for i < len(ro.able) && len(found) < batch {
		p := ro.able[i]
		below := s.try(p.member.budget, p.standing, r, now)
		if below && p.doubtful(now) {
			found = append(found, p)
		}
		i = heapNext(i, len(ro.able), below)
	}
	done := i >= len(ro.able)
	for _, p := range found {
		p.place(now)
	}
	clear(found)
	l.doubtful = found[:0]
	return done
}

// waitSearch looks for the earliest time at which a call can be served.
type waitSearch struct {
	least time.Time // nothing is earlier
	late  bool      // only what time alone brings counts
	at    time.Time
	ok    bool
	free  bool // the call costs nothing, and may be served before a read
}

func (s *waitSearch) try(b *budget, r *Request, now time.Time) {
	at, can := b.readyAt(r, now)
	if can && (!s.late || at.After(now)) && (!s.ok || at.Before(s.at)) {
		s.at, s.ok = at, true
	}
}

// done reports whether nothing is earlier than what was found.
func (s *waitSearch) done() bool { return s.ok && !s.at.After(s.least) }

// listed looks at the budgets that can serve some calls now, until none could serve
// earlier.
func (s *waitSearch) listed(l *lane, r *Request, now time.Time) {
	for b := range l.listed(r.audience) {
		if s.try(b, r, now); s.done() {
			return
		}
	}
}

// rosters looks at all whom a call of a kind can hope for, if there are rosters of them,
// and reports whether there are. A search that found somebody among the first in lists
// has not brought the rosters up to date, so these come first.
func (s *waitSearch) rosters(l *lane, r *Request, now time.Time) bool {
	k, apart := l.apart(&r.Draw)
	if !apart || !l.onRosters(k, r.audience) {
		return false
	}
	looks := glance
	for b := range l.listed(r.audience) {
		if s.try(b, r, now); s.done() {
			return true
		}
		if looks--; looks == 0 {
			break
		}
	}
	l.crowds(r.audience, func(c *crowd) bool { return s.roster(c.rosterOf(k), r, now) })
	return true
}

// roster looks at all on a roster, and reports whether others could serve earlier.
func (s *waitSearch) roster(ro *roster, r *Request, now time.Time) bool {
	for i := 0; i < len(ro.able) && !s.done(); i++ {
		s.try(ro.able[i].drawnOn(), r, now)
	}
	for i := 0; i < len(ro.blocked) && !s.done() && !s.late; i++ {
		s.try(ro.blocked[i].drawnOn(), r, now)
	}
	soonest(s, &ro.resting, r, now)
	return !s.done()
}

// soonest looks at budgets none of which can serve a read before its date. A call that
// costs nothing comes here only if whoever could serve it has refused it or is being
// confirmed.
func soonest[T interface{ drawnOn() *budget }](s *waitSearch, g *agenda[T], r *Request, now time.Time) {
	for i := 0; i < len(g.dates) && !s.done(); {
		d := g.dates[i]
		below := s.free || !s.ok || d.at.Before(s.at)
		if below {
			s.try(d.of.drawnOn(), r, now)
		}
		i = heapNext(i, len(g.dates), below)
	}
}

// drawnOn is for [soonest].
func (b *budget) drawnOn() *budget { return b }

// drawnOn is for [soonest].
func (p *spot) drawnOn() *budget { return p.member.budget }

// heapNext returns the place that comes after the i-th of n in a walk over a heap: one
// below it, unless what is there is not wanted, or else the next beside it or what is
// above it. It returns n after the last.
func heapNext(i, n int, below bool) int {
	if child := 2*i + 1; below && child < n {
		return child
	}
	for i > 0 {
		if i%2 == 1 && i+1 < n {
			return i + 1
		}
		i = (i - 1) / 2
	}
	return n
}
