package tokens

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// BenchmarkStrategy measures a call where tokens are chosen by a strategy that has a name,
// and by one of the user's own, which is shown all.
func BenchmarkStrategy(b *testing.B) {
	seen := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](1_000_000), Remaining: ratelimit.Known[int64](900_000), Reset: time.Now().Add(time.Hour),
	}
	own := strategies[0]
	own.name, own.make = "own", func() Strategy { return StrategyFunc(anyOne) }
	for _, s := range append(slices.Clone(strategies), own) {
		for _, n := range []int{10, 1000, 10_000} {
			b.Run(fmt.Sprintf("%s/tokens=%d", s.name, n), func(b *testing.B) {
				m, h := heldHost(b, n, func(int, *Token) {})
				defer m.Close()
				m.SetStrategy(s.make())
				h.ReadyAt("core") // makes the lane
				for b.Loop() {
					l, err := h.Lease(context.Background(), Request{Draw: coreRead(), MaxWait: -1})
					if err != nil {
						b.Fatal(err)
					}
					l.Settle(seen)
				}
			})
		}
	}
}
