package tokens

import (
	"container/heap"
	"math/bits"
	"slices"
	"time"
)

const (
	levels       = 66
	unknownLevel = 64 // nothing is known of the budget; tried first
	suspectLevel = 65 // its tokens are suspect; tried last
)

// lane holds the budgets of all accounts of one host for one resource, in the
// order in which they are to be used, and the calls that wait for one.
//
// Budgets that can serve now stand in one of 66 lists: one for those of which
// nothing is known, 64 by the share of the limit that is left, and one for those
// whose tokens are suspect. The first of the highest list is the one to use; a
// bit a list makes finding it O(1). Within a list the budgets stand by their last
// use. A heap orders those whose state time alone will change; one whose calls
// are all out is in no list, until one of them is settled. It is guarded by its
// Host's mutex.
type lane struct {
	host     *Host
	resource string
	budgets  []*budget
	lists    [levels]budgetList
	filled   uint64 // bit i: lists[i] is not empty; the last two have no bit
	sleeping wakeHeap
	line     line
	pacedAt  time.Time // when the pace may let a call in line go that writes; zero if none waits
	asked    uint64    // the pass in which a call that everybody may serve asked for that
	timer    *time.Timer
}

type budgetList struct{ first, last *budget }

// add makes b a part of the lane.
func (l *lane) add(b *budget, now time.Time) {
	b.lane, b.level, b.heapIndex = l, -1, -1
	l.budgets = append(l.budgets, b)
	l.place(b, now)
}

// drop takes b out of the lane for ever.
func (l *lane) drop(b *budget) {
	l.unlist(b)
	l.sleep(b, time.Time{})
	l.budgets = slices.DeleteFunc(l.budgets, func(other *budget) bool { return other == b })
}

// place moves b to where it belongs. A budget that stays in its list keeps its
// place there.
func (l *lane) place(b *budget, now time.Time) {
	due := !b.calm() || b.wakeEnds != b.ends || !now.Before(b.wake)
	if due {
		b.advance(now)
		if restOver(b.account.cool, now).IsZero() {
			b.account.cool = time.Time{}
		}
	}
	if level := b.readyLevel(now); level != b.level {
		l.unlist(b)
		l.list(b, level)
	}
	if due {
		b.wakeEnds = b.ends
		l.sleep(b, b.nextWake(now))
	}
}

// used moves b behind all others of its list.
func (l *lane) used(b *budget, now time.Time) {
	l.unlist(b)
	l.list(b, b.readyLevel(now))
}

func (l *lane) list(b *budget, level int) {
	b.level = level
	if level < 0 {
		return
	}
	to := &l.lists[level]
	b.prev, b.next = to.last, nil
	if to.last != nil {
		to.last.next = b
	} else {
		to.first = b
		l.filled |= bit(level)
	}
	to.last = b
}

func (l *lane) unlist(b *budget) {
	if b.level < 0 {
		return
	}
	from := &l.lists[b.level]
	if b.prev != nil {
		b.prev.next = b.next
	} else {
		from.first = b.next
	}
	if b.next != nil {
		b.next.prev = b.prev
	} else {
		from.last = b.prev
	}
	if from.first == nil {
		l.filled &^= bit(b.level)
	}
	b.prev, b.next, b.level = nil, nil, -1
}

func bit(level int) uint64 {
	if level >= unknownLevel {
		return 0
	}
	return 1 << level
}

// wakeUp looks at the budgets whose time has come.
func (l *lane) wakeUp(now time.Time) {
	for len(l.sleeping) > 0 && !now.Before(l.sleeping[0].wake) {
		l.place(l.sleeping[0], now)
	}
}

// find returns the budget and token that are to serve the call now: those of its
// walk's account if they can, or else the best. Both are nil if none can.
func (l *lane) find(r *Request, now time.Time) (*budget, *entry) {
	if r.Walk != nil {
		if b, e := l.goOn(r, now); b != nil {
			return b, e
		}
	}
	return l.best(r, now)
}

// goOn returns the budget and token of the account that the call's walk is with,
// or nil if they cannot serve it now.
func (l *lane) goOn(r *Request, now time.Time) (*budget, *entry) {
	a := r.Walk.at(l.host).account
	if a == nil {
		return nil, nil
	}
	return l.ofAccount(a.current(), r, now)
}

// ofAccount returns the budget and token of one account if they can serve the
// call now. No strategy is asked.
func (l *lane) ofAccount(a *account, r *Request, now time.Time) (*budget, *entry) {
	b := a.budgets[l.resource]
	if b == nil || r.Tried.hasAccount(a) || !b.ready(r.Draw, now) {
		return nil, nil
	}
	if e := a.pick(r); e != nil {
		return b, e
	}
	return nil, nil
}

// best returns the first budget and token, in order of preference, that may serve
// the call, have not been tried and can bear it, or nil.
func (l *lane) best(r *Request, now time.Time) (*budget, *entry) {
	if r.fixed != nil {
		return l.ofAccount(r.fixed.account, r, now)
	}
	if l.host.strategy != nil || len(l.host.priorities) > 1 || r.audience != nil {
		return l.choose(r, now)
	}
	if r.Draw.Units <= 1 && r.Tried.empty() && l.host.plain(r.Draw) {
		if b, e := l.first(); e != nil && b.bears(&r.Draw) {
			return b, e
		}
	}
	return l.search(r, now)
}

// first is best for nearly all calls, those that any budget in a list can serve:
// they have not been refused yet, and need no more than one read does.
func (l *lane) first() (*budget, *entry) {
	b := l.lists[unknownLevel].first
	switch {
	case b != nil:
	case l.filled != 0:
		b = l.lists[bits.Len64(l.filled)-1].first
	default:
		b = l.lists[suspectLevel].first
	}
	if b == nil {
		return nil, nil
	}
	return b, b.account.pick(nil)
}

// search is best for any call that nothing but Tried narrows down.
func (l *lane) search(r *Request, now time.Time) (*budget, *entry) {
	if b, e := l.lists[unknownLevel].best(r, now); b != nil {
		return b, e
	}
	for left := l.filled; left != 0; {
		level := bits.Len64(left) - 1
		if b, e := l.lists[level].best(r, now); b != nil {
			return b, e
		}
		left &^= 1 << level
	}
	return l.lists[suspectLevel].best(r, now)
}

func (s *budgetList) best(r *Request, now time.Time) (*budget, *entry) {
	for b := s.first; b != nil; b = b.next {
		if r.Tried.hasAccount(b.account) || !b.ready(r.Draw, now) {
			continue
		}
		if e := b.account.pick(r); e != nil {
			return b, e
		}
	}
	return nil, nil
}

// earliest returns when a call can be served at the earliest by those that may and
// have not been tried, as far as can be known: now if that depends on calls that
// are under way. ok is false if no token will ever serve it.
func (l *lane) earliest(r *Request, now time.Time) (at time.Time, ok bool) {
	for b := range l.open(r.audience) {
		t, can := b.readyAt(r, now)
		if can && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok
}

func (b *budget) readyAt(r *Request, now time.Time) (time.Time, bool) {
	a, d := b.account, r.Draw
	if b.ready(d, now) {
		// It could serve at once; if it does not, the host has refused this
		// very call through it, and waiting would not change that.
		return now, !r.Tried.hasAccount(a) && (a.pick(r) != nil || a.probing(r.audience))
	}
	if !a.hopeful(r.audience) {
		return time.Time{}, false
	}
	at := later(now, b.restingUntil(now))
	if free, known := b.free(); known && free+b.out < d.Units {
		at = later(at, b.nextChange()) // whatever comes of the calls under way
	}
	return later(at, a.paced(d, b.resource, now)), true
}

// sleep sets when b is to be looked at again.
func (l *lane) sleep(b *budget, at time.Time) {
	if b.wake.Equal(at) && (b.heapIndex >= 0) == !at.IsZero() {
		return
	}
	b.wake = at
	switch {
	case at.IsZero() && b.heapIndex >= 0:
		heap.Remove(&l.sleeping, b.heapIndex)
	case at.IsZero():
	case b.heapIndex >= 0:
		heap.Fix(&l.sleeping, b.heapIndex)
	default:
		heap.Push(&l.sleeping, b)
	}
}

// wakeHeap implements [heap.Interface]; the earliest is first.
type wakeHeap []*budget

func (h wakeHeap) Len() int           { return len(h) }
func (h wakeHeap) Less(i, j int) bool { return h[i].wake.Before(h[j].wake) }
func (h wakeHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapIndex, h[j].heapIndex = i, j
}

// Push implements [heap.Interface].
func (h *wakeHeap) Push(x any) {
	b := x.(*budget)
	b.heapIndex = len(*h)
	*h = append(*h, b)
}

// Pop implements [heap.Interface].
func (h *wakeHeap) Pop() any {
	last := len(*h) - 1
	b := (*h)[last]
	b.heapIndex = -1
	(*h)[last] = nil
	*h = (*h)[:last]
	return b
}
