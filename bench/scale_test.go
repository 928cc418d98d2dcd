package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// BenchmarkScale measures what is done under the lock of a host with ever more
// tokens: a lease, from one goroutine and from many at once, the states of all, a
// refusal with all tokens spent, and a call that stands in line and leaves. What a reset costs is measured in package tokens, which can see how
// long the lock is held.
func BenchmarkScale(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		before := heapInUse()
		m := manager(b, n)
		lease := leaser(b, m)
		for range n { // until the numbers of all are known
			lease()
		}
		each := float64(heapInUse()-before) / float64(n)
		b.Run(fmt.Sprintf("lease/tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lease()
			}
			b.ReportMetric(each, "B/token")
		})
		for _, goroutines := range []int{64, 1024} {
			b.Run(fmt.Sprintf("lease/tokens=%d/goroutines=%d", n, goroutines), func(b *testing.B) {
				atOnce(b, goroutines, lease)
			})
		}
		b.Run(fmt.Sprintf("all/tokens=%d", n), func(b *testing.B) {
			for b.Loop() {
				if got := len(m.AllTokens(tokens.GitHub)); got != n {
					b.Fatal(got)
				}
			}
		})
		h, r := spend(b, m, n)
		b.Run(fmt.Sprintf("refusal/tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			r.MaxWait = -1
			for b.Loop() {
				if _, err := h.Lease(b.Context(), r); !errors.Is(err, tokens.ErrRateLimited) {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("waiter/tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			r.MaxWait = 0
			for b.Loop() {
				ctx, cancel := context.WithCancel(b.Context())
				r.OnWait = func(time.Time) { cancel() }
				if _, err := h.Lease(ctx, r); !errors.Is(err, context.Canceled) {
					b.Fatal(err)
				}
			}
		})
		_ = m.Close()
	}
}

// atOnce calls do b.N times from so many goroutines.
func atOnce(b *testing.B, goroutines int, do func()) {
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for range (b.N + i) / goroutines {
				do()
			}
		})
	}
	wg.Wait()
}

// spend has the host refuse a call of each of the n tokens for half an hour.
func spend(b *testing.B, m *tokens.Manager, n int) (*tokens.Host, tokens.Request) {
	h, _ := m.Host(tokens.GitHub, user)
	asked := ratelimit.Request{Method: http.MethodGet, URL: user}
	r := tokens.Request{Draw: h.Dialect().Draw(asked)}
	o := ratelimit.Observation{
		Class: ratelimit.PrimaryLimit, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](1_000_000_000), Remaining: ratelimit.Known[int64](0),
	}
	for i := range n {
		o.Reset = time.Now().Add(30*time.Minute + time.Duration(i%997)*time.Second)
		l, err := h.Lease(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		l.Settle(o)
	}
	return h, r
}

// heapInUse returns the bytes that are in use.
func heapInUse() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
