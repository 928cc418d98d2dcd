package tokens_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// crowd returns a host with n tokens, of which the numbers of all are known.
func crowd(tb testing.TB, n int) (*tokens.Manager, *tokens.Host) {
	tb.Helper()
	ts := make([]tokens.Token, n)
	for i := range ts {
		ts[i] = gitHub(fmt.Sprintf("b%d", i), "")
	}
	m, h := unpaced(tb, ts...)
	for range n {
		tell(tb, h, "core", left(1_000_000, 990_000, time.Hour))
	}
	return m, h
}

func TestLease_and_Settle_allocate_nothing(t *testing.T) {
	_, h := crowd(t, 100)
	ctx, r, o := t.Context(), waiting("core"), left(1_000_000, 900_000, time.Hour)
	if got := testing.AllocsPerRun(1000, func() {
		l, err := h.Lease(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		l.Settle(o)
	}); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func BenchmarkLeaseSettle(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		_, h := crowd(b, n)
		r, o := waiting("core"), left(1_000_000, 900_000, time.Hour)
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				l, err := h.Lease(ctx, r)
				if err != nil {
					b.Fatal(err)
				}
				l.Settle(o)
			}
		})
		b.Run(fmt.Sprintf("tokens=%d/parallel", n), func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					l, err := h.Lease(ctx, r)
					if err != nil {
						b.Error(err)
						return
					}
					l.Settle(o)
				}
			})
		})
	}
}

func BenchmarkAllTokens(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		m, _ := crowd(b, n)
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.AllTokens("")
			}
		})
	}
}

// What a refusal costs when every token is spent.
func BenchmarkExhausted(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		_, h := crowd(b, n)
		for range n {
			tell(b, h, "core", spent(1_000_000, time.Hour))
		}
		r := on("core")
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Lease(b.Context(), r); err == nil {
					b.Fatal("a spent token was leased")
				}
			}
		})
	}
}

// The least that any limiter with a lock and a clock pays, for comparison.
func BenchmarkBaselineLockAndClock(b *testing.B) {
	var l lockAndClock
	for b.Loop() {
		l.allow()
	}
}

// lockAndClock is a token bucket as in golang.org/x/time/rate.
type lockAndClock struct {
	mu     sync.Mutex
	last   time.Time
	tokens float64
}

func (l *lockAndClock) allow() bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = min(1e6, l.tokens+now.Sub(l.last).Seconds()*1e9)
	l.last = now
	l.tokens--
	return l.tokens >= 0
}

// BenchmarkManage is what it takes to add tokens to those that there are and to
// remove them again, by hand and as a source lists them, and to change one of
// them.
func BenchmarkManage(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		ts := make([]tokens.Token, n)
		for i := range ts {
			ts[i] = gitHub(fmt.Sprintf("b%d", i), "")
		}
		each := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/token")
		}
		b.Run(fmt.Sprintf("add and remove/tokens=%d", n), func(b *testing.B) {
			m := busy(b, gitHub("first", ""))
			for b.Loop() {
				if err := m.Add(ts...); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				all := m.AllTokens("")[1:]
				b.StartTimer()
				for _, info := range all {
					m.Remove(info.ID, "")
				}
			}
			each(b)
		})
		b.Run(fmt.Sprintf("sync/tokens=%d", n), func(b *testing.B) {
			m := busy(b, gitHub("first", ""))
			var src supply
			s, err := m.Sync(b.Context(), &src, tokens.SyncConfig{Interval: -1, AllowEmpty: true})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for _, src = range [...]supply{ts, nil} {
					if err := s.Refresh(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			}
			each(b)
		})
		b.Run(fmt.Sprintf("merge/tokens=%d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				m := busy(b, ts...)
				b.StartTimer()
				for i, t := range ts {
					t.Account = fmt.Sprint("account", i/4)
					if err := m.Replace(t); err != nil {
						b.Fatal(err)
					}
				}
			}
			each(b)
		})
		m, _ := crowd(b, n)
		ids := m.AllTokens("")
		b.Run(fmt.Sprintf("disable and enable/tokens=%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				_, _ = m.Disable(ids[i%n].ID, ""), m.Enable(ids[i%n].ID)
			}
		})
		b.Run(fmt.Sprintf("rotate/tokens=%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if err := m.Rotate(ids[i%n].ID, ts[i%n].Secret); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// busy returns a manager with as many calls under way as there are tokens.
func busy(b *testing.B, ts ...tokens.Token) *tokens.Manager {
	m, h := unpaced(b, ts...)
	lease(b, h, on("search")).Cancel()
	for range ts {
		lease(b, h, on("core"))
	}
	return m
}

// supply is a source of these tokens.
type supply []tokens.Token

func (s *supply) Tokens(context.Context) ([]tokens.Token, error) { return *s, nil }
