package tokens_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// unite declares that two tokens are of one account, which merges what is known.
func unite(t testing.TB, m *tokens.Manager, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := m.Replace(labelled(name, "one")); err != nil {
			t.Fatal(err)
		}
	}
}

// leaseOf leases n calls and returns those of each token.
func leaseOf(t testing.TB, h *tokens.Host, n int) map[string][]tokens.Lease {
	t.Helper()
	all := map[string][]tokens.Lease{}
	for range n {
		l := lease(t, h, on("core"))
		all[l.Label()] = append(all[l.Label()], l)
	}
	return all
}

func TestI4_I5_Merged_accounts_have_the_lower_number_less_all_that_is_out(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := unpaced(t, letters(2)...)
		for _, remaining := range []int64{90, 80} {
			l := lease(t, h, on("core"))
			l.Settle(left(5000, remaining, time.Hour))
		}
		out := leaseOf(t, h, 30)
		lost := lease(t, h, on("core"))
		lost.Lost()
		unite(t, m, "a", "b")
		wantInFlight(t, m, 30)
		rest := leaseAll(t, h, on("core"))
		if want := 80 - 30 - 1; len(rest) != want {
			t.Fatalf("%d more leases, want %d", len(rest), want)
		}
		for _, ls := range out { // those from before settle on the account of both
			for _, l := range ls {
				l.Settle(served())
				l.Settle(served())
			}
		}
		for _, l := range rest {
			l.Cancel()
		}
		wantInFlight(t, m, 0)
		if got := status(t, m, "b").Remaining.Or(0); got != 50 {
			t.Errorf("%d remain, want 80 less the 30 that were answered", got)
		}
	})
}

func remains(n int64, ends time.Duration) func() ratelimit.Observation {
	return func() ratelimit.Observation { return left(5000, n, ends) }
}

func TestI4_I6_Merged_accounts_take_the_newer_window_and_the_later_rest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		a, b func() ratelimit.Observation
		want time.Duration // until a call can be made
		left int64
	}{
		{"newer window", remains(10, time.Minute), remains(4000, time.Hour), 0, 4000},
		{"same window", remains(10, time.Hour), remains(4000, time.Hour), 0, 10},
		{"one is unknown", remains(10, time.Minute), served, 0, 10},
		{"spent", func() ratelimit.Observation { return spent(5000, 30*time.Minute) }, remains(4000, time.Hour), 30*time.Minute + time.Second, 4000},
		{"cooling", remains(10, time.Hour), func() ratelimit.Observation {
			return after(refused(ratelimit.SecondaryLimit), 2*time.Minute)
		}, 2*time.Minute + time.Second, 10},
	} {
		for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
			t.Run(tt.name+", "+order[0]+" first", func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m, h := unpaced(t, letters(2)...)
					first, second := lease(t, h, on("core")), lease(t, h, on("core"))
					for _, l := range []tokens.Lease{first, second} {
						if l.Label() == "a" {
							l.Settle(tt.a())
						} else {
							l.Settle(tt.b())
						}
					}
					unite(t, m, order...)
					if got := status(t, m, "a").Remaining.Or(0); got != tt.left {
						t.Errorf("%d remain, want %d", got, tt.left)
					}
					wantWait(t, h, waiting("core"), tt.want)
				})
			})
		}
	}
}

func TestI4_Merged_accounts_keep_the_pace_of_both(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, letters(2)...)
		for range 2 {
			tell(t, h, "core", left(15000, 14000, time.Hour))
		}
		for range 400 {
			tell(t, h, "core", served())
		}
		time.Sleep(20 * time.Second)
		for range 400 {
			tell(t, h, "core", served())
		}
		unite(t, m, "a", "b")
		if got, want := len(leaseAll(t, h, on("core"))), 900-802; got != want {
			t.Errorf("%d leases, want %d", got, want)
		}
	})
}

func TestI4_Merged_accounts_that_have_used_up_the_pace_wait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, letters(2)...)
		for range 2 {
			tell(t, h, "core", left(15000, 14000, time.Hour))
		}
		for range 1000 {
			tell(t, h, "core", served())
		}
		time.Sleep(30 * time.Second)
		unite(t, m, "a", "b")
		if _, got := wait(t, h, waiting("core")); got < 29*time.Second || got > 32*time.Second {
			t.Errorf("waited %v, want half a minute until the points of both run out", got)
		}
	})
}

func TestI7_Identify_merges_while_calls_are_under_way(t *testing.T) {
	t.Parallel()
	var all []string
	var ts []tokens.Token
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		all = append(all, canary.Token(name))
		ts = append(ts, labelled(name, ""))
	}
	sim := fleettest.NewGitHub(fleettest.Config{Limit: 4000, Accounts: []fleettest.Account{
		{Login: "octocat", Tokens: all[:3]}, {Login: "hubot", Tokens: all[3:]},
	}})
	m := manager(t, tokens.Config{Base: sim, Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	cancel := m.Subscribe(func(tokens.Event) {})
	defer cancel()
	h := anyHost(t, m, tokens.GitHub)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			var tried tokens.Tried
			for j := range 300 {
				r := on("core")
				r.Tried = &tried
				l, err := h.Lease(t.Context(), r)
				if err != nil {
					continue
				}
				switch (i + j) % 4 {
				case 0:
					l.Lost()
				case 1:
					l.Cancel()
				case 2:
					tried.Account(l)
					l.Settle(served())
					tried.Reset()
				default:
					l.Settle(left(4000, 3900-int64(j), time.Hour))
				}
			}
		})
	}
	wg.Go(func() { identify(t, m) })
	wg.Go(func() {
		m.Remove(idOf(t, m, "f"), "tested")
		_ = m.Add(labelled("f", ""))
	})
	wg.Wait()
	identify(t, m)
	wantInFlight(t, m, 0)
	for _, info := range m.AllTokens("") {
		want := "octocat"
		if info.Label >= "d" {
			want = "hubot"
		}
		if info.Account != want {
			t.Errorf("%s is of %q, want %q", info.Label, info.Account, want)
		}
	}
}

func TestI4_A_removed_token_settles_and_comes_back_in_the_merged_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
			{Login: "octocat", Tokens: []string{canary.Token("a"), canary.Token("b")}},
		}})
		m := manager(t, tokens.Config{Base: sim}, letters(2)...)
		h := anyHost(t, m, tokens.GitHub)
		out := leaseOf(t, h, 2)
		m.Remove(idOf(t, m, "a"), "tested")
		if err := m.Add(labelled("a", "")); err != nil {
			t.Fatal(err)
		}
		identify(t, m)
		wantInFlight(t, m, 2)
		m.Remove(idOf(t, m, "a"), "tested")
		for _, ls := range out {
			ls[0].Settle(left(5000, 7, time.Hour))
		}
		if err := m.Add(labelled("a", "")); err != nil {
			t.Fatal(err)
		}
		m.Remove(idOf(t, m, "b"), "tested")
		if err := m.Add(labelled("b", "")); err != nil {
			t.Fatal(err)
		}
		for _, label := range []string{"a", "b"} {
			if got := infoOf(t, m, label); got.Account != "octocat" || got.Status.Remaining.Or(0) != 7 || got.Identity.Login != "octocat" {
				t.Errorf("%s came back as %+v", label, got)
			}
		}
		wantInFlight(t, m, 0)
	})
}

func TestI7_A_removed_token_is_confirmed_in_the_account_that_its_own_was_merged_into(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{Base: answering(401, badCredentials)}, labelled("a", "x"), labelled("b", "x"))
	h := anyHost(t, m, tokens.GitHub)
	_ = m.Disable(idOf(t, m, "b"), "")
	l := suspect(t, h)
	_ = m.Enable(idOf(t, m, "b"))
	m.Remove(idOf(t, m, "a"), "tested")
	unite(t, m, "b")
	if got := l.Confirm(t.Context(), nil); got != tokens.Invalid {
		t.Errorf("Confirm() = %v, want invalid", got)
	}
	wantInFlight(t, m, 0)
}

func TestI4_I5_Merged_accounts_hold_the_dearest_query_of_either(t *testing.T) {
	t.Parallel()
	for dear := range 2 { // of the second answers
		m, h := unpaced(t, letters(2)...)
		for i := range 4 {
			used := int64(100 + i/2) // cheap ones teach what is cheap
			if i == 2+dear {
				used += 59
			}
			lease(t, h, on("graphql")).Settle(left(5000, 1000-used, time.Hour))
		}
		unite(t, m, "a", "b")
		if got, want := len(leaseAll(t, h, on("graphql"))), 840/60; got != want {
			t.Errorf("%d queries go out at once, want %d with 840 points and queries of up to 60", got, want)
		}
	}
}

func TestI4_Merged_accounts_are_followed_by_pins_walks_and_those_in_line(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := unpaced(t, letters(3)...)
		if err := m.Disable(idOf(t, m, "a"), "test"); err != nil {
			t.Fatal(err)
		}
		var pin tokens.Pin
		var walk tokens.Walk
		pinned, walking := asking(&pin), on("core")
		walking.Walk, walking.Token = &walk, idOf(t, m, "b")
		lease(t, h, pinned).Settle(left(5000, 100, 10*time.Minute))
		lease(t, h, walking).Cancel()
		walking.Token = ""
		if err := m.Enable(idOf(t, m, "a")); err != nil {
			t.Fatal(err)
		}
		unite(t, m, "b", "c")
		for range 2 {
			for name, r := range map[string]tokens.Request{"pin": pinned, "walk": walking} {
				if l := lease(t, h, r); l.Label() == "a" {
					t.Errorf("the %s went to another account than that of b, which c has joined", name)
				}
			}
		}

		lease(t, h, pinned).Settle(spent(5000, 10*time.Minute))
		fixed := on("core")
		fixed.Token, fixed.MaxWait = idOf(t, m, "b"), time.Hour
		var got tokens.Lease
		var err error
		done := make(chan struct{})
		go func() {
			got, err = h.Lease(t.Context(), fixed)
			close(done)
		}()
		synctest.Wait()
		unite(t, m, "a") // which has calls left, until it is of the same account
		<-done
		if err != nil || got.Label() != "b" {
			t.Errorf("the call that waited for b got %v, %v", got, err)
		}
	})
}
