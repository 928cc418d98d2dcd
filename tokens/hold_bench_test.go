package tokens

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// heldHost returns a host with n tokens that nothing is known of.
func heldHost(b *testing.B, n int, declare func(i int, t *Token)) (*Manager, *Host) {
	b.Helper()
	ts := make([]Token, n)
	for i := range ts {
		ts[i] = Token{Provider: GitHub, Secret: Static(canary.Token(fmt.Sprint("held", i)))}
		declare(i, &ts[i])
	}
	m, err := NewManager(Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	if err != nil {
		b.Fatal(err)
	}
	h, _ := m.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
	return m, h
}

// BenchmarkNarrowed measures a call whose tokens are narrowed down: by an owner, where
// each token names one, and by three priorities.
func BenchmarkNarrowed(b *testing.B) {
	seen := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](1_000_000), Remaining: ratelimit.Known[int64](900_000), Reset: time.Now().Add(time.Hour),
	}
	for _, n := range []int{100, 10_000, 100_000} {
		for name, declare := range map[string]func(i int, t *Token){
			"owners":     func(i int, t *Token) { t.Owners = []string{fmt.Sprint("owner", i)} },
			"priorities": func(i int, t *Token) { t.Priority = i % 3 },
		} {
			b.Run(fmt.Sprintf("%s/tokens=%d", name, n), func(b *testing.B) {
				m, h := heldHost(b, n, declare)
				defer m.Close()
				owners := make([]string, n)
				for i := range owners {
					owners[i] = fmt.Sprint("owner", i)
				}
				h.ReadyAt("core") // makes the lane
				i := 0
				b.ReportAllocs()
				for b.Loop() {
					l, err := h.Lease(context.Background(), Request{Draw: coreRead(), Owner: owners[i%n], MaxWait: -1})
					if err != nil {
						b.Fatal(err)
					}
					l.Settle(seen)
					i += 7
				}
			})
		}
	}
}

// BenchmarkAddressLimit measures an answer that rests the whole host, which holds the
// lock for as long.
func BenchmarkAddressLimit(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			m, h := heldHost(b, n, func(int, *Token) {})
			defer m.Close()
			longest := time.Duration(0)
			for b.Loop() {
				l, err := h.Lease(context.Background(), Request{Draw: coreRead(), MaxWait: -1})
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				l.Settle(ratelimit.Observation{Class: ratelimit.SecondaryLimit, Rests: ratelimit.WholeHost, RetryAfter: ratelimit.Known(time.Hour)})
				longest = max(longest, time.Since(start))
				h.mu.Lock()
				h.rest = time.Time{}
				h.mu.Unlock()
			}
			b.ReportMetric(float64(longest.Microseconds()), "longest-µs")
		})
	}
}

// BenchmarkOneAccount measures a call where all tokens are declared as one account, also
// while somebody observes events, of which there are none.
func BenchmarkOneAccount(b *testing.B) {
	for _, observed := range []bool{false, true} {
		for _, n := range []int{1, 10, 100, 1000, 10_000} {
			b.Run(fmt.Sprintf("tokens=%d,observed=%t", n, observed), func(b *testing.B) { benchOneAccount(b, n, observed) })
		}
	}
}

func benchOneAccount(b *testing.B, n int, observed bool) {
	m, h := heldHost(b, n, func(_ int, t *Token) { t.Account = "octocat" })
	defer m.Close()
	if observed {
		m.Subscribe(func(Event) {})
	}
	seen := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](1_000_000), Remaining: ratelimit.Known[int64](900_000), Reset: time.Now().Add(time.Hour),
	}
	call := func() {
		l, err := h.Lease(context.Background(), Request{Draw: coreRead(), MaxWait: -1})
		if err != nil {
			b.Fatal(err)
		}
		l.Settle(seen)
	}
	for range n {
		call() // each token is honoured
	}
	for b.Loop() {
		call()
	}
}

// BenchmarkFree measures a call that costs nothing while all tokens are spent.
func BenchmarkFree(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			m, h := spentHost(b, n)
			defer m.Close()
			r := Request{Draw: coreRead(), MaxWait: -1}
			r.Draw.Units = 0
			for b.Loop() {
				l, err := h.Lease(context.Background(), r)
				if err != nil {
					b.Fatal(err)
				}
				l.Cancel()
			}
		})
	}
}

// BenchmarkAddToLine measures a token that comes while calls are in line that it
// cannot serve.
func BenchmarkAddToLine(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("calls=%d", n), func(b *testing.B) {
			m, h := spentHost(b, 1)
			defer m.Close()
			h.mu.Lock()
			only := h.entries.list()[0]
			l := h.lane("core", time.Now())
			for range n {
				w, err := l.enter(b.Context(), &Request{Draw: coreRead(), fixed: only, audience: only.only()}, time.Now())
				if err != nil {
					b.Fatal(err)
				}
				go func() { <-w.turn }()
			}
			h.mu.Unlock()
			i := 0
			for b.Loop() {
				i++
				if err := m.Add(Token{Provider: GitHub, Owners: []string{fmt.Sprint("o", i)}, Secret: Static(canary.Token(fmt.Sprint("come", i)))}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
