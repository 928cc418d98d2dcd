package tokens

import "time"

// hostClock estimates how far a host's clock is ahead of ours.
//
// Each answer bounds it: the host read the second that Date names after we sent
// the request and before we had the answer. The bounds of all answers are
// intersected, so that one slow answer does not move the resets of the others.
type hostClock struct {
	low, high time.Duration
	known     bool
	last      time.Time // the last Date
}

// observe takes the Date of an answer to a request sent and received at the
// given times of our clock.
func (c *hostClock) observe(date, sent, received time.Time) {
	if date.IsZero() || date.Equal(c.last) {
		return // what another answer of the same second says is nearly the same
	}
	c.last = date
	low, high := date.Sub(received), date.Add(time.Second).Sub(sent)
	if c.known && low <= c.high && c.low <= high {
		low, high = max(low, c.low), min(high, c.high)
	} // else: the first answer, or one of the clocks was set
	c.low, c.high, c.known = low, high, true
}

// local moves a time of the host's clock to ours. Clocks that may agree are
// taken to agree; otherwise the later of the possible times is returned.
func (c *hostClock) local(t time.Time) time.Time {
	if t.IsZero() || !c.known || c.low <= 0 && c.high >= 0 {
		return t
	}
	return t.Add(-c.low)
}
