package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// octocats returns n tokens of one account.
func octocats(n int) []tokens.Token {
	ts := make([]tokens.Token, n)
	for i := range ts {
		ts[i] = gitHub(fmt.Sprintf("t%d", i), "octocat")
	}
	return ts
}

func labels(t *testing.T, h *tokens.Host, n int, r tokens.Request) (all []string) {
	t.Helper()
	for range n {
		l := lease(t, h, r)
		l.Settle(served())
		all = append(all, l.Label())
	}
	return all
}

func TestI4_An_account_with_many_tokens_uses_them_in_turn(t *testing.T) {
	t.Parallel()
	const n = 100
	m, h := unpaced(t, octocats(n)...)
	first, second := labels(t, h, n, on("core")), labels(t, h, n, on("core"))
	for i := range n {
		if want := fmt.Sprintf("t%d", i); first[i] != want || second[i] != want {
			t.Fatalf("call %d went to %s and then to %s, want %s", i, first[i], second[i], want)
		}
	}
	for i := range n / 2 {
		if err := m.Disable(idOf(t, m, fmt.Sprintf("t%d", 2*i)), "for the test"); err != nil {
			t.Fatal(err)
		}
	}
	for i, label := range labels(t, h, n/2, on("core")) {
		if want := fmt.Sprintf("t%d", 2*i+1); label != want {
			t.Fatalf("call %d went to %s, want %s", i, label, want)
		}
	}
}

func TestI12_Of_many_tokens_of_an_account_a_suspect_one_is_the_last_and_a_higher_priority_the_first(t *testing.T) {
	t.Parallel()
	ts := octocats(10)
	ts[7].Priority = 1
	ts[3].Owners = []string{"acme"}
	m, h := unpaced(t, ts...)
	if got := labels(t, h, 2, on("core")); got[0] != "t7" || got[1] != "t7" {
		t.Errorf("calls went to %v, want t7", got)
	}
	if err := m.Disable(idOf(t, m, "t7"), "for the test"); err != nil {
		t.Fatal(err)
	}
	l := lease(t, h, on("core"))
	l.Settle(unauthorized("Bad credentials"))
	want := []string{"t1", "t2", "t3", "t4", "t5", "t6", "t8", "t9", "t1"}
	if got := labels(t, h, 9, on("core")); l.Label() != "t0" || !slices.Equal(got, want) {
		t.Errorf("calls went to %s and %v, want t0 and %v", l.Label(), got, want)
	}
	r := on("core")
	r.Owner = "other"
	r.Tried = &tokens.Tried{}
	r.Tried.Token(lease(t, h, r)) // t2
	if got := labels(t, h, 1, r); got[0] != "t3" {
		t.Errorf("an owner whom nobody names goes to %v, want t3", got)
	}
	r.Owner = "acme"
	m.Remove(idOf(t, m, "t4"), "")
	if got := labels(t, h, 1, r); got[0] != "t5" {
		t.Errorf("the owner goes to %v, want t5", got)
	}
}

func TestI9_A_call_that_only_a_removed_token_may_serve_is_sent_away_though_its_account_has_many(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := unpaced(t, octocats(10)...)
		tell(t, h, "core", spent(5000, time.Minute))
		r := waiting("core")
		r.Token = idOf(t, m, "t4")
		failed := make(chan error)
		go func() {
			_, err := h.Lease(context.Background(), r)
			failed <- err
		}()
		synctest.Wait()
		m.Remove(r.Token, "")
		start := time.Now()
		var e *tokens.ExhaustedError
		if err := <-failed; !errors.As(err, &e) || !e.ReadyAt.IsZero() || !time.Now().Equal(start) {
			t.Errorf("Lease() = %v after %v, want at once that no token will ever serve", err, time.Since(start))
		}
	})
}

// Limits of an account concern each of its tokens, and their observers hear so, however
// many they are and however often the limit comes back.
func TestSubscribe_tells_of_each_of_the_many_tokens_of_an_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		m, h := unpaced(t, octocats(n)...)
		labels(t, h, n, on("core")) // each is honoured
		ev := listening(t, m)
		for round := range 3 {
			for what, o := range map[string]ratelimit.Observation{
				"cooling": after(refused(ratelimit.SecondaryLimit), time.Minute),
				"limited": spent(5000, time.Minute),
			} {
				lease(t, h, on("core")).Settle(o)
				if got := len(ev.take()); got != n {
					t.Errorf("round %d: %d tokens are %s, want %d", round, got, what, n)
				}
				time.Sleep(2 * time.Minute)
				if got := len(ev.take()); got != n {
					t.Errorf("round %d: %d tokens are not %s any more, want %d", round, got, what, n)
				}
			}
		}
		if err := m.Disable(idOf(t, m, "t5"), "by hand"); err != nil {
			t.Fatal(err)
		}
		ev.want(t, "one token is changed", "t5 available>disabled by hand")
	})
}
