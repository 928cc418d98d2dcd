package tokens

import (
	"slices"
	"time"
)

// checkRosters wants every member of a crowd to have a spot on each of its rosters, where
// a look at its budget says that it belongs, but for those who are able no more.
func (m *model) checkRosters(l *lane) {
	m.checkCrowd(l, &l.common)
	m.checkCrowd(l, &l.owned)
	for _, c := range l.circles {
		m.checkCrowd(l, &c.crowd)
	}
	for b := range l.budgets.all() {
		if !slices.Contains(slices.Collect(l.crowdOf(b).members.all()), &b.own) {
			m.Fatalf("%s is not in its crowd", b.resource)
		}
		spots := len(b.own.spots)
		for _, s := range b.seats {
			spots += len(s.spots)
		}
		if spots != b.spots {
			m.Fatalf("%s has %d spots, want %d", b.resource, spots, b.spots)
		}
	}
}

func (m *model) checkCrowd(l *lane, c *crowd) {
	if len(c.rosters) > maxRosters {
		m.Fatalf("a crowd has %d rosters", len(c.rosters))
	}
	for _, ro := range c.rosters {
		places := map[where]int{}
		for at := range c.members.all() {
			i := slices.IndexFunc(at.spots, func(p *spot) bool { return p.roster == ro })
			if i < 0 {
				if ro.made {
					m.Fatalf("%s has no spot on a roster of %s", at.budget.resource, l.resource)
				}
				continue
			}
			places[at.spots[i].where]++
			m.checkSpot(at.spots[i], at)
		}
		if len(ro.able) != places[isAble] || len(ro.blocked) != places[isBlocked] || len(ro.resting.dates) != places[isResting] {
			m.Fatalf("a roster of %s has %d, %d and %d spots, want %v", l.resource, len(ro.able), len(ro.blocked), len(ro.resting.dates), places)
		}
	}
}

func (m *model) checkSpot(p *spot, at *member) {
	ro, b, now := p.roster, at.budget, time.Now()
	hopes := b.account.hopeful(nil)
	if at.seat != nil {
		hopes = b.account.hopefulFor(at.seat.circle.owner)
	}
	if p.member != at || (p.where == nowhere) == hopes || p.where == isAble && !at.listed() {
		m.Fatalf("%s is at %d of a roster (listed: %t, hopeful: %t)", b.resource, p.where, at.listed(), hopes)
	}
	switch p.where {
	case nowhere:
		return
	case isAble:
		if ro.able[p.index] != p || p.index > 0 && p.standing.before(ro.able[(p.index-1)/2].standing) {
			m.Fatalf("%s is not at %d of a roster", b.resource, p.index)
		}
		if at.standing().before(p.standing) {
			m.Fatalf("%s stands at %v, but is said to at %v", b.resource, at.standing(), p.standing)
		}
		return
	case isBlocked:
		if ro.blocked[p.index] != p {
			m.Fatalf("%s is not at %d of the blocked", b.resource, p.index)
		}
	case isResting:
		if free, _ := b.freeAt(&ro.draw, nil, now); free.Before(p.frees.at) && p.frees.at.After(now) {
			m.Fatalf("%s is said to rest for %v, want %v, for %+v", b.resource, p.frees.at.Sub(now), free.Sub(now), ro.kind)
		}
		if !p.frees.at.After(now) {
			return // its time has come
		}
	}
	if at.listed() && b.able(&ro.draw, now) {
		m.Fatalf("%s is at %d of a roster, but is able to serve %+v", b.resource, p.where, ro.kind)
	}
}

// checkHanging wants what an account counts of its budgets' spots to be so, and what
// the host counts of its routes.
func (m *model) checkHanging() {
	routes := map[uint64]int{}
	for a := range m.host.eachAccount() {
		spots, hanging := 0, int32(0)
		for _, b := range a.budgets {
			spots += b.spots
			for _, at := range append([]*member{&b.own}, membersOf(b)...) {
				for _, p := range at.spots {
					if p.hanging != p.hangs() {
						m.Fatalf("a spot of %s hangs: %t, want %t", b.resource, p.hanging, p.hangs())
					}
					if p.hanging {
						hanging++
					}
				}
			}
		}
		if spots != int(a.spots) || hanging != a.hanging {
			m.Fatalf("an account counts %d spots, %d of which hang, want %d and %d", a.spots, a.hanging, spots, hanging)
		}
		for route := range a.routes {
			routes[route]++
		}
	}
	for route, n := range routes {
		if m.host.routes[route] != n {
			m.Fatalf("%d accounts rest for route %d, want %d", m.host.routes[route], route, n)
		}
	}
	if len(m.host.routes) != len(routes) {
		m.Fatalf("the host knows of %v routes, want %v", m.host.routes, routes)
	}
}

func membersOf(b *budget) (all []*member) {
	for _, s := range b.seats {
		all = append(all, &s.member)
	}
	return all
}
