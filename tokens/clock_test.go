package tokens

import (
	"testing"
	"time"
)

func TestI6_HostClock(t *testing.T) {
	t.Parallel()
	second := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }
	tests := []struct {
		name    string
		ahead   time.Duration // the host's clock
		latency []time.Duration
		want    time.Duration // by which local moves a reset back
		exact   bool
	}{
		{"clocks that may agree are taken to agree", 0, []time.Duration{100 * time.Millisecond}, 0, true},
		{"a slow answer does not move resets", 0, []time.Duration{50 * time.Millisecond, 20 * time.Second, 0}, 0, true},
		{"a host ten minutes ahead", 10 * time.Minute, []time.Duration{time.Second, 80 * time.Millisecond}, 10 * time.Minute, false},
		{"a host ten minutes behind", -10 * time.Minute, []time.Duration{time.Second, 80 * time.Millisecond}, -10 * time.Minute, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c hostClock
			sent := second(100)
			for _, latency := range tt.latency {
				received := sent.Add(latency)
				c.observe(received.Add(tt.ahead).Truncate(time.Second), sent, received)
				sent = received.Add(1300 * time.Millisecond)
			}
			reset := second(4000)
			got := reset.Sub(c.local(reset))
			if tt.exact && got != tt.want {
				t.Errorf("reset moved by %v, want %v", got, tt.want)
			}
			// Never early: the true offset is at least what is taken off.
			if got > tt.want || tt.want-got > 2*time.Second {
				t.Errorf("reset moved by %v, want %v or up to 2 s less", got, tt.want)
			}
		})
	}
}

func TestI6_HostClock_follows_a_clock_that_was_set(t *testing.T) {
	t.Parallel()
	var c hostClock
	c.observe(t0, t0, t0)
	c.observe(t0.Add(time.Hour), t0, t0)
	reset := t0.Add(2 * time.Hour)
	if got, want := c.local(reset), t0.Add(time.Hour); !got.Equal(want) {
		t.Errorf("local(reset) = %v, want %v", got, want)
	}
}
