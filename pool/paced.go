package pool

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// margin is waited out after a reset: clocks differ (I9).
const margin = time.Second

// Paced returns fn, paced by a key of l and called again after a limit.
//
// What a limit is [Classify] says. After one the function waits until its reset and
// a second more, or if nobody knows the reset 1 s, doubled each time, up to a
// quarter of it besides and 60 s at most, and tries again, up to retries times; then
// it returns the error of fn, and so it does at once for any other error and if the
// wait would go beyond ctx's deadline. If ctx ends it returns ctx's error. A nil l
// does not pace.
func Paced[T any](l *Limiter, key string, retries int, fn func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		for n := 0; ; n++ {
			if l != nil {
				if err := l.Wait(ctx, key); err != nil {
					var none T
					return none, err
				}
			}
			value, err := fn(ctx)
			if err == nil || n >= retries {
				return value, err
			}
			wait, limited := waitAfter(err, n)
			deadline, bounded := ctx.Deadline()
			if !limited || bounded && time.Now().Add(wait).After(deadline) {
				return value, err
			}
			if err := sleep(ctx, wait, nil); err != nil {
				return value, err
			}
		}
	}
}

// waitAfter returns how long to wait after the limit that is the n-th in a row,
// from 0. limited is false if err is none.
func waitAfter(err error, n int) (wait time.Duration, limited bool) {
	v := Classify(err)
	switch {
	case v.Outcome != Limited:
		return 0, false
	case v.Reset.IsZero():
		return ratelimit.GeneralBackoff().Delay(n, rand.Float64()), true
	}
	return max(0, time.Until(v.Reset)) + margin, true
}
