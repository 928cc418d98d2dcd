package fleettest

import "time"

// rolling counts what one account spent within a span before now: each call is
// given back by itself, when it is as old as the span. Atlassian support, "API
// request limits", on Bitbucket Cloud.
type rolling struct {
	limit int // negative: not limited
	span  time.Duration
	spent sliding
}

// take implements [budget]. What is refused is not counted.
func (r *rolling) take(now time.Time, n int) bool {
	if r.limit < 0 || n <= 0 {
		return true
	}
	if r.spent.total(now, r.span)+n > r.limit {
		return false
	}
	r.spent.add(now, n)
	return true
}

// drain implements [budget].
func (r *rolling) drain(now time.Time, n int) {
	if n = min(n, r.limit-r.spent.total(now, r.span)); n > 0 {
		r.spent.add(now, n)
	}
}

// setRemaining implements [budget]. All that was spent counts as spent now.
func (r *rolling) setRemaining(now time.Time, n int) {
	r.spent = sliding{}
	r.spent.add(now, r.limit-n)
}

// read implements [budget].
func (r *rolling) read(now time.Time, resource string) numbers {
	used := r.spent.total(now, r.span)
	return numbers{
		limited: r.limit >= 0, limit: r.limit, used: used,
		remaining: max(0, r.limit-used), resource: resource,
	}
}
