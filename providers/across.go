package providers

import (
	"context"
	"iter"
	"sync"
)

// Across walks a list of every client at once and returns what they have as it
// comes. An error ends its client's list only; it is an [*Error], which says
// whose it is. When the loop ends, all of them end.
//
//	for r, err := range providers.Across(ctx, clients, func(ctx context.Context, c *providers.Client) iter.Seq2[providers.Repository, error] {
//		return c.Repositories(ctx, "acme")
//	}) { … }
func Across[T any](ctx context.Context, clients []*Client, list func(context.Context, *Client) iter.Seq2[T, error]) iter.Seq2[T, error] {
	type result struct {
		item T
		err  error
	}
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		results := make(chan result)
		ended := make(chan struct{}) // not ctx: when that ends the lists say so
		var running sync.WaitGroup
		for _, c := range clients {
			running.Go(func() {
				for item, err := range list(ctx, c) {
					select {
					case results <- result{item, err}:
					case <-ended:
						return
					}
				}
			})
		}
		go func() {
			running.Wait()
			close(results)
		}()
		defer func() {
			close(ended)
			cancel()
			for range results { // until all lists have ended
			}
		}()
		for r := range results {
			if !yield(r.item, r.err) {
				return
			}
		}
	}
}
