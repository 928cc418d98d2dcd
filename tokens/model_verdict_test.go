package tokens

import (
	"fmt"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// verdict is what the books say of a token for one call.
type verdict int

const (
	never  verdict = iota // it is dead or not for this call
	wait                  // it cannot serve now
	may                   // it may or may not
	serves                // it can serve now
)

// verdict looks up by plain rules whether a token could serve a call.
func (m *model) verdict(e *entry, r *Request, now time.Time) (verdict, string) {
	c, d := m.cards[e], &r.Draw
	switch {
	case !c.alive(now):
		return never, "it is dead"
	case !m.admits(e, r, now):
		return never, "it is not for this call"
	case r.Tried.hasToken(e) || r.Tried.hasAccount(e.account):
		return wait, "it has refused the call"
	case d.Units == 0:
		return serves, "free calls never wait"
	}
	p := m.person(e.account)
	b := e.account.budgets[d.Resource]
	v := trial{now: now, verdict: serves}
	v.rest(m.rest, "the host rests")
	v.rest(p.cool, "I8: its account cools")
	if d.Route != 0 {
		v.rest(*p.route(d.Route), "its route rests")
	}
	v.not(m.inFlight(e.account) >= m.config.maxInFlight(), wait, "too many calls are under way")
	m.tryPace(&v, p, d)
	if b != nil {
		m.tryNumbers(&v, b)
	}
	return v.verdict, v.why
}

// trial collects what speaks against a token.
type trial struct {
	now     time.Time
	verdict verdict
	why     string
}

func (v *trial) not(against bool, verdict verdict, why string) {
	if against && verdict < v.verdict {
		v.verdict, v.why = verdict, why
	}
}

func (v *trial) rest(s span, why string) {
	certain, possible := s.over(v.now)
	v.not(!possible, wait, why)
	v.not(!certain, may, why)
}

// tryPace keeps to the documented limits besides budgets. Points are forgotten two
// slots late at most, which is how far apart the clocks of two accounts that became
// one may be.
func (m *model) tryPace(v *trial, p *person, d *ratelimit.Draw) {
	pace := m.host.pace
	points, creations := func(d ratelimit.Draw) int64 { return d.Points }, func(d ratelimit.Draw) int64 {
		if d.Creates {
			return 1
		}
		return 0
	}
	limit := pace.PointsPerMinute
	if d.Resource == "graphql" {
		limit = pace.GraphQLPointsPerMinute
	}
	within := func(limit, need int64, span time.Duration, resource string, count func(ratelimit.Draw) int64) {
		if limit == 0 {
			return
		}
		limit = max(limit, need)
		v.not(p.held(v.now, resource, span, count)+need > limit, wait, "the pace forbids it")
		v.not(p.held(v.now, resource, span+span/15, count)+need > limit, may, "the pace may forbid it")
	}
	within(limit, max(1, d.Points), time.Minute, d.Resource, points)
	if d.Creates {
		within(pace.CreationsPerMinute, 1, time.Minute, "", creations)
		within(pace.CreationsPerHour, 1, time.Hour, "", creations)
	}
	v.not(d.Writes() && v.now.Before(p.wrote.Add(pace.WriteGap)), wait, "it has just written")
}

// tryNumbers looks at what was told of the budget.
func (m *model) tryNumbers(v *trial, b *budget) {
	k, open := m.book(b), m.openOn(b)
	v.rest(k.rest, "I6: its budget rests")
	floor := m.floor(b)
	known := k.knows(v.now)
	runs := known && !k.windowless && v.now.Before(k.ends.from.Add(resetMargin))
	v.not(runs && !k.vague && k.told-open-floor <= 0, wait, fmt.Sprintf("I5: %d were told, %d are out, the floor is %d", k.told, open, floor))
	held := int64(1)
	if b.resource == "graphql" {
		held = 20 // what a query may cost at most
	}
	short := k.told-held*open-k.unsure-k.sunk-floor < held
	switch {
	case known && k.windowless:
		v.not(short && open > 0, may, "nothing may be left")
	case known:
		v.not(short, may, "nothing may be left")
	}
	_, rolled := k.ends.over(v.now)
	v.not((rolled || !known) && held*open >= maxUnknownLeases, may, "five are out") // a query counts as what it holds
}

func (m *model) floor(b *budget) (floor int64) {
	for _, e := range b.account.tokens {
		floor = max(floor, m.cards[e].floor.of(b.limit.Or(0), b.resource == "core"))
	}
	return floor
}

// admits reports whether a token may serve a call for its owner, by its name and
// by whom it stays with.
func (m *model) admits(e *entry, r *Request, now time.Time) bool {
	if r.Token != "" {
		return e.id == r.Token
	}
	if r.Pin != nil {
		a := r.Pin.pins[pinned{m.host, m.host.livingOwner(r.Owner)}]
		if a == nil || a.account.current() != e.account {
			return false
		}
	}
	known := slices.ContainsFunc(m.host.entries.list(), func(other *entry) bool {
		c := m.cards[other]
		return c.alive(now) && c.names(r.Owner)
	})
	c := m.cards[e]
	return !known || len(c.owners) == 0 || c.names(r.Owner)
}
