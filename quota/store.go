package quota

import (
	"context"
	"errors"
)

// Store keeps the buckets of a [Server]. A shared one lets several servers count
// together. It must be safe for concurrent use.
type Store interface {
	// Take refills the bucket for the time that has passed, takes tokens out of it, and
	// counts a throttle if it takes none. All of that happens at once or not at all. A
	// draw whose Once was seen for the same bucket within the last minutes changes
	// nothing and returns what it returned then, or ErrKeyReused if it asked for
	// something else.
	Take(ctx context.Context, d Draw) (Drawn, error)
}

// BucketID names a bucket of the service.
type BucketID struct{ Application, Rule, User string }

// Draw asks a [Store] for tokens. A bucket that was not there before is full.
type Draw struct {
	Bucket  BucketID
	Refill  float64 // tokens per second, without end; 0 never refills
	Burst   int     // the most that the bucket holds
	Tokens  int     // at least 1
	Partial bool    // take what there is if there are fewer; else all or none
	Once    string  // tells repetitions of one draw; empty for a draw of its own
}

// Drawn is what a [Store] answers.
type Drawn struct {
	Consumed  int
	Remaining int // whole tokens
	Throttles int // draws that got nothing since the bucket was made
}

// ErrKeyReused says that an idempotency key came with two different requests.
var ErrKeyReused = errors.New("quota: the idempotency key was used for another request")
