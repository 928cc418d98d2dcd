package tokens_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// queue starts n calls one after another, all of which wait; each sends its
// number when it has its lease, which it keeps.
func queue(t *testing.T, h *tokens.Host, n int, r tokens.Request) (turns chan int, leases chan tokens.Lease) {
	t.Helper()
	turns, leases = make(chan int, n), make(chan tokens.Lease, n)
	for i := range n {
		go func() {
			l, err := h.Lease(t.Context(), r)
			if err != nil {
				return
			}
			turns <- i
			leases <- l
		}()
		synctest.Wait()
	}
	return turns, leases
}

func TestI9_Waiters_are_served_first_come_first_served_one_per_free_call(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out := lease(t, h, on("core"))
		turns, leases := queue(t, h, 20, waiting("core"))
		for i := range 20 {
			if len(turns) != 0 {
				t.Fatalf("%d calls were woken, want none before a call is free", len(turns))
			}
			out.Cancel()
			synctest.Wait()
			if len(turns) != 1 {
				t.Fatalf("%d calls were woken, want 1", len(turns))
			}
			if got := <-turns; got != i {
				t.Fatalf("call %d was served, want %d", got, i)
			}
			out = <-leases
			wantInFlight(t, m, 1)
		}
	})
}

func TestI9_Who_waits_is_served_before_a_newcomer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out := lease(t, h, on("core"))
		turns, _ := queue(t, h, 1, waiting("core"))
		out.Settle(left(5000, 1, time.Hour))
		exhausted(t, h, on("core")) // before the waiter has even run
		synctest.Wait()
		if len(turns) != 1 {
			t.Error("the waiter was not served")
		}
	})
}

func TestI9_Who_comes_at_the_very_moment_of_a_reset_is_served_after_those_who_waited(t *testing.T) {
	t.Parallel()
	for range 50 { // the timers of both fire at once, in any order
		synctest.Test(t, func(t *testing.T) {
			m := manager(t, tokens.Config{MaxInFlight: 1}, gitHub("a", ""))
			h := anyHost(t, m, tokens.GitHub)
			tell(t, h, "core", spent(5000, time.Minute))
			turns, _ := queue(t, h, 1, waiting("core"))
			time.Sleep(time.Minute + time.Second)
			exhausted(t, h, on("core"))
			synctest.Wait()
			if len(turns) != 1 {
				t.Error("the waiter was not served")
			}
		})
	}
}

func TestI9_Waiters_share_what_a_reset_frees_in_their_order(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", spent(5000, time.Minute))
		turns, leases := queue(t, h, 8, waiting("core"))
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		close(turns)
		got := []int{}
		for i := range turns {
			got = append(got, i)
		}
		slices.Sort(got) // goroutines that are woken at once run in any order
		if !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
			t.Errorf("calls %v were served, want the first five: the numbers are unknown", got)
		}
		_ = leases
		_ = h
	})
}

func TestI9_Lease_waits_for_the_earliest_reset_and_a_second(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHubs(3)...)
		for _, d := range []time.Duration{40 * time.Minute, 5 * time.Minute, 50 * time.Minute} {
			tell(t, h, "core", spent(5000, d))
		}
		want := time.Now().Add(5*time.Minute + time.Second)
		if at, ok := h.ReadyAt("core"); !ok || !at.Equal(want) {
			t.Errorf("ReadyAt() = %v, %t, want %v", at, ok, want)
		}
		if at, ok := h.ReadyAt("search"); !ok || !at.Equal(time.Now()) {
			t.Errorf("ReadyAt(search) = %v, %t, want now", at, ok)
		}
		var told []time.Time
		r := waiting("core")
		r.OnWait = func(until time.Time) { told = append(told, until) }
		wantWait(t, h, r, 5*time.Minute+time.Second)
		if len(told) != 1 || !told[0].Equal(want) {
			t.Errorf("OnWait was called with %v, want once with %v", told, want)
		}
		wantWait(t, h, r, 0)
		if len(told) != 1 {
			t.Error("OnWait was called although there was no wait")
		}
	})
}

func TestI9_A_wait_beyond_MaxWait_or_the_deadline_does_not_begin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		reset             time.Duration
		maxWait, deadline time.Duration
		waits             bool
	}{
		{"default, just within", 65*time.Minute - time.Second, 0, 0, true},
		{"default, just beyond", 65 * time.Minute, 0, 0, false},
		{"negative", time.Second, -1, 0, false},
		{"a minute, just within", 59 * time.Second, time.Minute, 0, true},
		{"a minute, just beyond", time.Minute, time.Minute, 0, false},
		{"deadline within", 30 * time.Second, 0, 32 * time.Second, true},
		{"deadline before the reset", 30 * time.Second, 0, 30 * time.Second, false},
		{"deadline before the margin has passed", 30 * time.Second, 0, 30500 * time.Millisecond, false},
		{"two hours", 100 * time.Minute, 2 * time.Hour, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, h := gitHubHost(t, gitHub("a", ""))
				tell(t, h, "core", spent(5000, tt.reset))
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				start := time.Now()
				r := on("core")
				r.MaxWait = tt.maxWait
				r.OnWait = func(time.Time) {
					if !tt.waits {
						t.Error("OnWait was called although the wait does not begin")
					}
				}
				l, err := h.Lease(ctx, r)
				if tt.waits {
					if err != nil || time.Since(start) != tt.reset+time.Second {
						t.Errorf("Lease() after %v: %v, want a lease after %v", time.Since(start), err, tt.reset+time.Second)
					}
					l.Cancel()
					return
				}
				var e *tokens.ExhaustedError
				if !errors.As(err, &e) || time.Since(start) != 0 {
					t.Fatalf("Lease() after %v: %v, want an ExhaustedError at once", time.Since(start), err)
				}
				if want := start.Add(tt.reset + time.Second); !e.ReadyAt.Equal(want) {
					t.Errorf("ReadyAt is %v, want %v", e.ReadyAt, want)
				}
				wantInFlight(t, m, 0)
			})
		})
	}
}

func TestI9_A_wait_that_turns_out_longer_ends_after_MaxWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		out := leaseAll(t, h, on("core"))
		r := waiting("core")
		r.MaxWait = time.Minute
		go func() {
			time.Sleep(10 * time.Second)
			for _, l := range out {
				l.Settle(spent(5000, time.Hour))
			}
		}()
		start := time.Now()
		e := exhausted(t, h, r)
		if got := time.Since(start); got != time.Minute {
			t.Errorf("gave up after %v, want 1m", got)
		}
		if want := start.Add(10*time.Second + time.Hour + time.Second); !e.ReadyAt.Equal(want) {
			t.Errorf("ReadyAt is %v, want %v", e.ReadyAt, want)
		}
		wantInFlight(t, m, 0)
	})
}

func TestI9_What_is_free_when_MaxWait_ends_is_taken(t *testing.T) {
	t.Parallel()
	for range 50 { // two timers fire at the same moment, in any order
		synctest.Test(t, func(t *testing.T) {
			_, h := gitHubHost(t, gitHub("a", ""))
			tell(t, h, "core", spent(5000, 59*time.Second))
			r := waiting("core")
			r.MaxWait = time.Minute
			wantWait(t, h, r, time.Minute)
		})
	}
}

func TestI9_A_waiter_leaves_as_soon_as_its_context_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", spent(5000, time.Minute))
		cause := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(10*time.Second, func() { cancel(cause) })
		if _, err := h.Lease(ctx, waiting("core")); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want %v", err, context.Canceled)
		}
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("left after %v, want 10 s", got)
		}
		wantInFlight(t, m, 0)
		time.Sleep(time.Minute)
		if got := len(leaseAll(t, h, on("core"))); got != 5 {
			t.Errorf("%d leases, want 5: the one who left has none", got)
		}
	})
}

func TestI9_Who_leaves_from_the_middle_of_the_line_keeps_nobody_waiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out := lease(t, h, on("core"))
		var cancels []context.CancelFunc
		turns := make(chan int, 5)
		for i := range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cancels = append(cancels, cancel)
			go func() {
				if l, err := h.Lease(ctx, waiting("core")); err == nil {
					turns <- i
					l.Cancel()
				}
			}()
			synctest.Wait()
		}
		for _, i := range []int{2, 4, 0} { // middle, last, first
			cancels[i]()
			synctest.Wait()
		}
		out.Cancel()
		synctest.Wait()
		close(turns)
		var got []int
		for i := range turns {
			got = append(got, i)
		}
		if !slices.Equal(got, []int{1, 3}) {
			t.Errorf("served %v, want 1 and 3", got)
		}
	})
}

// A lease that is granted while the context ends must not get lost, nor the
// turn of those who stand behind.
func TestI9_No_lease_is_lost_when_grant_and_cancel_meet(t *testing.T) {
	t.Parallel()
	const rounds = 10_000
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 1, time.Hour))
	for i := range rounds {
		out := lease(t, h, on("core"))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if l, err := h.Lease(ctx, waiting("core")); err == nil {
					l.Cancel()
				}
			})
		}
		if i%2 == 0 {
			wg.Go(out.Cancel)
			wg.Go(cancel)
		} else {
			wg.Go(cancel)
			wg.Go(out.Cancel)
		}
		wg.Wait()
		if got := m.AllTokens("")[0].Status.InFlight; got != 0 {
			t.Fatalf("round %d: %d in flight, want 0", i, got)
		}
	}
}

func TestI9_A_waiter_behind_one_who_leaves_gets_its_lease(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			rnd := random(seed)
			m, h := gitHubHost(t, gitHub("a", ""))
			tell(t, h, "core", left(5000, 1, time.Hour))
			out := lease(t, h, on("core"))
			ctx, cancel := context.WithCancel(t.Context())
			served := 0
			var wg sync.WaitGroup
			for i := range 6 {
				c := t.Context()
				if i < 3 {
					c = ctx
				}
				wg.Go(func() {
					if l, err := h.Lease(c, waiting("core")); err == nil {
						served++
						l.Cancel()
					} else if c == t.Context() {
						t.Errorf("seed %d: a waiter who did not leave got %v", seed, err)
					}
				})
				synctest.Wait()
			}
			if rnd.IntN(2) == 0 {
				cancel()
				out.Cancel()
			} else {
				out.Cancel()
				cancel()
			}
			wg.Wait()
			cancel()
			if served < 3 {
				t.Errorf("seed %d: %d were served, want the 3 who did not leave", seed, served)
			}
			wantInFlight(t, m, 0)
		})
	}
}

func TestI7_A_panic_in_OnWait_leaves_nobody_in_line(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out := lease(t, h, on("core"))
		r := waiting("core")
		r.OnWait = func(time.Time) {
			out.Cancel() // so that it has its lease already
			panic("hook")
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = h.Lease(t.Context(), r)
		}()
		wantInFlight(t, m, 0)
	})
}

func TestI9_A_place_below_the_in_flight_cap_goes_to_who_waits_for_any_resource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{MaxInFlight: 3}, gitHub("a", ""))
		h := anyHost(t, m, tokens.GitHub)
		tell(t, h, "core", served())
		tell(t, h, "search", served())
		out := leaseAll(t, h, on("core"))
		var order []string
		var mu sync.Mutex
		for _, resource := range []string{"search", "core", "search", "core"} {
			go func() {
				l, err := h.Lease(t.Context(), waiting(resource))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				order = append(order, resource)
				out = append(out, l)
			}()
			synctest.Wait()
		}
		for i := range 4 {
			out[i].Settle(served())
			synctest.Wait()
		}
		if want := []string{"search", "core", "search", "core"}; !slices.Equal(order, want) {
			t.Errorf("served %v, want %v", order, want)
		}
	})
}
