package ratelimit

import "time"

// Subject is whom a refusal for a limit is about: what has to rest until its
// wait is over.
type Subject uint8

// The subjects.
const (
	Nobody     Subject = iota // the response refused nothing because of a limit
	OneBudget                 // one resource of the account
	OneAccount                // the account, whatever the resource
	OneRoute                  // the account's calls of one route, see [Draw].Route
	WholeHost                 // everything that is sent to the host from here
)

// Observation is what one response says about limits and about the token that
// was sent. Its zero value says nothing.
//
// Numbers that the host did not send, or garbled, are unknown, which is not 0.
type Observation struct {
	Class    Class
	Scope    Scope
	Validity Validity
	Swap     Advice
	Rests    Subject // for a limit

	// Free says that the request took nothing from the primary budget, whatever
	// its Draw: GitHub's 304 to a request with a credential (GitHub Docs, "Best
	// practices for using the REST API", section "Use conditional requests if
	// appropriate"). Other hosts charge for a 304 as for any answer.
	Free bool

	// Resource is the budget that the response names, in lower case, or that
	// its request implies where the host documents that. Empty if the host
	// names none.
	Resource string

	// Limit, Remaining and Used are units of Resource in its current window.
	// Used may exceed Limit, and Remaining may too. Where the host does not
	// tell Used it is Limit less Remaining, if both are known.
	Limit, Remaining, Used Optional[int64]

	// Reset is when the window ends, by the host's clock; it may lie in the
	// past. Zero means unknown.
	Reset time.Time

	// RetryAfter is the host's Retry-After, counted from the answer.
	RetryAfter Optional[time.Duration]

	// Date is the host's clock when it answered. Zero means unknown.
	Date time.Time

	// At is the local clock when the answer was read, as it was given to
	// [Dialect.Observe]. It keeps the monotonic reading, so that a wall clock
	// which is set meanwhile does no harm to Until and Wait.
	At time.Time

	// TokenExpiry is when the credential itself ends, where the host says so.
	// Zero means unknown.
	TokenExpiry time.Time

	// Message is the host's own error message, at most 200 bytes on one line,
	// for a refusal whose body was read. Otherwise empty.
	Message string
}

// Until returns how long it is from now to Reset. It is never negative, and 0
// if Reset is unknown.
//
// Reset is told by the host's clock. Where Date is known, now is translated to
// that clock first, so that a local clock which is wrong does not shorten or
// lengthen the wait: at time At, the host's clock showed Date. An Observation
// without At is taken as read at now.
func (o Observation) Until(now time.Time) time.Duration {
	if o.Reset.IsZero() {
		return 0
	}
	if !o.Date.IsZero() {
		now = o.Date.Add(o.age(now))
	}
	return max(0, o.Reset.Sub(now))
}

// Wait returns the pause that the host asked for, counted from now, and
// whether it asked for one. It is never negative.
//
// The pause is what is left of Retry-After, or the time to Reset if the budget
// is spent, whichever is longer; GitHub's "Rate limits for the REST API" asks
// for both. A budget is spent if nothing remains, or if the answer is a
// [PrimaryLimit]. In a [SecondaryLimit] with calls left, Reset ends another
// window, the hourly one, and is no pause.
//
// A caller adds a margin of its own: a window may end in the past by the time
// its refusal arrives, and a retry without pause would spin.
func (o Observation) Wait(now time.Time) (time.Duration, bool) {
	pause, asked := o.RetryAfter.Get()
	if asked {
		pause = max(0, pause-o.age(now))
	}
	if o.spent() && !o.Reset.IsZero() {
		return max(pause, o.Until(now)), true
	}
	return pause, asked
}

// spent reports whether the next request would be refused until Reset.
func (o Observation) spent() bool {
	left, known := o.Remaining.Get()
	return o.Class == PrimaryLimit || known && left == 0
}

// age returns the time since the answer was read, never negative.
func (o Observation) age(now time.Time) time.Duration {
	if o.At.IsZero() {
		return 0
	}
	return max(0, now.Sub(o.At))
}
