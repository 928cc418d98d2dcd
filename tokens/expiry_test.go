package tokens_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

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
