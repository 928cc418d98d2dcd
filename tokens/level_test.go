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

func TestLane_a_budget_stays_in_its_list_for_as_long_as_its_level_is_the_same(t *testing.T) {
	t.Parallel()
	m, err := NewManager(Config{}, Token{Provider: GitHub, Secret: Static(canary.Token("stays"))})
	if err != nil {
		t.Fatal(err)
	}
	e := m.entries[0]
	now := time.Now()
	l := e.account.host.lane("core", now)
	b := e.account.budget(l, now)
	for _, limit := range []int64{1, 10, 62, 63, 64, 100, 5000} {
		for left := int64(1); left <= limit+1; left++ {
			b.limit, b.remaining = ratelimit.Known(limit), ratelimit.Known(left)
			l.place(b, now)
			for other := int64(0); other <= limit+1; other++ {
				b.remaining = ratelimit.Known(other)
				if !b.stays(now) {
					continue
				}
				if got := b.readyLevel(now, true); got != b.level {
					t.Fatalf("it stays on level %d with %d of %d left, want level %d", b.level, other, limit, got)
				}
				b.remaining = ratelimit.Known(left)
				b.readyLevel(now, true) // notes again what holds for left
			}
		}
	}
}
