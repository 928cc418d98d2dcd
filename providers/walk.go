package providers

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/gitfleet/gitfleet/transport"
)

// barrenPages is how many pages in a row may bring nothing new. Pages of issues
// have none where a host mixes in pull requests, and the largest repositories
// have some thousand such pages; more are links that lead in a circle.
const barrenPages = 10_000

// walk reads a list from its first page to its last.
type walk[T any] struct {
	client *Client
	op     Op
	target string
	query  Query
	fetch  func(context.Context, Query, Position) (Page[T], error)
	key    func(*T) string // tells items apart
	seen   seen
	left   int // items that are still wanted; negative is all
	barren int // pages since the last one with something new
}

// all returns the items of a list. An error ends it.
func (w *walk[T]) all(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(transport.WithWalk(ctx))
		defer cancel()
		w := *w // a sequence may be walked more than once
		w.seen, w.left = seen{}, -1
		if w.query.Limit > 0 {
			w.left = w.query.Limit
		}
		w.run(ctx, yield)
	}
}

// run hands out page after page, those whose number is known before they are
// asked for several at once.
func (w *walk[T]) run(ctx context.Context, yield func(T, error) bool) {
	page, err := w.fetch(ctx, w.query, Position{})
	if !w.deliver(1, page, err, yield) {
		return
	}
	number := 1
	if w.query.Concurrency > 1 && page.Next != "" && page.Last > 2 {
		last := min(page.Last, w.pagesWanted())
		var more bool
		if page, more = w.ahead(ctx, page.Next, last, yield); !more {
			return
		}
		number = last
	}
	for page.Next != "" {
		number++
		page, err = w.fetch(ctx, w.query, Position{Next: page.Next})
		if !w.deliver(number, page, err, yield) {
			return
		}
	}
}

// pagesWanted returns how many pages hold as many items as are wanted.
func (w *walk[T]) pagesWanted() int {
	if w.left < 0 {
		return int(^uint(0) >> 1)
	}
	return 1 + (w.left+w.query.PageSize-1)/w.query.PageSize
}

// ahead fetches the pages from 2 to last, a bounded number at once, and hands
// them out in order. It returns the last of them, and false if that was all.
func (w *walk[T]) ahead(ctx context.Context, next string, last int, yield func(T, error) bool) (Page[T], bool) {
	type result struct {
		page Page[T]
		err  error
	}
	ctx, cancel := context.WithCancel(transport.WithWalk(ctx))
	var running sync.WaitGroup
	defer running.Wait() // nothing goes on after the loop has ended
	defer cancel()
	results := make([]chan result, min(w.query.Concurrency, last-1))
	start := func(n int) {
		if n > last {
			return
		}
		running.Go(func() {
			p, err := w.fetch(ctx, w.query, Position{Next: next, Page: n})
			results[n%len(results)] <- result{p, err}
		})
	}
	for i := range results {
		results[i] = make(chan result, 1)
	}
	for i := range results {
		start(2 + i)
	}
	var page Page[T]
	for n := 2; n <= last; n++ {
		r := <-results[n%len(results)]
		if !w.deliver(n, r.page, r.err, yield) {
			return Page[T]{}, false
		}
		page = r.page
		start(n + len(results))
	}
	return page, true
}

// deliver hands out what a page brought, and reports whether to go on.
func (w *walk[T]) deliver(number int, page Page[T], err error, yield func(T, error) bool) bool {
	w.barren++
	for i := range page.Items {
		if w.left == 0 {
			return false
		}
		if !w.seen.add(w.key(&page.Items[i])) {
			continue
		}
		w.barren = 0
		if w.left > 0 {
			w.left--
		}
		if !yield(page.Items[i], nil) {
			return false
		}
	}
	if err == nil && page.Next != "" && w.barren >= barrenPages {
		err = fmt.Errorf("%d pages in a row brought nothing new: the links to the next page lead in a circle", w.barren)
	}
	if err != nil {
		var none T
		yield(none, w.client.failure(w.op, w.target, number, err))
		return false
	}
	return w.left != 0
}

// collect returns the items of a list as a slice, and with an error those that
// came before it.
func collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	all := []T{}
	for item, err := range items {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

// failed is a list that has only an error.
func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}
