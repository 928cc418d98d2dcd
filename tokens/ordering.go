package tokens

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// ordering is a strategy by which budgets stand in an order, so that the first is found
// without a look at all: each of them is on a rung. A [Strategy] of the user's own is
// shown everybody instead, see choose.
type ordering interface {
	Strategy

	// enter returns the rung of a budget that can serve from now on, given the token
	// that leads it.
	enter(l *lane, b *budget, lead *entry) rung

	// used returns its rung after a call.
	used(l *lane, b *budget, lead *entry) rung

	// changed returns its rung after the budget or the token has changed.
	changed(b *budget, lead *entry) rung
}

// rung is where a budget stands by an ordering. The lowest comes first.
type rung struct{ first, second uint64 }

func (r rung) below(o rung) bool {
	if r.first != o.first {
		return r.first < o.first
	}
	return r.second < o.second
}

// byLead is an ordering by what is known of a budget and of the token that leads it.
type byLead struct {
	StrategyFunc
	of func(b *budget, lead *entry) rung
}

func (o byLead) enter(_ *lane, b *budget, lead *entry) rung { return o.of(b, lead) }
func (o byLead) used(_ *lane, b *budget, lead *entry) rung  { return o.of(b, lead) }
func (o byLead) changed(b *budget, lead *entry) rung        { return o.of(b, lead) }

func rungOfUse(b *budget, lead *entry) rung   { return rung{lead.used, b.nth} }
func rungOfCalls(b *budget, lead *entry) rung { return rung{lead.calls, b.nth} }

func rungOfReset(b *budget, lead *entry) rung {
	ends, use := uint64(math.MaxUint64), b.nth
	if !b.ends.IsZero() {
		ends = uint64(max(0, b.ends.UnixNano()))
	}
	if lead.used > 0 {
		use = 1<<63 | lead.used // after all that were not used yet
	}
	return rung{ends, use}
}

// A rung of the round robin is a round and the token's place in it. The lane's mark is
// the furthest that calls have come: who was passed over, because the calls of a while
// could not go there, gets the turn of one round and not those of all.

func (o *roundRobin) enter(l *lane, _ *budget, lead *entry) rung {
	place := uint64(lead.order) + 1
	if place > l.mark.second {
		return rung{l.mark.first, place}
	}
	return rung{l.mark.first + 1, place}
}

func (o *roundRobin) used(l *lane, b *budget, lead *entry) rung {
	l.advance(b)
	place := uint64(lead.order) + 1
	if b.rung.first == l.mark.first && place > b.rung.second { // another token of the account
		return rung{l.mark.first, place}
	}
	return rung{max(b.rung.first, l.mark.first) + 1, place}
}

func (o *roundRobin) changed(b *budget, lead *entry) rung {
	return rung{b.rung.first, uint64(lead.order) + 1}
}

// lottery is an ordering by chance. Each budget waits for an event of its own, which
// comes after an exponentially distributed time; that of the first is the next. As these
// times have no memory, each is as likely to be the next as its weight says, whatever
// came before.
type lottery struct {
	StrategyFunc
	weight func(lead *entry) int
}

func (o lottery) enter(l *lane, _ *budget, lead *entry) rung { return o.next(l.mark, lead) }

func (o lottery) used(l *lane, b *budget, lead *entry) rung {
	l.advance(b)
	return o.next(l.mark, lead)
}

func (o lottery) changed(b *budget, _ *entry) rung { return b.rung }

// next returns the rung of an event that comes a random time after another.
func (o lottery) next(after rung, lead *entry) rung {
	at := math.Float64frombits(after.first) + rand.ExpFloat64()/float64(o.weight(lead))
	return rung{first: math.Float64bits(at)} // as at is positive, its bits are in its order
}

func evenly(*entry) int { return 1 }

func byWeight(lead *entry) int { return max(1, lead.token.Weight) }

// advance moves the mark of the lane to a budget that was used, if that is further.
func (l *lane) advance(b *budget) {
	if l.mark.below(b.rung) {
		l.mark = b.rung
	}
}

// ladder is the budgets of a shelf that can serve, in a heap by their rungs. It
// implements [heap.Interface].
type ladder []*budget

// climb puts a budget on the ladder of its shelf.
func (l *lane) climb(b *budget) {
	l.rerung(b, b.account.lead(), false)
	b.ranked = true
	heap.Push(&b.shelf.ladder, b)
}

// reclimb puts a budget where it belongs on its ladder.
func (l *lane) reclimb(b *budget, used bool) {
	lead := b.account.lead()
	if l.host.ordering == nil || lead == nil {
		return // it goes from the ladder soon
	}
	l.rerung(b, lead, used)
	heap.Fix(&b.shelf.ladder, b.index)
}

// rerung works out the rung of a budget anew. One by the ordering before says nothing.
func (l *lane) rerung(b *budget, lead *entry, used bool) {
	switch o := l.host.ordering; {
	case b.entered != l.host.orderings:
		b.entered = l.host.orderings
		b.rung = o.enter(l, b, lead)
	case used:
		b.rung = o.used(l, b, lead)
	default:
		b.rung = o.changed(b, lead)
	}
}

// climbed puts a budget that was used where it belongs, and those of its account for other
// resources, which the same token may lead.
func (b *budget) climbed(now time.Time) {
	for _, other := range b.account.budgets {
		if other.ranked {
			other.lane.reclimb(other, other == b)
			other.rerank()
			if other.spots > 0 {
				other.respot(now)
			}
		}
	}
}

// reorder has the budgets of the lane put where they belong by another ordering.
func (l *lane) reorder(now time.Time) {
	l.mark = rung{}
	l.unordered = l.budgets.list()
	l.order(now)
}

// order does so for a batch of them. Those behind stand as before meanwhile.
func (l *lane) order(now time.Time) {
	n := min(batch, len(l.unordered))
	for _, b := range l.unordered[:n] {
		if level := b.level; level >= 0 { // else it is put there when it can serve
			l.unlist(b)
			l.list(b, level)
			b.respot(now)
		}
	}
	if l.unordered = l.unordered[n:]; len(l.unordered) == 0 {
		l.unordered = nil
	}
}

// Len implements [heap.Interface].
func (q ladder) Len() int { return len(q) }

// Less implements [heap.Interface].
func (q ladder) Less(i, j int) bool {
	return q[i].shelved().before(q[j].shelved())
}

// Swap implements [heap.Interface].
func (q ladder) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push implements [heap.Interface].
func (q *ladder) Push(x any) {
	b := x.(*budget)
	b.index = len(*q)
	*q = append(*q, b)
}

// Pop implements [heap.Interface].
func (q *ladder) Pop() any {
	last := len(*q) - 1
	b := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return b
}
