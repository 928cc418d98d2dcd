package bench

import (
	"context"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/gitfleet/gitfleet/batch"
)

// BenchmarkBatch runs 100,000 items that do nothing, 16 at once: first as
// errgroup does, which knows no IDs and keeps no results, then with results in a
// slice, then as package batch does, which knows both.
func BenchmarkBatch(b *testing.B) {
	const n, limit = 100_000, 16
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "item-" + strconv.Itoa(i)
	}
	nothing := func(context.Context, string) (int, error) { return 0, nil }
	b.Run("errgroup", func(b *testing.B) {
		for b.Loop() {
			g, ctx := errgroup.WithContext(b.Context())
			g.SetLimit(limit)
			for _, id := range ids {
				g.Go(func() error {
					_, err := nothing(ctx, id)
					return err
				})
			}
			if err := g.Wait(); err != nil {
				b.Fatal(err)
			}
		}
		each(b, n)
	})
	b.Run("errgroup/results", func(b *testing.B) {
		for b.Loop() {
			results := make([]int, n)
			g, ctx := errgroup.WithContext(b.Context())
			g.SetLimit(limit)
			for i, id := range ids {
				g.Go(func() (err error) {
					results[i], err = nothing(ctx, id)
					return err
				})
			}
			if err := g.Wait(); err != nil {
				b.Fatal(err)
			}
		}
		each(b, n)
	})
	b.Run("gitfleet/Run", func(b *testing.B) {
		for b.Loop() {
			r, err := batch.Run(b.Context(), ids, nothing, batch.Config{Concurrency: limit})
			if err != nil || r.Succeeded != n {
				b.Fatal(r.Succeeded, err)
			}
		}
		each(b, n)
	})
	for name, ordered := range map[string]bool{"gitfleet/Stream": false, "gitfleet/Stream/ordered": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				done := 0
				for _, err := range batch.Stream(b.Context(), slices.Values(ids), nothing, batch.Config{Concurrency: limit, Ordered: ordered}) {
					if err != nil {
						b.Fatal(err)
					}
					done++
				}
				if done != n {
					b.Fatal(done)
				}
			}
			each(b, n)
		})
	}
}

// each reports the time for one of n items.
func each(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/item")
}
