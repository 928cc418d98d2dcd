package tokens

import (
	"sync/atomic"
	"time"
)

// baseFor is how long a reading of both clocks is reckoned on from.
const baseFor = time.Second

// localClock reads our clock for half of what [time.Now] costs, which would be
// a fifth of a lease: it looks at the monotonic clock alone and adds what has
// passed to a reading of both clocks that is not older than a second.
//
// So the monotonic part of what it returns is always true, and the wall clock's
// follows within a second of running time when that clock is set, or when the
// machine was suspended, which the monotonic clock does not see: resets are
// times of the wall clock, and budgets that were reset meanwhile must not rest
// any longer. The zero localClock is ready to use, by many goroutines at once.
type localClock struct{ base atomic.Pointer[time.Time] }

func (c *localClock) now() time.Time {
	if base := c.base.Load(); base != nil {
		// Negative is the age of a base from outside of a test's bubble.
		if age := time.Since(*base); age >= 0 && age < baseFor {
			return base.Add(age)
		}
	}
	now := time.Now()
	c.base.Store(&now)
	return now
}
