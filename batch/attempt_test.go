package batch

import (
	"math"
	"testing"
	"time"
)

func TestBackoff_grows_to_its_bound_whatever_that_is(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{
		{Backoff: 1, MaxBackoff: math.MaxInt64},
		{Backoff: math.MaxInt64 / 3, MaxBackoff: math.MaxInt64},
		{Backoff: math.MaxInt64, MaxBackoff: math.MaxInt64},
		{Backoff: time.Hour, MaxBackoff: time.Minute},
		{Backoff: 3, MaxBackoff: 7},
	} {
		p := patience{config: &c}
		want := min(c.Backoff, c.MaxBackoff)
		for n := range 70 {
			if got := p.backoff(n); got < want || got-want > want/4 {
				t.Errorf("%v up to %v: pause %d is %v, want %v and up to a quarter more", c.Backoff, c.MaxBackoff, n, got, want)
			}
			if want > c.MaxBackoff/2 {
				want = c.MaxBackoff
			} else {
				want *= 2
			}
		}
	}
}
