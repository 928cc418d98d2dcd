package tokens_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestChoosing_what_is_unknown_comes_first(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHubs(5)...)
	seen := map[string]bool{}
	for range 5 {
		seen[tell(t, h, "core", left(5000, 4999, time.Hour)).Label()] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d tokens were used for the first five calls, want all", len(seen))
	}
}

func TestChoosing_the_largest_share_of_the_limit_comes_first(t *testing.T) {
	t.Parallel()
	_, h := unpaced(t, gitHubs(3)...)
	low := tell(t, h, "core", left(15000, 6000, time.Hour)) // 40 %
	high := tell(t, h, "core", left(60, 54, time.Hour))     // 90 %
	mid := tell(t, h, "core", left(5000, 3250, time.Hour))  // 65 %
	remaining := map[string]int64{low.Label(): 6000, high.Label(): 54, mid.Label(): 3250}
	limit := map[string]int64{low.Label(): 15000, high.Label(): 60, mid.Label(): 5000}
	step := func(label string) int64 {
		return int64(float64(remaining[label]) / float64(limit[label]) * 63)
	}
	for range 12_000 {
		l, err := h.Lease(t.Context(), on("core"))
		if err != nil {
			t.Fatal(err)
		}
		got := l.Label()
		for other := range remaining {
			// A step wide, since the call that is out counts.
			if step(other) > step(got)+1 {
				t.Fatalf("%s with %d of %d serves, want %s with %d of %d", got, remaining[got], limit[got], other, remaining[other], limit[other])
			}
		}
		remaining[got] = max(1, remaining[got]-1)
		l.Settle(left(limit[got], remaining[got], time.Hour))
		if remaining[low.Label()]+remaining[mid.Label()]+remaining[high.Label()] < 100 {
			break
		}
	}
}

// The 64 steps of the share, and the list that each belongs in.
func TestChoosing_every_step_is_above_the_next(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHubs(64)...)
	order := make([]string, 64)
	for i := range 64 { // 6300, 6200 … 100, 50 of 6300, told in another order
		share := int64(i*37%64) * 100
		l := tell(t, h, "core", left(6300, max(50, share), time.Hour))
		order[share/100] = l.Label()
	}
	for step := 63; step >= 0; step-- {
		l := lease(t, h, on("core"))
		if l.Label() != order[step] {
			t.Fatalf("leased %s, want %s of step %d", l, order[step], step)
		}
		l.Settle(spent(6300, time.Hour))
	}
}

func TestChoosing_within_a_step_the_least_recently_used_comes_first(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHubs(4)...)
	var order []string
	for range 4 {
		order = append(order, tell(t, h, "core", left(100_000, 99_000, time.Hour)).Label())
	}
	for i := range 40 {
		l := tell(t, h, "core", left(100_000, 99_000, time.Hour))
		if want := order[i%4]; l.Label() != want {
			t.Fatalf("call %d was leased %s, want %s", i, l, want)
		}
	}
}

func TestChoosing_the_order_is_that_of_the_leases_and_not_of_the_answers(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHubs(3)...)
	for range 3 {
		tell(t, h, "core", left(100_000, 99_000, time.Hour))
	}
	var out []tokens.Lease
	for range 3 {
		out = append(out, lease(t, h, on("core")))
	}
	for _, i := range []int{2, 1, 0} {
		out[i].Settle(left(100_000, 99_000, time.Hour))
	}
	for i := range 3 {
		if got := lease(t, h, on("core")); got.Label() != out[i].Label() {
			t.Errorf("call %d was leased %s, want %s", i, got, out[i])
		}
	}
}

func TestChoosing_tokens_of_one_account_alternate(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"), gitHub("a3", "a"))
	seen := map[string]int{}
	for range 30 {
		seen[tell(t, h, "core", served()).Label()]++
	}
	for label, n := range seen {
		if n != 10 {
			t.Errorf("%s was used %d times, want 10", label, n)
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d tokens were used, want 3", len(seen))
	}
}

func TestChoosing_a_spent_token_comes_back_after_its_reset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""))
		a := tell(t, h, "core", spent(5000, time.Minute))
		b := tell(t, h, "core", left(5000, 5000-1, time.Hour))
		for range 10 {
			if l := tell(t, h, "core", left(5000, 4000, time.Hour)); l.Label() != b.Label() {
				t.Fatalf("leased %s, which is spent", l)
			}
		}
		time.Sleep(time.Minute + time.Second)
		if l := lease(t, h, on("core")); l.Label() != a.Label() {
			t.Errorf("leased %s, want %s: its numbers are unknown again", l, a)
		}
	})
}

// What a host tells beyond its limit must not be lost in the steps.
func TestChoosing_more_remaining_than_the_limit_is_the_highest_step(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""), gitHub("b", ""), gitHub("c", ""))
	o := left(0, 70, time.Hour) // GitLab rounds the limit, others do not tell it
	o.Limit = ratelimit.Optional[int64]{}
	noLimit := tell(t, h, "core", o)
	more := tell(t, h, "core", left(60, 70, time.Hour))
	less := tell(t, h, "core", left(60, 50, time.Hour))
	for i, want := range []tokens.Lease{noLimit, more, noLimit, more} {
		if l := tell(t, h, "core", refused(ratelimit.Other)); l.Label() != want.Label() {
			t.Errorf("call %d: leased %s, want %s, not %s", i, l, want, less)
		}
	}
}

func TestChoosing_ten_thousand_tokens_take_turns(t *testing.T) {
	t.Parallel()
	const n = 10_000
	ts := make([]tokens.Token, n)
	for i := range ts {
		ts[i] = gitHub(fmt.Sprintf("n%d", i), "")
	}
	_, h := gitHubHost(t, ts...)
	used := map[string]int{}
	for range 3 * n {
		used[tell(t, h, "core", left(100_000, 99_000, time.Hour)).Label()]++
	}
	for label, times := range used {
		if times != 3 {
			t.Fatalf("%s was used %d times, want 3", label, times)
		}
	}
}
