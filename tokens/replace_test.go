package tokens_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestReplace_declares_anew_and_keeps_ID_limits_and_state(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, ending("a", time.Hour))
		tell(t, h, "core", left(5000, 4000, 30*time.Minute))
		before := infoOf(t, m, "a")
		out := lease(t, h, on("core"))
		anew := gitHub("a", "team")
		anew.Label, anew.Description, anew.Tags = "alice", "of Alice", []string{"lent"}
		anew.Floor = tokens.Floor{Calls: 3990}
		if err := m.Replace(anew, gitHub("b", "")); err != nil {
			t.Fatal(err)
		}
		got := infoOf(t, m, "alice")
		if got.ID != before.ID || got.Account != "team" || got.Description != "of Alice" || !slices.Equal(got.Tags, anew.Tags) || !got.Expires.IsZero() {
			t.Errorf("the token is %+v", got)
		}
		if got.Status.String() != "available (4000 of 5000 left)" || got.Status.InFlight != 1 {
			t.Errorf("the token is %v with %d in flight, want what it was", got.Status, got.Status.InFlight)
		}
		if got := out.Label(); got != "alice" {
			t.Errorf("the lease is of %q", got)
		}
		out.Settle(left(5000, 3999, 30*time.Minute))
		infoOf(t, m, "b")
		_ = m.Disable(idOf(t, m, "b"), "")
		if got := len(leaseAll(t, h, on("core"))); got != 9 {
			t.Errorf("%d leases, want the 9 above the floor", got)
		}
		time.Sleep(2 * time.Hour)
		if got := status(t, m, "alice").State; got == tokens.Expired {
			t.Error("the token expired at the end that was declared before")
		}
	})
}

func TestReplace_changes_priority_scheme_and_end(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, letters(2)...)
		first := labelled("b", "")
		first.Priority = 1
		first.Scheme, first.Expires = tokens.PrivateToken, time.Now().Add(time.Hour)
		if err := m.Replace(first); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			l := tell(t, h, "core", left(5000, 4000, 3*time.Hour))
			header := map[string][]string{}
			l.Authorize(header)
			if l.Label() != "b" || len(header["Private-Token"]) != 1 {
				t.Errorf("%s serves, with %d headers", l.Label(), len(header))
			}
		}
		time.Sleep(time.Hour + time.Second)
		if got := tell(t, h, "core", served()).Label(); got != "a" {
			t.Errorf("%s serves after the end of b", got)
		}
	})
}

func TestReplace_moves_a_token_between_accounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, labelled("a", "x"), labelled("b", "x"), labelled("c", "y"))
		inFlight := func(want map[string]int) {
			t.Helper()
			for label, n := range want {
				if got := status(t, m, label).InFlight; got != n {
					t.Errorf("%s: %d in flight, want %d", label, got, n)
				}
			}
		}
		if err := m.Replace(labelled("b", "y")); err != nil {
			t.Fatal(err)
		}
		_ = m.Disable(idOf(t, m, "a"), "")
		l := lease(t, h, on("core"))
		inFlight(map[string]int{"a": 0, "b": 1, "c": 1})
		if err := m.Replace(labelled("b", "")); err != nil {
			t.Fatal(err)
		}
		inFlight(map[string]int{"a": 0, "b": 0, "c": 1})
		l.Settle(left(5000, 10, time.Hour))
		// What was called y goes on as z, and a new y is another account.
		if err := m.Replace(labelled("c", "z")); err != nil {
			t.Fatal(err)
		}
		if err := m.Add(labelled("d", "y")); err != nil {
			t.Fatal(err)
		}
		if c, d := status(t, m, "c").Remaining, status(t, m, "d").Remaining; c.Or(0) != 10 || d.IsKnown() {
			t.Errorf("c has %v, d has %v, want 10 and unknown", c, d)
		}
	})
}

func TestI4_I5_A_token_that_is_on_its_own_again_has_the_calls_and_the_budget_of_before(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := unpaced(t, labelled("a", ""))
		tell(t, h, "core", left(5000, 10, time.Hour))
		out := leaseOf(t, h, 4)["a"]
		m.Remove(idOf(t, m, "a"), "tested")
		for _, account := range []string{"team", ""} {
			if err := m.Replace(labelled("a", account)); err != nil {
				t.Fatal(err)
			}
		}
		wantInFlight(t, m, 4)
		rest := leaseAll(t, h, on("core"))
		if len(rest) != 6 {
			t.Errorf("%d more leases, want the 6 that the 4 under way leave of 10", len(rest))
		}
		for i, l := range out {
			l.Settle(left(5000, 9-int64(i), time.Hour))
		}
		wantInFlight(t, m, len(rest))
		if got := status(t, m, "a").Remaining.Or(-1); got != 6 {
			t.Errorf("%d remain, want the 6 that the last of the old calls told", got)
		}
	})
}

func TestReplace_with_a_malformed_token_changes_nothing_and_keeps_a_rotated_secret(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, labelled("a", ""))
	anew := labelled("a", "")
	anew.Label = "alice"
	if err := m.Replace(anew, tokens.Token{Provider: tokens.GitHub}); err == nil {
		t.Error("Replace() took a token without a secret")
	}
	id := idOf(t, m, "a")
	if err := m.Rotate(id, tokens.Static(canary.Token("new"))); err != nil {
		t.Fatal(err)
	}
	if err := m.Replace(anew); err != nil {
		t.Fatal(err)
	}
	header := map[string][]string{}
	l := lease(t, h, on("core"))
	defer l.Cancel()
	l.Authorize(header)
	if header["Authorization"][0] != "Bearer "+canary.Token("new") {
		t.Error("the secret is not the rotated one")
	}
}
