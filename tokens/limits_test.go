package tokens_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// rests returns how long one host's only token rests after each of n refusals
// in a row, every one of which is met as soon as the rest is over.
func rests(t *testing.T, h *tokens.Host, n int, o func() ratelimit.Observation) []time.Duration {
	t.Helper()
	var all []time.Duration
	for range n {
		l := lease(t, h, on("core"))
		l.Settle(o())
		e := exhausted(t, h, on("core"))
		all = append(all, time.Until(e.ReadyAt)-time.Second) // without the margin
		time.Sleep(time.Until(e.ReadyAt))
	}
	return all
}

// wantDoubling wants pauses that double from least to most, with a jitter that
// only adds.
func wantDoubling(t *testing.T, got []time.Duration, least, most time.Duration) {
	t.Helper()
	want := least
	for i, d := range got {
		if upper := min(want+want/4, most); d < want || d > upper {
			t.Errorf("rest %d is %v, want %v to %v", i+1, d, want, upper)
		}
		want = min(2*want, most)
	}
}

func TestI10_Rests_without_a_time_grow_and_a_success_ends_that(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		token       tokens.Token
		class       ratelimit.Class
		least, most time.Duration
	}{
		{"GitHub, primary", gitHub("a", ""), ratelimit.PrimaryLimit, time.Second, time.Minute},
		{"GitLab, primary", at(tokens.GitLab, ""), ratelimit.PrimaryLimit, time.Second, time.Minute},
		{"Bitbucket, primary", at(tokens.Bitbucket, ""), ratelimit.PrimaryLimit, time.Minute, time.Hour},
		{"GitHub, secondary", gitHub("a", ""), ratelimit.SecondaryLimit, time.Minute, 15 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, tokens.Config{}, tt.token)
				h := anyHost(t, m, tt.token.Provider)
				refusal := func() ratelimit.Observation { return refused(tt.class) }
				wantDoubling(t, rests(t, h, 9, refusal), tt.least, tt.most)
				tell(t, h, "core", served())
				wantDoubling(t, rests(t, h, 2, refusal), tt.least, tt.most)
			})
		})
	}
}

func TestI10_One_burst_counts_once(t *testing.T) {
	t.Parallel()
	for class, least := range map[ratelimit.Class]time.Duration{
		ratelimit.PrimaryLimit:   time.Second,
		ratelimit.SecondaryLimit: time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, h := gitHubHost(t, gitHub("a", ""))
			tell(t, h, "core", served())
			burst := make([]tokens.Lease, 50)
			for i := range burst {
				burst[i] = lease(t, h, on("core"))
			}
			for _, l := range burst[:49] {
				l.Settle(refused(class))
			}
			e := exhausted(t, h, on("core"))
			wantDoubling(t, []time.Duration{time.Until(e.ReadyAt) - time.Second}, least, time.Hour)
			// An answer of before the refusals says nothing of what comes after.
			burst[49].Settle(served())
			time.Sleep(time.Until(e.ReadyAt))
			wantDoubling(t, rests(t, h, 1, func() ratelimit.Observation { return refused(class) }), 2*least, time.Hour)
		})
	}
}

func TestI10_A_success_with_nothing_left_and_no_reset_pauses_shortly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		drained := func() ratelimit.Observation {
			o := left(60, 0, 0)
			o.Reset = time.Time{}
			return o
		}
		for range 5 {
			wantDoubling(t, rests(t, h, 1, drained), time.Second, time.Minute)
		}
	})
}

func TestI10_Retry_After_is_kept_and_the_later_of_two_times_counts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    func() ratelimit.Observation
		want time.Duration
	}{
		{"secondary", func() ratelimit.Observation { return after(refused(ratelimit.SecondaryLimit), 17*time.Second) }, 17 * time.Second},
		{"primary", func() ratelimit.Observation { return after(refused(ratelimit.PrimaryLimit), 17*time.Second) }, 17 * time.Second},
		{"primary, reset later", func() ratelimit.Observation { return after(spent(5000, time.Minute), 17*time.Second) }, time.Minute},
		{"primary, reset sooner", func() ratelimit.Observation { return after(spent(5000, time.Second), 17*time.Second) }, 17 * time.Second},
		{"primary, reset in the past", func() ratelimit.Observation { return spent(5000, -5*time.Second) }, 0},
		{"primary, reset and numbers that are not spent", func() ratelimit.Observation {
			o := left(5000, 4, time.Minute) // GraphQL: the query costs more than is left
			o.Class = ratelimit.PrimaryLimit
			return o
		}, time.Minute},
		{"secondary, reset of the hourly window", func() ratelimit.Observation {
			o := left(5000, 4000, time.Hour)
			o.Class = ratelimit.SecondaryLimit
			return after(o, 17*time.Second)
		}, 17 * time.Second},
		{"secondary, and the budget is spent", func() ratelimit.Observation {
			o := left(5000, 0, time.Hour)
			o.Class = ratelimit.SecondaryLimit
			return after(o, 17*time.Second)
		}, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, h := gitHubHost(t, gitHub("a", ""))
				tell(t, h, "core", tt.o())
				e := exhausted(t, h, on("core"))
				if got := time.Until(e.ReadyAt); got != tt.want+time.Second {
					t.Errorf("rests %v, want %v and a second", got, tt.want)
				}
				wantWait(t, h, waiting("core"), tt.want+time.Second)
			})
		})
	}
}

func TestI8_A_secondary_limit_rests_the_account_and_no_other(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"), gitHub("b", ""))
	l := tell(t, h, "core", after(refused(ratelimit.SecondaryLimit), time.Minute))
	for range 5 {
		if got := lease(t, h, on("search")); got.Label()[0] == l.Label()[0] {
			t.Errorf("token %s serves although its account rests", got)
		}
	}
	for _, name := range []string{"a1", "a2", "b"} {
		rests := name[0] == l.Label()[0]
		if s := status(t, m, name); s.IsRateLimited() != rests || (s.State == tokens.Cooling) != rests {
			t.Errorf("%s is %v", name, s)
		}
	}
}

func TestI8_A_limit_of_the_IP_address_rests_the_whole_host(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    func() ratelimit.Observation
		want time.Duration
	}{
		{"with a reset", func() ratelimit.Observation { return spent(60, 10*time.Minute) }, 10 * time.Minute},
		{"with Retry-After", func() ratelimit.Observation { return after(refused(ratelimit.PrimaryLimit), 20*time.Second) }, 20 * time.Second},
		{"secondary", func() ratelimit.Observation { return after(refused(ratelimit.SecondaryLimit), 20*time.Second) }, 20 * time.Second},
		{"without a time", func() ratelimit.Observation { return refused(ratelimit.PrimaryLimit) }, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				elsewhere := gitHub("c", "")
				elsewhere.Host = "ghe.example.com"
				m, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""), elsewhere)
				tell(t, h, "core", left(5000, 40, time.Hour))
				tell(t, h, "core", left(5000, 40, time.Hour))
				longer := lease(t, h, on("core"))
				o := tt.o()
				o.Scope = ratelimit.IPNumbers
				tell(t, h, "core", o)
				e := exhausted(t, h, on("core"))
				if got := time.Until(e.ReadyAt); got != tt.want+time.Second || e.States[tokens.Cooling] != 2 {
					t.Errorf("rests %v with %v, want %v and both tokens cooling", got, e.States, tt.want+time.Second)
				}
				exhausted(t, h, on("graphql"))
				lease(t, hostOf(t, m, tokens.GitHub, "https://ghe.example.com/api/v3/user"), on("core"))
				short := after(refused(ratelimit.PrimaryLimit), time.Second)
				short.Scope = ratelimit.IPNumbers
				longer.Settle(short) // shortens nothing
				wantWait(t, h, waiting("core"), tt.want+time.Second)
				if s := status(t, m, "a"); s.Remaining.Or(0) < 38 {
					t.Errorf("%v left: the numbers of the address were booked on the token", s.Remaining)
				}
			})
		})
	}
}

func TestI8_Numbers_of_the_IP_address_are_not_booked_on_the_token(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 40, time.Hour))
	o := left(60, 3, 2*time.Hour)
	o.Scope = ratelimit.IPNumbers
	tell(t, h, "core", o)
	if s := status(t, m, "a"); s.Limit.Or(0) != 5000 || s.Remaining.Or(0) != 39 {
		t.Errorf("%v of %v left, want 39 of 5000", s.Remaining, s.Limit)
	}
}

func TestI6_A_refusal_rests_until_its_own_reset_whatever_later_numbers_say(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 400, 50*time.Minute))
		late := []tokens.Lease{lease(t, h, on("core")), lease(t, h, on("core")), lease(t, h, on("core"))}
		// The refusal is of another region's window, which ends sooner.
		tell(t, h, "core", spent(5000, 10*time.Minute))
		late[0].Settle(left(5000, 399, 50*time.Minute))
		late[1].Settle(left(5000, 4999, 59*time.Minute))
		o := spent(5000, 5*time.Minute)
		late[2].Settle(o)
		if s := status(t, m, "a"); s.State != tokens.Limited || !s.Until.Equal(time.Now().Add(10*time.Minute+time.Second)) {
			t.Errorf("status is %v, want limited for 10 minutes and a second", s)
		}
		wantWait(t, h, waiting("core"), 10*time.Minute+time.Second)
	})
}

func TestI6_Nothing_remaining_rests_until_the_reset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 0, 10*time.Minute)) // served, as the last call
		if s := status(t, m, "a"); s.State != tokens.Limited {
			t.Errorf("status is %v, want limited", s)
		}
		wantWait(t, h, waiting("core"), 10*time.Minute+time.Second)
		if s := status(t, m, "a"); s.State != tokens.Available || s.Remaining.IsKnown() || !s.Reset.IsZero() || s.Limit.Or(0) != 5000 {
			t.Errorf("status is %v with %v left, want available and unknown numbers of 5000", s, s.Remaining)
		}
	})
}

func TestI6_A_late_answer_of_an_ended_window_does_not_rest_the_new_one(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		o := left(5000, 40, time.Minute)
		tell(t, h, "core", o)
		late := lease(t, h, on("core"))
		time.Sleep(2 * time.Minute)
		tell(t, h, "core", left(5000, 4999, time.Hour))
		o.Remaining = ratelimit.Known[int64](0)
		late.Settle(o)
		if s := status(t, m, "a"); s.State != tokens.Available || s.Remaining.Or(0) != 4999 {
			t.Errorf("status is %v, want available with 4999 left", s)
		}
	})
}

func TestI6_A_lost_call_stays_charged_until_a_later_one_is_answered(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 10, time.Hour))
	before := lease(t, h, on("core"))
	lease(t, h, on("core")).Lost()
	before.Settle(left(5000, 9, time.Hour))
	if got := len(leaseAllAndCancel(t, h)); got != 8 {
		t.Errorf("%d leases, want 9 less the lost one", got)
	}
	tell(t, h, "core", left(5000, 8, time.Hour)) // the lost one never arrived
	if got := len(leaseAllAndCancel(t, h)); got != 8 {
		t.Errorf("%d leases, want 8", got)
	}
}

func TestI6_Resets_are_told_by_the_hosts_clock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			m, h := gitHubHost(t, gitHub("a", ""))
			o := spent(5000, 5*time.Minute)
			o.Date, o.Reset = time.Now().Add(ahead), o.Reset.Add(ahead)
			tell(t, h, "core", o)
			_, got := wait(t, h, waiting("core"))
			// A Date without fraction leaves a second of doubt, never to be early.
			if early := 5*time.Minute + time.Second - got; early > 0 || early < -time.Second {
				t.Errorf("host ahead by %v: waited %v, want 5m1s to 5m2s", ahead, got)
			}
			_ = m
		})
	}
}

func TestI11_Missing_numbers_change_nothing(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 400, time.Hour))
	before := status(t, m, "a")
	for range 3 {
		o := left(0, 0, 0)
		o.Limit, o.Remaining, o.Reset = ratelimit.Optional[int64]{}, ratelimit.Optional[int64]{}, time.Time{}
		tell(t, h, "core", o)
	}
	s := status(t, m, "a")
	if s.State != tokens.Available || !s.Reset.Equal(before.Reset) || s.Limit != before.Limit {
		t.Errorf("status is %v, want %v", s, before)
	}
	if s.Remaining.Or(-1) != 397 {
		t.Errorf("%v left, want 400 less the three calls", s.Remaining)
	}
	for _, class := range []ratelimit.Class{ratelimit.ServerError, ratelimit.Forbidden, ratelimit.Other, ratelimit.NotFound} {
		tell(t, h, "core", refused(class))
		if s := status(t, m, "a"); s.State != tokens.Available {
			t.Errorf("a %v makes the token %v", class, s)
		}
	}
}
