package tokens

import (
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

const (
	// sameWindow is how far apart two resets of one window may lie: GitHub's
	// jitter by a second, and the answer's Date has no fraction.
	sameWindow = 2 * time.Second

	// resetMargin is waited out after a reset before the budget is used again
	// (invariant I9): hosts reset in their own second, not in ours.
	resetMargin = time.Second

	// maxUnknownLeases may be out on a budget of which nothing is known.
	maxUnknownLeases = 5
)

// record is what is known of one budget. It is a plain value without clock or
// lock, so that its rules can be tested by themselves and can later run where
// many processes share one budget.
type record struct {
	limit ratelimit.Optional[int64]

	// remaining is the least that any answer of this window has told.
	remaining ratelimit.Optional[int64]

	// reset is the end of the window by the host's clock and ends the same by
	// ours. Both are zero while no window is known to run.
	reset, ends time.Time

	// rest is until when a refusal, or an answer with nothing remaining, keeps
	// the budget from being used, by our clock. Only time ends it.
	rest time.Time

	out      int64  // units held by leases that are not settled yet
	floor    int64  // units that are not to be used
	last     uint64 // the newest lease
	lost     losses
	silent   losses // calls of this window that were answered without numbers
	answered bool   // whether a call leased in the window that runs was answered
	since    uint64 // the newest lease when that window began
	told     uint64 // the newest lease whose answer told remaining

	costs     costs
	pauses    int    // refusals in a row that named no time
	pausedSeq uint64 // the newest lease when the last of them was met
}

// reading is what an answer tells of one budget, its times moved to our clock.
type reading struct {
	limit, remaining ratelimit.Optional[int64]

	// used tells an untouched budget from one whose remaining is the limit by
	// chance: GitLab tells the limit of a minute, and what remains of a period
	// that may be longer (GitLab docs, "User and IP rate limits", "Response
	// headers").
	used ratelimit.Optional[int64]

	reset, ends time.Time
	seq         uint64 // of the lease that was answered
}

// free returns how many units may be leased now. known is false if the host
// has not said; then only the number of leases out is bounded.
func (r *record) free() (units int64, known bool) {
	left, known := r.remaining.Get()
	if !known {
		if r.answered {
			return 1, false
		}
		return maxUnknownLeases - r.out, false
	}
	left -= r.out + r.lost.units() + r.silent.units() + r.floor
	if left <= 0 && r.out == 0 && r.ends.IsZero() {
		left = 1 // no reset will come, and only an answer can tell what there is
	}
	return left, true
}

// affords reports whether a call of so many units may be leased now. What a
// budget without known numbers or window can bear, the first call has to show.
func (r *record) affords(units int64) bool {
	free, known := r.free()
	return free > 0 && (!known || free >= units || r.out == 0 && r.ends.IsZero())
}

// spent reports whether nothing is left, even if all leases were cancelled.
func (r *record) spent() bool {
	free, known := r.free()
	return known && free+r.out <= 0
}

// observe merges a reading by the rules of a window: a number may fall within
// it, never rise, and an answer of an older window changes nothing (I6).
func (r *record) observe(in *reading, now time.Time) {
	if l, ok := in.limit.Get(); ok && l > 0 {
		r.limit = in.limit
	}
	left, ok := in.remaining.Get()
	if !ok {
		return
	}
	if limit, ok := in.limit.Get(); ok && left == limit && in.used.Or(0) <= 0 {
		r.observeUntouched(limit)
		return
	}
	switch r.compare(in) {
	case older:
		return
	case same:
		left = r.lower(left)
		if in.reset != r.reset && in.reset.Before(r.reset) {
			in.reset, in.ends = r.reset, r.ends
		}
	case newer:
		if !in.ends.IsZero() && !in.ends.After(now) {
			return // a late answer of a window that has ended already
		}
		r.costs.rollOver()
	}
	r.reset, r.ends = in.reset, in.ends
	r.tell(left, in.seq)
}

// again is observe for an answer that tells nothing new of the window that runs
// but what remains, and reports whether that is all. Nearly always it is, and
// takes a third of the time.
func (r *record) again(o *ratelimit.Observation, ends time.Time, seq uint64) bool {
	left, ok := o.Remaining.Get()
	if !ok || ends.IsZero() || ends != r.ends || o.Reset != r.reset || o.Limit != r.limit || left >= r.limit.Or(0) {
		return false
	}
	r.tell(r.lower(left), seq)
	return true
}

// lower returns what remains by all answers of the window, the one that tells
// left included.
func (r *record) lower(left int64) int64 {
	before := r.remaining.Or(left)
	r.costs.saw(before - left)
	return min(left, before)
}

// tell books what remains after the answer to the lease seq.
func (r *record) tell(left int64, seq uint64) {
	r.answered = true
	r.told = max(r.told, seq)
	r.remaining = ratelimit.Known(left)
	r.lost.answered(seq)
	r.silent.answered(seq)
}

// observeUntouched takes a reading of a budget that nothing has been drawn
// from. It opens no window, because hosts show a reset that moves on with every
// answer until the first call is charged, and raises nothing.
func (r *record) observeUntouched(limit int64) {
	if r.ends.IsZero() && !r.remaining.IsKnown() {
		r.remaining = ratelimit.Known(limit)
	}
}

type age int

const (
	older age = iota
	same
	newer
)

// compare places a reading against the window that runs. Two resets are the
// same if they agree by the host's clock or by ours: the first is immune to
// slow answers, the second to servers whose clocks differ.
func (r *record) compare(in *reading) age {
	switch {
	case r.ends.IsZero() && in.ends.IsZero():
		// Without windows, as where a token bucket refills, the answer to the
		// newest lease knows best.
		if in.seq > r.told {
			return newer
		}
		return same
	case r.ends.IsZero():
		return newer
	case in.ends.IsZero():
		return same // numbers without a reset: they can only lower ours
	case in.reset == r.reset, within(in.reset.Sub(r.reset), sameWindow), within(in.ends.Sub(r.ends), sameWindow):
		return same
	case in.ends.Before(r.ends):
		return older
	}
	return newer
}

func within(d, tolerance time.Duration) bool { return -tolerance <= d && d <= tolerance }

// charge books a call that was answered without numbers, when newest was the
// newest lease. It stays apart from remaining: the numbers of a call that came
// before it at the host may arrive after it, and do not include it.
func (r *record) charge(units int64, seq, newest uint64, now time.Time) {
	if seq > r.since {
		r.answered = true
	}
	switch {
	case !r.remaining.IsKnown():
	case !r.ends.IsZero() && now.After(r.ends.Add(-sameWindow)):
		r.lost.add(units, newest) // the host may have counted it in the next window
	default:
		r.silent.add(units, newest)
	}
}

// left returns what is known to remain, calls without numbers included.
func (r *record) left() ratelimit.Optional[int64] {
	left, ok := r.remaining.Get()
	if !ok {
		return r.remaining
	}
	return ratelimit.Known(max(0, left-r.silent.units()))
}

// restUntil keeps the budget unused until t at least. Nothing shortens it.
func (r *record) restUntil(t time.Time) {
	if t.After(r.rest) {
		r.rest = t
	}
}

// advance lets the time that has passed have its effect: a rest ends, a window
// rolls over. After a reset the numbers are unknown, not 0 and not the limit.
func (r *record) advance(now time.Time) {
	if !r.rest.IsZero() && !now.Before(r.rest.Add(resetMargin)) {
		r.rest = time.Time{}
		if r.ends.IsZero() && r.left().Or(1) <= 0 {
			r.rollOver()
		}
	}
	if !r.ends.IsZero() && !now.Before(r.ends.Add(resetMargin)) {
		r.rollOver()
	}
}

func (r *record) rollOver() {
	r.remaining = ratelimit.Optional[int64]{}
	r.reset, r.ends = time.Time{}, time.Time{}
	r.silent = losses{}
	r.costs.rollOver()
	r.answered, r.since = false, r.last
}

// nextChange returns when advance will next have an effect; zero means never.
func (r *record) nextChange() time.Time {
	switch {
	case !r.rest.IsZero():
		return r.rest.Add(resetMargin)
	case !r.ends.IsZero():
		return r.ends.Add(resetMargin)
	}
	return time.Time{}
}

// refill returns when a spent budget will have units again; zero means that time
// alone does not bring them back. A rest may end before its window does.
func (r *record) refill() time.Time {
	if r.ends.IsZero() {
		return r.nextChange()
	}
	return r.ends.Add(resetMargin)
}

// losses counts the units of calls that were sent and never answered. The host
// may have charged them, so they stay subtracted until a call that was leased
// after the loss is answered: its numbers include them.
//
// There are two generations so that a steady trickle of losses cannot keep the
// first of them subtracted for ever.
type losses struct {
	first, second       int64
	firstSeq, secondSeq uint64 // the last lease taken before the loss
}

func (l *losses) units() int64 { return l.first + l.second }

func (l *losses) add(units int64, lastSeq uint64) {
	if units == 0 {
		return // nothing is in doubt, and what is must not stay so for longer
	}
	if l.first == 0 {
		l.first, l.firstSeq = units, lastSeq
		return
	}
	l.second += units
	l.secondSeq = lastSeq
}

func (l *losses) answered(seq uint64) {
	if seq > l.secondSeq {
		l.second, l.secondSeq = 0, 0
	}
	if seq > l.firstSeq {
		l.first, l.firstSeq = l.second, l.secondSeq
		l.second, l.secondSeq = 0, 0
	}
}
