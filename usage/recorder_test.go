package usage_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/usage"
)

// wrapped is a memory store whose Append and Compact a test can replace.
type wrapped struct {
	*usage.Memory
	append  func(context.Context, []usage.Event) error
	compact func(context.Context, usage.Retention, time.Time) error
}

func (w *wrapped) Append(ctx context.Context, events []usage.Event) error {
	if w.append != nil {
		if err := w.append(ctx, events); err != nil {
			return err
		}
	}
	return w.Memory.Append(ctx, events)
}

func (w *wrapped) Compact(ctx context.Context, r usage.Retention, now time.Time) error {
	if w.compact != nil {
		return w.compact(ctx, r, now)
	}
	return w.Memory.Compact(ctx, r, now)
}

func closed(t *testing.T, r *usage.Recorder) {
	t.Helper()
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRecorder_stores_batches_when_they_are_full_or_an_interval_after_the_first(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var batches []string
		begin := time.Now()
		store := &wrapped{Memory: usage.NewMemory(0), append: func(_ context.Context, es []usage.Event) error {
			batches = append(batches, fmt.Sprintf("%v:%d", time.Since(begin), len(es)))
			return nil
		}}
		r := usage.NewRecorder(store, usage.Config{Batch: 3, Interval: time.Second})
		for _, n := range []int{1, 4, 7} {
			for range n {
				r.Record(used("a", 0))
			}
			time.Sleep(10 * time.Second)
		}
		closed(t, r)
		if got, want := fmt.Sprint(batches), "[1s:1 10s:3 10s:1 20s:3 20s:3 20s:1]"; got != want {
			t.Errorf("batches %s, want %s", got, want)
		}
		if got, want := r.Counts(), (usage.Counts{Stored: 12}); got != want {
			t.Errorf("Counts() = %+v, want %+v", got, want)
		}
	})
}

func TestRecorder_never_blocks_and_counts_what_it_drops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		store := &wrapped{Memory: usage.NewMemory(0), append: func(context.Context, []usage.Event) error {
			<-release
			return nil
		}}
		r := usage.NewRecorder(store, usage.Config{Queue: 10, Batch: 5})
		record := func(n int) {
			for range n {
				r.Record(used("a", 0))
			}
			synctest.Wait()
		}
		record(5)  // the store has them and does not return
		record(14) // ten find room
		if got, want := r.Counts(), (usage.Counts{Dropped: 4, Queued: 15}); got != want {
			t.Errorf("while the store hangs Counts() = %+v, want %+v", got, want)
		}
		close(release)
		closed(t, r)
		r.Record(used("a", 0))
		if got, want := r.Counts(), (usage.Counts{Stored: 15, Dropped: 5}); got != want {
			t.Errorf("after Close() Counts() = %+v, want %+v", got, want)
		}
		if got := total(t, store, usage.Query{}).Count; got != 15 {
			t.Errorf("the store has %d events, want 15", got)
		}
	})
}

func TestRecorder_tries_a_failing_store_again_and_then_counts_what_is_lost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		fails    int
		err      error
		attempts int
		want     usage.Counts
		took     time.Duration
	}{
		{"for a moment", 2, errors.New("locked"), 3, usage.Counts{Stored: 2}, 1100 * time.Millisecond},
		{"for long", 9, errors.New("locked"), 3, usage.Counts{Lost: 2}, 1100 * time.Millisecond},
		{"perhaps", 1, fmt.Errorf("commit: %w", usage.ErrUncertain), 1, usage.Counts{Lost: 2}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var attempts int
				var told []error
				store := &wrapped{Memory: usage.NewMemory(0), append: func(context.Context, []usage.Event) error {
					if attempts++; attempts <= tt.fails {
						return tt.err
					}
					return nil
				}}
				r := usage.NewRecorder(store, usage.Config{OnError: func(err error) { told = append(told, err) }})
				r.Record(used("a", 0))
				r.Record(used("a", 0))
				begin := time.Now()
				if err := r.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took != tt.took || attempts != tt.attempts {
					t.Errorf("%d attempts in %v, want %d in %v", attempts, took, tt.attempts, tt.took)
				}
				if got := r.Counts(); got != tt.want {
					t.Errorf("Counts() = %+v, want %+v", got, tt.want)
				}
				if lost := tt.want.Lost > 0; lost != (len(told) == 1 && errors.Is(told[0], tt.err)) {
					t.Errorf("told of %v", told)
				}
				closed(t, r)
			})
		})
	}
}

func TestRecorder_survives_panics_of_the_store_and_of_functions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		boom := true
		store := &wrapped{
			Memory: usage.NewMemory(0),
			append: func(context.Context, []usage.Event) error {
				if boom {
					panic("append")
				}
				return nil
			},
			compact: func(context.Context, usage.Retention, time.Time) error { panic("compact") },
		}
		r := usage.NewRecorder(store, usage.Config{
			OnError: func(error) { panic("on error") },
			Lookup: func(id tokens.ID) (tokens.TokenInfo, bool) {
				if id == "b" {
					panic("lookup")
				}
				return tokens.TokenInfo{}, false
			},
		})
		for _, id := range []tokens.ID{"a", "b", "c"} {
			boom = id == "a"
			r.Record(used(id, 0))
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		closed(t, r)
		if got, want := r.Counts(), (usage.Counts{Stored: 1, Lost: 2}); got != want {
			t.Errorf("Counts() = %+v, want %+v", got, want)
		}
	})
}

// I16: the bubble fails if a goroutine is left.
func TestI16_Recorder_Close_stores_the_rest_and_leaves_no_goroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := usage.NewMemory(0)
		r := usage.NewRecorder(store, usage.Config{Interval: time.Hour})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for range 20 {
					r.Record(used("a", 0))
				}
			})
		}
		wg.Wait()
		closed(t, r)
		closed(t, r)
		if err := r.Flush(t.Context()); err != nil {
			t.Errorf("Flush() after Close() = %v", err)
		}
		if got := total(t, store, usage.Query{}).Count; got != 1000 {
			t.Errorf("the store has %d events, want 1000", got)
		}
	})
}

func TestI16_Recorder_Close_returns_within_its_bound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		append func(ctx context.Context, stop <-chan struct{}) error
		want   time.Duration
	}{
		{"a store that heeds its context", func(ctx context.Context, _ <-chan struct{}) error {
			<-ctx.Done()
			return ctx.Err()
		}, 3 * time.Second},
		{"a store that does not", func(_ context.Context, stop <-chan struct{}) error {
			<-stop
			return nil
		}, 8 * time.Second},
		{"a store that keeps failing", func(context.Context, <-chan struct{}) error { return errors.New("no") }, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				defer close(stop)
				store := &wrapped{Memory: usage.NewMemory(0), append: func(ctx context.Context, _ []usage.Event) error { return tt.append(ctx, stop) }}
				r := usage.NewRecorder(store, usage.Config{})
				r.Record(used("a", 0))
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				begin := time.Now()
				err := r.Close(ctx)
				if took := time.Since(begin); took != tt.want || (err == nil) != (tt.want == 0) {
					t.Errorf("Close() returned %v after %v, want %v", err, took, tt.want)
				}
			})
		})
	}
}

func TestRecorder_Flush_ends_with_its_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		store := &wrapped{Memory: usage.NewMemory(0), append: func(context.Context, []usage.Event) error {
			<-stop
			return nil
		}}
		r := usage.NewRecorder(store, usage.Config{})
		r.Record(used("a", 0))
		for range 2 { // the second finds the writer busy
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := r.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Flush() = %v, want the context's error", err)
			}
			cancel()
		}
		close(stop)
		closed(t, r)
	})
}

func TestRecorder_sees_to_the_retention_every_ten_minutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tended []time.Duration
		begin := time.Now()
		want := usage.Retention{Events: time.Hour, Minutes: 2 * time.Hour}
		store := &wrapped{Memory: usage.NewMemory(0), compact: func(_ context.Context, r usage.Retention, now time.Time) error {
			if r != want || !now.Equal(time.Now()) {
				t.Errorf("Compact(%+v, %v)", r, now)
			}
			tended = append(tended, time.Since(begin).Truncate(time.Minute))
			return nil
		}}
		r := usage.NewRecorder(store, usage.Config{Retention: want})
		for range 25 {
			r.Record(used("a", 0))
			time.Sleep(time.Minute)
		}
		closed(t, r)
		if got := fmt.Sprint(tended); got != "[0s 10m0s 20m0s]" {
			t.Errorf("Compact() was called after %s", got)
		}
	})
}

func TestRecorder_fills_in_the_time_and_whose_token_it_is(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		store := usage.NewMemory(0)
		r := usage.NewRecorder(store, usage.Config{Lookup: func(id tokens.ID) (tokens.TokenInfo, bool) {
			asked++
			return tokens.TokenInfo{Provider: tokens.GitLab, Label: "by lookup", Account: "hubot"}, true
		}})
		r.Record(usage.Event{Series: usage.Series{Token: "a", Label: "own"}})
		r.Record(usage.Event{Series: usage.Series{Token: "a"}})
		r.Record(usage.Event{})
		closed(t, r)
		want := "//:1 hubot/gitlab/by lookup:1 hubot/gitlab/own:1"
		if got := counted(t, store, usage.Last(0), usage.ByAccount, usage.ByProvider, usage.ByLabel); got != want || asked != 1 {
			t.Errorf("%q after %d questions, want %q after 1", got, asked, want)
		}
	})
}
