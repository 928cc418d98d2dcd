package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestSliding_Absorb_forgets_no_point_early_and_none_much_later(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s, o ratelimit.Sliding
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var answered []time.Time
		for range random.IntN(200) {
			now = now.Add(time.Duration(random.Int64N(int64(time.Second))))
			into := &s
			if random.IntN(2) == 0 {
				into = &o
			}
			into.Take(1)
			into.Answered(1, now)
			answered = append(answered, now)
		}
		o.Take(3)
		s.Absorb(&o, now)
		for range 80 {
			least, most := int64(3), int64(3)
			for _, at := range answered {
				if now.Sub(at) < time.Minute {
					least++
				}
				if now.Sub(at) < time.Minute+2*time.Second {
					most++
				}
			}
			if got := s.Held(now); got < least || got > most {
				t.Fatalf("Held() = %d, want %d to %d", got, least, most)
			}
			now = now.Add(time.Second)
		}
		s.Return(3)
		if got := s.Held(now); got != 0 {
			t.Fatalf("%d points are held in the end", got)
		}
	}
}
