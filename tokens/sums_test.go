package tokens

import (
	"fmt"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// checkSums wants the sums of a lane that is awake to be what a look at every
// budget finds.
func checkSums(t stopper, l *lane, now time.Time) {
	t.Helper()
	var want sums
	for b := range l.budgets.all() {
		want.limit += b.limit.Or(0)
		switch free, known := b.free(); {
		case b.account.pick(nil) == nil, b.account.cool.Add(resetMargin).After(now), b.rest.Add(resetMargin).After(now):
		case known:
			want.left += max(0, free)
		default:
			want.left += b.limit.Or(0)
		}
	}
	for !l.sumUp(now) {
	}
	got := l.sums
	if l.host.rest.Add(resetMargin).After(now) { // the sum is brought up to date when that ends
		got.left, want.left = 0, 0
	}
	if got != want {
		t.Fatalf("%s: sums %+v, but a look at every budget finds %+v", l.resource, got, want)
	}
	l.host.mu.Unlock()
	defer l.host.mu.Lock()
	if got := (sums{l.host.Limit(l.resource), l.host.Remaining(l.resource)}); got != want {
		t.Fatalf("%s: Limit and Remaining %+v, want %+v", l.resource, got, want)
	}
}

// Nobody may ever ask for the sum while tokens come and go.
func TestLane_what_its_sums_do_not_know_yet_does_not_grow_with_tokens_that_have_gone(t *testing.T) {
	t.Parallel()
	m, h := spentHost(t, 1)
	defer m.Close()
	for i := range 3 * maxArchived {
		if err := m.Add(Token{Provider: GitHub, Secret: Static(canary.Token(fmt.Sprint("gone", i)))}); err != nil {
			t.Fatal(err)
		}
		l, err := h.Lease(t.Context(), Request{Draw: coreRead(), MaxWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		l.Cancel()
		m.Remove(l.ID(), "it is over")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes["core"]
	if n, most := len(l.unsummed), 2*l.budgets.count; n > most {
		t.Errorf("%d budgets are to be summed up, want %d at most", n, most)
	}
}

func TestLane_its_sums_are_brought_up_to_date_in_slices(t *testing.T) {
	t.Parallel()
	m, h := keys(t, 2*sumSlice)
	defer m.Close()
	o := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers,
		Limit: ratelimit.Known[int64](100), Remaining: ratelimit.Known[int64](90), Reset: time.Now().Add(time.Hour),
	}
	var out []Lease
	for i := range 6 * sumSlice {
		l := call(t, h)
		if i%3 == 0 {
			out = append(out, l)
			continue
		}
		l.Settle(o)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes[""]
	if n := len(l.unsummed); n != 2*sumSlice {
		t.Errorf("%d budgets are to be summed up, want all of the %d", n, 2*sumSlice)
	}
	if l.sumUp(time.Now()) || len(l.unsummed) != sumSlice {
		t.Errorf("%d of %d budgets are to be summed up after a slice", len(l.unsummed), 2*sumSlice)
	}
	checkSums(t, l, time.Now())
	if want := int64(90*2*sumSlice - len(out)); l.sums.left != want {
		t.Errorf("%d are left, want %d", l.sums.left, want)
	}
}
