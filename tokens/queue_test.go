package tokens

import "testing"

func TestI9_The_queue_of_who_came_first_is_looked_at_first_whoever_comes_and_goes(t *testing.T) {
	t.Parallel()
	var l line
	acme, beta := audience{owner: "acme"}, audience{owner: "beta"}
	call := func(number uint64, of audience) *waiter {
		w := &waiter{number: number, audience: of}
		l.join(w)
		return w
	}
	third := call(3, acme)
	call(9, acme)
	call(5, beta)
	l.markParty(l.parties[acme])
	l.markParty(l.parties[beta])
	first := func() audience { return l.marked[0].party.of }
	if got := first(); got != acme {
		t.Errorf("the first is for %v, want call 3 for acme", got)
	}
	l.part(third)
	if got := first(); got != beta {
		t.Errorf("the first is for %v, want call 5 for beta", got)
	}
	call(1, acme)
	if got := first(); got != acme {
		t.Errorf("the first is for %v, want call 1 for acme", got)
	}
}
