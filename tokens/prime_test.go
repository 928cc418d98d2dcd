package tokens_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestPrime_reads_every_budget_of_every_account_once_and_free_of_charge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
			{Login: "one", Tokens: []string{canary.Token("a"), canary.Token("b")}},
			{Login: "two", Tokens: []string{canary.Token("c")}},
		}})
		sim.SetRemaining(canary.Token("a"), "core", 4321)
		sim.SetRemaining(canary.Token("a"), "search", 0)
		m := manager(t, tokens.Config{Base: sim}, labelled("a", "one"), labelled("b", "one"), labelled("c", "two"),
			tokens.Token{Provider: tokens.GitLab, Secret: tokens.Static(canary.Token("gl"))})
		if err := m.Prime(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := sim.Stats().Requests; got != 2 {
			t.Errorf("%d requests were sent, want one an account of GitHub", got)
		}
		for label, want := range map[string]string{
			"a": "available (4321 of 5000 left)",
			"b": "available (4321 of 5000 left)",
			"c": "available (5000 of 5000 left)",
		} {
			got := status(t, m, label)
			got.State = max(got.State, tokens.Available) // of the two tokens only one was sent
			if got.String() != want {
				t.Errorf("%s is %q, want %q", label, got, want)
			}
		}
		if b := status(t, m, "b").Budgets["search"]; b.Remaining.Or(-1) != 0 || b.Until.IsZero() {
			t.Errorf("the search budget of a and b is %+v, want spent", b)
		}
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		if got := lease(t, h, on("search")).Label(); got != "c" {
			t.Errorf("%s serves a search, want c", got)
		}
		if limit, left := h.Limit("search"), h.Remaining("search"); limit != 60 || left != 29 {
			t.Errorf("%d of %d searches are left of all accounts, want 29 of 60", left, limit)
		}
	})
}

func TestI6_What_Prime_finds_spent_rests_until_its_reset_whatever_comes_later(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}})
		sim.SetRemaining(canary.Token("a"), "search", 0)
		m := manager(t, tokens.Config{Base: sim}, labelled("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		before := lease(t, h, on("search"))
		if err := m.Prime(t.Context()); err != nil {
			t.Fatal(err)
		}
		before.Settle(left(30, 20, 3*time.Minute)) // of another region
		e := exhausted(t, h, on("search"))
		if got := time.Until(e.ReadyAt); got < 59*time.Second || got > 62*time.Second {
			t.Errorf("ready in %v, want the minute that Prime was told", got)
		}
	})
}

func TestPrime_joins_the_errors_and_takes_over_what_it_can(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b"), canary.Token("c")}})
	sim.Revoke(canary.Token("b"))
	down := errors.New("no network")
	var calls atomic.Int32
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		if calls.Add(1); strings.HasSuffix(r.Header.Get("Authorization"), canary.Token("c")) {
			return nil, down
		}
		return sim.RoundTrip(r)
	})
	m := manager(t, tokens.Config{Base: base}, letters(3)...)
	err := m.Prime(t.Context())
	if !errors.Is(err, down) || !strings.Contains(err.Error(), `token "b": reading its limits: the host answered unauthorized: Bad credentials`) {
		t.Errorf("Prime() = %v, want both errors, with the labels", err)
	}
	if holdsSecret(err.Error()) {
		t.Error("I1: the error holds a secret")
	}
	if got := status(t, m, "a").Remaining.Or(0); got != 5000 {
		t.Errorf("a has %d left, want 5000", got)
	}
	if got := status(t, m, "b").State; got != tokens.Suspect {
		t.Errorf("b is %v after one 401, want suspect (I12)", got)
	}
	wantInFlight(t, m, 0)
}

func TestPrime_an_Enterprise_Server_that_does_not_limit_is_no_error(t *testing.T) {
	t.Parallel()
	base := answering(http.StatusNotFound, `{"message":"Rate limiting is not enabled."}`)
	token := labelled("a", "")
	token.Host = "https://ghe.example.com"
	if err := manager(t, tokens.Config{Base: base}, token).Prime(t.Context()); err != nil {
		t.Errorf("Prime() = %v", err)
	}
}

func TestPrime_with_an_answer_that_makes_no_sense_changes_nothing(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{Base: answering(http.StatusOK, `[]`)}, labelled("a", ""))
	if err := m.Prime(t.Context()); err == nil || !strings.Contains(err.Error(), "reading rate limits") {
		t.Errorf("Prime() = %v, want an error", err)
	}
	if status(t, m, "a").Remaining.IsKnown() {
		t.Error("I11: numbers came from nowhere")
	}
}

func TestPrime_ends_with_its_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		m := manager(t, tokens.Config{Base: base}, letters(20)...)
		start := time.Now()
		if err := m.Prime(t.Context()); err == nil {
			t.Error("Prime() of a host that never answers succeeded")
		}
		if got := time.Since(start); got != 30*time.Second { // 20 accounts, 8 at a time, 10 s each
			t.Errorf("Prime() took %v, want 30 s", got)
		}
	})
}
