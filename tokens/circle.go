package tokens

import (
	"container/heap"
	"slices"
	"time"
)

// circle holds the budgets of a lane whose accounts have tokens that name one owner:
// those that can serve ranked by the standing of these tokens, and the others by when
// they can. So a call for the owner needs no look at anybody else's.
type circle struct {
	crowd
	owner   string // folded
	ready   ranking
	aside   ranking // cannot serve now, though a token that names the owner could be sent
	resting agenda[*budget]
}

// seat is a budget's place in a circle.
type seat struct {
	member
	circle   *circle
	ranking  *ranking // of the circle's that it is in, or nil
	index    int      // in it
	standing standing
	frees    date[*budget]
}

// reseat puts a budget into the circles of the owners that the tokens of its account
// name, and takes it out of all others.
func (l *lane) reseat(b *budget) {
	if b.seated == b.account.namings {
		return
	}
	b.seated = b.account.namings
	b.seats = slices.DeleteFunc(b.seats, func(s *seat) bool {
		stays := b.account.names(s.circle.owner)
		if !stays {
			l.leaveSeat(s)
		}
		return !stays
	})
	for o := range b.account.named() {
		if !slices.ContainsFunc(b.seats, func(s *seat) bool { return s.circle.owner == o }) {
			b.seats = append(b.seats, l.takeSeat(b, o))
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
	s := &seat{circle: c}
	s.member.budget, s.member.seat, s.frees.of = b, s, b
	c.join(&s.member)
	return s
}

func (l *lane) leaveSeat(s *seat) {
	c := s.circle
	s.moveTo(nil)
	c.resting.set(&s.frees, time.Time{})
	c.leave(&s.member)
	if c.members.count == 0 {
		delete(l.circles, c.owner)
	}
}

// rerank puts a budget where it belongs in its circles.
func (b *budget) rerank() {
	for _, s := range b.seats {
		e := b.account.naming(s.circle.owner)
		if e == nil {
			s.moveTo(nil)
			continue
		}
		s.standing = b.standing(e)
		if b.level < 0 {
			s.moveTo(&s.circle.aside)
		} else {
			s.moveTo(&s.circle.ready)
		}
	}
}

// moveTo puts a seat, whose standing may have changed, into a ranking of its circle or,
// if that is nil, into none.
func (s *seat) moveTo(to *ranking) {
	if s.ranking == to {
		if to != nil {
			heap.Fix(to, s.index)
		}
		return
	}
	if s.ranking != nil {
		heap.Remove(s.ranking, s.index)
	}
	if s.ranking = to; to != nil {
		heap.Push(to, s)
	}
}

// serves reports whether the seat's budget can serve and its token be used.
func (s *seat) serves() bool { return s.ranking == &s.circle.ready }

// appraiseSeats notes when those can serve that name the owners of the budget's
// circles, given when the budget can serve anybody.
func (b *budget) appraiseSeats(at, now time.Time) {
	for _, s := range b.seats {
		switch {
		case s.serves() || !b.account.hopefulFor(s.circle.owner):
			s.circle.resting.set(&s.frees, time.Time{})
		case at.IsZero():
			s.circle.resting.set(&s.frees, now) // the budget serves others while the token is being confirmed
		default:
			s.circle.resting.set(&s.frees, at)
		}
	}
}

// ranking is the seats of a circle by their standing, the first to be used first. It
// implements [heap.Interface].
type ranking []*seat

// Len implements [heap.Interface].
func (q ranking) Len() int { return len(q) }

// Less implements [heap.Interface].
func (q ranking) Less(i, j int) bool { return q[i].standing.before(q[j].standing) }

// Swap implements [heap.Interface].
func (q ranking) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements [heap.Interface].
func (q *ranking) Push(x any) {
	s := x.(*seat)
	s.index = len(*q)
	*q = append(*q, s)
}

// Pop implements [heap.Interface].
func (q *ranking) Pop() any {
	last := len(*q) - 1
	s := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return s
}
