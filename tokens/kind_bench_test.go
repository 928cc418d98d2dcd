package tokens

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

func coreWrite() ratelimit.Draw {
	d := coreRead()
	d.Points = 5
	return d
}

// hasRoom is an answer that leaves a budget nearly all that it had.
func hasRoom() ratelimit.Observation {
	return ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](1_000_000), Remaining: ratelimit.Known[int64](900_000), Reset: time.Now().Add(time.Hour),
	}
}

// writtenHost returns a host with n tokens that have all just written, and the gap
// between writes is an hour.
func writtenHost(tb testing.TB, n int, declare func(i int, t *Token)) (*Manager, *Host) {
	tb.Helper()
	ts := make([]Token, n)
	for i := range ts {
		ts[i] = Token{Provider: GitHub, Secret: Static(canary.Token(fmt.Sprint("written", i)))}
		declare(i, &ts[i])
	}
	m, err := NewManager(Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40, WriteGap: time.Hour}}, ts...)
	if err != nil {
		tb.Fatal(err)
	}
	h, _ := m.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
	for range n {
		l, err := h.Lease(context.Background(), Request{Draw: coreWrite(), MaxWait: -1})
		if err != nil {
			tb.Fatal(err)
		}
		l.Settle(hasRoom())
	}
	return m, h
}

// mayWrite ends the account's gap.
func (a *account) mayWrite() {
	a.host.mu.Lock()
	defer a.host.mu.Unlock()
	a.pace.lastWrite = time.Time{}
	a.relist(time.Now())
}

// BenchmarkKind measures calls of which most tokens can serve none: a write while one
// account may write and all others have just done so, one while nobody may, and a
// read in between.
func BenchmarkKind(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		m, h := writtenHost(b, n, func(int, *Token) {})
		last := h.entries.list()[n-1].account
		run := func(name string, call func(b *testing.B)) {
			b.Run(fmt.Sprintf("%s/tokens=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					call(b)
				}
			})
		}
		seen := hasRoom()
		lease := func(b *testing.B, d ratelimit.Draw) {
			l, err := h.Lease(context.Background(), Request{Draw: d, MaxWait: -1})
			if err != nil {
				b.Fatal(err)
			}
			l.Settle(seen)
		}
		run("read before", func(b *testing.B) { lease(b, coreRead()) })
		run("one may write", func(b *testing.B) {
			last.mayWrite()
			lease(b, coreWrite())
		})
		run("nobody may write", func(b *testing.B) {
			var refused *ExhaustedError
			if _, err := h.Lease(context.Background(), Request{Draw: coreWrite(), MaxWait: -1}); !errors.As(err, &refused) {
				b.Fatal(err)
			}
		})
		run("read after", func(b *testing.B) { lease(b, coreRead()) })
		_ = m.Close()
	}
}
