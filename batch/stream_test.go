package batch_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/batch"
)

// count is a sequence of the numbers below n.
func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestStream_hands_out_every_item_once(t *testing.T) {
	t.Parallel()
	items := func(yield func(int) bool) {
		for i := range 3000 {
			if !yield(i % 1000) {
				return
			}
		}
	}
	var last batch.Progress
	got := map[int]int{}
	for item, err := range batch.Stream(t.Context(), items, double, batch.Config{OnProgress: func(p batch.Progress) { last = p }}) {
		got[item.ID]++
		if (item.ID%2 == 1) != errors.Is(err, errOdd) || err == nil && item.Value != 2*item.ID {
			t.Errorf("%+v, %v", item, err)
		}
	}
	for id, n := range got {
		if n != 1 {
			t.Errorf("%d came %d times", id, n)
		}
	}
	if len(got) != 1000 || last.Total != 1000 || last.Duplicates != 2000 || last.Succeeded != 500 || last.Failed != 500 {
		t.Errorf("%d items, last told %+v", len(got), last)
	}
}

func TestStream_hands_out_at_once_what_is_done(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var order []int
		for item := range batch.Stream(t.Context(), slices.Values([]int{3, 1, 2}), sleepy, batch.Config{}) {
			order = append(order, item.ID)
			if time.Since(start) != time.Duration(item.ID)*time.Second {
				t.Errorf("%d came after %v", item.ID, time.Since(start))
			}
		}
		if !slices.Equal(order, []int{1, 2, 3}) {
			t.Errorf("order %v", order)
		}
	})
}

// sleepy takes n seconds.
func sleepy(ctx context.Context, n int) (int, error) {
	return n, wait(ctx, time.Duration(n)*time.Second)
}

func TestStream_keeps_the_order_on_request(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var order []int
		for item, err := range batch.Stream(t.Context(), count(500), func(ctx context.Context, n int) (int, error) {
			return n, wait(ctx, time.Duration(n*7919%100)*time.Second)
		}, batch.Config{Ordered: true, Concurrency: 8}) {
			if err != nil {
				t.Error(err)
			}
			order = append(order, item.ID)
		}
		if !slices.Equal(order, numbers(500)) {
			t.Errorf("order %v", order)
		}
	})
}

// One slow item must not have all the others pile up in memory.
func TestStream_in_order_does_not_run_far_ahead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var taken atomic.Int64
		items := func(yield func(int) bool) {
			for i := range 1000 {
				taken.Add(1)
				if !yield(i) {
					return
				}
			}
		}
		for item := range batch.Stream(t.Context(), items, func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return 0, wait(ctx, time.Hour)
			}
			return n, nil
		}, batch.Config{Ordered: true, Concurrency: 5}) {
			if item.ID == 0 && taken.Load() != 20 {
				t.Errorf("%d items were taken while the first one ran, want 20", taken.Load())
			}
		}
		if taken.Load() != 1000 {
			t.Errorf("%d items were taken", taken.Load())
		}
	})
}

func TestStream_runs_ahead_of_a_slow_loop_by_a_bounded_number(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int64
		handed, most := int64(0), int64(0)
		for range batch.Stream(t.Context(), count(100), func(context.Context, int) (int, error) {
			return 0, nil
		}, batch.Config{Concurrency: 3, OnProgress: func(batch.Progress) { called.Add(1) }}) {
			handed++
			time.Sleep(time.Minute)
			most = max(most, called.Load()-handed)
		}
		if most != 15 {
			t.Errorf("%d ahead at most, want 15", most)
		}
	})
}

func TestI16_Stream_leaving_the_loop_cancels_and_leaves_no_goroutine(t *testing.T) {
	t.Parallel()
	for _, ordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
			start := time.Now()
			ended := false
			endless := func(yield func(int) bool) {
				defer func() { ended = true }()
				for i := 0; yield(i); i++ {
				}
			}
			handed := 0
			for range batch.Stream(t.Context(), endless, func(ctx context.Context, n int) (int, error) {
				return n, wait(ctx, time.Duration(n+1)*time.Minute)
			}, batch.Config{Concurrency: 4, Ordered: ordered}) {
				if handed++; handed == 2 {
					break
				}
			}
			if took := time.Since(start); took != 2*time.Minute || !ended {
				t.Errorf("took %v; the sequence ended: %v", took, ended)
			}
		})
	}
}

func TestI16_Stream_leaving_the_loop_waits_for_calls_that_take_their_time_to_end(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		for range batch.Stream(t.Context(), slices.Values([]int{0, 1, 2, 3}), func(ctx context.Context, n int) (int, error) {
			calls.Add(1)
			defer calls.Add(-1)
			if n == 0 {
				return n, wait(ctx, time.Minute)
			}
			<-ctx.Done()
			time.Sleep(time.Minute) // in the bubble
			return n, ctx.Err()
		}, batch.Config{Concurrency: 4}) {
			break
		}
		if n := calls.Load(); n != 0 {
			t.Errorf("%d calls are under way after the loop", n)
		}
	})
}

func TestI16_Stream_a_panic_in_the_loop_leaves_no_goroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if v := recover(); v != "loop" {
				t.Errorf("recovered %v", v)
			}
		}()
		for range batch.Stream(t.Context(), count(100), sleepy, batch.Config{}) {
			panic("loop")
		}
	})
}

func TestStream_says_why_it_ended_early(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		for item, err := range batch.Stream(t.Context(), count(1000), sleepyOdd, batch.Config{StopOnError: true, Concurrency: 2}) {
			if err != nil {
				errs = append(errs, err)
			} else if item.Value != 2*item.ID {
				t.Errorf("%+v", item)
			}
		}
		last := errs[len(errs)-1]
		if len(errs) < 2 || !errors.Is(errs[0], errOdd) || errors.Is(errs[0], batch.ErrStopped) || !errors.Is(last, batch.ErrStopped) || !errors.Is(last, errOdd) {
			t.Errorf("errors %v", errs)
		}
	})
}

func sleepyOdd(ctx context.Context, n int) (int, error) {
	if err := wait(ctx, time.Second); err != nil {
		return 0, err
	}
	return double(ctx, n)
}

// All that was taken has succeeded, and yet the batch is not done.
func TestStream_a_context_that_ends_between_items_is_an_error(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var last error
	for _, err := range batch.Stream(ctx, count(1000), func(_ context.Context, n int) (int, error) {
		if n == 5 {
			cancel()
		}
		return n, nil
	}, batch.Config{Concurrency: 1}) {
		last = err
	}
	if !errors.Is(last, batch.ErrStopped) || !errors.Is(last, context.Canceled) {
		t.Errorf("the last error is %v", last)
	}
}

func TestStream_failed_items_alone_do_not_end_it(t *testing.T) {
	t.Parallel()
	n := 0
	for _, err := range batch.Stream(t.Context(), count(99), double, batch.Config{}) {
		if n++; errors.Is(err, batch.ErrStopped) {
			t.Errorf("ended with %v", err)
		}
	}
	if n != 99 {
		t.Errorf("%d items, want 99", n)
	}
}

func TestStream_can_be_ranged_over_again(t *testing.T) {
	t.Parallel()
	stream := batch.Stream(t.Context(), count(10), double, batch.Config{})
	for range 2 {
		n := 0
		for range stream {
			n++
		}
		if n != 10 {
			t.Errorf("%d items, want 10", n)
		}
	}
}

func TestStream_a_function_that_ends_its_goroutine_fails_its_item_only(t *testing.T) {
	t.Parallel()
	failed := 0
	for _, err := range batch.Stream(t.Context(), count(100), func(_ context.Context, n int) (int, error) {
		if n%10 == 0 {
			runtime.Goexit()
		}
		return n, nil
	}, batch.Config{Concurrency: 1, Ordered: true}) {
		if errors.Is(err, batch.ErrGoexit) {
			failed++
		}
	}
	if failed != 10 {
		t.Errorf("%d failed, want 10", failed)
	}
}

// A short sequence does not need a goroutine for each call that could be.
func TestStream_starts_no_more_workers_than_there_are_items(t *testing.T) {
	before := runtime.NumGoroutine()
	for range batch.Stream(t.Context(), count(3), func(_ context.Context, n int) (int, error) {
		if most := runtime.NumGoroutine() - before; most > 100 {
			t.Errorf("%d goroutines for 3 items", most)
		}
		return n, nil
	}, batch.Config{Concurrency: 10_000}) {
	}
}
