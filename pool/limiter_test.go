package pool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/pool"
)

func limiter(t testing.TB, calls int, interval time.Duration) *pool.Limiter {
	t.Helper()
	l, err := pool.NewLimiter(calls, interval)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Defect G-19: a rate of 0 divided by zero.
func TestNewLimiter_refuses_rates_that_are_not_positive(t *testing.T) {
	t.Parallel()
	for calls, interval := range map[int]time.Duration{0: time.Second, -1: time.Second, 1: 0, 2: -1} {
		if _, err := pool.NewLimiter(calls, interval); err == nil {
			t.Errorf("NewLimiter(%d, %v) is no error", calls, interval)
		}
	}
}

func TestLimiter_lets_so_many_calls_of_each_key_through_in_any_interval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 3, time.Second)
		var mu sync.Mutex
		var at []time.Time
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if err := l.Wait(t.Context(), "a"); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now())
			})
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		for i := 3; i < len(at); i++ {
			if d := at[i].Sub(at[i-3]); d < time.Second {
				t.Errorf("call %d came %v after the third before it", i, d)
			}
		}
		if took := at[11].Sub(at[0]); took != 3*time.Second+200*time.Millisecond {
			t.Errorf("the calls took %v", took)
		}
	})
}

func TestLimiter_no_key_delays_another_and_Allow_does_not_overtake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 1, time.Minute)
		if !l.Allow("a") || l.Allow("a") {
			t.Error("Allow is wrong")
		}
		go func() { _ = l.Wait(t.Context(), "a") }()
		synctest.Wait()
		start := time.Now()
		if err := l.Wait(t.Context(), "b"); err != nil || !l.Allow("c") || time.Since(start) != 0 {
			t.Errorf("others waited %v, %v", time.Since(start), err)
		}
		time.Sleep(time.Minute - 1)
		if l.Allow("a") {
			t.Error("Allow overtook who waits")
		}
		time.Sleep(time.Minute + 1)
		if !l.Allow("a") {
			t.Error("nothing is free after a minute")
		}
	})
}

func TestLimiter_a_wait_that_ends_early_counts_no_call(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 1, time.Minute)
		l.Allow("a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := l.Wait(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 0 {
			t.Errorf("Wait() = %v after %v, want at once", err, time.Since(start))
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 2)
		go func() { done <- l.Wait(ctx, "a") }()
		synctest.Wait()
		go func() { done <- l.Wait(ctx, "a") }()
		synctest.Wait()
		stop()
		for range 2 {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Wait() = %v", err)
			}
		}
		time.Sleep(time.Minute)
		if !l.Allow("a") {
			t.Error("a wait that was given up took the call")
		}
		if err := l.Wait(ctx, "b"); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait() = %v", err)
		}
	})
}

func TestLimiter_Reset_lets_a_key_go_on_at_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 2, time.Hour)
		l.Allow("a")
		l.Allow("a")
		start, done := time.Now(), make(chan error)
		go func() { done <- l.Wait(t.Context(), "a") }()
		synctest.Wait()
		l.Reset("a")
		l.Reset("unknown")
		if err := <-done; err != nil || time.Since(start) != 0 {
			t.Errorf("Wait() = %v after %v", err, time.Since(start))
		}
		if !l.Allow("a") || l.Allow("a") {
			t.Error("Reset forgot too much or too little")
		}
	})
}

func TestLimiter_drops_idle_keys_and_keeps_those_in_use(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, 2, time.Minute)
		for i := range 1000 {
			l.Allow(fmt.Sprint(i))
		}
		time.Sleep(50 * time.Second)
		l.Allow("0")
		time.Sleep(10 * time.Second)
		if n := l.Len(); n != 1 {
			t.Errorf("%d keys are remembered", n)
		}
		if !l.Allow("0") || l.Allow("0") {
			t.Error("the key in use was forgotten")
		}
	})
}

func TestPaced_calls_again_at_the_reset_and_a_second(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, start := 0, time.Now()
		f := pool.Paced(limiter(t, 10, time.Second), "a", 2, func(context.Context) (int, error) {
			if n++; n < 3 {
				return 0, limitFor(30 * time.Second)
			}
			return n, nil
		})
		if got, err := f(t.Context()); got != 3 || err != nil || time.Since(start) != 62*time.Second {
			t.Errorf("got %d, %v after %v, want 3 after 62 s", got, err, time.Since(start))
		}
		n = -10
		if _, err := f(t.Context()); !errors.As(err, new(limit)) || n != -7 {
			t.Errorf("%v after %d calls, want the limit after 3", err, n+10)
		}
	})
}

func TestPaced_returns_other_errors_at_once_and_waits_beyond_no_deadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fails error
		n, start := 0, time.Now()
		f := pool.Paced(nil, "", 5, func(context.Context) (int, error) { n++; return 0, fails })
		fails = errBroken
		if _, err := f(t.Context()); !errors.Is(err, errBroken) || n != 1 {
			t.Errorf("%v after %d calls", err, n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		fails = limitFor(time.Hour)
		if _, err := f(ctx); !errors.As(err, new(limit)) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		fails = status(429) // no time: 1, 2, 4, … seconds, at most a quarter more
		if _, err := f(ctx); !errors.Is(err, status(429)) || time.Since(start) < 31*time.Second || time.Since(start) > 39*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		start = time.Now()
		go func() { time.Sleep(100 * time.Millisecond); cancel() }()
		if _, err := f(ctx); err == nil || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		slow := pool.Paced(limiter(t, 1, time.Hour), "a", 0, func(context.Context) (int, error) { return 1, nil })
		_, _ = slow(t.Context())
		if _, err := slow(ctx); err == nil || strings.Contains(err.Error(), "429") {
			t.Errorf("slow() = %v", err)
		}
	})
}
