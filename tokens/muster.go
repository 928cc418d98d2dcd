package tokens

import (
	"slices"
	"time"
)

const (
	// glance is how many budgets a call of a kind looks at, in the order in which they
	// are to be used, before it has a roster made: where most can serve it needs none.
	glance = 2

	// batch is how many members are given a spot on a roster, or are found to be no use
	// for a call, while the lock is held. So many take a twentieth of a millisecond.
	batch = 8 * slice

	// maxRosters is how many kinds of calls a crowd knows: those of a service may have
	// any cost. The one that nobody has asked for longest gives way.
	maxRosters = 16
)

// rosterFor returns the crowd's roster for a kind, which it has made if need be. It is
// nil if there is no room for one more, since calls in line wait for all others.
func (l *lane) rosterFor(c *crowd, k kind) *roster {
	l.searches++
	ro := c.rosterOf(k)
	if ro == nil {
		if len(c.rosters) == maxRosters && !l.dropRoster(c) {
			return nil
		}
		ro = &roster{lane: l, kind: k, draw: k.draw()}
		c.rosters = append(c.rosters, ro)
		l.host.mostPoints = max(l.host.mostPoints, k.points)
	}
	ro.asked = l.searches
	return ro
}

func (c *crowd) rosterOf(k kind) *roster {
	for _, ro := range c.rosters {
		if ro.kind == k {
			return ro
		}
	}
	return nil
}

// dropRoster drops the roster that nobody has asked for longest, unless calls in line
// wait for each of them.
func (l *lane) dropRoster(c *crowd) bool {
	for w := l.line.first; w != nil; w = w.next {
		if ro := c.rosterOf(l.host.kindOf(&w.request.Draw)); ro != nil {
			ro.asked = l.searches
		}
	}
	oldest := 0
	for i, ro := range c.rosters {
		if ro.asked < c.rosters[oldest].asked {
			oldest = i
		}
	}
	ro := c.rosters[oldest]
	if ro.asked == l.searches {
		return false
	}
	ro.dropped = true
	c.rosters = slices.Delete(c.rosters, oldest, oldest+1)
	return true
}

// make gives members of the crowd their spots, and reports whether all have one.
func (ro *roster) make(c *crowd, now time.Time) bool {
	if ro.made {
		return true
	}
	spots := make([]spot, 0, min(batch, c.members.count))
	for m := range c.members.from(ro.next) {
		if len(spots) == cap(spots) {
			return false
		}
		m.forget()
		spots = append(spots, spot{})
		p := &spots[len(spots)-1]
		ro.add(m, p)
		p.place(now)
		ro.next = m.nth + 1
	}
	ro.made = true
	return true
}

// onRosters returns whether there are rosters of all that a call of the kind may go to.
func (l *lane) onRosters(k kind, a *audience) bool {
	all := true
	l.crowds(a, func(c *crowd) bool {
		ro := c.rosterOf(k)
		all = ro != nil && ro.made
		return all
	})
	return all
}
