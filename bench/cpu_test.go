//go:build unix

package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gitfleet/gitfleet/batch"
	"github.com/gitfleet/gitfleet/quota"
)

// cpuTime returns how long fn keeps the processors busy, garbage collection
// included. What other programs do meanwhile is not counted.
func cpuTime(tb testing.TB, fn func()) time.Duration {
	tb.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			tb.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	fn()
	return used() - before
}

// TestBatch_costs_at_most_half_more_than_errgroup compares 100,000 items that do
// nothing, 16 at once, in rounds of all ways in turn; the least of each counts.
func TestBatch_costs_at_most_half_more_than_errgroup(t *testing.T) {
	const n, limit, rounds, most = 100_000, 16, 12, 1.5
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "item-" + strconv.Itoa(i)
	}
	nothing := func(context.Context, string) (int, error) { return 0, nil }
	stream := func(ordered bool) func() {
		return func() {
			for _, err := range batch.Stream(t.Context(), slices.Values(ids), nothing, batch.Config{Concurrency: limit, Ordered: ordered}) {
				if err != nil {
					t.Error(err)
				}
			}
		}
	}
	ways := []struct {
		name string
		run  func()
	}{
		{"errgroup", func() {
			g, ctx := errgroup.WithContext(t.Context())
			g.SetLimit(limit)
			for _, id := range ids {
				g.Go(func() error {
					_, err := nothing(ctx, id)
					return err
				})
			}
			if err := g.Wait(); err != nil {
				t.Error(err)
			}
		}},
		{"Run", func() {
			if _, err := batch.Run(t.Context(), ids, nothing, batch.Config{Concurrency: limit}); err != nil {
				t.Error(err)
			}
		}},
		{"Stream", stream(false)},
		{"Stream, ordered", stream(true)},
	}
	least := make([]float64, len(ways))
	for round := range rounds {
		for i, way := range ways {
			each := float64(cpuTime(t, way.run)) / n
			if round == 0 || each < least[i] {
				least[i] = each
			}
		}
	}
	for i, way := range ways {
		ratio := least[i] / least[0]
		t.Logf("%-16s %4.0f ns of a processor for each item, %.2f × errgroup", way.name, least[i], ratio)
		if ratio > most {
			t.Errorf("%s costs %.2f × errgroup, want at most %.1f", way.name, ratio, most)
		}
	}
}

// TestQuota_local_decisions_allocate_nothing has 64 goroutines decide from local
// buckets, and prints how long that keeps the processors busy.
func TestQuota_local_decisions_allocate_nothing(t *testing.T) {
	const workers, each, rounds = 64, 10_000, 8
	target := quota.Operation("send_email")
	for _, users := range []int{1, workers} {
		c, _ := quotaClient(t, generous, 1<<31-1)
		for u := range users {
			if _, err := c.Allow(t.Context(), fmt.Sprint("user-", u), target); err != nil {
				t.Fatal(err)
			}
		}
		least := math.Inf(1)
		for range rounds {
			least = min(least, float64(cpuTime(t, func() { decide(t, c, target, users, workers, each) }))/(workers*each))
		}
		t.Logf("%d users: %.0f ns of a processor for each decision", users, least)
		if n := testing.AllocsPerRun(1000, func() { _, _ = c.Allow(t.Context(), "user-0", target) }); n != 0 {
			t.Errorf("%d users: %v allocations for each decision, want none", users, n)
		}
	}
}

// decide has so many workers decide so often, each for one of the users.
func decide(t *testing.T, c *quota.Client, target quota.Target, users, workers, each int) {
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			user := fmt.Sprint("user-", w%users)
			for range each {
				if d, err := c.Allow(t.Context(), user, target); err != nil || !d.Local {
					t.Error(d, err)
					return
				}
			}
		})
	}
	all.Wait()
}
