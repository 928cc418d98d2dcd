package tokens_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// by returns github.com with a strategy and tokens a, b, c, ….
func by(t *testing.T, strategy string, ts ...tokens.Token) (*tokens.Manager, *tokens.Host) {
	t.Helper()
	s, err := tokens.ParseStrategy(strategy)
	if err != nil {
		t.Fatal(err)
	}
	m := manager(t, tokens.Config{Strategy: s, Pace: &ratelimit.Pace{}}, ts...)
	return m, hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
}

// letters returns n tokens that are called a, b, c, ….
func letters(n int) []tokens.Token {
	var ts []tokens.Token
	for i := range n {
		ts = append(ts, labelled(string(rune('a'+i)), ""))
	}
	return ts
}

// order makes n calls, a second apart, each answered by what says, and returns
// the labels of the tokens that served them.
func order(t *testing.T, h *tokens.Host, n int, says func(label string) ratelimit.Observation) string {
	t.Helper()
	var b strings.Builder
	for range n {
		l := lease(t, h, on("core"))
		b.WriteString(l.Label())
		time.Sleep(time.Second)
		l.Settle(says(l.Label()))
	}
	return b.String()
}

func healthy(string) ratelimit.Observation { return left(5000, 4000, time.Hour) }

func TestStrategy_by_name(t *testing.T) {
	t.Parallel()
	resets := func(label string) ratelimit.Observation {
		ends := map[string]time.Duration{"a": 30 * time.Minute, "b": 10 * time.Minute, "c": 20 * time.Minute}
		return left(5000, 4000, ends[label])
	}
	tests := []struct {
		strategy, want string
		says           func(string) ratelimit.Observation
	}{
		{"round_robin", "abcabcabc", healthy},
		{"lru", "abcabcabc", healthy},
		{"least_used", "abcabcabc", healthy},
		{"most_remaining", "abcabcabc", healthy},
		{"earliest_reset", "abbbbbbbb", func(label string) ratelimit.Observation {
			if label == "a" {
				return served() // tells no window
			}
			return resets(label)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.strategy, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, h := by(t, tt.strategy, letters(3)...)
				if got := order(t, h, len(tt.want), tt.says); got != tt.want {
					t.Errorf("tokens served in the order %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestStrategy_earliest_reset_uses_what_would_be_lost_first(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := by(t, "lru", letters(3)...)
		for _, ends := range []time.Duration{30, 10, 20} {
			tell(t, h, "core", left(5000, 4000, ends*time.Minute))
		}
		s, err := tokens.ParseStrategy("earliest_reset")
		if err != nil {
			t.Fatal(err)
		}
		m.SetStrategy(s) // while running; what is known is kept
		if got := lease(t, h, on("core")).Label(); got != "b" {
			t.Errorf("%s serves, want b, whose window ends first", got)
		}
		m.SetStrategy(nil)
		if got := status(t, m, "a").Remaining.Or(0); got != 4000 {
			t.Errorf("a has %d left after the strategy changed, want 4000", got)
		}
	})
}

func TestStrategy_least_used_lets_a_newcomer_catch_up(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := by(t, "least_used", letters(2)...)
		order(t, h, 6, healthy)
		if err := m.Add(labelled("c", "")); err != nil {
			t.Fatal(err)
		}
		if got := order(t, h, 6, healthy); got != "cccabc" {
			t.Errorf("tokens served in the order %s, want cccabc: c until it has three calls like the others", got)
		}
	})
}

func TestStrategy_random_and_weighted_spread_as_they_say(t *testing.T) {
	t.Parallel()
	ts := letters(3)
	ts[0].Weight, ts[1].Weight = 6, 3 // c has the default of 1
	const calls = 10_000
	tests := []struct {
		strategy string
		share    map[string]float64
	}{
		{"random", map[string]float64{"a": 1. / 3, "b": 1. / 3, "c": 1. / 3}},
		{"weighted", map[string]float64{"a": .6, "b": .3, "c": .1}},
	}
	for _, tt := range tests {
		t.Run(tt.strategy, func(t *testing.T) {
			t.Parallel()
			_, h := by(t, tt.strategy, ts...)
			got := map[string]int{}
			for range calls {
				l := lease(t, h, on("core"))
				got[l.Label()]++
				l.Settle(left(1_000_000, 900_000, time.Hour))
			}
			for label, share := range tt.share {
				// Five standard deviations and more.
				if n := float64(got[label]) / calls; n < share-.03 || n > share+.03 {
					t.Errorf("%s served %.3f of the calls, want %.3f", label, n, share)
				}
			}
		})
	}
}

func TestStrategy_never_sees_tokens_that_cannot_serve(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"most_remaining", "lru", "round_robin", "random", "weighted", "least_used", "earliest_reset"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, h := by(t, name, letters(3)...)
			if err := m.Disable(idOf(t, m, "a"), ""); err != nil {
				t.Fatal(err)
			}
			if err := m.MarkInvalid(idOf(t, m, "b"), "dead"); err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if l := lease(t, h, on("core")); l.Label() != "c" {
					t.Fatalf("%s serves, want c", l.Label())
				}
			}
			exhausted(t, h, on("core")) // five are out on an unknown budget (I5)
		})
	}
}

func TestStrategy_priority_comes_before_any_strategy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"most_remaining", "lru", "random"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts := letters(4)
			ts[2].Priority, ts[3].Priority = 1, 1
			_, h := by(t, name, ts...)
			got := map[string]int{}
			var out []tokens.Lease
			for range 20 { // five on each, while nothing is known
				l := lease(t, h, on("core"))
				got[l.Label()]++
				if high := got["c"] + got["d"]; got["a"]+got["b"] > 0 && high < 10 {
					t.Fatalf("a lower priority serves after %d calls of the higher one, want 10", high)
				}
				out = append(out, l)
			}
			if fmt.Sprint(got) != "map[a:5 b:5 c:5 d:5]" {
				t.Errorf("served %v, want 5 each", got)
			}
			for _, l := range out {
				l.Settle(served())
			}
		})
	}
}

func TestStrategy_within_a_priority_the_most_remaining_comes_first(t *testing.T) {
	t.Parallel()
	ts := letters(3)
	ts[0].Priority = -1
	_, h := by(t, "most_remaining", ts...)
	tell(t, h, "core", left(5000, 1000, time.Hour)) // b
	tell(t, h, "core", left(5000, 4000, time.Hour)) // c
	for range 3 {
		l := lease(t, h, on("core"))
		if l.Label() != "c" {
			t.Errorf("%s serves, want c", l.Label())
		}
		l.Settle(left(5000, 4000, time.Hour))
	}
}

func TestStrategy_priority_follows_tokens_that_come_and_go(t *testing.T) {
	t.Parallel()
	m, h := by(t, "most_remaining", letters(2)...)
	high := labelled("h", "")
	high.Priority = 1
	if err := m.Add(high); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		l := lease(t, h, on("core"))
		if l.Label() != "h" {
			t.Errorf("%s serves, want h", l.Label())
		}
		l.Settle(left(5000, 4000, time.Hour))
	}
	m.Remove(idOf(t, m, "h"), "")
	used := map[string]bool{}
	for range 2 {
		l := lease(t, h, on("core"))
		used[l.Label()] = true
		l.Settle(left(5000, 4000, time.Hour))
	}
	if len(used) != 2 {
		t.Errorf("%v serve after the removal, want a and b", used)
	}
}

func TestI7_A_panic_of_a_strategy_leaves_the_manager_usable(t *testing.T) {
	t.Parallel()
	m, h := by(t, "most_remaining", letters(1)...)
	m.SetStrategy(tokens.StrategyFunc(func(time.Time, []tokens.Candidate) int { panic("a bug of the user's") }))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = h.Lease(t.Context(), on("core"))
	}()
	m.SetStrategy(nil)
	lease(t, h, on("core")).Settle(served())
	wantInFlight(t, m, 0)
}

func TestStrategy_of_ones_own_sees_the_numbers_and_an_index_out_of_range_counts_as_0(t *testing.T) {
	t.Parallel()
	var seen []tokens.Candidate
	pick := 1
	own := tokens.StrategyFunc(func(_ time.Time, cs []tokens.Candidate) int {
		seen = append(seen[:0], cs...)
		return pick
	})
	m := manager(t, tokens.Config{Strategy: own}, labelled("a", "octocat"), labelled("b", ""))
	h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
	tell(t, h, "core", left(5000, 4000, time.Hour))
	if l := lease(t, h, on("core")); l.Label() != "b" {
		t.Errorf("%s serves, want the b that was picked", l.Label())
	}
	if len(seen) != 2 || seen[0].Account != "octocat" || seen[1].Remaining.Or(0) != 4000 || seen[1].Calls != 1 || seen[1].Order != 1 {
		t.Errorf("candidates = %+v", seen)
	}
	for _, pick = range []int{-1, 2} {
		if l := lease(t, h, on("core")); l.Label() != "a" {
			t.Errorf("%s serves for %d, want a", l.Label(), pick)
		}
	}
}

func TestParseStrategy_names_those_there_are(t *testing.T) {
	t.Parallel()
	_, err := tokens.ParseStrategy("fastest")
	if err == nil || !strings.Contains(err.Error(), `"fastest"`) || !strings.Contains(err.Error(), "round_robin") {
		t.Errorf("error = %v, want one that names it and the others", err)
	}
}

func TestI12_A_suspect_token_comes_last_whatever_the_strategy(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"most_remaining", "lru", "round_robin", "least_used", "earliest_reset"} {
		_, h := by(t, strategy, letters(2)...)
		suspect := lease(t, h, on("core"))
		suspect.Settle(unauthorized("Bad credentials"))
		for range 4 {
			if l := tell(t, h, "core", left(5000, 4000, time.Hour)); l.Label() == suspect.Label() {
				t.Errorf("%s: a suspect token served while another could", strategy)
			}
		}
	}
}

func TestStrategy_priority_counts_within_an_account_too(t *testing.T) {
	t.Parallel()
	low, high := gitHub("low", "octocat"), gitHub("high", "octocat")
	high.Priority = 1
	_, h := gitHubHost(t, low, high)
	for range 3 {
		if l := tell(t, h, "core", left(5000, 4000, time.Hour)); l.Label() != "high" {
			t.Errorf("%s served, want the token of the higher priority", l)
		}
	}
}
