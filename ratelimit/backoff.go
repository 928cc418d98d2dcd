package ratelimit

import "time"

// Defaults of the zero [Backoff].
const (
	DefaultBackoffMin = time.Second
	DefaultBackoffMax = time.Minute
)

// Backoff says how long to wait after failures in a row when the host names no
// time: Min after the first, twice as long after each further one, never more
// than Max. The zero Backoff is usable and equals [GeneralBackoff]. A Backoff
// keeps no state; whoever counts the failures starts again from 0 after a
// success.
type Backoff struct {
	Min time.Duration // the first delay; 0 or less means DefaultBackoffMin
	Max time.Duration // the longest delay; 0 or less means DefaultBackoffMax, or Min if that is longer
}

// GeneralBackoff is for failures that no other policy names, such as a 502 or
// a broken connection: 1 s to 60 s, in the manner of GitHub's "Best practices
// for using the REST API", which asks for growing pauses without numbers.
func GeneralBackoff() Backoff {
	return Backoff{Min: DefaultBackoffMin, Max: DefaultBackoffMax}
}

// SecondaryBackoff is for secondary limits without Retry-After: 60 s to 15
// min. GitHub's "Rate limits for the REST API" asks to wait "at least one
// minute", then for an exponentially increasing time.
func SecondaryBackoff() Backoff {
	return Backoff{Min: time.Minute, Max: 15 * time.Minute}
}

// RollingBackoff is for Bitbucket Cloud, whose 429 names no time at all: 60 s
// to 1 h. Atlassian's "API request limits" counts over a rolling hour, which
// frees calls little by little, and has freed all of them after an hour.
func RollingBackoff() Backoff {
	return Backoff{Min: time.Minute, Max: time.Hour}
}

// Delay returns the pause after the n-th failure in a row, counted from 0; a
// negative n is 0. Jitter only adds, up to a quarter of the delay in proportion
// to random, which is meant to lie in [0,1): waking early would meet the same
// refusal. Values outside are clamped, and NaN is 0. Delay never exceeds Max,
// whatever n.
func (b Backoff) Delay(n int, random float64) time.Duration {
	least, most := b.bounds()
	d := min(least, most)
	for ; n > 0 && d < most; n-- {
		// Comparing with the half cannot overflow, as doubling first could.
		if d > most/2 {
			d = most
			break
		}
		d *= 2
	}
	jitter := time.Duration(float64(d/4) * clamp(random))
	return d + min(jitter, most-d)
}

// bounds returns Min and Max with the defaults filled in.
func (b Backoff) bounds() (least, most time.Duration) {
	least, most = b.Min, b.Max
	if least <= 0 {
		least = DefaultBackoffMin
	}
	if most <= 0 {
		most = max(DefaultBackoffMax, least)
	}
	return least, most
}

// clamp returns f, held between 0 and 1.
func clamp(f float64) float64 {
	switch {
	case f > 1:
		return 1
	case f > 0:
		return f
	}
	return 0 // also for NaN, which compares as false
}
