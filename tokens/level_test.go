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
	e := m.entries.list()[0]
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

// aloneInCore returns the budget for core of a manager's only token, with so much
// left of a window of an hour.
func aloneInCore(t *testing.T, limit, left int64, now time.Time) (*lane, *budget) {
	t.Helper()
	m, err := NewManager(Config{}, Token{Provider: GitHub, Secret: Static(canary.Token("alone"))})
	if err != nil {
		t.Fatal(err)
	}
	e := m.entries.list()[0]
	l := e.account.host.lane("core", now)
	b := e.account.budget(l, now)
	b.limit, b.remaining = ratelimit.Known(limit), ratelimit.Known(left)
	b.reset, b.ends = now.Add(time.Hour), now.Add(time.Hour)
	l.place(b, now)
	return l, b
}

func TestLane_a_budget_stays_in_its_list_while_its_level_is_the_same(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, limit := range []int64{1, 10, 62, 63, 64, 100, 1000} {
		l, b := aloneInCore(t, limit, limit, now)
		for left := int64(1); left <= limit+1; left++ {
			b.remaining = ratelimit.Known(left)
			l.place(b, now)
			for other := int64(0); other <= limit+1; other++ {
				b.remaining = ratelimit.Known(other)
				stays := b.stays(now)
				if got := b.readyLevel(now, true); stays != (got == b.level) {
					t.Fatalf("stays() on level %d = %t with %d of %d left, whose level is %d", b.level, stays, other, limit, got)
				}
				b.remaining = ratelimit.Known(left)
				b.readyLevel(now, true) // notes again what holds for left
			}
		}
	}
}

func TestLane_a_budget_is_placed_anew_when_more_than_its_numbers_has_changed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, change := range map[string]func(b *budget) (later time.Time){
		"its window ends":        func(*budget) time.Time { return now.Add(2 * time.Hour) },
		"another window runs":    func(b *budget) time.Time { b.ends = b.ends.Add(time.Minute); return now },
		"another limit":          func(b *budget) time.Time { b.limit = ratelimit.Known[int64](200); return now },
		"it rests":               func(b *budget) time.Time { b.rest = now.Add(time.Minute); return now },
		"its account rests":      func(b *budget) time.Time { b.account.cool = now.Add(time.Minute); return now },
		"the account is busy":    func(b *budget) time.Time { b.account.inFlight = b.lane.host.maxInFlight; return now },
		"its numbers are forgot": func(b *budget) time.Time { b.remaining = ratelimit.Optional[int64]{}; return now },
		"it is in no list":       func(b *budget) time.Time { b.lane.unlist(b); return now },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, b := aloneInCore(t, 100, 50, now)
			if !b.stays(now) {
				t.Error("it is placed anew although nothing has changed")
			}
			if b.stays(change(b)) {
				t.Error("it stays")
			}
		})
	}
}
