package pool_test

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/batch"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

// items returns so many IDs, from the given number on.
func items(from, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("item-%05d", from+i)
	}
	return ids
}

// inBatch runs fn for each of the items on keys of the pool, and fails if an item
// does.
func inBatch(t *testing.T, p *pool.Pool[*sdk], ids []string, fn func(context.Context, *sdk) (string, error)) batch.Result[string, string] {
	t.Helper()
	r, err := batch.Run(t.Context(), ids, func(ctx context.Context, _ string) (string, error) {
		return pool.DoWith(ctx, p, pool.Call[string]{Batch: true}, fn)
	}, batch.Config{
		Concurrency: 8,
		Banned: func() map[string]time.Time {
			until := map[string]time.Time{}
			for _, k := range p.Keys() {
				if k.Status.State == tokens.Cooling {
					until[k.Label] = k.Status.Until
				}
			}
			return until
		},
	})
	if err != nil || r.Succeeded != len(ids) {
		t.Fatalf("%d of %d items succeeded, error %v, of items %v", r.Succeeded, len(ids), err, r.Errors)
	}
	return r
}

func TestBatch_a_key_that_fails_again_and_again_is_banned_beyond_the_batch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "good", "bad"))
		apply(t, p, func(c *pool.PoolConfig) { c.RetryOnFailure, c.MaxRetries = true, 3 })
		ask := a.ask(map[string]error{"bad": errBroken})
		callsOfBad := func() (n int) {
			for _, key := range a.calls {
				if key == "bad" {
					n++
				}
			}
			return n
		}
		start := time.Now()
		r := inBatch(t, p, items(0, 200), ask)
		first := callsOfBad()
		if until := r.Banned["bad"]; len(r.Banned) != 1 || until.Sub(start) < 5*time.Minute || until.Sub(start) > 6*time.Minute {
			t.Errorf("banned are %v, want bad for five minutes", r.Banned)
		}
		if first < 3 || first > 3+8 {
			t.Errorf("bad was called %d times, want 3 and what was under way by then", first)
		}
		if r := inBatch(t, p, items(200, 200), ask); callsOfBad() != first || len(r.Banned) != 1 {
			t.Errorf("in the next batch bad was called %d times more, banned are %v", callsOfBad()-first, r.Banned)
		}
		time.Sleep(5*time.Minute + 2*time.Second) // in the bubble
		if r := inBatch(t, p, items(400, 10), a.ask(nil)); callsOfBad() == first || len(r.Banned) != 0 {
			t.Errorf("after the ban bad was not called, banned are %v", r.Banned)
		}
	})
}

// Two failures, a success, and two failures again: three in a row would ban.
func TestBatch_a_success_in_between_clears_the_failures_of_a_key(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "one"))
	apply(t, p, func(c *pool.PoolConfig) { c.RetryOnFailure, c.MaxRetries = true, 2 })
	var mu sync.Mutex
	calls := map[string]int{}
	_, err := batch.Run(t.Context(), items(0, 3), func(ctx context.Context, id string) (string, error) {
		return pool.DoWith(ctx, p, pool.Call[string]{Batch: true}, func(context.Context, *sdk) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if calls[id]++; calls[id] < 3 {
				return "", errBroken
			}
			return id, nil
		})
	}, batch.Config{Concurrency: 1, StopOnError: true})
	if err != nil || calls["item-00002"] != 3 {
		t.Errorf("error %v after calls %v, want each item served by the third call", err, calls)
	}
}

func TestBatch_a_limit_is_no_failure_and_the_pool_waits_for_the_first_key_that_is_back(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, waits := range []time.Duration{0, -1} { // the pool in line, or the batch after its error
			a := &api{}
			c := config(a, "one", "two")
			c.MaxWait = waits
			p := newPool(t, c)
			start := time.Now()
			left := map[string]int{"one": 40, "two": 40}
			r := inBatch(t, p, items(0, 100), func(_ context.Context, c *sdk) (string, error) {
				a.mu.Lock()
				defer a.mu.Unlock()
				if time.Since(start) > time.Hour {
					return c.key, nil
				}
				if left[c.key]--; left[c.key] < 0 {
					return "", limit{start.Add(time.Hour)}
				}
				return c.key, nil
			})
			if r.Elapsed < time.Hour || r.Elapsed > time.Hour+5*time.Second {
				t.Errorf("MaxWait %v: the batch took %v, want an hour and a little", waits, r.Elapsed)
			}
		}
	})
}

func TestBatch_settings_fall_back_from_the_argument_to_the_pool_to_the_default(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name               string
		given, ofPool, max int
	}{
		{"the argument", 3, 5, 3},
		{"the pool", 0, 5, 5},
		{"the default", 0, 0, batch.DefaultConcurrency},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPool(t, config(&api{}, "one"))
				apply(t, p, func(c *pool.PoolConfig) {
					c.Concurrency = tt.ofPool
					c.RetryOnFailure, c.MaxRetries = false, 1 // what batches do without settings of their own
					c.BatchRetryOnFailure, c.BatchMaxRetries = new(true), nil
				})
				var mu sync.Mutex
				now, most := 0, 0
				calls := map[string]int{}
				r, err := batch.Run(t.Context(), items(0, 60), func(ctx context.Context, id string) (string, error) {
					return pool.DoWith(ctx, p, pool.Call[string]{Batch: true, BanThreshold: new(0)}, func(context.Context, *sdk) (string, error) {
						mu.Lock()
						now++
						most = max(most, now)
						calls[id]++
						again := calls[id] == 1
						mu.Unlock()
						time.Sleep(time.Second) // in the bubble
						mu.Lock()
						now--
						mu.Unlock()
						if again {
							return "", errBroken
						}
						return id, nil
					})
				}, batch.Config{Concurrency: cmp.Or(tt.given, p.Config().Concurrency)})
				if err != nil || r.Failed != 0 || len(calls) != 60 {
					t.Errorf("%d failed, error %v: want each item again once, as batch_retry_on_failure and max_retries say", r.Failed, err)
				}
				if most != tt.max {
					t.Errorf("%d calls at once, want %d", most, tt.max)
				}
			})
		})
	}
}
