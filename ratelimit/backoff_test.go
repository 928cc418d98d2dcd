package ratelimit_test

import (
	"math"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestI10_policies_double_from_their_minimum_to_their_maximum(t *testing.T) {
	t.Parallel()
	const s, m = time.Second, time.Minute
	tests := []struct {
		name   string
		policy ratelimit.Backoff
		want   []time.Duration
	}{
		{"general", ratelimit.GeneralBackoff(), []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, m, m}},
		{"zero", ratelimit.Backoff{}, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, m, m}},
		{"secondary", ratelimit.SecondaryBackoff(), []time.Duration{m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m}},
		{"rolling", ratelimit.RollingBackoff(), []time.Duration{m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 60 * m, 60 * m}},
		{"minimum only", ratelimit.Backoff{Min: 2 * m}, []time.Duration{2 * m, 2 * m}},
		{"maximum only", ratelimit.Backoff{Max: 3 * s}, []time.Duration{s, 2 * s, 3 * s}},
		{"maximum below minimum", ratelimit.Backoff{Min: m, Max: s}, []time.Duration{s, s}},
		{"negative", ratelimit.Backoff{Min: -m, Max: -s}, []time.Duration{s, 2 * s}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for n, want := range tt.want {
				if got := tt.policy.Delay(n, 0); got != want {
					t.Errorf("Delay(%d, 0) = %v, want %v", n, got, want)
				}
			}
		})
	}
}

func TestI10_jitter_only_adds_and_never_exceeds_the_maximum(t *testing.T) {
	t.Parallel()
	b := ratelimit.Backoff{Min: 8 * time.Second, Max: 18 * time.Second}
	tests := []struct {
		name   string
		n      int
		random float64
		want   time.Duration
	}{
		{"none", 0, 0, 8 * time.Second},
		{"half", 0, 0.5, 9 * time.Second},
		{"most", 0, 1, 10 * time.Second},
		{"cut at the maximum", 1, 0.99, 18 * time.Second},
		{"at the maximum", 5, 0.99, 18 * time.Second},
		{"negative", 0, -3, 8 * time.Second},
		{"too large", 0, 3, 10 * time.Second},
		{"not a number", 0, math.NaN(), 8 * time.Second},
		{"infinite", 0, math.Inf(1), 10 * time.Second},
		{"negative infinite", 0, math.Inf(-1), 8 * time.Second},
		{"negative count", -7, 0, 8 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := b.Delay(tt.n, tt.random); got != tt.want {
				t.Errorf("Delay(%d, %v) = %v, want %v", tt.n, tt.random, got, tt.want)
			}
		})
	}
}

func TestI10_delays_do_not_overflow(t *testing.T) {
	t.Parallel()
	for _, b := range []ratelimit.Backoff{
		{}, ratelimit.RollingBackoff(), {Min: 1, Max: math.MaxInt64}, {Min: math.MaxInt64, Max: math.MaxInt64},
		{Min: math.MaxInt64/2 + 1, Max: math.MaxInt64},
	} {
		last := time.Duration(0)
		for _, n := range []int{math.MinInt, 0, 1, 2, 30, 62, 63, 64, 1000, math.MaxInt} {
			d := b.Delay(n, 0)
			if d < last || d <= 0 || b.Max > 0 && d > b.Max {
				t.Errorf("%+v: Delay(%d, 0) = %v after %v, want no less, and at most Max", b, n, d, last)
			}
			if j := b.Delay(n, 0.999); j < d || b.Max > 0 && j > b.Max {
				t.Errorf("%+v: Delay(%d, 0.999) = %v, want at least %v and at most Max", b, n, j, d)
			}
			last = d
		}
	}
}

func TestI10_each_class_of_a_dialect_has_its_policy(t *testing.T) {
	t.Parallel()
	for _, d := range allDialects {
		compare(t, d.String(), d.Backoff(ratelimit.SecondaryLimit), ratelimit.SecondaryBackoff())
		compare(t, d.String(), d.Backoff(ratelimit.ServerError), ratelimit.GeneralBackoff())
		want := ratelimit.GeneralBackoff()
		if d == ratelimit.BitbucketCloud {
			want = ratelimit.RollingBackoff()
		}
		compare(t, d.String(), d.Backoff(ratelimit.PrimaryLimit), want)
	}
}
