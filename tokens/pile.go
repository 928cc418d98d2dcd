package tokens

import "container/heap"

// pile is queues in a heap, by the arrival of their first calls. Each knows where it is;
// whatever changes its first call calls fix. It implements [heap.Interface].
type pile []*queue

func (p *pile) add(q *queue)    { heap.Push(p, q) }
func (p *pile) remove(q *queue) { heap.Remove(p, q.index) }
func (p *pile) fix(q *queue)    { heap.Fix(p, q.index) }

// Len implements [heap.Interface].
func (p pile) Len() int { return len(p) }

// Less implements [heap.Interface].
func (p pile) Less(i, j int) bool { return p[i].before(p[j]) }

// Swap implements [heap.Interface].
func (p pile) Swap(i, j int) {
	p[i], p[j] = p[j], p[i]
	p[i].index, p[j].index = i, j
}

// Push implements [heap.Interface].
func (p *pile) Push(x any) {
	q := x.(*queue)
	q.index = len(*p)
	*p = append(*p, q)
}

// Pop implements [heap.Interface].
func (p *pile) Pop() any {
	last := len(*p) - 1
	q := (*p)[last]
	(*p)[last] = nil
	*p = (*p)[:last]
	q.index = -1
	return q
}
