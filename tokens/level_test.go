package tokens

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestLane_the_level_is_the_share_of_the_limit_whatever_the_limit_was_before(t *testing.T) {
	t.Parallel()
	m, err := NewManager(Config{}, Token{Provider: GitHub, Secret: Static(canary.Token("level"))})
	if err != nil {
		t.Fatal(err)
	}
	e := m.entries[0]
	now := time.Now()
	b := e.account.budget(e.account.host.lane("core", now), now)
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		limit := 1 + rnd.Int64N(20_000)
		left := 1 + rnd.Int64N(limit)
		b.limit, b.remaining = ratelimit.Known(limit), ratelimit.Known(left)
		exact := float64(left) / float64(limit) * (unknownLevel - 1)
		// At the border of two levels a product may be rounded to the other one.
		if got := b.readyLevel(now, true); got != int(exact-1e-9) && got != int(exact+1e-9) {
			t.Fatalf("level = %d with %d of %d left, want %.3f", got, left, limit, exact)
		}
	}
}
