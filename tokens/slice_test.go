package tokens

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// spentHost returns a host with n tokens that are spent for an hour.
func spentHost(tb testing.TB, n int) (*Manager, *Host) {
	tb.Helper()
	ts := make([]Token, n)
	for i := range ts {
		ts[i] = Token{Provider: GitHub, Secret: Static(canary.Token(fmt.Sprint("slice", i)))}
	}
	m, err := NewManager(Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	if err != nil {
		tb.Fatal(err)
	}
	h, _ := m.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
	for range n {
		l, err := h.Lease(context.Background(), Request{Draw: coreRead(), MaxWait: -1})
		if err != nil {
			tb.Fatal(err)
		}
		l.Settle(ratelimit.Observation{
			Class: ratelimit.PrimaryLimit, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
			Limit: ratelimit.Known[int64](5000), Remaining: ratelimit.Known[int64](0), Reset: time.Now().Add(time.Hour),
		})
	}
	return m, h
}

func coreRead() ratelimit.Draw {
	d := oneRead
	d.Resource = "core"
	return d
}

func TestI9_A_reset_that_frees_thousands_serves_them_all_at_once_and_in_turn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 5*slice + 1
		m, h := spentHost(t, n)
		defer m.Close()
		start := time.Now()
		var mu sync.Mutex
		var turns []uint64
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				l, err := h.Lease(t.Context(), Request{Draw: coreRead()})
				if err != nil {
					t.Error(err)
					return
				}
				if got := time.Since(start); got != time.Hour+resetMargin {
					t.Errorf("call %d waited %v", i, got)
				}
				mu.Lock()
				turns = append(turns, h.seqOf(l))
				mu.Unlock()
				l.Cancel()
			})
			synctest.Wait() // until it stands in line
		}
		wg.Wait()
		slices.Sort(turns)
		if first, last := turns[0], turns[n-1]; last-first != n-1 {
			t.Errorf("%d calls had the turns %d to %d", n, first, last)
		}
	})
}

func TestI9_A_call_that_comes_between_two_slices_overtakes_nobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 3*slice + 1
		m, h := spentHost(t, n)
		defer m.Close()
		var line []*waiter
		h.mu.Lock()
		l := h.lane("core", time.Now())
		for range n {
			w, err := l.enter(t.Context(), &Request{Draw: coreRead()}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			line = append(line, w)
		}
		l.stopTimer() // the newcomer is to come before it
		h.mu.Unlock()
		time.Sleep(2 * time.Hour)
		h.mu.Lock()
		if l.serve(time.Now()) {
			t.Fatal("one slice was enough")
		}
		l.stopTimer()
		h.mu.Unlock()
		newcomer, err := h.Lease(t.Context(), Request{Draw: coreRead(), MaxWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		last := h.seqOf(newcomer)
		for i, w := range line {
			select {
			case turn := <-w.turn:
				if seq := h.seqOf(turn.lease); seq >= last || i > 0 && seq <= uint64(i) {
					t.Fatalf("call %d of the line had turn %d, the newcomer %d", i, seq, last)
				}
			default:
				t.Fatalf("call %d of the line was overtaken", i)
			}
		}
	})
}

func TestI9_A_line_that_was_cut_goes_on_whatever_else_sets_the_timer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := spentHost(t, slice) // so that one slice wakes all of them
		defer m.Close()
		start := time.Now()
		var wg sync.WaitGroup
		for range 3 * slice {
			wg.Go(func() {
				// Its end, which would serve the next, does not come.
				if _, err := h.Lease(t.Context(), Request{Draw: coreRead()}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		h.mu.Lock()
		l := h.lane("core", time.Now())
		l.stopTimer()
		h.mu.Unlock()
		time.Sleep(time.Hour + 2*resetMargin)
		h.mu.Lock()
		l.serve(time.Now())
		h.entries.list()[0].account.relist(time.Now())
		h.mu.Unlock()
		wg.Wait()
		if got := time.Since(start); got != time.Hour+2*resetMargin {
			t.Errorf("the last call waited %v, want no longer than the first", got)
		}
	})
}

func TestLease_the_first_call_of_a_resource_finds_the_tokens_of_all_slices(t *testing.T) {
	t.Parallel()
	const n = 3*slice + 1
	ts := make([]Token, n)
	for i := range ts {
		ts[i] = Token{Provider: GitHub, Secret: Static(canary.Token(fmt.Sprint("slice", i)))}
	}
	ts[n-1].Priority, ts[n-1].Label = 1, "the best"
	m, err := NewManager(Config{}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	h, _ := m.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
	first, err := h.Lease(t.Context(), Request{Draw: coreRead(), MaxWait: -1})
	if err != nil || first.Label() != "the best" {
		t.Errorf("the first call has %s: %v", first, err)
	}
	if _, ok := h.ReadyAt("search"); !ok || h.lanes["search"].budgets.count != n {
		t.Errorf("%d accounts have a budget, want %d", h.lanes["search"].budgets.count, n)
	}
}

func TestJoin_leaves_out_tokens_that_go_before_their_slice(t *testing.T) {
	t.Parallel()
	m, h := spentHost(t, 2*slice+1)
	defer m.Close()
	h.mu.Lock()
	l := h.lane("search", time.Now())
	h.mu.Unlock()
	all := h.entries.list()
	for _, e := range all[slice:] {
		m.Remove(e.id, "gone")
	}
	for _, e := range all[:slice] {
		_ = m.Disable(e.id, "for now")
	}
	r := Request{Draw: coreRead(), MaxWait: -1}
	r.Draw.Resource = "search"
	var exhausted *ExhaustedError
	if _, err := h.Lease(t.Context(), r); !errors.As(err, &exhausted) || exhausted.States[Disabled] != slice {
		t.Errorf("error %v, want that all %d tokens are disabled", err, slice)
	}
	if l.budgets.count != slice {
		t.Errorf("%d accounts have a budget, want %d", l.budgets.count, slice)
	}
}

func TestLease_uses_the_slots_of_leases_that_have_ended_again(t *testing.T) {
	t.Parallel()
	m, h := spentHost(t, 2)
	defer m.Close()
	free := Request{MaxWait: -1}
	free.Draw.Resource = "core"
	for range 3 {
		var out []Lease
		for range 2*leasePage + 1 {
			l, err := h.Lease(t.Context(), free)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, l)
		}
		for _, l := range out {
			l.Cancel()
			l.Cancel()
		}
	}
	if got, want := h.leases.made, uint32(2*leasePage+1); got != want {
		t.Errorf("%d slots were made, want %d", got, want)
	}
	for range h.leases.out() {
		t.Fatal("a lease is still out")
	}
}

// BenchmarkReset prints how long the lock is held when a reset frees all tokens,
// with as many calls in line, slice by slice. By the clock: the half of the times,
// the last hundredth, the last thousandth and the longest, which have what the
// machine does besides in them. By the processor's work for the thread: the longest,
// and the longest of what each slice takes in the half of the runs, since the work
// for a slice is the same in each.
func BenchmarkReset(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			runtime.LockOSThread() // for threadTime
			defer runtime.UnlockOSThread()
			var held []time.Duration
			var worked [][]time.Duration // by slice and run
			for b.Loop() {
				b.StopTimer()
				m, h := spentHost(b, n)
				h.mu.Lock()
				l := fullLine(b, h, n)
				later := time.Now().Add(2 * time.Hour)
				b.StartTimer()
				for i, done := 0, false; !done; i++ {
					start, before := time.Now(), threadTime()
					done = l.serve(later)
					l.stopTimer()
					after := threadTime()
					held = append(held, time.Since(start))
					if i == len(worked) {
						worked = append(worked, nil)
					}
					worked[i] = append(worked[i], after-before)
				}
				h.mu.Unlock()
				b.StopTimer()
				_ = m.Close()
				b.StartTimer()
			}
			reportHolds(b, held, worked)
		})
	}
}

// fullLine puts n calls in line, with the lock held and without a timer.
func fullLine(b *testing.B, h *Host, n int) *lane {
	b.Helper()
	l := h.lane("core", time.Now())
	for range n {
		w, err := l.enter(b.Context(), &Request{Draw: coreRead()}, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		go func() { <-w.turn }()
	}
	l.stopTimer()
	return l
}

func reportHolds(b *testing.B, held []time.Duration, worked [][]time.Duration) {
	b.Helper()
	metric := func(d time.Duration, unit string) { b.ReportMetric(float64(d.Microseconds()), unit) }
	slices.Sort(held)
	metric(held[len(held)/2], "p50-µs")
	metric(held[len(held)*99/100], "p99-µs")
	metric(held[len(held)*999/1000], "p99.9-µs")
	metric(held[len(held)-1], "max-µs")
	var longest, half time.Duration
	for _, runs := range worked {
		slices.Sort(runs)
		longest = max(longest, runs[len(runs)-1])
		half = max(half, runs[len(runs)/2])
	}
	metric(longest, "processor-max-µs")
	metric(half, "processor-p50-max-µs")
}
