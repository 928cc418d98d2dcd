package tokens_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// ending returns a token that ends in the given time.
func ending(name string, in time.Duration) tokens.Token {
	t := gitHub(name, "")
	t.Expires = time.Now().Add(in)
	return t
}

func TestExpired_a_token_is_not_used_past_its_end(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, ending("short", time.Hour), ending("over", 0), gitHub("long", ""))
		if got := status(t, m, "over").State; got != tokens.Expired {
			t.Errorf("a token past its end is %v", got)
		}
		if tell(t, h, "core", served()).Label() != "short" {
			t.Error("the token that has not ended yet did not serve")
		}
		out := lease(t, h, on("core"))
		time.Sleep(time.Hour + time.Nanosecond)
		if s := status(t, m, "short"); s.State != tokens.Expired || s.IsAvailable() || s.String() != "expired" {
			t.Errorf("the token is %v", s)
		}
		out.Settle(served())
		for range 5 {
			if got := lease(t, h, on("core")).Label(); got != "long" {
				t.Errorf("%s served", got)
			}
		}
		if n := len(leaseAll(t, h, on("search"))); n != 5 {
			t.Errorf("%d leases, want the 5 of one token", n)
		}
		if e := exhausted(t, h, on("search")); e.States[tokens.Expired] != 2 {
			t.Errorf("the error counts %v", e.States)
		}
		if n := m.CountAvailable(tokens.GitHub); n != 1 {
			t.Errorf("%d tokens are available, want 1", n)
		}
	})
}

func TestI9_Expired_waiters_hear_of_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, ending("a", time.Minute))
		tell(t, h, "core", spent(5000, 30*time.Minute))
		start := time.Now()
		_, err := h.Lease(t.Context(), waiting("core"))
		var e *tokens.ExhaustedError
		if !errors.As(err, &e) || !e.ReadyAt.IsZero() || time.Since(start) != time.Minute {
			t.Errorf("the waiter got %v after %v, want to hear at the end of the only token", err, time.Since(start))
		}
	})
}

func TestExpired_an_end_that_was_named_wrong_can_be_named_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, ending("a", time.Minute))
		time.Sleep(30 * time.Second)
		m.Remove(idOf(t, m, "a"), "renewed")
		if err := m.Add(ending("a", time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		tell(t, h, "core", served())
		time.Sleep(30*time.Minute + time.Nanosecond)
		exhausted(t, h, on("core"))
	})
}

func TestExpires_is_what_was_declared_or_what_the_host_said_if_that_is_earlier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, ending("a", time.Hour), gitHub("b", ""))
		start := time.Now()
		want := func(label string, want time.Duration) {
			t.Helper()
			if got := infoOf(t, m, label).Expires; !got.Equal(start.Add(want)) {
				t.Errorf("%s ends at %v, want in %v", label, got, want)
			}
		}
		want("a", time.Hour)
		if got := infoOf(t, m, "b").Expires; !got.IsZero() {
			t.Errorf("b ends at %v", got)
		}
		for _, told := range []time.Duration{2 * time.Hour, 30 * time.Minute} {
			for range 2 {
				o := served()
				o.TokenExpiry = start.Add(told)
				tell(t, h, "core", o)
			}
		}
		want("a", 30*time.Minute)
		want("b", 30*time.Minute)
		time.Sleep(30*time.Minute + time.Second)
		if e := exhausted(t, h, on("core")); e.States[tokens.Expired] != 2 {
			t.Errorf("%v, want both expired", e.States)
		}
		if err := m.Rotate(idOf(t, m, "a"), tokens.Static(canary.Token("new"))); err != nil {
			t.Fatal(err)
		}
		if got := infoOf(t, m, "a"); got.Status.State != tokens.Unknown || !got.Expires.IsZero() {
			t.Errorf("with another secret a is %v and ends at %v", got.Status, got.Expires)
		}
	})
}

func TestExpires_of_an_answer_to_the_secret_before_the_rotation_is_not_taken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		l := lease(t, h, on("core"))
		if err := m.Rotate(idOf(t, m, "a"), tokens.Static(canary.Token("new"))); err != nil {
			t.Fatal(err)
		}
		o := served()
		o.TokenExpiry = time.Now().Add(time.Hour)
		l.Settle(o)
		if got := infoOf(t, m, "a").Expires; !got.IsZero() {
			t.Errorf("the token ends at %v, which is of the old secret", got)
		}
	})
}

func TestI12_An_end_in_the_past_on_an_answer_that_was_served_is_a_mistake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		o := served()
		o.TokenExpiry = time.Now().Add(-time.Hour)
		tell(t, h, "core", o)
		if got := status(t, m, "a").State; got != tokens.Available {
			t.Errorf("the token is %v", got)
		}
	})
}

func TestExpires_is_told_by_GitLab_when_it_is_asked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		secret := prefixed("glpat-", "a")
		sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{secret}})
		end := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 20)
		sim.Expire(secret, end)
		m := manager(t, tokens.Config{Base: sim}, tokens.Token{Provider: tokens.GitLab, Label: "a", Secret: tokens.Static(secret)})
		identify(t, m)
		if got := infoOf(t, m, "a").Expires; !got.Equal(end) {
			t.Errorf("the token ends at %v, want %v", got, end)
		}
		time.Sleep(time.Until(end) + time.Second)
		if got := status(t, m, "a").State; got != tokens.Expired {
			t.Errorf("the token is %v at its end", got)
		}
	})
}

func TestExpires_a_header_of_GitHub_retires_the_token_in_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}})
		end := time.Now().Add(time.Hour).Truncate(time.Second)
		sim.Expire(canary.Token("a"), end)
		m := manager(t, tokens.Config{Base: sim}, gitHub("a", ""))
		identify(t, m)
		if got := infoOf(t, m, "a").Expires; !got.Equal(end) {
			t.Errorf("the token ends at %v, want %v", got, end)
		}
		time.Sleep(time.Hour + time.Nanosecond)
		exhausted(t, anyHost(t, m, tokens.GitHub), on("core"))
		if got := sim.Stats().Unauthorized; got != 0 {
			t.Errorf("%d calls met a 401", got)
		}
	})
}
