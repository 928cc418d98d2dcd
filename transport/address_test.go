package transport_test

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// GitLab counts a token that it does not know by the sender's address, and its
// refusal names the throttle of anonymous requests. The next token is counted on
// its own one, of which the manager may know that nothing is left.
func TestI6_RoundTrip_leaves_a_spent_budget_alone_after_a_limit_on_the_address(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		numbers := func(name string, window time.Duration) []string {
			reset := strconv.FormatInt(time.Now().Add(window).Unix(), 10)
			return []string{
				"Date", time.Now().UTC().Format(http.TimeFormat), "RateLimit-Limit", "200",
				"RateLimit-Remaining", "0", "RateLimit-Reset", reset, "RateLimit-Name", name,
			}
		}
		spent := ok(numbers("throttle_authenticated_api", 10*time.Minute)...)
		refused := reply(429, "Retry later\n", numbers("throttle_unauthenticated_api", time.Minute)...)
		w := script(spent, refused, ok())
		m := managerOf(t, tokens.Token{Provider: tokens.GitLab, Label: "a", Secret: tokens.Static(canary.Token("a"))},
			tokens.Token{Provider: tokens.GitLab, Label: "b", Secret: tokens.Static(canary.Token("b"))})
		tr := over(w, m)
		tr.Provider = tokens.GitLab
		var seen events
		tr.Hooks = seen.hooks()
		began := time.Now()
		for range 2 {
			send(t, tr, request(t, "GET", "https://gitlab.com/api/v4/version", ""))
		}
		if took := time.Since(began); w.tokens() != "a b b" || took != 61*time.Second {
			t.Errorf("sent %s in %v, want a b b in 61s: a rests for ten minutes, the address for one; events %s", w.tokens(), took, seen.line())
		}
	})
}
