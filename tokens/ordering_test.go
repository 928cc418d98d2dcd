package tokens_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// Whoever could not serve the calls of a while gets the turn of one round and not those
// of all.
func TestStrategy_round_robin_makes_up_for_no_round_that_was_missed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ts := letters(4)
		ts[3].Priority = 1
		m, h := by(t, "round_robin", ts...)
		if got := order(t, h, 10, healthy); got != "dddddddddd" {
			t.Errorf("tokens served in the order %s, want d, whose priority is higher", got)
		}
		if err := m.Disable(idOf(t, m, "d"), "for the test"); err != nil {
			t.Fatal(err)
		}
		r := on("core")
		r.Token = idOf(t, m, "b")
		for range 10 {
			lease(t, h, r).Settle(healthy(""))
		}
		if got := order(t, h, 8, healthy); got != "acabcabc" {
			t.Errorf("tokens served in the order %s, want a and c, whose turn it is, and then each once a round", got)
		}
		if err := m.Add(labelled("e", "")); err != nil {
			t.Fatal(err)
		}
		if got := order(t, h, 8, healthy); got != "eabceabc" {
			t.Errorf("tokens served in the order %s, want the newcomer behind c, who was the last, and then each once a round", got)
		}
		if err := m.Disable(idOf(t, m, "b"), "for the test"); err != nil {
			t.Fatal(err)
		}
		if got := order(t, h, 7, healthy); got != "eaceace" {
			t.Errorf("tokens served in the order %s, want it without b", got)
		}
		if err := m.Enable(idOf(t, m, "b")); err != nil {
			t.Fatal(err)
		}
		if got := order(t, h, 4, healthy); got != "abce" {
			t.Errorf("tokens served in the order %s, want b in its place", got)
		}
	})
}

func TestStrategy_round_robin_goes_round_the_tokens_of_an_account_too(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := by(t, "round_robin", labelled("a", "octocat"), labelled("b", "octocat"), labelled("c", ""), labelled("d", "octocat"))
		if got := order(t, h, 12, healthy); got != "abcdabcdabcd" {
			t.Errorf("tokens served in the order %s, want abcd again and again", got)
		}
	})
}

func TestStrategy_holds_for_every_resource_and_every_kind_of_call(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"lru":         "c d a b", // a and b have served two searches
		"round_robin": "a b c d",
		"least_used":  "c d a b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, err := tokens.ParseStrategy(name)
				if err != nil {
					t.Fatal(err)
				}
				m := manager(t, tokens.Config{Strategy: s, Pace: &ratelimit.Pace{WriteGap: time.Minute}}, letters(4)...)
				h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
				for _, want := range []string{"a", "b"} {
					if l := tell(t, h, "search", left(30, 29, time.Minute)); l.Label() != want {
						t.Errorf("%s serves, want %s", l.Label(), want)
					}
				}
				var got []string
				for range 4 {
					l := lease(t, h, write(false)) // after which its account may write in a minute
					l.Settle(healthy(""))
					got = append(got, l.Label())
				}
				if strings.Join(got, " ") != want {
					t.Errorf("writes went to %v, want %s", got, want)
				}
				r := write(false)
				r.MaxWait = -1
				exhausted(t, h, r)
			})
		})
	}
}

func TestStrategy_random_favours_nobody_who_was_away(t *testing.T) {
	t.Parallel()
	m, h := by(t, "random", letters(3)...)
	a, first := idOf(t, m, "a"), 0
	for range 300 {
		if err := m.Disable(a, "for the test"); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			tell(t, h, "core", left(1_000_000, 900_000, time.Hour))
		}
		if err := m.Enable(a); err != nil {
			t.Fatal(err)
		}
		if tell(t, h, "core", left(1_000_000, 900_000, time.Hour)).Label() == "a" {
			first++
		}
	}
	if first < 50 || first > 150 { // six standard deviations
		t.Errorf("a served first %d times of 300, want 100", first)
	}
}

func TestStrategy_can_be_changed_among_a_thousand_tokens(t *testing.T) {
	t.Parallel()
	const n = 1000
	m, h := unpaced(t, gitHubs(n)...)
	calls := func(n int) map[string]int {
		got := map[string]int{}
		for range n {
			got[tell(t, h, "core", served()).Label()]++
		}
		return got
	}
	calls(n)
	last := on("core")
	last.Token = idOf(t, m, "t999") // which still stands where the strategy before wanted it
	tell999 := func() { lease(t, h, last).Settle(served()) }
	for _, name := range []string{"round_robin", "earliest_reset", "lru", "round_robin", "earliest_reset", "random", "round_robin", "most_remaining", "lru"} {
		s, err := tokens.ParseStrategy(name)
		if err != nil {
			t.Fatal(err)
		}
		m.SetStrategy(s)
		tell999()
		calls(10) // each has a share of the tokens put where the strategy wants them
		used, least := calls(10*n), n-20
		most := 0
		for _, n := range used {
			most = max(most, n)
		}
		if len(used) < least || most > 40 {
			t.Errorf("%s: %d tokens of %d served, one of them %d of %d calls", name, len(used), n, most, 10*n)
		}
	}
}
