package tokens

import (
	"cmp"
	"math/bits"
	"slices"
)

const (
	levels       = 66
	unknownLevel = 64 // nothing is known of the budget; tried first
	suspectLevel = 65 // its tokens are suspect; tried last
)

// shelf holds the budgets of a lane whose best tokens have one priority, in the
// order in which they are to be used, as far as they can serve now.
//
// They stand in 66 lists: one for those of which nothing is known, 64 by the share
// of the limit that is left, and one for those whose tokens are suspect. The first
// of the highest list is the one to use; a bit a list makes finding it O(1). Within
// a list the budgets stand by their last use. Those that cannot serve now, though a
// token of theirs could be sent, stand in two lists besides: calls that cost nothing
// go to them.
type shelf struct {
	priority int
	bound    bool // all tokens of their accounts name owners
	lists    [levels]budgetList
	filled   uint64 // bit i: lists[i] is not empty; the last two have no bit
	ladder   ladder // that they stand on instead, if the strategy is an ordering

	aside, asideSuspect budgetList // in the order of coming
}

type budgetList struct{ first, last *budget }

// shelfFor returns the shelf of a priority, which it makes if need be.
func (l *lane) shelfFor(priority int, bound bool) *shelf {
	i, found := slices.BinarySearchFunc(l.shelves, priority, func(s *shelf, priority int) int {
		if s.priority == priority && s.bound != bound {
			return boolCompare(s.bound, bound)
		}
		return cmp.Compare(priority, s.priority) // the highest first
	})
	if !found {
		l.shelves = slices.Insert(l.shelves, i, &shelf{priority: priority, bound: bound})
	}
	return l.shelves[i]
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func bit(level int) uint64 {
	if level >= unknownLevel {
		return 0
	}
	return 1 << level
}

// first returns the budget that is to be used first, or nil.
func (s *shelf) first() *budget {
	if len(s.ladder) > 0 {
		return s.ladder[0]
	}
	b := s.lists[unknownLevel].first
	switch {
	case b != nil:
		return b
	case s.filled != 0:
		return s.lists[bits.Len64(s.filled)-1].first
	}
	return s.lists[suspectLevel].first
}

// all yields the budgets of the shelf that can serve. It reports whether all were wanted.
func (s *shelf) all(yield func(*budget) bool) bool {
	for _, b := range s.ladder {
		if !yield(b) {
			return false
		}
	}
	return s.inLists(yield)
}

// inLists yields those in lists, the one to be used first first. It reports whether all
// were wanted.
func (s *shelf) inLists(yield func(*budget) bool) bool {
	if !s.lists[unknownLevel].all(yield) {
		return false
	}
	for left := s.filled; left != 0; {
		level := bits.Len64(left) - 1
		if !s.lists[level].all(yield) {
			return false
		}
		left &^= 1 << level
	}
	return s.lists[suspectLevel].all(yield)
}

func (q *budgetList) all(yield func(*budget) bool) bool {
	for b := q.first; b != nil; b = b.next {
		if !yield(b) {
			return false
		}
	}
	return true
}

// asideList returns the list of its shelf that the budget belongs in if it cannot serve
// now, or nil if it has no token that can be used.
func (b *budget) asideList() *budgetList {
	e := b.account.lead()
	switch {
	case e == nil:
		return nil
	case e.last():
		return &b.shelf.asideSuspect
	}
	return &b.shelf.aside
}

// putAside puts a budget that cannot serve now into the list of those.
func (b *budget) putAside() {
	to := b.asideList()
	if to == nil {
		return
	}
	b.aside, b.prev = to, to.last
	if to.last != nil {
		to.last.next = b
	} else {
		to.first = b
	}
	to.last = b
}

// takeUp takes a budget out of the list of those that cannot serve now.
func (b *budget) takeUp() {
	from := b.aside
	if from == nil {
		return
	}
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
	b.aside, b.prev, b.next = nil, nil, nil
}

// standing says which of two tokens is to be used, each with its budget.
type standing struct {
	priority int
	quality  int    // by the level of the budget, suspect tokens below all others
	turn     uint64 // the order of coming into their lists, or the first half of the rung
	second   uint64 // the other half
}

// before reports whether s is to be used rather than o.
func (s standing) before(o standing) bool {
	switch {
	case s.priority != o.priority:
		return s.priority > o.priority
	case s.quality != o.quality:
		return s.quality > o.quality
	}
	if s.turn != o.turn {
		return s.turn < o.turn
	}
	return s.second < o.second
}

// standing returns how the budget stands if e is its token.
func (b *budget) standing(e *entry) standing { return b.stands(e.token.Priority, e.last()) }

// shelved returns how a budget on a shelf stands with the best of its tokens.
func (b *budget) shelved() standing {
	last := b.level == suspectLevel || b.aside == &b.shelf.asideSuspect
	return b.stands(b.shelf.priority, last)
}

// stands returns how the budget stands with a token of the priority, which may be one to
// be used last.
func (b *budget) stands(priority int, last bool) standing {
	if b.ranked {
		return standing{priority: priority, quality: quality(0, last), turn: b.rung.first, second: b.rung.second}
	}
	return standing{priority: priority, quality: quality(b.level, last), turn: b.turn}
}

func quality(level int, last bool) int {
	if level == suspectLevel {
		level = -1
	}
	if last {
		return level
	}
	return levels + level
}
