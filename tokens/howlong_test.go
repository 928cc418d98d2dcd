package tokens_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// An hour of creations is counted in minutes, a minute of points in seconds, and what
// the host resets is used a second later.
const (
	creationsAgain = 61 * time.Minute
	pointsAgain    = 61 * time.Second
	margin         = time.Second
)

// pacedHub returns github.com with the pace and n tokens, each an account of its own.
func pacedHub(t testing.TB, pace ratelimit.Pace, n int) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	m := manager(t, tokens.Config{Pace: &pace}, gitHubs(n)...)
	return m, hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
}

// fixedTo is the call with one token only.
func fixedTo(r tokens.Request, id tokens.ID) tokens.Request {
	r.Token, r.MaxWait = id, -1
	return r
}

// each makes one call with every token, one after the other.
func each(t testing.TB, m *tokens.Manager, h *tokens.Host, r tokens.Request, answer func(i int) ratelimit.Observation) {
	t.Helper()
	for i, info := range m.AllTokens("") {
		lease(t, h, fixedTo(r, info.ID)).Settle(answer(i))
	}
}

// wantReady wants a call that is not served to be told to come in that time; none says
// that it depends on calls under way.
func wantReady(t testing.TB, h *tokens.Host, r tokens.Request, in time.Duration) {
	t.Helper()
	r.MaxWait = -1
	at, ok := h.ReadyFor(r)
	if got := time.Until(at); !ok || got != in {
		t.Errorf("ReadyFor() = in %v, %t, want in %v", got, ok, in)
	}
	if got := time.Until(exhausted(t, h, r).ReadyAt); got != in {
		t.Errorf("a call is told to come in %v, want %v", got, in)
	}
}

// wantServed is wantReady, and wants the call to be served then if it waits.
func wantServed(t testing.TB, h *tokens.Host, r tokens.Request, in time.Duration) {
	t.Helper()
	wantReady(t, h, r, in)
	r.MaxWait = 24 * time.Hour
	wantWait(t, h, r, in)
}

func TestI9_A_call_whose_own_limit_outlasts_every_rest_is_told_of_the_first_of_these_limits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{CreationsPerHour: 1}, 6)
		each(t, m, h, write(true), func(i int) ratelimit.Observation {
			time.Sleep(time.Minute) // nobody but the first ends its hour first
			return spent(5000, time.Duration(20-i)*time.Minute)
		})
		const since = 5 * time.Minute // that the first was answered
		wantReady(t, h, on("core"), 15*time.Minute+margin)
		wantServed(t, h, write(true), creationsAgain-since)
	})
}

func TestI9_A_call_whose_own_limit_ends_while_some_rest_is_told_of_the_first_who_is_past_both(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{CreationsPerHour: 1}, 6)
		each(t, m, h, write(true), func(i int) ratelimit.Observation { return spent(5000, time.Duration(180-20*i)*time.Minute) })
		wantServed(t, h, write(true), 80*time.Minute+margin)
	})
}

func TestI9_A_limit_on_a_route_that_outlasts_the_reset_is_what_calls_on_it_are_told_of(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{}, 5)
		r := on("core")
		r.Draw.Route = 7
		each(t, m, h, r, func(i int) ratelimit.Observation { return after(tooMany(), 2*time.Hour-time.Duration(i)*time.Minute) })
		each(t, m, h, on("core"), func(int) ratelimit.Observation { return spent(5000, 10*time.Minute) })
		wantReady(t, h, on("core"), 10*time.Minute+margin)
		wantReady(t, h, r, 116*time.Minute+margin)

		// One of them finds that the limit is over, with a call of another resource that
		// costs nothing.
		free := fixedTo(r, m.AllTokens("")[2].ID)
		free.Draw.Resource, free.Draw.Units = "search", 0
		lease(t, h, free).Settle(served())
		wantServed(t, h, r, 10*time.Minute+margin)
	})
}

func TestI9_Points_that_come_back_shorten_what_calls_are_told_while_all_budgets_rest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{PointsPerMinute: 8}, 4)
		each(t, m, h, on("core"), func(i int) ratelimit.Observation {
			time.Sleep(time.Second)
			return spent(5000, time.Duration(20-i)*time.Second)
		})
		const since = 3 * time.Second // that the first was answered
		for range 2 {
			each(t, m, h, on("search"), func(int) ratelimit.Observation { return served() })
		}
		for _, info := range m.AllTokens("")[:3] {
			lease(t, h, fixedTo(on("search"), info.ID)).Settle(served())
		}
		out := lease(t, h, on("search")) // with it the last has no room for five points, either
		wantReady(t, h, write(false), pointsAgain-since)
		out.Cancel()
		wantServed(t, h, write(false), 20*time.Second-since+margin)
	})
}

func TestI9_Units_that_are_not_drawn_shorten_what_dear_calls_are_told(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{}, 4)
		each(t, m, h, on("core"), func(int) ratelimit.Observation { return left(5000, 3, 30*time.Minute) })
		dear := on("core")
		dear.Draw.Units = 3
		var out []tokens.Lease
		for _, info := range m.AllTokens("") {
			out = append(out, lease(t, h, fixedTo(dear, info.ID)))
		}
		wantReady(t, h, dear, 0)
		for i, l := range out {
			if i != 1 {
				l.Settle(left(5000, 0, time.Duration(30+i)*time.Minute)) // of another window
			}
		}
		wantReady(t, h, dear, 0)
		out[1].Settle(left(5000, 2, 30*time.Minute))
		wantServed(t, h, dear, 30*time.Minute+margin)
	})
}

func TestI9_A_window_that_gives_way_to_another_moves_what_dear_calls_are_told(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{}, 3)
		each(t, m, h, on("core"), func(int) ratelimit.Observation { return left(5000, 2, 30*time.Minute) })
		dear := on("core")
		dear.Draw.Units = 3
		var out []tokens.Lease
		for range 2 * 3 {
			out = append(out, lease(t, h, on("core")))
		}
		wantReady(t, h, dear, 30*time.Minute+margin)
		for _, l := range out {
			l.Settle(left(5000, 0, 50*time.Minute))
		}
		wantServed(t, h, dear, 50*time.Minute+margin)
	})
}

func TestI9_A_token_that_is_of_use_again_shortens_what_calls_are_told(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{CreationsPerHour: 1}, 5)
		each(t, m, h, write(true), func(int) ratelimit.Observation { return spent(5000, 10*time.Minute) })
		if err := m.Add(gitHub("late", "")); err != nil {
			t.Fatal(err)
		}
		late := tell(t, h, "core", spent(5000, 30*time.Minute))
		wantReady(t, h, write(true), 30*time.Minute+margin)
		for _, change := range [...]struct{ from, to func() error }{
			{func() error { return m.MarkInvalid(late.ID(), "") }, func() error { return m.MarkValid(late.ID()) }},
			{func() error { return m.Disable(late.ID(), "") }, func() error { return m.Enable(late.ID()) }},
		} {
			if err := change.from(); err != nil {
				t.Fatal(err)
			}
			wantReady(t, h, write(true), creationsAgain)
			if err := change.to(); err != nil {
				t.Fatal(err)
			}
			wantReady(t, h, write(true), 30*time.Minute+margin)
		}
		wantServed(t, h, write(true), 30*time.Minute+margin)
	})
}

func TestI9_I12_Calls_for_an_owner_hope_for_a_token_that_is_being_confirmed(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]time.Duration{200: creationsAgain - 20*time.Minute, 401: creationsAgain} {
		synctest.Test(t, func(t *testing.T) {
			pace := ratelimit.Pace{CreationsPerHour: 1}
			ts := []tokens.Token{gitHub("asked", "one"), gitHub("other", "one")}
			ts[0].Owners, ts[1].Owners = []string{"acme"}, []string{"beta"}
			m := manager(t, tokens.Config{Pace: &pace}, append(ts, seeing("x", "acme"), seeing("y", "acme"), seeing("z", "acme"))...)
			h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
			all := m.AllTokens("")
			create := func(i int) { lease(t, h, fixedTo(write(true), all[i].ID)).Settle(left(5000, 4000, 5*time.Hour)) }
			create(1)
			time.Sleep(20 * time.Minute)
			for i := range 3 {
				create(2 + i)
			}
			r := write(true)
			r.Owner = "acme"
			wantReady(t, h, r, creationsAgain-20*time.Minute)

			refused := lease(t, h, fixedTo(on("core"), all[0].ID))
			refused.Settle(unauthorized("Bad credentials"))
			release := make(chan struct{})
			var probe sync.WaitGroup
			probe.Go(func() { refused.Confirm(context.Background(), slowly(release, status, badCredentials)) })
			synctest.Wait()
			wantReady(t, h, r, creationsAgain-20*time.Minute)
			close(release)
			probe.Wait()
			wantServed(t, h, r, want)
		})
	}
}

func TestI9_A_call_is_told_of_the_longer_of_its_own_limit_and_the_rest_of_the_host(t *testing.T) {
	t.Parallel()
	for _, allRest := range [...]bool{false, true} {
		for rest, want := range map[time.Duration]time.Duration{
			10 * time.Minute: creationsAgain,
			3 * time.Hour:    3*time.Hour + margin,
		} {
			synctest.Test(t, func(t *testing.T) {
				m, h := pacedHub(t, ratelimit.Pace{CreationsPerHour: 1}, 6)
				each(t, m, h, write(true), func(int) ratelimit.Observation {
					if allRest {
						return spent(5000, 20*time.Minute)
					}
					return left(5000, 4000, 5*time.Hour)
				})
				lease(t, h, tokens.Request{Draw: ratelimit.Draw{Resource: "core"}}).Settle(addressLimit(rest))
				wantServed(t, h, write(true), want)
			})
		}
	}
}

func TestI9_Calls_of_more_kinds_than_are_known_are_told_when_to_come(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := pacedHub(t, ratelimit.Pace{PointsPerMinute: 100}, 5)
		of := func(points int64) tokens.Request {
			r := on("core")
			r.Draw.Points = points
			return r
		}
		each(t, m, h, of(99), func(i int) ratelimit.Observation {
			time.Sleep(time.Second)
			return spent(5000, 20*time.Second)
		})
		const kinds = 40
		want := pointsAgain - 4*time.Second // the first was answered that long ago
		for points := range int64(kinds) {
			wantReady(t, h, of(2+points), want)
		}
		var line sync.WaitGroup
		for points := range int64(kinds / 2) { // more of them in line than are known
			line.Go(func() {
				r := of(2 + points)
				r.MaxWait = 0
				l, err := h.Lease(context.Background(), r)
				if err != nil {
					t.Error(err)
					return
				}
				l.Settle(left(5000, 4000, time.Hour))
			})
			synctest.Wait()
		}
		for points := range int64(kinds) {
			wantReady(t, h, of(2+points), want)
		}
		line.Wait()
	})
}
