package tokens

import (
	"cmp"
	"iter"
	"slices"
)

// pageSize is how much of a sequence is moved at most when something is taken out.
const pageSize = 256

// sequence is things in the order in which they came. To take one out costs
// O(log n), and leaves the others in their order: lists of tokens are shown, and
// candidates are compared, in it. The zero sequence is empty.
type sequence[T numbered] struct {
	pages [][]T // none is empty
	count int
}

// numbered is what has a number in the order of coming.
type numbered interface{ number() uint64 }

// add puts x, whose number is the highest, at the end.
func (s *sequence[T]) add(x T) {
	last := len(s.pages) - 1
	if last < 0 || len(s.pages[last]) == pageSize {
		s.pages = append(s.pages, nil)
		last++
	}
	s.pages[last] = append(s.pages[last], x)
	s.count++
}

// remove takes x out, if it is there.
func (s *sequence[T]) remove(x T) {
	n := x.number()
	p, _ := slices.BinarySearchFunc(s.pages, n, func(page []T, n uint64) int {
		return cmp.Compare(page[len(page)-1].number(), n)
	})
	if p == len(s.pages) {
		return
	}
	i, found := slices.BinarySearchFunc(s.pages[p], n, func(other T, n uint64) int { return cmp.Compare(other.number(), n) })
	if !found {
		return
	}
	s.count--
	if s.pages[p] = slices.Delete(s.pages[p], i, i+1); len(s.pages[p]) == 0 {
		s.pages = slices.Delete(s.pages, p, p+1)
	}
}

// all yields what is there. Nothing may come or go meanwhile.
func (s *sequence[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, page := range s.pages {
			for _, x := range page {
				if !yield(x) {
					return
				}
			}
		}
	}
}

// list returns what is there now.
func (s *sequence[T]) list() []T { return slices.Concat(s.pages...) }
