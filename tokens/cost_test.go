package tokens_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// query is a GraphQL query on its way.
type query struct {
	lease tokens.Lease
	left  int64 // as its answer will say; negative while the host has not seen it
}

// Whatever the order in which queries reach the host and answers come back, the
// points that are spent are fewer than one query more than there were.
func TestI5_I6_GraphQL_overshoots_by_less_than_one_query_in_any_order(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := random(seed)
		m, h := gitHubHost(t, gitHub("a", ""))
		cost, had := 1+rnd.Int64N(100), 1+rnd.Int64N(1500)
		tell(t, h, "graphql", left(5000, had, time.Hour))
		spent, most := int64(0), 0
		var out []query
		for {
			if rnd.IntN(3) == 0 || len(out) == 0 {
				if l, err := h.Lease(t.Context(), on("graphql")); err == nil {
					out = append(out, query{l, -1})
					most = max(most, len(out))
				} else if len(out) == 0 {
					break
				}
				continue
			}
			i := rnd.IntN(len(out))
			if q := &out[i]; q.left < 0 {
				spent += cost
				q.left = max(0, had-spent)
				continue
			}
			out[i].lease.Settle(left(5000, out[i].left, time.Hour))
			out = append(out[:i], out[i+1:]...)
		}
		if spent < had || spent >= had+cost {
			t.Errorf("seed %d: spent %d of %d points in queries of %d", seed, spent, had, cost)
		}
		if most < 2 && had > 1000 {
			t.Errorf("seed %d: at most %d at a time with %d points", seed, most, had)
		}
		for _, info := range m.AllTokens("") {
			if info.Status.InFlight != 0 {
				t.Errorf("seed %d: I7: %d leases are out", seed, info.Status.InFlight)
			}
		}
	}
}

func TestI9_A_query_that_wants_more_than_is_left_goes_when_the_one_before_it_has_ended(t *testing.T) {
	t.Parallel()
	for name, pace := range map[string]*ratelimit.Pace{"the documented pace": nil, "no pace": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, tokens.Config{Pace: pace}, gitHub("a", ""))
				h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
				tell(t, h, "graphql", left(5000, 25, time.Hour))
				tell(t, h, "graphql", left(5000, 15, time.Hour)) // so the next may cost ten
				first := lease(t, h, on("graphql"))
				answer := left(5000, 14, time.Hour)
				time.AfterFunc(time.Second, func() { first.Settle(answer) })
				if _, d := wait(t, h, waiting("graphql")); d != time.Second {
					t.Errorf("the next query went after %v, want 1s", d)
				}
			})
		})
	}
}
