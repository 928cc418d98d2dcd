package tokens_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// gitLab returns gitlab.com with tokens of these names.
func gitLab(t *testing.T, names ...string) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	var ts []tokens.Token
	for _, name := range names {
		ts = append(ts, tokens.Token{Provider: tokens.GitLab, Label: name, Secret: tokens.Static(canary.Token(name))})
	}
	m := manager(t, tokens.Config{}, ts...)
	return m, hostOf(t, m, tokens.GitLab, "https://gitlab.com/api/v4/user")
}

// along is a request for one call of a route of GitLab.
func along(route uint64) tokens.Request {
	return tokens.Request{Draw: ratelimit.Draw{Resource: "throttle_authenticated_api", Units: 1, Points: 1, Route: route}}
}

// tooMany is what an application limit of GitLab answers.
func tooMany() ratelimit.Observation {
	o := refused(ratelimit.SecondaryLimit)
	o.Rests = ratelimit.OneRoute
	return o
}

func never(r tokens.Request) tokens.Request {
	r.MaxWait = -1
	return r
}

func TestI8_An_application_limit_rests_one_route_of_one_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitLab(t, "a", "b")
		first := lease(t, h, along(1))
		first.Settle(after(tooMany(), 24*time.Hour))
		for range 4 {
			l := lease(t, h, along(1))
			if l.Label() == first.Label() {
				t.Fatalf("%s serves the route that it was refused", l.Label())
			}
			l.Settle(served())
		}
		used := map[string]bool{}
		for range 4 {
			l := lease(t, h, along(2))
			used[l.Label()] = true
			l.Settle(served())
		}
		if !used[first.Label()] {
			t.Errorf("%s does not serve other routes", first.Label())
		}
		if got := status(t, m, first.Label()).State; got != tokens.Available && got != tokens.Unknown {
			t.Errorf("the account is %v, want that it can be used", got)
		}
	})
}

func TestI8_Those_who_wait_for_a_route_are_woken_when_it_is_free_and_others_go_past(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitLab(t, "a")
		lease(t, h, along(1)).Settle(after(tooMany(), time.Minute))
		e := exhausted(t, h, never(along(1)))
		if got, want := time.Until(e.ReadyAt), time.Minute+time.Second; got != want {
			t.Errorf("ready in %v, want %v", got, want)
		}
		done := make(chan time.Duration)
		start := time.Now()
		go func() {
			l, err := h.Lease(t.Context(), along(1))
			if err != nil {
				t.Error(err)
			}
			l.Settle(served())
			done <- time.Since(start)
		}()
		synctest.Wait()
		lease(t, h, along(2)).Settle(served())
		if got := time.Since(start); got != 0 {
			t.Errorf("a call of another route waited %v", got)
		}
		if got, want := <-done, time.Minute+time.Second; got != want {
			t.Errorf("the route was free after %v, want %v", got, want)
		}
	})
}

func TestI10_Limits_on_a_route_without_a_time_grow_and_a_success_ends_the_count(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitLab(t, "a")
		for _, least := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
			lease(t, h, along(1)).Settle(tooMany())
			got := time.Until(exhausted(t, h, never(along(1))).ReadyAt) - time.Second
			if got < least || got > least*5/4 {
				t.Errorf("rests for %v, want %v and up to a quarter more", got, least)
			}
			time.Sleep(got + time.Second)
		}
		lease(t, h, along(1)).Settle(served())
		lease(t, h, along(1)).Settle(tooMany())
		if got := time.Until(exhausted(t, h, never(along(1))).ReadyAt) - time.Second; got > 75*time.Second {
			t.Errorf("after a success it rests for %v, want a minute", got)
		}
	})
}

func TestI10_One_burst_on_a_route_counts_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitLab(t, "a")
		burst := []tokens.Lease{lease(t, h, along(1)), lease(t, h, along(1)), lease(t, h, along(1))}
		for _, l := range burst {
			l.Settle(tooMany())
		}
		if got := time.Until(exhausted(t, h, never(along(1))).ReadyAt) - time.Second; got > 75*time.Second {
			t.Errorf("rests for %v, want a minute and up to a quarter more", got)
		}
	})
}

func TestI8_A_limit_on_a_route_of_a_call_without_one_rests_the_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitLab(t, "a")
		lease(t, h, along(0)).Settle(after(tooMany(), time.Minute))
		exhausted(t, h, never(along(2)))
	})
}

func TestI8_The_page_of_an_edge_rests_the_host(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitLab(t, "a", "b")
		o := refused(ratelimit.SecondaryLimit)
		o.Rests = ratelimit.WholeHost
		lease(t, h, along(1)).Settle(o)
		if got, want := time.Until(exhausted(t, h, never(along(2))).ReadyAt), 61*time.Second; got != want {
			t.Errorf("ready in %v, want %v: every account sends from the same address", got, want)
		}
	})
}
