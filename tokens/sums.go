package tokens

import "time"

// sums is what the budgets of a lane have together. It is kept up to date with
// each of them, so that nobody has to look at all: a transport asks for the sum
// of the limits with every answer of a GitLab.
type sums struct {
	limit int64 // as far as limits are known
	left  int64 // see drawable
}

// Remaining returns the sum of what all accounts of the host may still draw on
// a resource, as far as it is known; an account of which nothing is known
// counts with its limit. Where calls have used thousands of accounts since it was asked
// last, it lets others at the host in between.
func (h *Host) Remaining(resource string) int64 {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lanes[resource] == nil {
		return 0
	}
	l := h.awake(resource, now)
	if !h.restingUntil(now).IsZero() {
		return 0
	}
	for !l.sumUp(now) {
		h.letOthers()
	}
	return l.sums.left
}

// Limit returns the sum of the limits of all accounts of the host on a resource,
// as far as they are known.
func (h *Host) Limit(resource string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l := h.lanes[resource]; l != nil {
		return l.sums.limit
	}
	return 0
}

// relimit lets a limit that may have changed have its effect: on the sum of all,
// and on how much is not to be used.
func (b *budget) relimit() {
	limit := b.limit.Or(0)
	b.lane.sums.limit += limit - b.summed.limit
	b.summed.limit = limit
	b.refloor()
}

// sumLater notes that the sum of what is left has to be brought up to date with a
// budget. Calls do so, of which there are many more than questions for the sum.
// It is not called for one of which that is noted, as of nearly all.
func (l *lane) sumLater(b *budget, now time.Time) {
	b.unsummed = true
	if len(l.unsummed) >= 2*l.budgets.count {
		l.sumUp(now) // most of them have been dropped
	}
	l.unsummed = append(l.unsummed, b)
}

// sumSlice is how many budgets the sum of what is left is brought up to date with while
// the lock is held.
const sumSlice = 8 * slice

// sumUp brings the sum of what is left up to date, with a slice of the budgets at most,
// and reports whether that is all.
func (l *lane) sumUp(now time.Time) (all bool) {
	from := max(0, len(l.unsummed)-sumSlice)
	for _, b := range l.unsummed[from:] {
		l.sumNoted(b, now)
	}
	clear(l.unsummed[from:])
	l.unsummed = l.unsummed[:from]
	return from == 0
}

func (l *lane) sumNoted(b *budget, now time.Time) {
	if b.unsummed { // else it has been dropped
		b.unsummed = false
		l.sum(b, now)
	}
}

// sum brings the sum of what is left up to date with a budget that has just been
// put where it belongs.
func (l *lane) sum(b *budget, now time.Time) {
	left := b.drawable(now)
	l.sums.left += left - b.summed.left
	b.summed.left = left
}

// unsum takes a budget that goes out of the sums.
func (l *lane) unsum(b *budget) {
	l.sums.limit -= b.summed.limit
	l.sums.left -= b.summed.left
	b.summed, b.unsummed = sums{}, false
}

// drawable returns how many units the budget has for calls now, or its limit if
// nothing is known. A rest of the whole host is left out, as it changes all at
// once.
func (b *budget) drawable(now time.Time) int64 {
	if b.level < 0 && b.idle(now) {
		return 0
	}
	free, known := b.free()
	if !known {
		return b.limit.Or(0)
	}
	return max(0, free)
}

// idle reports whether the budget or its account rests, or has no token that can
// be used. None in a list does.
func (b *budget) idle(now time.Time) bool {
	return !restOver(b.rest, now).IsZero() || !restOver(b.account.cool, now).IsZero() || b.account.lead() == nil
}
