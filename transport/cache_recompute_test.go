package transport_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/transport"
)

// askedByBoth sends a request with each of two accounts' tokens, the second by
// an ETag that was worked out, and returns the second answer, its body, and what
// it cost the second account at the simulated host.
func askedByBoth(t *testing.T, url string, header ...string) (sim *fleettest.GitHub, cache *transport.Cache, got string, cost int64) {
	t.Helper()
	sim = fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
		{Login: "one", Tokens: []string{canary.Token("one")}},
		{Login: "two", Tokens: []string{canary.Token("two")}},
	}})
	m := manager(t, "one", "two")
	tr := cachedOver(sim, m)
	tr.Cache.Recompute = true
	for _, label := range []string{"one", "two"} {
		before := simLeft(t, sim, canary.Token(label))
		req := request(t, http.MethodGet, url, "")
		for i := 0; i < len(header); i += 2 {
			req.Header.Add(header[i], header[i+1])
		}
		for _, info := range m.AllTokens("") {
			if info.Label == label {
				req = req.WithContext(transport.WithToken(req.Context(), info.ID))
			}
		}
		_, got = send(t, tr, req)
		cost = before - simLeft(t, sim, canary.Token(label))
		if left, known := status(t, m, label).Remaining.Get(); !known || left != before-cost {
			t.Errorf("the manager believes that %s has %d left, and it has %d", label, left, before-cost)
		}
	}
	return sim, tr.Cache, got, cost
}

// The simulated host works its validators out on its own, as GitHub is said to.
func TestCache_Recompute_finds_the_validator_of_what_another_account_has_got(t *testing.T) {
	t.Parallel()
	for name, header := range map[string][]string{
		"no Accept":          nil,
		"an Accept":          {"Accept", "application/vnd.github+json"},
		"a Cookie":           {"Cookie", "a=b"},
		"all":                {"Cookie", "a=b", "Accept", "application/vnd.github+json", "User-Agent", "test"},
		"values of one name": {"Accept", "application/json", "Accept", "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, cache, got, cost := askedByBoth(t, "https://api.github.com/users/one", header...)
			if s := cache.Stats(); s.Recomputed != 1 || s.Misses != 1 || s.Changed != 0 || sim.Stats().NotModified != 1 {
				t.Errorf("Stats() = %+v, the host has answered %d times 304", s, sim.Stats().NotModified)
			}
			if cost != 0 || !strings.Contains(got, `"login":"one"`) {
				t.Errorf("%d calls were paid for %.40q, want none", cost, got)
			}
		})
	}
}

// What another account has got is not what this one gets: the guess is wrong, and
// the answer is one of 200 like any other.
func TestCache_Recompute_that_guesses_wrong_costs_one_call(t *testing.T) {
	t.Parallel()
	sim, cache, got, cost := askedByBoth(t, "https://api.github.com/user")
	if s := cache.Stats(); s.Recomputed != 0 || s.Misses != 1 || s.Changed != 1 || sim.Stats().NotModified != 0 {
		t.Errorf("Stats() = %+v, the host has answered %d times 304", s, sim.Stats().NotModified)
	}
	if cost != 1 || !strings.Contains(got, `"login":"two"`) {
		t.Errorf("%d calls were paid for %.40q, want one", cost, got)
	}
}
