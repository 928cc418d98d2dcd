package tokens

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// keys returns a service with n keys.
func keys(tb testing.TB, n int) (*Manager, *Host) {
	tb.Helper()
	ts := make([]Token, n)
	for i := range ts {
		ts[i] = Token{Provider: "acme", ID: ID(fmt.Sprint("acme/k", i)), Scheme: Opaque}
	}
	m, err := NewManager(Config{}, ts...)
	if err != nil {
		tb.Fatal(err)
	}
	h, err := m.Service("acme")
	if err != nil {
		tb.Fatal(err)
	}
	return m, h
}

// call leases the key for one call, which must be possible.
func call(t *testing.T, h *Host) Lease {
	t.Helper()
	l, err := h.Lease(t.Context(), Request{Draw: ratelimit.Draw{Units: 1, Points: 1}, MaxWait: -1})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantNoCall(t *testing.T, h *Host) {
	t.Helper()
	if _, err := h.Lease(t.Context(), Request{Draw: ratelimit.Draw{Units: 1, Points: 1}, MaxWait: -1}); err == nil {
		t.Error("a call goes beyond the bound")
	}
}

// What befalls an account between the setting of a bound and the look at it counts
// as if it had been looked at first.
func TestSetRate_counts_calls_that_begin_or_end_before_their_account_is_looked_at(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := keys(t, 1)
		defer m.Close()
		ends := call(t, h)
		stays := call(t, h)
		all := h.setRate(3, 10*time.Second)
		ends.Settle(ratelimit.Observation{})
		call(t, h)
		wantNoCall(t, h)
		for _, e := range all {
			e.look(func(now time.Time) { e.account.rate(now) })
		}
		wantNoCall(t, h)
		time.Sleep(11 * time.Second)
		call(t, h)
		wantNoCall(t, h)
		stays.Cancel()
		call(t, h).Cancel()

		h.setRate(0, 0)
		for range 10 {
			call(t, h)
		}
		h.SetRate(12, 10*time.Second)
		wantNoCall(t, h) // so many are under way
		h.SetRate(13, 10*time.Second)
		call(t, h)
		wantNoCall(t, h)
	})
}

func TestSetRate_holds_for_a_key_that_was_away_meanwhile(t *testing.T) {
	t.Parallel()
	m, h := keys(t, 1)
	defer m.Close()
	call(t, h)
	was := h.entries.list()[0].token
	m.Remove("acme/k0", "")
	h.SetRate(1, time.Hour)
	if err := m.Add(was); err != nil {
		t.Fatal(err)
	}
	wantNoCall(t, h)
}

func TestSetRate_counts_the_calls_of_accounts_that_become_one_before_both_are_looked_at(t *testing.T) {
	t.Parallel()
	for looked := range 2 {
		m, h := keys(t, 2)
		for range 4 {
			call(t, h)
		}
		all := h.setRate(5, time.Hour)
		all[looked].look(func(now time.Time) { all[looked].account.rate(now) })
		for _, e := range all {
			k := e.token
			k.Account = "both"
			if err := m.Replace(k); err != nil {
				t.Fatal(err)
			}
		}
		call(t, h)
		wantNoCall(t, h)
		_ = m.Close()
	}
}

// BenchmarkSetRate measures a new bound for all accounts, and prints how long a
// processor works at most while the lock is held, for one of them or to begin with.
func BenchmarkSetRate(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			m, h := keys(b, n)
			defer m.Close()
			for range n {
				if _, err := h.Lease(context.Background(), Request{Draw: ratelimit.Draw{Units: 1, Points: 1}, MaxWait: -1}); err != nil {
					b.Fatal(err)
				}
			}
			runtime.LockOSThread() // for threadTime
			defer runtime.UnlockOSThread()
			longest, calls := time.Duration(0), int64(10)
			for b.Loop() {
				calls++
				start := threadTime()
				all := h.setRate(calls, time.Hour)
				longest = max(longest, threadTime()-start)
				for _, e := range all {
					start := threadTime()
					e.look(func(now time.Time) { e.account.rate(now) })
					longest = max(longest, threadTime()-start)
				}
			}
			b.ReportMetric(float64(longest.Microseconds()), "processor-max-µs")
		})
	}
}
