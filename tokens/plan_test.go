package tokens_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestHost_Plan_reckons_with_what_is_left_resets_windows_and_pace(t *testing.T) {
	t.Parallel()
	const never = -1
	type account struct {
		limit, left int64 // a limit of 0: nothing is known
		ends        time.Duration
	}
	tests := []struct {
		name     string
		pace     ratelimit.Pace
		accounts []account
		n        int64
		want     time.Duration
	}{
		{"at once", ratelimit.Pace{}, []account{{5000, 100, time.Hour}}, 100, 0},
		{"after the reset", ratelimit.Pace{}, []account{{5000, 100, 30 * time.Minute}}, 101, 30*time.Minute + time.Second},
		{"two accounts", ratelimit.Pace{}, []account{{5000, 100, 30 * time.Minute}, {5000, 100, 10 * time.Minute}}, 300, 10*time.Minute + time.Second},
		{"windows after the reset", ratelimit.Pace{}, []account{{5000, 0, 30 * time.Minute}}, 12_000, 30*time.Minute + time.Second + 2*time.Hour},
		{"the pace", ratelimit.Pace{PointsPerMinute: 900}, []account{{5000, 4000, time.Hour}}, 2000, 2 * time.Minute},
		{"nothing is known", ratelimit.Pace{}, []account{{}}, 1, never},
		{"an account of which nothing is known counts for nothing", ratelimit.Pace{}, []account{{5000, 10, time.Hour}, {}}, 11, time.Hour + time.Second},
		{"more than a year", ratelimit.Pace{}, []account{{10, 0, time.Hour}}, 1_000_000, never},
		{"no calls", ratelimit.Pace{}, []account{{}}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, tokens.Config{Pace: &tt.pace}, letters(len(tt.accounts))...)
				h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
				for _, a := range tt.accounts { // in order: what is unknown is leased first
					if a.limit > 0 {
						tell(t, h, "core", left(a.limit, a.left, a.ends))
					}
				}
				at, ok := h.Plan("core", tt.n)
				switch {
				case ok != (tt.want != never):
					t.Errorf("Plan() = %v, %t, want %v", time.Until(at), ok, tt.want)
				case ok && tt.pace == (ratelimit.Pace{}) && time.Until(at) != tt.want,
					ok && time.Until(at)-tt.want > time.Second:
					t.Errorf("done in %v, want %v", time.Until(at), tt.want)
				}
			})
		})
	}
}

func TestHost_Plan_waits_for_an_account_that_rests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, letters(1)...)
		l := lease(t, h, on("core"))
		tell(t, h, "core", left(5000, 4000, time.Hour))
		l.Settle(after(refused(ratelimit.SecondaryLimit), 10*time.Minute))
		at, ok := h.Plan("core", 1)
		if got, want := time.Until(at), 10*time.Minute+time.Second; !ok || got != want {
			t.Errorf("Plan() = %v, %t, want %v", got, ok, want)
		}
	})
}

func TestHost_Plan_says_what_then_comes_true(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit, calls = 50, 330
		m := manager(t, tokens.Config{}, letters(3)...)
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		ends, remaining := map[string]time.Time{}, map[string]int64{}
		serve := func(l tokens.Lease) { // as a host with windows of an hour would
			if now := time.Now(); !now.Before(ends[l.Label()]) {
				ends[l.Label()], remaining[l.Label()] = now.Add(time.Hour), limit
			}
			remaining[l.Label()]--
			if remaining[l.Label()] < 0 {
				t.Fatalf("%s was used beyond its limit", l.Label())
			}
			o := left(limit, remaining[l.Label()], 0)
			o.Reset = ends[l.Label()]
			l.Settle(o)
		}
		for range 3 {
			serve(lease(t, h, waiting("core")))
		}
		done, ok := h.Plan("core", calls)
		if !ok {
			t.Fatal("Plan() says that it can never be done")
		}
		for range calls {
			serve(lease(t, h, waiting("core")))
		}
		if got := time.Since(done); got < -2*time.Second || got > 5*time.Second {
			t.Errorf("done %v after the plan, want within seconds", got)
		}
	})
}
