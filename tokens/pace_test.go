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

// write is a request for one call that writes, and perhaps creates content.
func write(creates bool) tokens.Request {
	return tokens.Request{Draw: ratelimit.Draw{Resource: "core", Units: 1, Points: 5, Creates: creates}}
}

// serve leases n calls one after the other, answers each after the latency, and
// returns when each was leased, from the start.
func serve(t *testing.T, h *tokens.Host, r tokens.Request, n int, latency time.Duration) []time.Duration {
	t.Helper()
	start := time.Now()
	at := make([]time.Duration, n)
	for i := range n {
		l := lease(t, h, r)
		at[i] = time.Since(start)
		time.Sleep(latency)
		l.Settle(left(100_000, 90_000, time.Hour))
	}
	return at
}

func TestPace_an_account_reads_900_points_at_once_and_the_next_as_the_first_run_out(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		at := serve(t, h, waiting("core"), 1000, 10*time.Millisecond)
		if got, want := at[899], 899*10*time.Millisecond; got != want {
			t.Errorf("call 900 waited: it was leased after %v, want %v", got, want)
		}
		// A point counts until 60 s after its answer, kept in whole seconds.
		if got := at[900]; got < time.Minute || got > 62*time.Second {
			t.Errorf("call 901 was leased after %v, want 60 s to 62 s", got)
		}
	})
}

func TestPace_counts_a_point_from_its_lease_until_a_minute_after_its_answer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 2}}, gitHub("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		first, second := lease(t, h, on("core")), lease(t, h, on("core"))
		exhausted(t, h, on("core"))
		time.Sleep(30 * time.Second)
		first.Settle(served())
		second.Cancel() // was not sent and so does not count
		third := lease(t, h, on("core"))
		start := time.Now()
		fourth := lease(t, h, waiting("core"))
		if got := time.Since(start); got < time.Minute || got > 62*time.Second {
			t.Errorf("waited %v for the point of the first call, want 60 s to 62 s", got)
		}
		third.Settle(served())
		fourth.Settle(served())
	})
}

func TestPace_writes_of_an_account_are_a_second_apart_and_reads_go_past_them(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		start := time.Now()
		var writes sync.WaitGroup
		var mu sync.Mutex
		var at []time.Duration
		for range 4 {
			writes.Go(func() {
				l, err := h.Lease(context.Background(), write(false))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				at = append(at, time.Since(start))
				mu.Unlock()
				l.Settle(left(5000, 4000, time.Hour))
			})
		}
		synctest.Wait()
		lease(t, h, waiting("core")).Settle(left(5000, 3999, time.Hour))
		if got := time.Since(start); got != 0 {
			t.Errorf("a read waited %v behind writes, want none", got)
		}
		writes.Wait()
		for i, got := range at {
			if want := time.Duration(i) * time.Second; got != want {
				t.Errorf("write %d was leased after %v, want %v", i+1, got, want)
			}
		}
	})
}

func TestPace_two_accounts_write_side_by_side(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		at := serve(t, h, write(false), 4, 0)
		for i, got := range at {
			if want := time.Duration(i/2) * time.Second; got != want {
				t.Errorf("write %d was leased after %v, want %v", i+1, got, want)
			}
		}
	})
}

func TestPace_creations_keep_within_80_a_minute_and_500_an_hour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		at := serve(t, h, write(true), 600, 0)
		for i := range at {
			if i >= 80 && at[i]-at[i-80] < time.Minute {
				t.Fatalf("creations %d and %d are %v apart, want a minute", i-79, i+1, at[i]-at[i-80])
			}
			if i >= 500 && at[i]-at[i-500] < time.Hour {
				t.Fatalf("creations %d and %d are %v apart, want an hour", i-499, i+1, at[i]-at[i-500])
			}
		}
		if got := at[599]; got > 75*time.Minute {
			t.Errorf("600 creations took %v, want about an hour and eight minutes", got)
		}
	})
}

func TestPace_creations_are_bounded_by_the_minute_without_a_gap_too(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := ratelimit.Pace{CreationsPerMinute: 80}
		h := hostOf(t, manager(t, tokens.Config{Pace: &pace}, gitHub("a", "")), tokens.GitHub, "https://api.github.com/user")
		at := serve(t, h, write(true), 81, 0)
		if at[79] != 0 || at[80] < time.Minute {
			t.Errorf("creations 80 and 81 were leased after %v and %v, want at once and a minute", at[79], at[80])
		}
	})
}

func TestPace_a_call_on_one_resource_makes_those_in_line_for_another_wait_and_wakes_them(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1}}, gitHub("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		core := lease(t, h, on("core"))
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			l, err := h.Lease(context.Background(), waiting("search"))
			if err != nil {
				t.Error(err)
				return
			}
			if got := time.Since(start); got < 70*time.Second || got > 72*time.Second {
				t.Errorf("waited %v, want a minute from the answer after 10 s", got)
			}
			l.Settle(served())
		})
		time.Sleep(10 * time.Second)
		core.Settle(served())
		wg.Wait()
	})
}

func TestPace_graphql_has_points_of_its_own(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1, GraphQLPointsPerMinute: 2}}, gitHub("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		lease(t, h, on("core")).Settle(served())
		exhausted(t, h, on("core"))
		exhausted(t, h, on("search")) // REST too
		lease(t, h, on("graphql")).Settle(served())
		lease(t, h, on("graphql")).Settle(served())
		exhausted(t, h, on("graphql"))
	})
}

func TestPace_is_off_where_the_host_documents_none_and_where_it_is_switched_off(t *testing.T) {
	t.Parallel()
	enterprise := gitHub("a", "")
	enterprise.Host = "https://ghe.example.com"
	tests := []struct {
		name  string
		c     tokens.Config
		token tokens.Token
		url   string
	}{
		{"Enterprise Server", tokens.Config{}, enterprise, "https://ghe.example.com/api/v3/user"},
		{"switched off", tokens.Config{Pace: &ratelimit.Pace{}}, gitHub("a", ""), "https://api.github.com/user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := hostOf(t, manager(t, tt.c, tt.token), tokens.GitHub, tt.url)
				at := serve(t, h, write(true), 2000, 0)
				if at[1999] != 0 {
					t.Errorf("2,000 writes took %v, want no time", at[1999])
				}
			})
		})
	}
}

func TestI9_A_write_that_the_pace_holds_back_longer_than_it_may_wait_is_told_when(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		lease(t, h, write(false)).Settle(served())
		r := write(false)
		r.MaxWait = time.Second / 2
		start := time.Now()
		e := exhausted(t, h, r)
		if want := start.Add(time.Second); !e.ReadyAt.Equal(want) || time.Since(start) != 0 {
			t.Errorf("ReadyAt is %v from now, told after %v, want 1 s at once", e.ReadyAt.Sub(start), time.Since(start))
		}
	})
}

func TestI9_A_write_goes_when_the_pace_allows_though_calls_are_under_way(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{MaxInFlight: 1}, letters(2)...)
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		hangs := lease(t, h, on("core")) // until the test ends
		defer hangs.Cancel()
		lease(t, h, write(false)).Settle(served())
		wantWait(t, h, write(false), time.Second)
	})
}

func TestI9_Points_of_a_call_that_was_not_sent_go_to_who_waits_for_any_resource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1}}, gitHub("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		time.AfterFunc(3*time.Second, lease(t, h, on("core")).Cancel)
		wantWait(t, h, waiting("search"), 3*time.Second)
	})
}

func TestI9_A_write_behind_a_creation_goes_when_the_pace_allows_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := &ratelimit.Pace{PointsPerMinute: 900, CreationsPerMinute: 1, WriteGap: 5 * time.Second}
		m := manager(t, tokens.Config{Pace: pace}, gitHub("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		lease(t, h, write(true)).Settle(served())
		go func() {
			l, err := h.Lease(t.Context(), write(true)) // for a minute
			if err != nil {
				t.Error(err)
			}
			l.Cancel()
		}()
		synctest.Wait()
		time.AfterFunc(time.Second, func() { lease(t, h, on("core")).Settle(served()) }) // which has the line looked at
		wantWait(t, h, write(false), 5*time.Second)
		time.Sleep(2 * time.Minute)
	})
}

func TestI9_A_write_that_a_token_refused_comes_back_to_it_after_the_gap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pace := &ratelimit.Pace{PointsPerMinute: 900, WriteGap: 5 * time.Second}
		m := manager(t, tokens.Config{Pace: pace}, gitHub("a", ""), gitHub("b", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		a := tell(t, h, "core", left(5000, 5000, time.Hour))
		b := lease(t, h, but(triedAccounts(a)))
		b.Settle(spent(5000, time.Hour))
		out := make(chan tokens.Lease, 2) // until the test ends
		time.AfterFunc(time.Second, func() {
			r := write(false)
			r.Token, r.MaxWait = idOf(t, m, a.Label()), -1
			out <- lease(t, h, r) // so that it is in its gap
		})
		time.AfterFunc(2*time.Second, func() { out <- lease(t, h, on("core")) }) // so that the line is looked at
		r := write(false)
		r.Tried = triedAccounts(a)
		if label, d := wait(t, h, r); label != a.Label() || d != 6*time.Second {
			t.Errorf("served by %s after %v, want %s after 6s", label, d, a.Label())
		}
		(<-out).Cancel()
		(<-out).Cancel()
	})
}
