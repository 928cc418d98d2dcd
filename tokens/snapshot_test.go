package tokens_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// reborn returns a new manager of the same tokens into which the snapshot of
// the old one was restored by way of JSON.
func reborn(t *testing.T, old *tokens.Manager, ts ...tokens.Token) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	text, err := json.Marshal(old.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), canary.Mark) {
		t.Fatal("I1: the snapshot holds a secret")
	}
	var s tokens.Snapshot
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	m, h := gitHubHost(t, ts...)
	if n, err := m.Restore(s); err != nil || n != len(ts) {
		t.Fatalf("Restore() = %d, %v, want %d tokens", n, err, len(ts))
	}
	return m, h
}

func TestSnapshot_a_restart_does_not_discover_limits_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ts := letters(5)
		old, h := gitHubHost(t, ts...)
		start := time.Now()
		tell(t, h, "core", left(5000, 4000, time.Hour))                               // a
		tell(t, h, "core", spent(5000, 30*time.Minute))                               // b
		tell(t, h, "core", after(refused(ratelimit.SecondaryLimit), 10*time.Minute))  // c
		if err := old.MarkInvalid(idOf(t, old, "d"), "Bad credentials"); err != nil { // d
			t.Fatal(err)
		}
		if err := old.Disable(idOf(t, old, "e"), "on holiday"); err != nil {
			t.Fatal(err)
		}
		lease(t, h, on("core")) // of a; the old process ends before its answer
		time.Sleep(time.Minute)

		m, h := reborn(t, old, ts...)
		want := map[string]string{
			"a": "available (3999 of 5000 left)",
			"b": "limited until " + start.Add(30*time.Minute+time.Second).UTC().Format(time.RFC3339),
			"c": "cooling until " + start.Add(10*time.Minute+time.Second).UTC().Format(time.RFC3339),
			"d": "suspect: Bad credentials",
			"e": "disabled: on holiday",
		}
		for label, w := range want {
			if got := status(t, m, label).String(); got != w {
				t.Errorf("%s is %q, want %q", label, got, w)
			}
		}
		if got := lease(t, h, on("core")).Label(); got != "a" {
			t.Errorf("%s serves, want a", got)
		}
		time.Sleep(time.Hour)
		if got := status(t, m, "b").String(); got != "available" {
			t.Errorf("after its reset b is %q, want available without numbers", got)
		}
	})
}

func TestSnapshot_keeps_how_often_a_host_without_numbers_has_refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := tokens.Token{Provider: tokens.Bitbucket, Label: "a", Secret: tokens.Static(canary.Token("a"))}
		const address = "https://api.bitbucket.org/2.0/user"
		old := manager(t, tokens.Config{}, token)
		h := hostOf(t, old, tokens.Bitbucket, address)
		for range 3 {
			tell(t, h, "api", refused(ratelimit.PrimaryLimit))
			time.Sleep(time.Hour)
		}
		m := manager(t, tokens.Config{}, token)
		if _, err := m.Restore(old.Snapshot()); err != nil {
			t.Fatal(err)
		}
		h = hostOf(t, m, tokens.Bitbucket, address)
		tell(t, h, "api", refused(ratelimit.PrimaryLimit))
		e := exhausted(t, h, on("api"))
		if got := time.Until(e.ReadyAt); got < 8*time.Minute {
			t.Errorf("the fourth refusal rests for %v, want 8 min or more", got)
		}
	})
}

func TestSnapshot_keeps_a_rest_that_no_number_tells_of(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := tokens.Token{Provider: tokens.Bitbucket, Label: "a", Secret: tokens.Static(canary.Token("a"))}
		const address = "https://api.bitbucket.org/2.0/user"
		old := manager(t, tokens.Config{}, token)
		tell(t, hostOf(t, old, tokens.Bitbucket, address), "api", refused(ratelimit.PrimaryLimit))
		m := manager(t, tokens.Config{}, token)
		if _, err := m.Restore(old.Snapshot()); err != nil {
			t.Fatal(err)
		}
		e := exhausted(t, hostOf(t, m, tokens.Bitbucket, address), on("api"))
		if got := time.Until(e.ReadyAt); got < time.Minute {
			t.Errorf("ready in %v, want a minute or more", got)
		}
	})
}

func TestRestore_refuses_what_it_cannot_take_over(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, letters(1)...)
	s := m.Snapshot()
	strange := s
	strange.Version = 99
	if _, err := m.Restore(strange); err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Errorf("Restore() of another version = %v, want an error that names it", err)
	}
	unknown := tokens.Snapshot{Version: s.Version, Tokens: []tokens.TokenSnapshot{{ID: "of another manager"}}}
	if n, err := m.Restore(unknown); n != 0 || err != nil {
		t.Errorf("Restore() of other tokens = %d, %v, want 0 and no error", n, err)
	}
	lease(t, h, on("core")).Settle(served())
	if _, err := m.Restore(s); err == nil || !strings.Contains(err.Error(), "before the first call") {
		t.Errorf("Restore() after calls = %v, want an error", err)
	}
	var state tokens.State
	if err := state.UnmarshalText([]byte("tired")); err == nil || !strings.Contains(err.Error(), "tired") {
		t.Errorf("UnmarshalText() = %v, want an error that names the state", err)
	}
}

func TestRestore_an_owner_whose_only_token_comes_back_disabled_is_nobodys(t *testing.T) {
	t.Parallel()
	ts := []tokens.Token{seeing("a", "acme"), seeing("b", "beta")}
	old, _ := gitHubHost(t, ts...)
	if err := old.Disable(idOf(t, old, "a"), "on holiday"); err != nil {
		t.Fatal(err)
	}
	m, h := gitHubHost(t, ts...)
	if _, ok := h.ReadyFor(about("acme")); !ok {
		t.Fatal("nobody serves the owner before")
	}
	if _, err := m.Restore(old.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if got := serving(t, h, about("acme")); got != "b" {
		t.Errorf("%s serves, want b as for any owner that no token names which can serve", got)
	}
}

func TestI4_Snapshot_a_restart_does_not_forget_whose_tokens_are(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
			{Login: "octocat", Tokens: []string{canary.Token("a"), canary.Token("b")}},
		}})
		end := time.Now().Add(time.Hour).Truncate(time.Second)
		sim.Expire(canary.Token("a"), end)
		ts := letters(2)
		old := manager(t, tokens.Config{Base: sim}, ts...)
		identify(t, old)
		m, h := reborn(t, old, ts...)
		if a, b := infoOf(t, m, "a"), infoOf(t, m, "b"); a.Account != "octocat" || a.Identity.Kind != tokens.KindClassic || !a.Expires.Equal(end) || !b.Expires.IsZero() {
			t.Errorf("a is %+v, b ends at %v", a, b.Expires)
		}
		if got := lease(t, h, on("core")); got.Label() == "" {
			t.Error("nobody serves")
		}
		wantInFlight(t, m, 1) // of the one account
		if got := status(t, m, "b").Remaining.Or(0); got != 4998 {
			t.Errorf("b has %d left, want the 4998 that both have", got)
		}
	})
}

func TestI6_Snapshot_a_lost_call_stays_charged_after_a_restart(t *testing.T) {
	t.Parallel()
	old, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 3, time.Hour))
	lease(t, h, on("core")).Lost()
	_, h = reborn(t, old, gitHub("a", ""))
	if n := len(leaseAll(t, h, on("core"))); n != 2 {
		t.Errorf("%d calls after a restart, want 2: of 3 one was lost", n)
	}
}
