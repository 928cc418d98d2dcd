package tokens

import "time"

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
