package bench

import (
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// turns is how often each of several things is measured, one after the other, so
// that what else the machine does meets all of them alike.
const turns = 300

// timed is something that is done n times in each turn.
type timed struct {
	name string
	n    int
	do   func()
	took []time.Duration // of each turn, the shortest first
}

// measure goes round all of them, and prints the time of one call: the least and
// the half.
func measure(t *testing.T, all ...*timed) {
	t.Helper()
	for range turns {
		for _, x := range all {
			start := time.Now()
			for range x.n {
				x.do()
			}
			x.took = append(x.took, time.Since(start))
		}
	}
	for _, x := range all {
		slices.Sort(x.took)
		t.Logf("%-32s %8.1f ns at least, %8.1f ns half of the time", x.name, x.ns(0), x.ns(turns/2))
	}
}

// ns returns the i-th shortest time of one call.
func (x *timed) ns(i int) float64 { return float64(x.took[i].Nanoseconds()) / float64(x.n) }

// TestTurns prints what BenchmarkLease and BenchmarkTransport measure, as ratios
// of times that were measured in turns.
func TestTurns(t *testing.T) {
	b := new(testing.B)
	limiter := rate.NewLimiter(1e12, 1<<40)
	few, many := known(b, 10), known(b, 10_000)
	allow := &timed{name: "rate.Allow", n: 2000, do: func() { limiter.Allow() }}
	leaseFew := &timed{name: "a lease, 10 tokens", n: 1000, do: few}
	leaseMany := &timed{name: "a lease, 10,000 tokens", n: 1000, do: many}
	measure(t, allow, leaseFew, leaseMany)
	for _, x := range []*timed{leaseFew, leaseMany} {
		t.Logf("%s: %.2f x rate.Allow, %.2f x", x.name, x.ns(0)/allow.ns(0), x.ns(turns/2)/allow.ns(turns/2))
	}
	t.Logf("10,000 tokens: %.2f x 10 tokens, %.2f x", leaseMany.ns(0)/leaseFew.ns(0), leaseMany.ns(turns/2)/leaseFew.ns(turns/2))

	two := &timed{name: "16,000 leases, two goroutines", n: 1, do: func() { together(2, 8000, few) }}
	crowd := &timed{name: "16,000 leases, 64 goroutines", n: 1, do: func() { together(64, 250, few) }}
	measure(t, two, crowd)
	t.Logf("64 goroutines have %.2f x the throughput of two, %.2f x", two.ns(0)/crowd.ns(0), two.ns(turns/2)/crowd.ns(turns/2))

	base := canned{headers()}
	over := &oauth2.Transport{Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "bench-token"}), Base: base}
	ours := &transport.Transport{Manager: manager(b, 10), Provider: tokens.GitHub, Base: base}
	bare := &timed{name: "no transport", n: 200, do: func() { once(b, base) }}
	peer := &timed{name: "oauth2.Transport", n: 200, do: func() { once(b, over) }}
	fleet := &timed{name: "transport.Transport", n: 200, do: func() { once(b, ours) }}
	barest := newBarest(10, base)
	bound := &timed{name: "the barest with ten tokens", n: 200, do: func() { once(b, barest) }}
	measure(t, bare, peer, bound, fleet)
	for _, x := range []*timed{bound, fleet} {
		added := func(i int) float64 { return (x.ns(i) - bare.ns(i)) / (peer.ns(i) - bare.ns(i)) }
		t.Logf("%s adds %.2f x what oauth2.Transport adds, %.2f x", x.name, added(0), added(turns/2))
	}
}

// known returns a lease and its end at a manager of n tokens whose numbers are all
// known.
func known(b *testing.B, n int) func() {
	lease := leaser(b, manager(b, n))
	for range n {
		lease()
	}
	return lease
}

// together has so many goroutines do something n times each.
func together(goroutines, n int, do func()) {
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range n {
				do()
			}
		})
	}
	wg.Wait()
}
