package tokens

import "time"

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
}

// search returns the first budget and token, in order of preference, that may serve
// the call, have not been tried and can bear it, or nil. It looks at no more budgets
// than cannot.
func (l *lane) search(r *Request, now time.Time) (*budget, *entry) {
	var s search
	s.lane(l, r, now)
	return s.budget, s.entry
}

// searchFree is search for a call that costs nothing, and so never waits. Budgets that
// cannot serve others now come after those that can, the first of them that has stood
// there longest.
func (l *lane) searchFree(r *Request, now time.Time) (*budget, *entry) {
	s := search{free: true}
	if home := r.audience.home(); home == nil {
		s.lane(l, r, now)
	} else if b := home.budgets[l.resource]; b != nil {
		s.try(b, standing{}, r, now)
	}
	return s.budget, s.entry
}

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
	f.all(listed)
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
	for i := 0; i < len(q); {
		i = heapNext(i, len(q), s.try(q[i].budget, q[i].standing, r, now))
	}
}

// try looks at one budget, which stands no better than at, and reports whether one
// that comes after it could be better than the best so far.
func (s *search) try(b *budget, at standing, r *Request, now time.Time) bool {
	if s.entry != nil && !at.before(s.best) {
		return false
	}
	if r.Tried.hasAccount(b.account) || !s.free && !b.ready(r.Draw, now) {
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

// waitSearch looks for the earliest time at which a call can be served.
type waitSearch struct {
	least time.Time // nothing is earlier
	at    time.Time
	ok    bool
	free  bool // the call costs nothing, and may be served before a read
}

func (s *waitSearch) try(b *budget, r *Request, now time.Time) {
	if at, can := b.readyAt(r, now); can && (!s.ok || at.Before(s.at)) {
		s.at, s.ok = at, true
	}
}

// done reports whether nothing is earlier than what was found.
func (s *waitSearch) done() bool { return s.ok && !s.at.After(s.least) }

// listed looks at a budget that can serve some calls now, and reports whether another
// could serve earlier.
func (s *waitSearch) listed(b *budget, r *Request, now time.Time) bool {
	s.try(b, r, now)
	return !s.done()
}

// resting looks at budgets none of which can serve a read before its date. A call that
// costs nothing comes here only if whoever could serve it has refused it or is being
// confirmed.
func (s *waitSearch) resting(g *agenda[*budget], r *Request, now time.Time) {
	for i := 0; i < len(g.dates) && !s.done(); {
		d := g.dates[i]
		below := s.free || !s.ok || d.at.Before(s.at)
		if below {
			s.try(d.of, r, now)
		}
		i = heapNext(i, len(g.dates), below)
	}
}

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
