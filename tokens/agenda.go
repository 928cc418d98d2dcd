package tokens

import (
	"container/heap"
	"time"
)

// agenda is the budgets of a lane by one of the times that are kept of them, the
// earliest first. It implements [heap.Interface].
type agenda struct {
	of      agendaKind
	budgets []*budget
}

type agendaKind uint8

const (
	changes agendaKind = iota // when time alone changes what the budget can do, or is said of it
	frees                     // when a budget that rests can serve a read again
	agendas
)

// date is a budget's place in an agenda.
type date struct {
	at    time.Time // zero if it is not there
	index int
}

// set moves b to where it belongs by another time; zero takes it out.
func (g *agenda) set(b *budget, at time.Time) {
	d := &b.dates[g.of]
	was := d.at
	if was.Equal(at) {
		return
	}
	d.at = at
	switch {
	case at.IsZero():
		heap.Remove(g, d.index)
	case was.IsZero():
		heap.Push(g, b)
	default:
		heap.Fix(g, d.index)
	}
}

// next returns the earliest time, or zero if the agenda is empty.
func (g *agenda) next() time.Time {
	if len(g.budgets) == 0 {
		return time.Time{}
	}
	return g.budgets[0].dates[g.of].at
}

// Len implements [heap.Interface].
func (g *agenda) Len() int { return len(g.budgets) }

// Less implements [heap.Interface].
func (g *agenda) Less(i, j int) bool {
	return g.budgets[i].dates[g.of].at.Before(g.budgets[j].dates[g.of].at)
}

// Swap implements [heap.Interface].
func (g *agenda) Swap(i, j int) {
	g.budgets[i], g.budgets[j] = g.budgets[j], g.budgets[i]
	g.budgets[i].dates[g.of].index, g.budgets[j].dates[g.of].index = i, j
}

// Push implements [heap.Interface].
func (g *agenda) Push(x any) {
	b := x.(*budget)
	b.dates[g.of].index = len(g.budgets)
	g.budgets = append(g.budgets, b)
}

// Pop implements [heap.Interface].
func (g *agenda) Pop() any {
	last := len(g.budgets) - 1
	b := g.budgets[last]
	g.budgets[last] = nil
	g.budgets = g.budgets[:last]
	return b
}
