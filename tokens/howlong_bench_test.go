package tokens

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// createdHost returns a host with n tokens that have made all the content of the hour,
// and have left of their budgets what the answers say.
func createdHost(tb testing.TB, n int, seen ratelimit.Observation) *Host {
	tb.Helper()
	_, h := kindHost(tb, ratelimit.Pace{CreationsPerHour: 1}, n, nil)
	for range n {
		callWith(tb, h, Request{Draw: creation()}, seen)
	}
	return h
}

func creation() ratelimit.Draw {
	d := coreWrite()
	d.Creates = true
	return d
}

// spentFor is an answer that leaves nothing of a budget.
func spentFor(d time.Duration) ratelimit.Observation {
	o := hasRoom()
	o.Remaining, o.Reset = ratelimit.Known[int64](0), time.Now().Add(d)
	return o
}

// restsFor rests the whole host.
func restsFor(tb testing.TB, h *Host, d time.Duration) {
	tb.Helper()
	free := Request{Draw: ratelimit.Draw{Resource: "core"}}
	callWith(tb, h, free, ratelimit.Observation{Class: ratelimit.SecondaryLimit, Rests: ratelimit.WholeHost, RetryAfter: ratelimit.Known(d)})
}

// BenchmarkHowLong measures the question when somebody can serve a call of a kind whose
// own limit outlasts all else: while all rest until a reset, while the host rests
// besides, and while only the host does. Then what such a call takes that is refused,
// or that takes its place in line.
func BenchmarkHowLong(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		for _, c := range [...]struct {
			name string
			seen ratelimit.Observation
			rest time.Duration
		}{
			{"all rest", spentFor(20 * time.Minute), 0},
			{"all and the host rest", spentFor(20 * time.Minute), 10 * time.Minute},
			{"the host rests", hasRoom(), 10 * time.Minute},
		} {
			h := createdHost(b, n, c.seen)
			if c.rest > 0 {
				restsFor(b, h, c.rest)
			}
			ask := Request{Draw: creation(), MaxWait: -1}
			run := func(name string, call func(b *testing.B)) {
				b.Run(fmt.Sprintf("%s/%s/tokens=%d", c.name, name, n), func(b *testing.B) {
					h.ReadyFor(ask) // makes the rosters
					b.ReportAllocs()
					for b.Loop() {
						call(b)
					}
				})
			}
			run("asked", func(b *testing.B) {
				if at, ok := h.ReadyFor(ask); !ok || time.Until(at) < 40*time.Minute {
					b.Fatalf("somebody can serve in %v", time.Until(at))
				}
			})
			run("refused", func(b *testing.B) {
				if _, err := h.Lease(context.Background(), ask); err == nil {
					b.Fatal("somebody serves")
				}
			})
			run("in line", func(b *testing.B) {
				h.mu.Lock()
				defer h.mu.Unlock()
				now := time.Now()
				l := h.lane("core", now)
				w, err := l.enter(context.Background(), &Request{Draw: creation()}, now)
				if err != nil {
					b.Fatal(err)
				}
				l.line.remove(w)
			})
		}
	}
}
