package github_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gogithub "github.com/google/go-github/v66/github"
)

func TestI13_MakeRefusal_becomes_go_githubs_own_RateLimitError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Organizations: acme, Limit: 1})
		m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(tokenA)})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		c, err := github.NewClient(&transport.Transport{
			Manager: m, Provider: tokens.GitHub, Base: sim, MaxWait: -1, Exhausted: transport.MakeRefusal,
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Organizations.Get(t.Context(), "acme"); err != nil {
			t.Fatal(err)
		}
		_, _, err = c.Organizations.Get(t.Context(), "acme")
		var limited *gogithub.RateLimitError
		if !errors.As(err, &limited) {
			t.Fatalf("Organizations.Get() = %v, want a RateLimitError", err)
		}
		if n := sim.Stats().Requests; n != 1 {
			t.Errorf("%d requests, want the refusal to be made up", n)
		}
		if limited.Rate.Remaining != 0 || limited.Rate.Limit != 1 || limited.Rate.Reset.Before(time.Now().Add(59*time.Minute)) {
			t.Errorf("it says %v", limited.Rate)
		}
		// Whoever sleeps until then is served: go-github has not locked itself.
		time.Sleep(time.Until(limited.Rate.Reset.Time))
		if _, _, err := c.Organizations.Get(t.Context(), "acme"); err != nil {
			t.Errorf("at the reset that was told: %v", err)
		}
	})
}
