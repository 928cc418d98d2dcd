package batch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/batch"
)

// limited is an error of a limit.
type limited struct{ at time.Time }

func (e limited) Error() string      { return "limited" }
func (e limited) RetryAt() time.Time { return e.at }

// script fails with the errors in turn and then succeeds. It writes down when it
// was called, counted from its first call.
type script struct {
	errs  []error
	first time.Time
	calls []time.Duration
}

func (s *script) call(context.Context, string) (string, error) {
	if s.first.IsZero() {
		s.first = time.Now()
	}
	s.calls = append(s.calls, time.Since(s.first))
	if n := len(s.calls); n <= len(s.errs) {
		return "lost", s.errs[n-1]
	}
	return "done", nil
}

func repeated(err error, n int) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// try runs a batch of one item.
func try(ctx context.Context, fn func(context.Context, string) (string, error), c batch.Config) (item batch.Item[string, string], err error) {
	r, _ := batch.Run(ctx, []string{"x"}, fn, c)
	for item, err := range r.All() {
		return item, err
	}
	return item, errors.New("no item")
}

// A wait between two retries takes none of them away.
func TestI9_Wait_leaves_the_retries_alone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: []error{limited{time.Now().Add(time.Minute)}, errOdd, limited{time.Now().Add(time.Hour)}, errOdd}}
		if item, err := try(t.Context(), s.call, batch.Config{MaxRetries: 2}); err != nil || item.Attempts != 5 {
			t.Errorf("%d attempts, %v, want success after two waits and two retries", item.Attempts, err)
		}
	})
}

func TestTimeout_what_it_takes_is_given_back_when_the_attempt_is_over(t *testing.T) {
	t.Parallel()
	var before context.Context
	_, err := batch.Run(t.Context(), []string{"a", "b"}, func(ctx context.Context, id string) (string, error) {
		if id == "b" && before.Err() == nil {
			t.Error("the timer of an attempt runs on after it")
		}
		before = ctx
		return id, nil
	}, batch.Config{Concurrency: 1, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRetry_comes_after_pauses_that_double(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: repeated(errOdd, 6)}
		item, err := try(t.Context(), s.call, batch.Config{MaxRetries: 6, Backoff: 2 * time.Second, MaxBackoff: 15 * time.Second})
		if err != nil || item.Value != "done" || item.Attempts != 7 {
			t.Fatalf("%+v, %v", item, err)
		}
		added := time.Duration(0)
		for i, want := range []time.Duration{2, 4, 8, 15, 15, 15} {
			want *= time.Second
			added += s.calls[i+1] - s.calls[i] - want
			if pause := s.calls[i+1] - s.calls[i]; pause < want || pause > want*5/4 {
				t.Errorf("pause %d was %v, want %v and up to a quarter more", i, pause, want)
			}
		}
		if added == 0 {
			t.Error("nothing was added at random")
		}
	})
}

func TestRetry_comes_after_a_backoff_that_is_longer_than_the_default_of_the_longest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: repeated(errOdd, 2)}
		if _, err := try(t.Context(), s.call, batch.Config{MaxRetries: 2, Backoff: time.Hour}); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if pause := s.calls[i+1] - s.calls[i]; pause < time.Hour || pause > time.Hour*5/4 {
				t.Errorf("pause %d was %v, want an hour and up to a quarter more", i, pause)
			}
		}
	})
}

func TestRetry_ends_after_MaxRetries_and_keeps_the_last_error(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for retries, want := range map[int]int{0: 1, 2: 3} {
			s := &script{errs: repeated(errOdd, 9)}
			item, err := try(t.Context(), s.call, batch.Config{MaxRetries: retries})
			if !errors.Is(err, errOdd) || item.Attempts != want || len(s.calls) != want || item.Value != "" {
				t.Errorf("%d retries: %+v, %v, %d calls", retries, item, err, len(s.calls))
			}
		}
	})
}

func TestRetry_asks_which_errors_may_go_away(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		passing := errors.New("passing")
		s := &script{errs: []error{passing, errOdd, passing}}
		item, err := try(t.Context(), s.call, batch.Config{MaxRetries: 9, Retryable: func(err error) bool { return errors.Is(err, passing) }})
		if !errors.Is(err, errOdd) || item.Attempts != 2 {
			t.Errorf("%+v, %v", item, err)
		}
	})
}

// A function that has several keys takes another one for each attempt.
func TestRetry_tells_the_function_which_attempt_it_is(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys := []string{"revoked", "revoked too", "good"}
		var used []string
		item, err := try(t.Context(), func(ctx context.Context, _ string) (string, error) {
			key := keys[batch.Attempt(ctx)%len(keys)]
			used = append(used, key)
			if key != "good" {
				return "", errOdd
			}
			return key, nil
		}, batch.Config{MaxRetries: 3})
		if err != nil || item.Attempts != 3 || strings.Join(used, ",") != strings.Join(keys, ",") {
			t.Errorf("%+v, %v, used %v", item, err, used)
		}
	})
}

func TestTimeout_cancels_the_attempt_and_the_next_one_has_its_own(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended []time.Duration
		start := time.Now()
		item, err := try(t.Context(), func(ctx context.Context, _ string) (string, error) {
			defer func() { ended = append(ended, time.Since(start)) }()
			if batch.Attempt(ctx) == 0 {
				return "", wait(ctx, time.Hour)
			}
			return "done", wait(ctx, 4*time.Second)
		}, batch.Config{Timeout: 5 * time.Second, MaxRetries: 1})
		if err != nil || item.Value != "done" || len(ended) != 2 || ended[0] != 5*time.Second {
			t.Errorf("%+v, %v, calls ended after %v", item, err, ended)
		}
		_, err = try(t.Context(), func(ctx context.Context, _ string) (string, error) {
			return "", wait(ctx, time.Hour)
		}, batch.Config{Timeout: 5 * time.Second})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "attempt timed out after 5s") {
			t.Errorf("error %v", err)
		}
	})
}

// What was waited for in vain but succeeded is not called failed.
func TestTimeout_a_call_that_succeeds_all_the_same_has_succeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		item, err := try(t.Context(), func(context.Context, string) (string, error) {
			time.Sleep(300 * time.Millisecond)
			return "done", nil
		}, batch.Config{Timeout: 50 * time.Millisecond})
		if err != nil || item.Value != "done" {
			t.Errorf("%+v, %v", item, err)
		}
	})
}

func TestTimeout_is_for_each_attempt_and_not_for_the_batch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := batch.Run(t.Context(), numbers(100), func(ctx context.Context, n int) (int, error) {
			return n, wait(ctx, 4*time.Second)
		}, batch.Config{Timeout: 5 * time.Second, Concurrency: 2})
		if err != nil || r.Succeeded != 100 {
			t.Errorf("%d succeeded, %v", r.Succeeded, err)
		}
	})
}

func TestI9_Wait_lasts_until_RetryAt_and_is_no_retry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(59 * time.Minute)
		s := &script{errs: repeated(fmt.Errorf("call: %w", limited{reset}), 1)}
		ctx, cancel := context.WithDeadline(t.Context(), reset)
		defer cancel()
		item, err := try(ctx, s.call, batch.Config{})
		if err != nil || item.Attempts != 2 || s.calls[1] != 59*time.Minute {
			t.Errorf("%+v, %v, calls at %v", item, err, s.calls)
		}
	})
}

func TestI9_Wait_is_not_begun_if_it_would_be_too_long(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		deadline time.Duration
		config   batch.Config
		calls    int
	}{
		"deadline":          {59 * time.Minute, batch.Config{}, 1},
		"deadline in time":  {61 * time.Minute, batch.Config{}, 2},
		"MaxWait":           {24 * time.Hour, batch.Config{MaxWait: 59 * time.Minute}, 1},
		"MaxWait in time":   {24 * time.Hour, batch.Config{MaxWait: time.Hour}, 2},
		"never":             {24 * time.Hour, batch.Config{MaxWait: -1, MaxRetries: 5}, 1},
		"no retry is asked": {24 * time.Hour, batch.Config{Retryable: func(error) bool { return false }}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				start := time.Now()
				s := &script{errs: []error{limited{start.Add(time.Hour)}}}
				item, err := try(ctx, s.call, tt.config)
				if len(s.calls) != tt.calls || (err == nil) != (tt.calls == 2) {
					t.Errorf("%+v, %v after %d calls, want %d", item, err, len(s.calls), tt.calls)
				}
				if tt.calls == 1 && (time.Since(start) != 0 || !errors.As(err, new(limited))) {
					t.Errorf("failed after %v with %v, want the refusal at once", time.Since(start), err)
				}
			})
		})
	}
}

func TestI9_Wait_MaxWait_bounds_all_waits_of_an_item_together(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		_, err := try(t.Context(), func(context.Context, string) (string, error) {
			calls++
			return "", limited{time.Now().Add(10 * time.Minute)}
		}, batch.Config{MaxWait: 35 * time.Minute})
		if err == nil || calls != 4 {
			t.Errorf("%d calls, want 4 (%v)", calls, err)
		}
	})
}

// A host whose clock is behind, or a service that is always limited, must not be
// asked without end.
func TestI10_Wait_for_a_time_that_has_passed_grows_and_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		_, err := try(t.Context(), func(context.Context, string) (string, error) {
			calls++
			return "", limited{time.Now().Add(-time.Second)}
		}, batch.Config{})
		if took := time.Since(start); err == nil || calls != 101 || took < 90*time.Minute {
			t.Errorf("%d calls in %v, %v", calls, took, err)
		}
	})
}

func TestWait_a_zero_RetryAt_is_an_error_as_any_other(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{errs: repeated(limited{}, 9)}
		item, err := try(t.Context(), s.call, batch.Config{})
		if err == nil || item.Attempts != 1 {
			t.Errorf("%+v, %v", item, err)
		}
	})
}

func TestI9_Wait_ends_with_the_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		s := &script{errs: []error{limited{start.Add(time.Hour)}}}
		_, err := try(ctx, s.call, batch.Config{})
		if time.Since(start) != time.Minute || !errors.Is(err, context.Canceled) || !errors.As(err, new(limited)) {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}
