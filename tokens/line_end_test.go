package tokens_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestI9_Those_in_line_are_sent_away_when_the_last_token_dies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, gitHub("a", ""))
		h := anyHost(t, m, tokens.GitHub)
		l := lease(t, h, on("core"))
		tell(t, h, "core", spent(5000, time.Hour))
		start := time.Now()
		errs := make(chan error, 4)
		for _, resource := range []string{"core", "core", "core"} {
			go func() {
				_, err := h.Lease(t.Context(), waiting(resource))
				errs <- err
			}()
		}
		synctest.Wait()
		l.Settle(unauthorized("Bad credentials"))
		if got := l.Confirm(t.Context(), nil); got != tokens.Invalid {
			t.Fatalf("Confirm() = %v, want invalid", got)
		}
		for range 3 {
			var e *tokens.ExhaustedError
			if err := <-errs; !errors.As(err, &e) || !e.ReadyAt.IsZero() || e.States[tokens.Invalid] != 1 {
				t.Errorf("a waiter got %v, want an ExhaustedError without a time", err)
			}
		}
		if got := time.Since(start); got != 0 {
			t.Errorf("they left after %v, want at once", got)
		}
		if _, ok := h.ReadyAt("core"); ok {
			t.Error("ReadyAt() says that it will be served")
		}
	})
}

func TestI9_A_waiter_is_sent_away_when_only_what_refused_it_lives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, gitHub("a", ""), gitHub("b", ""))
		h := anyHost(t, m, tokens.GitHub)
		a := tell(t, h, "core", left(5000, 5000, time.Hour))
		b := lease(t, h, on("core"))
		tell(t, h, "core", left(5000, 4000, time.Hour))
		if b.Label() == a.Label() {
			t.Fatal("one token was leased twice")
		}
		other := lease(t, h, but(triedAccounts(a)))
		other.Settle(spent(5000, time.Hour))
		r := waiting("core")
		r.Tried = triedAccounts(a)
		errs := make(chan error)
		go func() {
			_, err := h.Lease(t.Context(), r)
			errs <- err
		}()
		synctest.Wait()
		b.Settle(unauthorized(""))
		b.Confirm(t.Context(), nil)
		start := time.Now()
		var e *tokens.ExhaustedError
		if err := <-errs; !errors.As(err, &e) || time.Since(start) != 0 {
			t.Errorf("the waiter got %v after %v, want an ExhaustedError at once", err, time.Since(start))
		}
	})
}

func TestI9_A_new_token_serves_those_in_line(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", spent(5000, time.Hour))
		turns, _ := queue(t, h, 3, waiting("core"))
		if err := m.Add(gitHub("b", "")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(turns) != 3 {
			t.Errorf("%d were served, want 3", len(turns))
		}
	})
}

func TestI16_Close_sends_everybody_away_and_leaves_nothing_behind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", spent(5000, time.Hour))
		out := lease(t, h, on("search"))
		errs := make(chan error, 10)
		for range 10 {
			go func() {
				_, err := h.Lease(t.Context(), waiting("core"))
				errs <- err
			}()
		}
		synctest.Wait()
		for range 2 {
			if err := m.Close(); err != nil {
				t.Errorf("Close() = %v", err)
			}
		}
		for range 10 {
			if err := <-errs; !errors.Is(err, tokens.ErrClosed) {
				t.Errorf("a waiter got %v, want %v", err, tokens.ErrClosed)
			}
		}
		if _, err := h.Lease(t.Context(), on("core")); !errors.Is(err, tokens.ErrClosed) {
			t.Errorf("Lease() = %v, want %v", err, tokens.ErrClosed)
		}
		if err := m.Add(gitHub("b", "")); !errors.Is(err, tokens.ErrClosed) {
			t.Errorf("Add() = %v, want %v", err, tokens.ErrClosed)
		}
		out.Settle(left(30, 29, time.Minute)) // may still be settled
		wantInFlight(t, m, 0)
		time.Sleep(2 * time.Hour) // a timer that was left would fire into a closed lane
	})
}

func TestI9_Many_waiters_and_resets_leave_nobody_behind(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			m, h := gitHubHost(t, gitHubs(4)...)
			var mu sync.Mutex
			used := map[string]int64{} // in the window that runs, by resource and token
			ends := map[string]time.Time{}
			var wg sync.WaitGroup
			start := time.Now()
			for i := range 300 {
				wg.Go(func() {
					rnd := random(seed<<32 + uint64(i))
					resource := []string{"core", "search"}[i%2]
					time.Sleep(time.Duration(rnd.IntN(60)) * time.Second)
					r := waiting(resource)
					r.MaxWait = 24 * time.Hour
					l, err := h.Lease(t.Context(), r)
					if err != nil {
						t.Errorf("seed %d, call %d: %v", seed, i, err)
						return
					}
					time.Sleep(time.Duration(rnd.IntN(2000)) * time.Millisecond)
					mu.Lock()
					key := resource + l.Label()
					if !time.Now().Before(ends[key]) {
						ends[key], used[key] = time.Now().Add(time.Minute).Truncate(time.Second), 0
					}
					used[key]++
					o := left(10, 10-used[key], time.Until(ends[key]))
					if used[key] > 10 {
						t.Errorf("seed %d: overshoot", seed)
					}
					mu.Unlock()
					time.Sleep(time.Duration(rnd.IntN(2000)) * time.Millisecond)
					switch rnd.IntN(10) {
					case 0:
						l.Lost()
					default:
						l.Settle(o)
					}
				})
			}
			wg.Wait()
			wantInFlight(t, m, 0)
			// 150 calls of a resource, 40 a minute: four windows and some slack.
			if took := time.Since(start); took > 8*time.Minute {
				t.Errorf("seed %d: took %v", seed, took)
			}
		})
	}
}

func TestExhaustedError_while_all_is_busy_is_ready_now(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 1, time.Hour))
		out := lease(t, h, on("core"))
		e := exhausted(t, h, on("core"))
		if !e.ReadyAt.Equal(time.Now()) || !errors.Is(e, tokens.ErrRateLimited) {
			t.Errorf("ready at %v, want now: a call that is under way may be cancelled", e.ReadyAt)
		}
		out.Lost() // what it cost may be known at the reset only
		e = exhausted(t, h, on("core"))
		if want := time.Now().Add(time.Hour + time.Second); !e.ReadyAt.Equal(want) {
			t.Errorf("ready at %v, want %v", e.ReadyAt, want)
		}
		// Calls under way for another resource bring nothing.
		lease(t, h, on("search"))
		if again := exhausted(t, h, on("core")); !again.ReadyAt.Equal(e.ReadyAt) {
			t.Errorf("ready at %v, want %v", again.ReadyAt, e.ReadyAt)
		}
	})
}

func TestI9_A_rest_that_ends_before_a_spent_window_is_not_the_ready_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 1, time.Hour))
		l := lease(t, h, on("core"))
		l.Settle(after(refused(ratelimit.SecondaryLimit), time.Minute)) // and the call is charged
		e := exhausted(t, h, on("core"))
		if want := time.Now().Add(time.Hour + time.Second); !e.ReadyAt.Equal(want) {
			t.Errorf("ready at %v, want %v", e.ReadyAt, want)
		}
		wantWait(t, h, waiting("core"), time.Hour+time.Second)
	})
}

func TestI9_Whom_no_token_will_ever_serve_is_sent_away_from_behind_others_that_stay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, letters(2)...)
		for range 2 {
			tell(t, h, "core", spent(5000, time.Hour))
		}
		start := time.Now()
		anybody, fixed := waiting("core"), waiting("core")
		fixed.Token = idOf(t, m, "b")
		ends := map[string]time.Duration{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, name := range []string{"anybody's", "b's"} { // the one that stays comes first
			r := map[string]tokens.Request{"anybody's": anybody, "b's": fixed}[name]
			wg.Go(func() {
				l, err := h.Lease(t.Context(), r)
				l.Cancel()
				mu.Lock()
				defer mu.Unlock()
				ends[name] = time.Since(start)
				if (err != nil) != (name == "b's") {
					t.Errorf("%s call: %v", name, err)
				}
			})
			synctest.Wait()
		}
		m.Remove(fixed.Token, "gone")
		wg.Wait()
		if ends["b's"] != 0 || ends["anybody's"] < time.Hour {
			t.Errorf("they waited %v, want none for the token that went", ends)
		}
	})
}
