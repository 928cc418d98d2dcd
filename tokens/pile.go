package tokens

import "container/heap"

// pile is things in a heap, each of which knows where it is. Whatever changes the
// order of one calls fix.
type pile[T piled[T]] []T

// piled is what can be in a pile.
type piled[T any] interface {
	before(other T) bool
	position() *int // where it is in its pile, or -1
}

func (p *pile[T]) add(x T)    { heap.Push(p, x) }
func (p *pile[T]) remove(x T) { heap.Remove(p, *x.position()) }
func (p *pile[T]) fix(x T)    { heap.Fix(p, *x.position()) }

// Len implements [heap.Interface].
func (p pile[T]) Len() int { return len(p) }

// Less implements [heap.Interface].
func (p pile[T]) Less(i, j int) bool { return p[i].before(p[j]) }

// Swap implements [heap.Interface].
func (p pile[T]) Swap(i, j int) {
	p[i], p[j] = p[j], p[i]
	*p[i].position(), *p[j].position() = i, j
}

// Push implements [heap.Interface].
func (p *pile[T]) Push(x any) {
	item := x.(T)
	*item.position() = len(*p)
	*p = append(*p, item)
}

// Pop implements [heap.Interface].
func (p *pile[T]) Pop() any {
	var none T
	last := len(*p) - 1
	item := (*p)[last]
	(*p)[last] = none
	*p = (*p)[:last]
	*item.position() = -1
	return item
}
