package transport_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// The cost of a query is in its answer only. While nobody knows what queries
// cost few go out at a time, and then as many as what they cost allows.
func TestI5_RoundTrip_overdraws_GraphQL_by_one_query_at_most(t *testing.T) {
	t.Parallel()
	costs := map[string]func(string) int{
		"1 each":  func(string) int { return 1 },
		"40 each": func(string) int { return 40 },
		"mixed":   func(q string) int { return 1 + 7*len(q)%60 },
	}
	for name, cost := range costs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := fleettest.NewGitHub(fleettest.Config{
					Tokens: []string{canary.Token("a")}, Latency: 100 * time.Millisecond, QueryCost: cost, PointsPerMinute: -1, MaxConcurrent: -1,
				})
				sim.SetRemaining(canary.Token("a"), "graphql", 1500)
				m, err := tokens.NewManager(tokens.Config{Pace: &ratelimit.Pace{}}, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("a"))})
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				tr := over(sim, m)
				tr.MaxWait = time.Minute
				start := time.Now()
				var wg sync.WaitGroup
				for i := range 60 {
					wg.Go(func() {
						for n := range 40 {
							query := fmt.Sprintf(`{"query":"{ viewer { %s } }"}`, strings.Repeat("x", 1+(i*40+n)%97))
							resp, err := tr.RoundTrip(request(t, "POST", "https://api.github.com/graphql", query))
							if err != nil {
								return
							}
							text(t, resp)
						}
					})
				}
				wg.Wait()
				s := sim.Stats()
				t.Logf("%d requests, at most %d at a time, in %v", s.Requests, s.MaxInFlight, time.Since(start))
				if s.RefusedPrimary > 1 || s.RefusedSecondary != 0 {
					t.Errorf("%d of %d requests were refused, want one at most", s.RefusedPrimary, s.Requests)
				}
				if s.MaxInFlight < 10 {
					t.Errorf("at most %d at a time, want many", s.MaxInFlight)
				}
			})
		})
	}
}
