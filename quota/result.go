package quota

import (
	"math"
	"time"
)

// Rule is what the service says of the rule that a request fell under. The zero
// Rule is that of an answer that names none.
type Rule struct {
	ID         string
	Name       string
	RefillRate float64 // tokens per second
	BurstRate  int     // the most that a bucket of the service holds; 0 is unknown
	IsDefault  bool    // the application's default bucket: no rule matched
	Matcher    string  // a regular expression for the whole operation or path
	HTTPMethod string  // of a path rule; empty matches any
}

// Result is the service's answer to a direct [Client.Consume].
type Result struct {
	Remaining int // tokens that the service's bucket has left
	Consumed  int // tokens that this request took
	Throttles int // requests denied so far, as the service counts them
	Rule      Rule

	// RetryAfter is how long it takes until the service's bucket has what was asked
	// for, if nobody else draws on it. It is 0 if tokens were consumed, if the refill
	// rate is unknown, and if the request asks for more than the bucket ever holds.
	RetryAfter time.Duration
}

// Allowed reports whether tokens were consumed. A service denies with a good answer
// that consumed none.
func (r Result) Allowed() bool { return r.Consumed > 0 }

// Decision is the answer of [Client.Allow] and [Client.AllowN].
type Decision struct {
	Allowed    bool
	Local      bool // served from a local bucket, without a call to the service
	FailedOpen bool // allowed because the service could not be asked, see [WithFailOpen]

	// Bucket is the local bucket after the decision. It is zero if there is none, as
	// for what falls under the application's default bucket.
	Bucket BucketStatus

	// RetryAfter is how long a denied caller should wait: until the service's bucket
	// has what is missing, if nobody else draws on it. 0 if allowed or not known.
	RetryAfter time.Duration
}

// BucketStatus says what a local bucket holds.
type BucketStatus struct {
	Remaining int // tokens
	Max       int // what it is filled up to: its size, at most the rule's burst
}

// Bucket is a local bucket in the list of [Client.Buckets].
type Bucket struct {
	User string
	Rule Rule
	BucketStatus
}

// refillTime returns how long a bucket that refills with rate tokens per second
// needs for missing tokens, 0 if that is not known.
func refillTime(missing int, rate float64) time.Duration {
	if missing <= 0 || !(rate > 0) {
		return 0
	}
	ns := math.Ceil(float64(missing) / rate * float64(time.Second))
	return time.Duration(min(ns, 1<<62))
}
