package tokens

import (
	"cmp"
	"iter"
	"slices"
)

// pageSize is how much of a sequence is moved at most when something comes or goes.
const pageSize = 256

// sequence is things in the order in which they came. To put one in or take one out
// costs O(log n), and leaves the others in their order: lists of tokens are shown,
// and candidates are compared, in it. The zero sequence is empty.
type sequence[T numbered] struct {
	pages [][]T // none is empty
	count int
}

// numbered is what has a number in the order of coming.
type numbered interface{ number() uint64 }

// add puts x, which is not there, where its number belongs: nearly always at the end.
func (s *sequence[T]) add(x T) {
	s.count++
	if last := len(s.pages) - 1; last >= 0 && len(s.pages[last]) < pageSize {
		if page := s.pages[last]; page[len(page)-1].number() < x.number() {
			s.pages[last] = append(page, x)
			return
		}
	}
	p, i, _ := s.find(x)
	if p == len(s.pages) {
		if p == 0 || len(s.pages[p-1]) == pageSize {
			s.pages = append(s.pages, []T{x})
			return
		}
		p--
		i = len(s.pages[p])
	}
	if len(s.pages[p]) == pageSize {
		const half = pageSize / 2
		s.split(p, half)
		if i > half {
			p, i = p+1, i-half
		}
	}
	s.pages[p] = slices.Insert(s.pages[p], i, x)
}

// split makes two pages of one, the first of which has n.
func (s *sequence[T]) split(p, n int) {
	page := s.pages[p]
	s.pages = slices.Insert(s.pages, p+1, slices.Clone(page[n:]))
	clear(page[n:])
	s.pages[p] = page[:n]
}

// find returns the page that x belongs in, and where in it. The page is the number of
// pages if x comes after all others.
func (s *sequence[T]) find(x T) (page, place int, found bool) {
	n := x.number()
	p, _ := slices.BinarySearchFunc(s.pages, n, func(page []T, n uint64) int {
		return cmp.Compare(page[len(page)-1].number(), n)
	})
	if p == len(s.pages) {
		return p, 0, false
	}
	i, found := slices.BinarySearchFunc(s.pages[p], n, func(other T, n uint64) int { return cmp.Compare(other.number(), n) })
	return p, i, found
}

// first returns what is at the beginning of a sequence that is not empty.
func (s *sequence[T]) first() T { return s.pages[0][0] }

// remove takes x out, if it is there.
func (s *sequence[T]) remove(x T) {
	if s.count > 0 && s.first().number() == x.number() {
		s.removeFirst()
		return
	}
	p, i, found := s.find(x)
	if !found {
		return
	}
	s.count--
	if s.pages[p] = slices.Delete(s.pages[p], i, i+1); len(s.pages[p]) == 0 {
		s.pages = slices.Delete(s.pages, p, p+1)
	}
}

// removeFirst takes out what is at the beginning, which nothing need be moved for.
func (s *sequence[T]) removeFirst() {
	var none T
	s.count--
	s.pages[0][0] = none
	if s.pages[0] = s.pages[0][1:]; len(s.pages[0]) == 0 {
		s.pages = slices.Delete(s.pages, 0, 1)
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

// from yields what is there from a number on. Nothing may come or go meanwhile.
func (s *sequence[T]) from(n uint64) iter.Seq[T] {
	return func(yield func(T) bool) {
		p, _ := slices.BinarySearchFunc(s.pages, n, func(page []T, n uint64) int {
			return cmp.Compare(page[len(page)-1].number(), n)
		})
		for ; p < len(s.pages); p++ {
			for _, x := range s.pages[p] {
				if x.number() >= n && !yield(x) {
					return
				}
			}
		}
	}
}

// list returns what is there now.
func (s *sequence[T]) list() []T { return slices.Concat(s.pages...) }
