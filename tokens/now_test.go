package tokens

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestI17_LocalClock_agrees_with_the_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c localClock
		for _, pause := range []time.Duration{0, 1, time.Millisecond, baseFor - 1, 1, baseFor, time.Hour} {
			time.Sleep(pause)
			if got, want := c.now(), time.Now(); got != want {
				t.Errorf("after %v now() = %v, want %v", pause, got, want)
			}
		}
	})
}

func TestI17_LocalClock_looks_at_the_wall_clock_once_a_second(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c localClock
		c.now()
		first := c.base.Load()
		time.Sleep(baseFor - 1)
		c.now()
		if c.base.Load() != first {
			t.Error("it looked before the second was over")
		}
		time.Sleep(time.Nanosecond)
		c.now()
		if c.base.Load() == first {
			t.Error("it did not look after a second: a clock that was set would go unseen")
		}
	})
}

func TestI17_LocalClock_keeps_the_monotonic_reading_and_never_goes_back(t *testing.T) {
	t.Parallel()
	var c localClock
	before := time.Now()
	for range 1000 {
		now := c.now()
		if now.Before(before) || !strings.Contains(now.String(), " m=+") {
			t.Fatalf("now() = %v after %v", now, before)
		}
		before = now
	}
}

func TestI17_LocalClock_knows_when_it_is_in_a_bubble(t *testing.T) {
	t.Parallel()
	var c localClock
	c.now()
	synctest.Test(t, func(t *testing.T) {
		if got, want := c.now(), time.Now(); got != want {
			t.Errorf("now() = %v, want %v", got, want)
		}
	})
	if got := time.Since(c.now()); got < 0 || got > time.Minute {
		t.Errorf("now() was %v ago, want now", got)
	}
}
