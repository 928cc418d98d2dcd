package tokens

import (
	"slices"
	"time"
)

// crowd is budgets of a lane that the same calls may go to: those of which a token
// names no owner, those whose tokens all do, or those of a circle. It keeps a roster
// for each kind of calls that most of them could not serve.
type crowd struct {
	members sequence[*member]
	came    uint64 // members that ever were
	rosters []*roster
}

// member is a budget's place in a crowd.
type member struct {
	budget *budget
	seat   *seat  // in a circle; nil in the two crowds of a lane
	nth    uint64 // in which it came to the crowd
	spots  []*spot
}

// number is the place among all members of the crowd.
func (m *member) number() uint64 { return m.nth }

// listed reports whether the member can serve some calls now.
func (m *member) listed() bool {
	if m.seat != nil {
		return m.seat.serves()
	}
	return m.budget.level >= 0
}

// hopeful reports whether a token of the member can be used, now or once it has been
// confirmed.
func (m *member) hopeful() bool {
	if m.seat != nil {
		return m.budget.account.hopefulFor(m.seat.circle.owner)
	}
	return m.budget.account.hopeful(nil)
}

// standing returns how a member that is listed stands in its crowd.
func (m *member) standing() standing {
	if m.seat != nil {
		return m.seat.standing
	}
	return m.budget.shelved()
}

// crowdOf returns the crowd of the lane that b belongs in.
func (l *lane) crowdOf(b *budget) *crowd {
	if b.bound {
		return &l.owned
	}
	return &l.common
}

func (c *crowd) join(m *member) {
	c.came++
	m.nth = c.came
	c.members.add(m)
	for _, ro := range c.rosters {
		if ro.made {
			ro.add(m, &spot{})
		}
	}
}

func (c *crowd) leave(m *member) {
	for _, p := range m.spots {
		p.remove()
	}
	m.spots = nil
	c.members.remove(m)
}

// crowds calls do with each crowd that a call with this audience may go to, until it
// returns false.
func (l *lane) crowds(a *audience, do func(*crowd) bool) {
	if !do(&l.common) {
		return
	}
	if a == nil {
		if l.owned.members.count > 0 {
			do(&l.owned)
		}
		return
	}
	for owner := a.owner; owner != ""; owner = around(owner) {
		if c := l.circles[owner]; c != nil && !do(&c.crowd) {
			return
		}
	}
}

// reaches reports whether a call with this audience may go to more than n budgets.
func (l *lane) reaches(a *audience, n int) bool {
	l.crowds(a, func(c *crowd) bool {
		n -= c.members.count
		return n >= 0
	})
	return n < 0
}

// respot puts a budget where it belongs on the rosters, after something of it or its
// account has changed.
func (b *budget) respot(now time.Time) {
	b.own.respot(now)
	for _, s := range b.seats {
		s.respot(now)
	}
}

func (m *member) respot(now time.Time) {
	m.forget()
	for _, p := range m.spots {
		p.place(now)
	}
}

// forget gives up the spots on rosters that nobody asks for any more. There is no time
// to do so for all members when a roster is dropped.
func (m *member) forget() {
	m.spots = slices.DeleteFunc(m.spots, func(p *spot) bool {
		if p.roster.dropped {
			p.remove()
		}
		return p.roster.dropped
	})
}

// recall puts the budgets of the account where they belong on the rosters, after the
// end of a call, which may be what others waited for, whatever its resource.
func (a *account) recall(now time.Time) {
	for _, b := range a.budgets {
		b.respot(now)
	}
}
