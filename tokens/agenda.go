package tokens

import (
	"container/heap"
	"time"
)

// agenda is budgets or tokens by one of the times that are kept of them, the
// earliest first. It implements [heap.Interface].
type agenda[T any] struct{ dates []*date[T] }

// date is the place in an agenda of what it is of.
type date[T any] struct {
	at    time.Time // zero if it is not there
	index int
	of    T
}

// set moves d to where it belongs by another time; zero takes it out.
func (g *agenda[T]) set(d *date[T], at time.Time) {
	was := d.at
	if was.Equal(at) {
		return
	}
	d.at = at
	switch {
	case at.IsZero():
		heap.Remove(g, d.index)
	case was.IsZero():
		heap.Push(g, d)
	default:
		heap.Fix(g, d.index)
	}
}

// next returns the earliest time, or zero if the agenda is empty.
func (g *agenda[T]) next() time.Time {
	if len(g.dates) == 0 {
		return time.Time{}
	}
	return g.dates[0].at
}

// due reports whether the earliest time has come.
func (g *agenda[T]) due(now time.Time) bool {
	at := g.next()
	return !at.IsZero() && !now.Before(at)
}

// Len implements [heap.Interface].
func (g *agenda[T]) Len() int { return len(g.dates) }

// Less implements [heap.Interface].
func (g *agenda[T]) Less(i, j int) bool { return g.dates[i].at.Before(g.dates[j].at) }

// Swap implements [heap.Interface].
func (g *agenda[T]) Swap(i, j int) {
	g.dates[i], g.dates[j] = g.dates[j], g.dates[i]
	g.dates[i].index, g.dates[j].index = i, j
}

// Push implements [heap.Interface].
func (g *agenda[T]) Push(x any) {
	d := x.(*date[T])
	d.index = len(g.dates)
	g.dates = append(g.dates, d)
}

// Pop implements [heap.Interface].
func (g *agenda[T]) Pop() any {
	last := len(g.dates) - 1
	d := g.dates[last]
	g.dates[last] = nil
	g.dates = g.dates[:last]
	return d
}
