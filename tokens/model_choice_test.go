package tokens

import (
	"fmt"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// modelRequests is what the choices and outlooks of a lane are checked with: calls
// of all sorts, some of which a token or an account has refused.
func (m *model) modelRequests(l *lane, op operation) (rs []Request) {
	draws := []ratelimit.Draw{
		oneRead, {Units: 1, Points: 5}, {Units: 1, Points: 5, Creates: true}, {Units: 1, Points: 1, Route: 1},
		{Units: 3, Points: 1}, oneRead, {Units: 1, Points: 5, Route: 2}, {Points: 1},
	}
	for i, owner := range []string{"", "acme", "ACME/web", "acme/web/deep", "beta", "nobody", ""} {
		r := Request{Draw: draws[(int(op[1])+i)%len(draws)], Owner: owner}
		r.Draw.Resource = l.resource
		if e := m.any(op[2] + byte(i)); e != nil && (int(op[2])+i)%3 > 0 {
			r.Tried = &Tried{}
			if (int(op[2])+i)%3 == 1 {
				r.Tried.tokens = []*entry{e}
			} else {
				r.Tried.accounts = []*entry{e}
			}
		}
		m.host.admit(&r)
		rs = append(rs, r)
	}
	return rs
}

// checkChoice wants a token to serve that none comes before, by a look at every
// one: by its priority, then whether it is suspect, then what its budget has left, or
// where it stands by the strategy.
func (m *model) checkChoice(l *lane, r *Request, now time.Time) {
	if m.host.strategy != nil {
		return
	}
	b, e := bestOf(l, r, now)
	var want []*entry
	for other := range m.host.entries.all() {
		if !m.couldServe(l, other, r, now) {
			continue
		}
		if len(want) > 0 {
			switch d := m.compare(l, other, want[0]); {
			case d < 0:
				continue
			case d > 0:
				want = nil
			}
		}
		want = append(want, other)
	}
	switch {
	case e == nil && len(want) > 0:
		m.Fatalf("nobody is chosen for %s of %q, but %s could serve", l.resource, r.Owner, want[0].token)
	case e != nil && len(want) == 0:
		m.Fatalf("%s is chosen for %s of %q, but cannot serve", e.token, l.resource, r.Owner)
	case e != nil && (!slices.Contains(want, e) || b != e.account.budgets[l.resource]):
		m.Fatalf("%s is chosen for %s of %q, want %s", e.token, l.resource, r.Owner, want[0].token)
	}
}

// checkFree wants a call that costs nothing to find a token that can be sent, of those
// with the highest priority one that is not suspect, if there are any.
func (m *model) checkFree(l *lane, r Request, now time.Time) {
	r.Draw = ratelimit.Draw{Resource: l.resource}
	b, e := l.searchFree(&r, now)
	var want *entry
	for other := range m.host.entries.all() {
		if m.couldBeSent(other, &r, now) && other.account.budgets[l.resource] != nil && (want == nil || other.outranks(want)) {
			want = other
		}
	}
	switch {
	case (e == nil) != (want == nil):
		m.Fatalf("%v serves %s of %q at no cost, want %v", e, l.resource, r.Owner, want)
	case e != nil && (want.outranks(e) || b != e.account.budgets[l.resource]):
		m.Fatalf("%s serves %s of %q at no cost, want %s", e.token, l.resource, r.Owner, want.token)
	}
	checkOutlook(m, l, &r)
}

// bestOf is best when all has been done that it takes. With a roster and by a look at
// every budget the same comes first.
func bestOf(l *lane, r *Request, now time.Time) (*budget, *entry) {
	for {
		l.cut = false
		b, e := l.best(r, now)
		if l.cut {
			continue
		}
		if k, apart := l.apart(&r.Draw); apart && l.host.restingUntil(now).IsZero() && r.audience.home() == nil && l.host.strategy == nil {
			other, token := l.muster(k, r, now)
			if l.cut {
				continue
			}
			if other != b || token != e {
				panic(departure(fmt.Sprintf("a look at the first finds %v, and one at the rosters %v", e, token)))
			}
		}
		return b, e
	}
}

func (m *model) couldServe(l *lane, e *entry, r *Request, now time.Time) bool {
	if _, idle := m.rest.over(now); !idle {
		return false
	}
	b := e.account.budgets[l.resource]
	return b != nil && e.usable() && m.admits(e, r, now) && !r.Tried.hasToken(e) && !r.Tried.hasAccount(e.account) && b.ready(r.Draw, now)
}

// compare is positive if a is to be used rather than b.
func (m *model) compare(l *lane, a, b *entry) int {
	if d := m.cards[a].priority - m.cards[b].priority; d != 0 {
		return d
	}
	if a.last() != b.last() {
		if b.last() {
			return 1
		}
		return -1
	}
	if m.host.ordering != nil {
		switch x, y := a.account.budgets[l.resource].rung, b.account.budgets[l.resource].rung; {
		case x.below(y):
			return 1
		case y.below(x):
			return -1
		}
		return 0
	}
	level := func(e *entry) int {
		if b := e.account.budgets[l.resource]; b.level != suspectLevel {
			return b.level
		}
		return -1
	}
	return level(a) - level(b)
}

// couldBeSent reports whether a token could serve a call that costs nothing.
func (m *model) couldBeSent(e *entry, r *Request, now time.Time) bool {
	return e.usable() && m.admits(e, r, now) && !r.Tried.hasToken(e) && !r.Tried.hasAccount(e.account)
}
