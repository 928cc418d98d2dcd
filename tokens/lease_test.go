package tokens_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestI4_Tokens_of_one_account_share_its_budget(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a1", "octocat"), gitHub("a2", "octocat"), gitHub("b", ""))
	tell(t, h, "core", left(5000, 3, time.Hour))
	tell(t, h, "core", left(5000, 2, time.Hour)) // the other account
	if got := len(leaseAll(t, h, on("core"))); got != 5 {
		t.Errorf("%d leases, want 5: 3 of the one account and 2 of the other", got)
	}
	if a1, a2 := status(t, m, "a1"), status(t, m, "a2"); a1.Remaining != a2.Remaining || a1.InFlight != a2.InFlight {
		t.Errorf("tokens of one account have %v and %v left", a1.Remaining, a2.Remaining)
	}
}

func TestI4_Tokens_without_an_account_share_nothing(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHubs(2)...)
	tell(t, h, "core", left(5000, 3, time.Hour))
	if got := len(leaseAll(t, h, on("core"))); got != 3+5 {
		t.Errorf("%d leases, want 3 of the known budget and 5 of the unknown", got)
	}
}

// The name of an account and the ID of a token must not be mistaken.
func TestI4_An_account_named_like_a_tokens_ID_is_another_one(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	if err := m.Add(gitHub("b", string(m.AllTokens("")[0].ID))); err != nil {
		t.Fatal(err)
	}
	if got := len(leaseAll(t, h, on("core"))); got != 10 {
		t.Errorf("%d leases, want 5 of each account", got)
	}
}

func TestI4_Accounts_of_two_hosts_are_two(t *testing.T) {
	t.Parallel()
	a, b := gitHub("a", "octocat"), gitHub("b", "octocat")
	b.Host = "https://ghe.example.com"
	m := manager(t, tokens.Config{}, a, b)
	tell(t, anyHost(t, m, tokens.GitHub), "core", spent(5000, time.Hour))
	lease(t, hostOf(t, m, tokens.GitHub, "https://ghe.example.com/api/v3/user"), on("core"))
}

func TestI4_A_spent_search_budget_leaves_core_free(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "search", spent(30, time.Minute))
	exhausted(t, h, on("search"))
	lease(t, h, on("core"))
	if got := status(t, m, "a"); got.State == tokens.Limited {
		t.Errorf("state is %v although core has calls left", got)
	}
}

func TestI5_Lease_never_has_more_out_than_remaining(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 37, time.Hour))
		var mu sync.Mutex
		var granted []tokens.Lease
		var refused int
		var wg sync.WaitGroup
		for i := range 200 {
			r := waiting("core")
			if i%2 == 0 {
				r.MaxWait = -1
			}
			wg.Go(func() {
				l, err := h.Lease(t.Context(), r)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused++
					return
				}
				granted = append(granted, l)
			})
		}
		synctest.Wait()
		mu.Lock()
		if len(granted) != 37 {
			t.Errorf("%d leases are out, want 37", len(granted))
		}
		for _, l := range granted {
			l.Cancel()
		}
		granted = nil
		mu.Unlock()
		synctest.Wait()
		mu.Lock()
		if len(granted) > 37 {
			t.Errorf("%d leases are out after all were cancelled, want 37 at most", len(granted))
		}
		mu.Unlock()
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
	})
}

func TestI5_An_unknown_budget_has_five_leases_out(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	all := leaseAll(t, h, on("core"))
	if len(all) != 5 {
		t.Fatalf("%d leases, want 5", len(all))
	}
	all[0].Settle(left(5000, 4999, time.Hour))
	if got := len(leaseAll(t, h, on("core"))); got != 100-4 {
		t.Errorf("%d leases after the first answer, want 96: 100 may be in flight", got)
	}
}

func TestI5_A_budget_that_rolled_over_has_five_leases_out(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(60, 50, time.Minute))
		time.Sleep(time.Minute + time.Second)
		if got := status(t, m, "a"); got.Remaining.IsKnown() {
			t.Errorf("%v left after the reset, want unknown", got.Remaining)
		}
		all := leaseAll(t, h, on("core"))
		if len(all) != 5 {
			t.Fatalf("%d leases, want 5", len(all))
		}
		all[0].Settle(left(60, 10, time.Minute))
		if got := len(leaseAll(t, h, on("core"))); got != 6 {
			t.Errorf("%d leases, want 10 less the 4 that are out", got)
		}
	})
}

func TestI5_Leases_of_the_old_window_count_in_the_new_one(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(60, 50, time.Minute))
		for range 3 {
			lease(t, h, on("core"))
		}
		time.Sleep(2 * time.Minute)
		if got := len(leaseAll(t, h, on("core"))); got != 2 {
			t.Errorf("%d leases, want 5 less the 3 that are out", got)
		}
	})
}

func TestI5_An_answer_to_the_old_window_proves_nothing_of_the_new_one(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(60, 50, time.Minute))
		late := lease(t, h, on("core"))
		time.Sleep(2 * time.Minute)
		late.Settle(served())
		if got := len(leaseAll(t, h, on("core"))); got != 5 {
			t.Errorf("%d leases, want 5", got)
		}
	})
}

func TestI5_Without_numbers_only_the_in_flight_cap_holds(t *testing.T) {
	t.Parallel()
	for _, most := range []int{0, 7} {
		m := manager(t, tokens.Config{MaxInFlight: most}, gitHub("a", ""))
		h := anyHost(t, m, tokens.GitHub)
		tell(t, h, "core", served())
		if most == 0 {
			most = tokens.DefaultMaxInFlight
		}
		// The cap is the account's, whatever the resource.
		search := lease(t, h, on("search"))
		all := leaseAll(t, h, on("core"))
		if len(all) != most-1 {
			t.Errorf("%d leases besides one for search, want %d", len(all), most-1)
		}
		exhausted(t, h, on("search"))
		search.Settle(served())
		lease(t, h, on("search"))
	}
}

func TestI5_A_negative_cap_is_refused_by_name(t *testing.T) {
	t.Parallel()
	if _, err := tokens.NewManager(tokens.Config{MaxInFlight: -1}); err == nil {
		t.Error("NewManager() took MaxInFlight -1")
	}
}

func TestI5_GraphQL_overshoots_by_the_unknown_cost_of_one_call(t *testing.T) {
	t.Parallel()
	const cost = 12
	for _, atOnce := range []int{1, 3, 50} {
		_, h := gitHubHost(t, gitHub("a", ""))
		remaining := int64(100)
		tell(t, h, "graphql", left(5000, remaining, time.Hour))
		for calls := 0; ; calls++ {
			var out []tokens.Lease
			for range atOnce {
				if l, err := h.Lease(t.Context(), on("graphql")); err == nil {
					out = append(out, l)
				}
			}
			if len(out) == 0 {
				break
			}
			for _, l := range out {
				remaining -= cost
				l.Settle(left(5000, max(0, remaining), time.Hour))
			}
		}
		if over := -remaining; over < 0 || over >= cost {
			t.Errorf("%d at once: spent %d points too many, want less than %d", atOnce, over, cost)
		}
	}
}

// A cost that is known is as good as Units: it is held while the call is out,
// and given back when it is not sent.
func TestI5_GraphQL_holds_what_the_dearest_call_has_cost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		out := func() int {
			all := leaseAll(t, h, on("graphql"))
			for _, l := range all {
				l.Cancel()
			}
			return len(all)
		}
		tell(t, h, "graphql", left(5000, 1000, time.Hour))
		if got := out(); got != 10 {
			t.Errorf("%d calls at once of 1,000 points, want 10: a fiftieth of the limit each while no cost is known", got)
		}
		tell(t, h, "graphql", left(5000, 999, time.Hour))
		if got := out(); got != 100 {
			t.Errorf("%d at once after a call of 1 point, want as many as may be in flight", got)
		}
		tell(t, h, "graphql", left(5000, 979, time.Hour))
		tell(t, h, "graphql", left(5000, 978, time.Hour))
		if got := out(); got != 48 {
			t.Errorf("%d at once after a call of 20 points, want 48 of 978", got)
		}
		tell(t, h, "core", left(5000, 60, time.Hour))
		tell(t, h, "core", left(5000, 40, time.Hour))
		if got := len(leaseAll(t, h, on("core"))); got != 40 {
			t.Errorf("%d calls of core, want 40: they cost one each", got)
		}
		time.Sleep(time.Hour + time.Second) // what was seen is good for one more window
		tell(t, h, "graphql", left(5000, 100, time.Hour))
		if got := out(); got != 5 {
			t.Errorf("%d at once in the next window, want 5 of 100", got)
		}
		tell(t, h, "graphql", left(5000, 98, time.Hour))
		time.Sleep(time.Hour + time.Second)
		tell(t, h, "graphql", left(5000, 60, time.Hour))
		if got := out(); got != 30 {
			t.Errorf("%d at once in the window after, want 30 of 60", got)
		}
	})
}

func TestI6_GraphQL_calls_without_an_answer_stay_charged_with_what_they_drew(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "graphql", left(5000, 100, time.Hour))
	for range 50 { // a network that is down must not eat the hour's budget
		lease(t, h, on("graphql")).Lost()
	}
	lease(t, h, on("graphql")).Settle(left(5000, 90, time.Hour))
}

func TestI5_A_call_of_several_units_waits_until_all_of_them_are_there(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 10, time.Hour))
		three := on("core")
		three.Draw.Units = 3
		all := leaseAll(t, h, three)
		if len(all) != 3 {
			t.Errorf("%d leases of 3 units, want 3 of 10", len(all))
		}
		lease(t, h, on("core")) // the tenth
		exhausted(t, h, on("core"))

		three.MaxWait = 0
		done := make(chan time.Duration)
		start := time.Now()
		go func() {
			_, _ = wait(t, h, three)
			done <- time.Since(start)
		}()
		synctest.Wait()
		all[0].Cancel()
		if got := <-done; got != 0 {
			t.Errorf("waited %v after 3 units came back", got)
		}
	})
}

func TestI5_A_small_call_passes_one_that_wants_more_than_there_is(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", left(5000, 2, time.Hour))
		large := waiting("core")
		large.Draw.Units = 3
		if e := exhaustedSoon(t, h, large); !e.ReadyAt.Equal(time.Now().Add(time.Hour + time.Second)) {
			t.Errorf("ReadyAt is in %v, want the reset and a second", time.Until(e.ReadyAt))
		}
		large.MaxWait = 2 * time.Hour
		done := make(chan time.Duration)
		start := time.Now()
		go func() {
			_, _ = wait(t, h, large)
			done <- time.Since(start)
		}()
		synctest.Wait()
		wantWait(t, h, waiting("core"), 0)
		if got, want := <-done, time.Hour+time.Second; got != want {
			t.Errorf("waited %v, want %v", got, want)
		}
	})
}

func exhaustedSoon(t *testing.T, h *tokens.Host, r tokens.Request) *tokens.ExhaustedError {
	t.Helper()
	r.MaxWait = -1
	return exhausted(t, h, r)
}

func TestI5_Negative_units_are_none(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 1, time.Hour))
	r := on("core")
	r.Draw.Units = -100
	lease(t, h, r)
	if got := len(leaseAll(t, h, on("core"))); got != 1 {
		t.Errorf("%d leases, want 1", got)
	}
}

func TestI5_An_answer_that_names_another_resource_refunds_the_first_and_charges_that_one(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 3, time.Hour))
	tell(t, h, "search", left(30, 3, time.Hour))

	l := lease(t, h, on("core"))
	o := served()
	o.Resource = "search"
	l.Settle(o) // without numbers
	s := status(t, m, "a")
	if core, search := s.Budgets["core"].Remaining.Or(-1), s.Budgets["search"].Remaining.Or(-1); core != 3 || search != 2 {
		t.Errorf("%d of core and %d of search are left, want 3 and 2", core, search)
	}

	l = lease(t, h, on("core"))
	o = left(10, 9, time.Minute)
	o.Resource = "code_search"
	l.Settle(o)
	s = status(t, m, "a")
	if core, code := s.Budgets["core"].Remaining.Or(-1), s.Budgets["code_search"]; core != 3 || code.Remaining.Or(-1) != 9 || code.Limit.Or(-1) != 10 {
		t.Errorf("%d of core and %v of code_search are left, want 3 and 9", core, code.Remaining)
	}
	if got := len(leaseAll(t, h, on("core"))); got != 3 {
		t.Errorf("%d leases for core, want 3", got)
	}
}

func TestI5_A_refusal_of_another_resource_wakes_nobody_too_early(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""))
		l := lease(t, h, on("core"))
		o := spent(30, time.Minute)
		o.Resource = "search"
		l.Settle(o)
		lease(t, h, on("core")).Cancel()
		wantWait(t, h, waiting("search"), time.Minute+time.Second)
	})
}

func TestI7_Only_the_first_end_of_a_lease_counts(t *testing.T) {
	t.Parallel()
	ends := map[string]func(tokens.Lease){
		"Settle": func(l tokens.Lease) { l.Settle(left(5000, 50, time.Hour)) },
		"Lost":   tokens.Lease.Lost,
		"Cancel": tokens.Lease.Cancel,
	}
	for first, end := range ends {
		for second, again := range ends {
			m, h := gitHubHost(t, gitHub("a", ""))
			tell(t, h, "core", left(5000, 51, time.Hour))
			l := lease(t, h, on("core"))
			end(l)
			want := len(leaseAllAndCancel(t, h))
			again(l)
			again(l)
			if got := len(leaseAllAndCancel(t, h)); got != want {
				t.Errorf("%s after %s: %d leases, want %d", second, first, got, want)
			}
			wantInFlight(t, m, 0)

			// Its slot belongs to another lease by now.
			other := lease(t, h, on("core"))
			again(l)
			wantInFlight(t, m, 1)
			other.Cancel()
			wantInFlight(t, m, 0)
		}
	}
}

func leaseAllAndCancel(t *testing.T, h *tokens.Host) []tokens.Lease {
	t.Helper()
	all := leaseAll(t, h, on("core"))
	for _, l := range all {
		l.Cancel()
	}
	return all
}

func TestI7_The_zero_Lease_does_nothing(t *testing.T) {
	t.Parallel()
	var l tokens.Lease
	h := http.Header{"Authorization": {"mine"}}
	l.Authorize(h)
	l.Settle(served())
	l.Lost()
	l.Cancel()
	if got := l.Confirm(t.Context(), nil); got != tokens.Unknown {
		t.Errorf("Confirm() = %v, want unknown", got)
	}
	if l.ID() != "" || l.Label() != "" || l.String() != "" || h.Get("Authorization") != "mine" {
		t.Error("the zero Lease is not empty")
	}
}

func TestI7_Nothing_is_out_after_many_operations(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		rnd := random(seed)
		m, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"), gitHub("b", ""), gitHub("c", ""))
		var out []tokens.Lease
		for range 2000 {
			if l, err := h.Lease(t.Context(), on([]string{"core", "search"}[rnd.IntN(2)])); err == nil {
				out = append(out, l)
			}
			for len(out) > 0 && rnd.IntN(2) == 0 {
				i := rnd.IntN(len(out))
				l := out[i]
				switch rnd.IntN(8) {
				case 0:
					l.Lost()
				case 1:
					l.Cancel()
				case 2:
					o := served()
					o.Resource = "graphql"
					l.Settle(o)
				default:
					l.Settle(left(5000, 1+rnd.Int64N(4999), time.Hour))
				}
				if rnd.IntN(2) == 0 {
					out[i] = out[len(out)-1]
					out = out[:len(out)-1]
				} // else it will be ended once more
			}
		}
		for _, l := range out {
			l.Cancel()
		}
		wantInFlight(t, m, 0)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestLease_a_context_that_has_ended_gets_none(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Lease(ctx, on("core")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	wantInFlight(t, m, 0)
}

func TestLease_tells_which_token_it_is(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	l, want := lease(t, h, on("core")), m.AllTokens("")[0]
	if l.ID() != want.ID || l.Label() != want.Label || l.String() != want.Label {
		t.Errorf("lease of %s %s, want %s %s", l.ID(), l, want.ID, want.Label)
	}
}

// A budget whose host names no reset, such as the bucket of Bitbucket Data
// Center, must not be given up for ever when what is left of it got lost.
func TestI6_A_budget_without_a_window_comes_back_after_its_last_calls_were_lost(t *testing.T) {
	t.Parallel()
	numbers := func(remaining int64) ratelimit.Observation {
		o := left(60, remaining, 0)
		o.Reset = time.Time{}
		return o
	}
	for _, last := range []func(tokens.Lease){tokens.Lease.Lost, func(l tokens.Lease) { l.Settle(served()) }} {
		_, h := gitHubHost(t, gitHub("a", ""))
		tell(t, h, "core", numbers(2))
		all := leaseAll(t, h, on("core"))
		if len(all) != 2 {
			t.Fatalf("%d leases, want 2", len(all))
		}
		for _, l := range all {
			last(l)
		}
		all = leaseAll(t, h, on("core"))
		if len(all) != 1 {
			t.Fatalf("%d leases, want 1 that shows what is left", len(all))
		}
		all[0].Settle(numbers(40))
		if got := len(leaseAll(t, h, on("core"))); got != 40 {
			t.Errorf("%d leases, want 40", got)
		}
	}
}
