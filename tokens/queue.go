package tokens

import (
	"iter"
	"slices"
	"time"
)

// party is the calls in line that the same tokens may serve: a queue for each kind of
// them, of which there are few.
type party struct {
	of     audience
	queues []*queue
}

// queue is the calls in line of one kind that the same tokens may serve, by their
// arrival. If none of these can serve the first, none can serve those behind it, but
// for calls that have been refused before: so a call that ends is followed by a look
// at the first of the few queues that its budget could serve, however long the line.
//
// A call for an owner stands in several queues. One of them holds the calls for all
// owners, whom tokens without owners may serve: for its calls the same holds with
// these tokens.
type queue struct {
	party     *party
	kind      kind
	positions sequence[*position] // by arrival
	index     int                 // among the queues that are to be looked at, or -1
	paced     date[*queue]        // when time alone may let the first of its calls go, for all that is known
	doubt     bool                // whether a token will ever serve its calls, see lane.doubt
}

// position is the place of a call in one queue.
type position struct {
	waiter *waiter
	queue  *queue
}

func (s *position) number() uint64 { return s.waiter.number }

// before reports whether the first of q came before the first of other.
func (q *queue) before(other *queue) bool {
	return q.positions.first().number() < other.positions.first().number()
}

// ownerless is the audience of the queues for calls of all owners.
var ownerless = audience{owner: "/"} // which is no owner

// partiesFor yields whose tokens may serve calls with an audience.
func partiesFor(a audience) iter.Seq[audience] {
	return func(yield func(audience) bool) {
		if a.token != nil || a.account != nil || a.owner == "" {
			yield(a)
			return
		}
		if !yield(ownerless) {
			return
		}
		for owner := a.owner; owner != "" && yield(audience{owner: owner}); owner = around(owner) {
		}
	}
}

// join puts a call into the queues that it belongs in.
func (l *line) join(w *waiter) {
	k := drawKind(&w.request.Draw)
	for a := range partiesFor(w.audience) {
		q := l.party(a).queue(k)
		s := &position{waiter: w, queue: q}
		w.positions = append(w.positions, s)
		q.positions.add(s)
		l.reorder(q)
	}
}

// part takes a call out of its queues.
func (l *line) part(w *waiter) {
	for _, s := range w.positions {
		q := s.queue
		q.positions.remove(s)
		if q.positions.count > 0 {
			l.reorder(q)
			continue
		}
		l.unmark(q)
		l.paced.set(&q.paced, time.Time{})
		c := q.party
		if c.queues = slices.DeleteFunc(c.queues, func(other *queue) bool { return other == q }); len(c.queues) == 0 {
			l.disband(c)
		}
	}
	w.positions = nil
}

// ownQueue returns the queue of a call whose tokens may serve no more than it.
func (w *waiter) ownQueue() *queue { return w.positions[min(1, len(w.positions)-1)].queue }

// party returns the calls that the same tokens may serve, given who these are.
func (l *line) party(of audience) *party {
	c := l.parties[of]
	if c == nil {
		if l.parties == nil {
			l.parties = map[audience]*party{}
		}
		c = &party{of: of}
		l.parties[of] = c
		switch {
		case of.token != nil:
			if l.fixed == nil {
				l.fixed = map[*entry]*party{}
			}
			l.fixed[of.token] = c
		case of.account != nil:
			if l.pinned == nil {
				l.pinned = map[*account][]*party{}
			}
			l.pinned[of.account] = append(l.pinned[of.account], c)
		}
	}
	return c
}

// disband forgets a party that nobody is in.
func (l *line) disband(c *party) {
	delete(l.parties, c.of)
	switch a := c.of.account; {
	case c.of.token != nil:
		delete(l.fixed, c.of.token)
	case a != nil:
		if l.pinned[a] = slices.DeleteFunc(l.pinned[a], func(other *party) bool { return other == c }); len(l.pinned[a]) == 0 {
			delete(l.pinned, a)
		}
	}
}

func (c *party) queue(k kind) *queue {
	for _, q := range c.queues {
		if q.kind == k {
			return q
		}
	}
	q := &queue{party: c, kind: k, index: -1}
	q.paced.of = q
	c.queues = append(c.queues, q)
	return q
}

// mark has a queue looked at: there may be something for its first call.
func (l *line) mark(q *queue) {
	if q.index < 0 {
		l.marked.add(q)
	}
}

// unmark has it looked at no more, until it is marked again.
func (l *line) unmark(q *queue) {
	if q.index >= 0 {
		l.marked.remove(q)
	}
}

// reorder puts a queue where it belongs that may have another first call.
func (l *line) reorder(q *queue) {
	if q.index >= 0 {
		l.marked.fix(q)
	}
}

// markAll has every queue looked at.
func (l *line) markAll() {
	for _, c := range l.parties {
		l.markParty(c)
	}
}

func (l *line) markParty(c *party) {
	if c != nil {
		for _, q := range c.queues {
			l.mark(q)
		}
	}
}

// freed has the queues looked at whose calls a budget may serve, after it has changed.
func (l *line) freed(b *budget) {
	for c := range l.partiesOf(b.account) {
		l.markParty(c)
	}
	l.markParty(l.parties[audience{}])
	if !b.bound {
		l.markParty(l.parties[ownerless])
	}
	for _, s := range b.seats {
		l.markParty(l.parties[audience{owner: s.circle.owner}])
	}
}

// partiesOf yields the calls that only the account may serve.
func (l *line) partiesOf(a *account) iter.Seq[*party] {
	return func(yield func(*party) bool) {
		if len(l.fixed) < len(a.tokens) {
			for e, c := range l.fixed {
				if e.account == a && !yield(c) {
					return
				}
			}
		} else {
			for _, e := range a.tokens {
				if c := l.fixed[e]; c != nil && !yield(c) {
					return
				}
			}
		}
		for _, c := range l.pinned[a] {
			if !yield(c) {
				return
			}
		}
	}
}
