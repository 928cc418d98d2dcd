package transport

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// DefaultRetryBudget is the share of its calls that a Transport sends again
	// after failures at most.
	DefaultRetryBudget = 0.2

	// retriesPerMinute may be sent again in any case, so that a quiet client may
	// retry at all.
	retriesPerMinute = 10

	// maxSavedRetries bounds what a long time without failures saves up.
	maxSavedRetries = 100
)

// retryBudget bounds what retries add to the load of a host that fails. Every
// call adds the share, every minute adds retriesPerMinute until as many are
// there, and a resend takes one.
//
// Share and minimum are those of Finagle's RetryBudget. gRPC's retryThrottling
// (gRFC A6) counts failures and successes instead, and so stops all retries
// where a host fails half of the time; "Handling Overload" in Google's Site
// Reliability Engineering has 10 % a client.
type retryBudget struct {
	calls atomic.Int64 // since the last resend was asked for

	mu     sync.Mutex
	saved  float64
	filled time.Time // zero before the first resend
}

// take reports whether one more resend is within the budget, and takes it.
func (b *retryBudget) take(share float64, now time.Time) bool {
	if share < 0 {
		return true
	}
	if share == 0 {
		share = DefaultRetryBudget
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.filled.IsZero() {
		b.saved = retriesPerMinute
	} else if b.saved < retriesPerMinute {
		b.saved = min(retriesPerMinute, b.saved+retriesPerMinute*now.Sub(b.filled).Minutes())
	}
	b.filled = now
	b.saved = min(maxSavedRetries, b.saved+share*float64(b.calls.Swap(0)))
	if b.saved < 1 {
		return false
	}
	b.saved--
	return true
}
