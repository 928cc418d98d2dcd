package quota

import (
	"context"
	"time"
)

// unknownPause is how long Wait waits between two tries when the service's answer does
// not tell how fast the bucket refills.
const unknownPause = time.Second

// Wait takes one token for the user and t, as soon as there is one. It returns nil when
// it has it, the context's error when that ends first, a [*DeniedError] at once when the
// context's deadline comes before the service can have a token, and otherwise the
// errors of [Client.Allow].
func (c *Client) Wait(ctx context.Context, user string, t Target) error {
	for {
		d, err := c.Allow(ctx, user, t)
		if err != nil || d.Allowed {
			return err
		}
		pause := d.RetryAfter
		if pause == 0 {
			pause = unknownPause
		}
		until := time.Now().Add(pause)
		if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
			return &DeniedError{User: user, Target: t, Until: until}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
