package github_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// team is a client of several people's tokens.
func team(t *testing.T, sim *fleettest.GitHub, ts ...tokens.Token) (*providers.Client, *tokens.Manager) {
	t.Helper()
	for i := range ts {
		ts[i].Provider = tokens.GitHub
	}
	m, err := tokens.NewManager(tokens.Config{Base: sim}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	c, err := github.New(providers.Config{Manager: m, Base: sim})
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

// household is a GitHub with two users, each with a token and private repositories.
func household() (sim *fleettest.GitHub, ada, ben tokens.Token) {
	a, b := canary.Token("ada"), canary.Token("ben")
	sim = fleettest.NewGitHub(fleettest.Config{
		Accounts: []fleettest.Account{{Login: "ada", Tokens: []string{a}}, {Login: "ben", Tokens: []string{b}}},
		Users:    []fleettest.Owner{{Login: "ada", Repositories: 7, Private: 3}, {Login: "ben", Repositories: 5, Private: 1}},
	})
	return sim, tokens.Token{Label: "ada", Secret: tokens.Static(a)}, tokens.Token{Label: "ben", Secret: tokens.Static(b)}
}

func TestFetchRepositories_of_a_tokens_owner_are_read_with_that_token_private_ones_too(t *testing.T) {
	t.Parallel()
	sim, ada, ben := household()
	c, _ := team(t, sim, ada, ben)
	for owner, want := range map[string]int{"ada": 7, "Ben": 5} {
		got, err := c.FetchRepositories(t.Context(), owner)
		if err != nil || len(got) != want {
			t.Errorf("%d repositories of %s, %v; want %d", len(got), owner, err, want)
		}
	}
	asked := 0
	for _, r := range sim.Requests() {
		if r.URL == "/user" {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("the tokens were asked who they are %d times, want once each", asked)
	}
}

func TestFetchRepositories_asks_nobody_who_they_are_without_need(t *testing.T) {
	t.Parallel()
	sim, ada, ben := household()
	ada.Account, ben.Account = "ada", "ben"
	c, m := team(t, sim, ada, ben)
	if got, err := c.FetchRepositories(t.Context(), "ada"); err != nil || len(got) != 7 {
		t.Errorf("%d repositories, %v; want 7", len(got), err)
	}
	all := m.AllTokens(tokens.GitHub)
	ctx := transport.WithToken(t.Context(), all[1].ID)
	if got, err := c.FetchRepositories(ctx, "ada"); err != nil || len(got) != 4 {
		t.Errorf("%d repositories with the token of ben, %v; want the 4 public ones", len(got), err)
	}
	if urls := urlsOf(sim); slices.Contains(urls, "/user") {
		t.Errorf("asked for %q although the accounts are declared", urls)
	}
}

func TestValidateCredentials_reports_on_each_token(t *testing.T) {
	t.Parallel()
	sim, ada, ben := household()
	c, m := team(t, sim, ada, ben)
	sim.Revoke(ben.Secret.Reveal())
	report, err := c.ValidateCredentials(t.Context())
	if err != nil || len(report) != 2 {
		t.Fatalf("%d reports, %v; want 2", len(report), err)
	}
	a, b := report[0], report[1]
	if a.Valid == nil || !*a.Valid || a.Login != "ada" || len(a.Scopes) == 0 || a.Label != "ada" || len(a.Limits) == 0 {
		t.Errorf("the living token is %+v", a)
	}
	if b.Valid == nil || *b.Valid || b.State != tokens.Invalid {
		t.Errorf("the revoked token is %+v", b)
	}
	one, err := c.ValidateCredentials(t.Context(), m.AllTokens(tokens.GitHub)[0].ID)
	if err != nil || len(one) != 1 || one[0].Label != "ada" {
		t.Errorf("asked about one: %+v, %v", one, err)
	}
}

func TestFetchRateLimits_tells_every_resource_and_costs_nothing(t *testing.T) {
	t.Parallel()
	sim, ada, ben := household()
	c, m := team(t, sim, ada, ben)
	limits, err := c.FetchRateLimits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, l := range limits {
		seen[l.Resource]++
		if l.Resource == "core" && (l.Limit == nil || *l.Limit != 5000 || l.Remaining == nil || *l.Remaining != 5000 || *l.Used != 0) {
			t.Errorf("core of %s is %+v, want 5000 of 5000", l.Label, l)
		}
	}
	if seen["core"] != 2 || seen["search"] != 2 || seen["graphql"] != 2 {
		t.Errorf("told %v, want core, search and graphql of both", seen)
	}
	id := m.AllTokens(tokens.GitHub)[1].ID
	if limits, err := c.FetchRateLimits(t.Context(), id); err != nil || len(limits) == 0 || limits[0].Token != id {
		t.Errorf("of one token: %+v, %v", limits, err)
	}
	if _, err := c.FetchRateLimits(t.Context(), "nobody"); err == nil {
		t.Error("an unknown ID is no error")
	}
}

func TestFetchRepositories_with_wrong_options_asks_nobody(t *testing.T) {
	t.Parallel()
	sim, ada, ben := household()
	c, _ := team(t, sim, ada, ben)
	if _, err := c.FetchRepositories(t.Context(), "ada", providers.Limit(-1)); !errors.Is(err, providers.ErrInvalid) {
		t.Errorf("error %v, want ErrInvalid", err)
	}
	if urls := urlsOf(sim); len(urls) != 0 {
		t.Errorf("asked for %q", urls)
	}
}
