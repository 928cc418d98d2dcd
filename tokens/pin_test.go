package tokens_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// asking is a request about whoever asks that does not wait.
func asking(i *tokens.Pin) tokens.Request {
	r := on("core")
	r.Pin = i
	return r
}

func TestPin_stays_with_the_account_of_the_first_token_that_can_be_used(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("dead", ""), gitHub("a", "octocat"), gitHub("b", ""), gitHub("c", "octocat"))
		if err := m.MarkInvalid(idOf(t, m, "dead"), "gone"); err != nil {
			t.Fatal(err)
		}
		var i, other tokens.Pin
		if got := serving(t, h, asking(&i)); got != "a c" {
			t.Errorf("served by %q, want both tokens of the first account", got)
		}
		lease(t, h, asking(&i)).Settle(spent(5000, 10*time.Minute))
		e := exhausted(t, h, asking(&i))
		if want := `: only account "octocat" may serve the call`; !strings.HasSuffix(e.Error(), want) {
			t.Errorf("error %q, want it to end in %q", e, want)
		}
		if e := exhausted(t, h, asking(&other)); e.ReadyAt.IsZero() {
			t.Error("a spent account is no reason to begin with another")
		}
		r := asking(&i)
		r.MaxWait = 0
		wantWait(t, h, r, 10*time.Minute+time.Second)
		if err := m.Disable(idOf(t, m, "a"), "test"); err != nil {
			t.Fatal(err)
		}
		if got := serving(t, h, asking(&i)); got != "c" {
			t.Errorf("served by %q, want the account's other token", got)
		}
		m.Remove(idOf(t, m, "c"), "test")
		if got := serving(t, h, asking(&i)); got != "b" {
			t.Errorf("served by %q, want b: the account is gone", got)
		}
		if err := m.Enable(idOf(t, m, "a")); err != nil {
			t.Fatal(err)
		}
		if got := serving(t, h, asking(&i)); got != "b" {
			t.Errorf("served by %q, want b still", got)
		}
		e = exhaustedAfter(t, h, asking(&i))
		if want := `: only the account of token "b" may serve the call`; !strings.HasSuffix(e.Error(), want) {
			t.Errorf("error %q, want it to end in %q", e, want)
		}
	})
}

// exhaustedAfter spends the account that serves the request.
func exhaustedAfter(t testing.TB, h *tokens.Host, r tokens.Request) *tokens.ExhaustedError {
	t.Helper()
	lease(t, h, r).Settle(spent(5000, time.Minute))
	return exhausted(t, h, r)
}

func TestI9_Who_waits_for_an_account_that_goes_is_served_by_another(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHubs(2)...)
		r := asking(new(tokens.Pin))
		lease(t, h, r).Settle(spent(5000, time.Hour))
		r.MaxWait = 0
		time.AfterFunc(time.Minute, func() { _ = m.Disable(idOf(t, m, "t0"), "test") })
		if label, d := wait(t, h, r); label != "t1" || d != time.Minute {
			t.Errorf("served by %s after %v, want t1 after 1m", label, d)
		}
		_ = m.Disable(idOf(t, m, "t1"), "test")
		if e := exhausted(t, h, r); e.Only != "" || !e.ReadyAt.IsZero() {
			t.Errorf("error %q, want one that says that no token can be used", e)
		}
	})
}

func TestPin_of_an_owner_is_the_first_account_that_sees_it(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "beta"), gitHub("any", ""))
	var i tokens.Pin
	for owner, want := range map[string]string{"": "a", "beta": "b", "Acme": "a", "nobody": "a"} {
		r := asking(&i)
		r.Owner = owner
		if got := serving(t, h, r); got != want {
			t.Errorf("for owner %q served by %q, want %q", owner, got, want)
		}
	}
	r := asking(&i)
	r.Token = idOf(t, m, "any")
	if got := serving(t, h, r); got != "any" {
		t.Errorf("a call that is fixed to a token is served by %q", got)
	}
}

func TestPin_goes_by_the_order_of_adding_whatever_was_declared_anew(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""), seeing("b", "acme"))
	if err := m.Replace(seeing("a", "acme")); err != nil {
		t.Fatal(err)
	}
	var i tokens.Pin
	r := asking(&i)
	r.Owner = "acme"
	if got := serving(t, h, r); got != "a" {
		t.Errorf("served by %q, want the first that was added", got)
	}
}
