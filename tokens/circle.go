package tokens

import (
	"container/heap"
	"slices"
	"time"
)

// circle holds the budgets of a lane whose accounts have tokens that name one owner:
// those that can serve in a heap, by the standing of these tokens, and the others by
// when they can. So a call for the owner needs no look at anybody else's. It
// implements [heap.Interface].
type circle struct {
	owner   string // folded
	members int
	ready   []*seat
	resting agenda[*budget]
}

// seat is a budget's place in a circle.
type seat struct {
	budget   *budget
	circle   *circle
	index    int // in ready; -1 while it is not there
	standing standing
	frees    date[*budget]
}

// reseat puts a budget into the circles of the owners that the tokens of its account
// name, and takes it out of all others.
func (l *lane) reseat(b *budget) {
	b.seats = slices.DeleteFunc(b.seats, func(s *seat) bool {
		stays := slices.ContainsFunc(b.account.tokens, func(e *entry) bool { return slices.Contains(e.owners, s.circle.owner) })
		if !stays {
			l.leaveSeat(s)
		}
		return !stays
	})
	for _, e := range b.account.tokens {
		for _, o := range e.owners {
			if !slices.ContainsFunc(b.seats, func(s *seat) bool { return s.circle.owner == o }) {
				b.seats = append(b.seats, l.takeSeat(b, o))
			}
		}
	}
}

func (l *lane) takeSeat(b *budget, owner string) *seat {
	c := l.circles[owner]
	if c == nil {
		if l.circles == nil {
			l.circles = map[string]*circle{}
		}
		c = &circle{owner: owner}
		l.circles[owner] = c
	}
	c.members++
	s := &seat{budget: b, circle: c, index: -1}
	s.frees.of = b
	return s
}

func (l *lane) leaveSeat(s *seat) {
	c := s.circle
	c.remove(s)
	c.resting.set(&s.frees, time.Time{})
	if c.members--; c.members == 0 {
		delete(l.circles, c.owner)
	}
}

// rerank puts a budget where it belongs in its circles.
func (b *budget) rerank() {
	for _, s := range b.seats {
		e := b.account.naming(s.circle.owner)
		if e == nil || b.level < 0 {
			s.circle.remove(s)
			continue
		}
		s.standing = b.standing(e)
		if s.index < 0 {
			heap.Push(s.circle, s)
		} else {
			heap.Fix(s.circle, s.index)
		}
	}
}

// appraiseSeats notes when those can serve that name the owners of the budget's
// circles, given when the budget can serve anybody.
func (b *budget) appraiseSeats(at, now time.Time) {
	for _, s := range b.seats {
		switch {
		case s.index >= 0 || !b.account.hopefulFor(s.circle.owner):
			s.circle.resting.set(&s.frees, time.Time{})
		case at.IsZero():
			s.circle.resting.set(&s.frees, now) // the budget serves others while the token is being confirmed
		default:
			s.circle.resting.set(&s.frees, at)
		}
	}
}

// naming returns the usable token that names the owner and comes first, or nil.
func (a *account) naming(owner string) *entry {
	var best *entry
	for _, e := range a.tokens {
		if e.usable() && slices.Contains(e.owners, owner) && (best == nil || e.before(best)) {
			best = e
		}
	}
	return best
}

// hopefulFor is hopeful for those that name the owner.
func (a *account) hopefulFor(owner string) bool {
	return slices.ContainsFunc(a.tokens, func(e *entry) bool {
		return (e.usable() || e.probing) && slices.Contains(e.owners, owner)
	})
}

func (c *circle) remove(s *seat) {
	if s.index >= 0 {
		heap.Remove(c, s.index)
	}
}

// Len implements [heap.Interface].
func (c *circle) Len() int { return len(c.ready) }

// Less implements [heap.Interface].
func (c *circle) Less(i, j int) bool { return c.ready[i].standing.before(c.ready[j].standing) }

// Swap implements [heap.Interface].
func (c *circle) Swap(i, j int) {
	c.ready[i], c.ready[j] = c.ready[j], c.ready[i]
	c.ready[i].index, c.ready[j].index = i, j
}

// Push implements [heap.Interface].
func (c *circle) Push(x any) {
	s := x.(*seat)
	s.index = len(c.ready)
	c.ready = append(c.ready, s)
}

// Pop implements [heap.Interface].
func (c *circle) Pop() any {
	last := len(c.ready) - 1
	s := c.ready[last]
	c.ready[last] = nil
	c.ready = c.ready[:last]
	s.index = -1
	return s
}
