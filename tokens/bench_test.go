package tokens_test

import (
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
