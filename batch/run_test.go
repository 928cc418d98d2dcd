package batch_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/batch"
)

var errOdd = errors.New("odd")

// double fails for odd numbers.
func double(_ context.Context, n int) (int, error) {
	if n%2 == 1 {
		return 0, errOdd
	}
	return 2 * n, nil
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// check fails the test unless the counts of a result agree with each other.
func check[K comparable, O any](t *testing.T, r batch.Result[K, O]) {
	t.Helper()
	if r.Succeeded+r.Failed != r.Total || len(r.Results) != r.Succeeded || len(r.Errors) != r.Failed {
		t.Errorf("%d succeeded (%d results) and %d failed (%d errors) of %d", r.Succeeded, len(r.Results), r.Failed, len(r.Errors), r.Total)
	}
}

func TestRun_runs_every_item_and_tells_what_came_of_it(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), numbers(1000), double, batch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	if r.Total != 1000 || r.Succeeded != 500 || r.SuccessRate() != 0.5 || r.Results[10] != 20 || !errors.Is(r.Errors[7], errOdd) {
		t.Errorf("result is %d of %d, rate %v, 10: %v, 7: %v", r.Succeeded, r.Total, r.SuccessRate(), r.Results[10], r.Errors[7])
	}
}

func TestRun_runs_each_item_once_however_often_it_is_listed(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	calls := map[string]int{}
	r, err := batch.Run(t.Context(), []string{"x", "x", "y", "x"}, func(_ context.Context, id string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		calls[id]++
		return id, nil
	}, batch.Config{})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	if calls["x"] != 1 || calls["y"] != 1 || r.Total != 2 || r.Duplicates != 2 {
		t.Errorf("calls %v, total %d, duplicates %d", calls, r.Total, r.Duplicates)
	}
}

// row is an item with more than its ID.
type row struct{ id, text string }

func (r row) ID() string { return r.id }

func TestRun_takes_items_with_one_ID_for_one(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), []row{{"a", "first"}, {"b", ""}, {"a", "second"}}, func(_ context.Context, r row) (string, error) {
		return r.text, nil
	}, batch.Config{})
	if err != nil || r.Total != 2 || r.Duplicates != 1 || r.Results[row{"a", "first"}] != "first" {
		t.Errorf("Run() = %+v, %v", r, err)
	}
}

func TestRun_zero_values_are_results(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), []string{"nil", "empty", "false"}, func(_ context.Context, id string) (any, error) {
		return map[string]any{"empty": "", "false": false}[id], nil
	}, batch.Config{MaxRetries: 3})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	for item, err := range r.All() {
		if err != nil || item.Attempts != 1 {
			t.Errorf("%s: %d attempts, %v", item.ID, item.Attempts, err)
		}
	}
	if r.Succeeded != 3 {
		t.Errorf("%d succeeded, want 3", r.Succeeded)
	}
}

func TestRun_an_empty_batch_is_whole_and_has_rate_0(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), nil, double, batch.Config{})
	check(t, r)
	if err != nil || r.Total != 0 || r.SuccessRate() != 0 || r.Results == nil {
		t.Errorf("Run() = %+v, %v", r, err)
	}
}

func TestRun_results_can_be_read_in_the_order_of_the_items(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		items := []int{8, 2, 6, 2, 4, 3}
		r, err := batch.Run(t.Context(), items, func(ctx context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Second)
			return double(ctx, n)
		}, batch.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for item, err := range r.All() {
			got = append(got, fmt.Sprint(item.ID, item.Value, item.Attempts, err))
		}
		want := []string{"8 16 1 <nil>", "2 4 1 <nil>", "6 12 1 <nil>", "4 8 1 <nil>", "3 0 1 odd"}
		if !slices.Equal(got, want) {
			t.Errorf("All() = %q, want %q", got, want)
		}
		for range r.All() {
			break
		}
	})
}

func TestRun_bounds_the_calls_under_way(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int64{0: batch.DefaultConcurrency, 1: 1, 3: 3, 1000: 50} {
		synctest.Test(t, func(t *testing.T) {
			var running, most atomic.Int64
			_, err := batch.Run(t.Context(), numbers(50), func(context.Context, int) (int, error) {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Second)
				running.Add(-1)
				return 0, nil
			}, batch.Config{Concurrency: limit})
			if err != nil || most.Load() != want {
				t.Errorf("concurrency %d: %d at once, want %d (%v)", limit, most.Load(), want, err)
			}
		})
	}
}

// A short list does not need a goroutine for each call that could be.
func TestRun_starts_no_more_workers_than_there_are_items(t *testing.T) {
	if n := testing.AllocsPerRun(1, func() {
		if _, err := batch.Run(t.Context(), []int{1, 2, 3}, double, batch.Config{Concurrency: 100_000}); err != nil {
			t.Error(err)
		}
	}); n > 1000 {
		t.Errorf("%v allocations for 3 items", n)
	}
}

func TestRun_the_first_error_stops_the_rest_if_asked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r, err := batch.Run(t.Context(), numbers(100), func(ctx context.Context, n int) (int, error) {
			if n == 1 {
				time.Sleep(time.Second)
				return 0, errOdd
			}
			return 0, wait(ctx, time.Minute)
		}, batch.Config{Concurrency: 2, StopOnError: true})
		if !errors.Is(err, batch.ErrStopped) || !errors.Is(err, errOdd) || !strings.Contains(err.Error(), "item 1") {
			t.Errorf("Run() error = %v", err)
		}
		check(t, r)
		if r.Total != 100 || r.Failed != 100 || !errors.Is(r.Errors[0], context.Canceled) || !errors.Is(r.Errors[99], batch.ErrNotRun) || !errors.Is(r.Errors[99], errOdd) {
			t.Errorf("%d failed of %d; 0: %v, 99: %v", r.Failed, r.Total, r.Errors[0], r.Errors[99])
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want 1s: the call under way was not cancelled", took)
		}
	})
}

// wait is a call that takes so long and can be cancelled.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestRun_a_cancelled_batch_accounts_for_every_item(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		r, err := batch.Run(ctx, numbers(10), func(ctx context.Context, _ int) (int, error) {
			return 0, wait(ctx, time.Second)
		}, batch.Config{Concurrency: 2})
		check(t, r)
		if !errors.Is(err, batch.ErrStopped) || !errors.Is(err, context.DeadlineExceeded) || r.Succeeded != 4 || r.Total != 10 {
			t.Errorf("%d of %d, error %v", r.Succeeded, r.Total, err)
		}
	})
}

func TestRun_a_context_that_ends_when_all_is_done_is_no_error(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := batch.Run(ctx, []int{0}, func(context.Context, int) (int, error) {
		cancel()
		return 0, nil
	}, batch.Config{})
	if err != nil || r.Succeeded != 1 {
		t.Errorf("Run() = %+v, %v", r, err)
	}
}

func TestRun_tells_progress_after_each_item(t *testing.T) {
	t.Parallel()
	var told []batch.Progress
	r, err := batch.Run(t.Context(), []int{0, 1, 2, 2, 3}, double, batch.Config{
		OnProgress: func(p batch.Progress) { told = append(told, p) },
	})
	if err != nil || len(told) != 5 {
		t.Fatalf("told %d times, want 5: %v", len(told), err)
	}
	for i, p := range told {
		if p.Total != 4 || p.Duplicates != 1 || p.Succeeded+p.Failed != min(i+1, 4) {
			t.Errorf("call %d told %+v", i, p)
		}
	}
	if last := told[4]; last.Succeeded != r.Succeeded || last.Failed != r.Failed {
		t.Errorf("the last call told %+v of %+v", last, r)
	}
}

func TestRun_banned_have_times_of_the_clock_on_the_wall(t *testing.T) {
	t.Parallel()
	until := time.Now().Add(5 * time.Minute).In(time.FixedZone("here", 3600)) // with a reading of the monotonic clock
	r, err := batch.Run(t.Context(), []int{0}, double, batch.Config{
		Banned: func() map[string]time.Time { return map[string]time.Time{"key-1": until} },
	})
	if got := r.Banned["key-1"]; err != nil || !got.Equal(until) || strings.Contains(got.String(), "m=") || got.Location() != time.UTC {
		t.Errorf("banned until %v, want %v in UTC (%v)", got, until, err)
	}
}

func TestRun_a_panic_is_an_error_of_its_item(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	r, err := batch.Run(t.Context(), numbers(20), func(ctx context.Context, n int) (int, error) {
		if n == 4 {
			calls.Add(1)
			panic(errOdd)
		}
		return double(ctx, n)
	}, batch.Config{MaxRetries: 3, Backoff: 1})
	if err != nil {
		t.Fatal(err)
	}
	check(t, r)
	var p *batch.PanicError
	if !errors.As(r.Errors[4], &p) || !errors.Is(p, errOdd) || !strings.Contains(string(p.Stack), "run_test.go") || calls.Load() != 1 {
		t.Errorf("error %v after %d calls", r.Errors[4], calls.Load())
	}
	if r.Succeeded != 9 {
		t.Errorf("%d succeeded, want 9", r.Succeeded)
	}
}

func TestRun_a_function_that_ends_its_goroutine_fails_its_item_only(t *testing.T) {
	t.Parallel()
	r, err := batch.Run(t.Context(), numbers(20), func(ctx context.Context, n int) (int, error) {
		if n%5 == 0 {
			if n == 15 && batch.Attempt(ctx) == 0 {
				return 0, errOdd
			}
			runtime.Goexit()
		}
		return n, nil
	}, batch.Config{Concurrency: 2, MaxRetries: 1, Backoff: 1})
	check(t, r)
	if err != nil || r.Failed != 4 || !errors.Is(r.Errors[15], batch.ErrGoexit) {
		t.Errorf("%d failed, 15: %v, error %v", r.Failed, r.Errors[15], err)
	}
}

// Each of these runs in a goroutine of the batch, where nobody could recover.
func TestRun_other_panics_come_back_to_the_caller(t *testing.T) {
	t.Parallel()
	broken := func() { panic("broken") }
	for name, run := range map[string]func(){
		"progress": func() {
			_, _ = batch.Run(t.Context(), numbers(50), double, batch.Config{OnProgress: func(batch.Progress) { broken() }})
		},
		"retryable": func() {
			_, _ = batch.Run(t.Context(), numbers(50), double, batch.Config{MaxRetries: 1, Retryable: func(error) bool { broken(); return true }})
		},
		"sequence": func() {
			for range batch.Stream(t.Context(), func(func(int) bool) { broken() }, double, batch.Config{}) {
			}
		},
		"last progress": func() {
			_, _ = batch.Run(t.Context(), nil, double, batch.Config{OnProgress: func(batch.Progress) { broken() }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if v := recover(); !strings.Contains(fmt.Sprint(v), "broken") {
					t.Errorf("recovered %v, want the panic", v)
				}
			}()
			run()
		})
	}
}

func TestRun_refuses_what_it_cannot_use(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config batch.Config
		want   []string
	}{
		"negative numbers": {batch.Config{Concurrency: -1, Timeout: -1, MaxRetries: -2}, []string{"Concurrency is negative (-1)", "Timeout is", "MaxRetries is negative (-2)"}},
		"backoff":          {batch.Config{Backoff: -1, MaxBackoff: -1}, []string{"Backoff is", "MaxBackoff is"}},
		"a job alone":      {batch.Config{Job: "x"}, []string{"Job is set without Checkpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := batch.Run(t.Context(), []int{2}, double, tt.config)
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("Run() error = %v, want %q in one line", err, want)
				}
			}
			if !reflect.DeepEqual(r, batch.Result[int, int]{}) {
				t.Errorf("result is %+v", r)
			}
			for _, err := range batch.Stream(t.Context(), slices.Values([]int{2}), double, tt.config) {
				if err == nil {
					t.Error("Stream() ran an item")
				}
			}
		})
	}
	if _, err := batch.Run[int, int](t.Context(), nil, nil, batch.Config{}); err == nil {
		t.Error("a missing function was taken")
	}
}
