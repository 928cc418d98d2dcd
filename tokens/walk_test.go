package tokens_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

func TestWalk_stays_with_one_account_until_it_is_spent_and_then_with_one_other(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"most_remaining", "random"} {
		synctest.Test(t, func(t *testing.T) {
			m, h := gitHubHost(t, gitHubs(3)...)
			s, err := tokens.ParseStrategy(strategy)
			if err != nil {
				t.Fatal(err)
			}
			m.SetStrategy(s)
			r := on("core")
			r.Walk = new(tokens.Walk)
			var got []string
			for i := range 9 {
				l := lease(t, h, r)
				got = append(got, l.Label())
				l.Settle(left(5000, int64(3-i%4), time.Hour))
			}
			line := strings.Join(got, " ")
			a, b, c := got[0], got[4], got[8]
			if want := strings.Join([]string{a, a, a, a, b, b, b, b, c}, " "); line != want || a == b || b == c || a == c {
				t.Errorf("%s: the walk went %s, want four with each", strategy, line)
			}
			exhausted(t, h, func() tokens.Request { r := on("core"); r.Token = idOf(t, m, a); return r }())
		})
	}
}

func TestI9_A_walk_that_waits_goes_on_with_whom_it_gets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHubs(2)...)
		r := waiting("core")
		r.Walk = new(tokens.Walk)
		first := lease(t, h, r)
		first.Settle(spent(5000, 30*time.Minute))
		tell(t, h, "core", spent(5000, 10*time.Minute))
		second := lease(t, h, r)
		second.Settle(left(5000, 1000, time.Hour))
		if second.Label() == first.Label() {
			t.Fatalf("the walk waited for %s", first)
		}
		time.Sleep(30 * time.Minute)
		lease(t, h, on("core")).Cancel()
		if got := serving(t, h, r); got != second.Label() {
			t.Errorf("the walk went on with %s, want %s", got, second)
		}
		if err := m.Disable(second.ID(), "test"); err != nil {
			t.Fatal(err)
		}
		if got := serving(t, h, r); got != first.Label() {
			t.Errorf("the walk went on with %s, want %s: the other is disabled", got, first)
		}
	})
}

func TestWalk_knows_the_owner_of_what_its_pages_name_by_id(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, seeing("a", "acme"), seeing("b", "beta"))
	w := new(tokens.Walk)
	page := mustParse(t, "https://api.github.com/repositories/5/issues?page=2")
	if got := h.Owner(page, w); got != "" {
		t.Errorf("Owner() = %q before the walk began", got)
	}
	r := about("beta")
	r.Walk = w
	lease(t, h, r).Cancel()
	r.Owner = "" // a call in between that is about nobody
	if got := serving(t, h, r); got != "b" {
		t.Errorf("served by %s, want b", got)
	}
	if got := h.Owner(page, w); got != "beta" {
		t.Errorf("Owner() = %q, want the walk's", got)
	}
	if got := h.Owner(mustParse(t, "https://api.github.com/graphql"), w); got != "" {
		t.Errorf("Owner() = %q of what names nothing", got)
	}
	h.Learn(page, "acme")
	if got := h.Owner(page, w); got != "acme" {
		t.Errorf("Owner() = %q, want the one that was learned of this very id", got)
	}
	r.Owner = "acme"
	if got := serving(t, h, r); got != "a" {
		t.Errorf("a call about acme in the walk is served by %s, want a", got)
	}
}
