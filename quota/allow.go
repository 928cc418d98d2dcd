package quota

import (
	"context"
	"fmt"
)

// Allow is [Client.AllowN] for one token.
func (c *Client) Allow(ctx context.Context, user string, t Target) (Decision, error) {
	return c.AllowN(ctx, user, t, 1)
}

// AllowN takes n tokens for the user and t, or none. It takes them from the local
// bucket if that has as many, without a call and without an allocation. Otherwise it
// fetches a batch from the service, once for all who need tokens of that bucket at the
// time, keeps what is left of it and gives n to the caller. A bucket is filled up to
// its size or the rule's burst, whichever is less, and lives until it was neither used
// nor refilled for 60 seconds. What falls under the application's default bucket has no
// local bucket, and each caller asks for itself.
//
// A denial is a Decision and no error. The error is [ErrInvalidRequest], [ErrBurst],
// [ErrClosed], the context's error, or says why the service did not decide, see
// [WithFailOpen]. A fetch goes on when the caller's context ends, and its tokens are
// kept.
func (c *Client) AllowN(ctx context.Context, user string, t Target, n int) (Decision, error) {
	if user != "" && n > 0 {
		if r, _ := c.rules.find(t); r != nil {
			if d, ok := c.take(user, r, n); ok {
				return d, nil
			}
		}
	}
	if err := (Request{User: user, Tokens: n, Target: t}).Validate(); err != nil {
		return Decision{}, err
	}
	d, err := c.fetched(ctx, user, t, n)
	if err != nil && c.settings.FailOpen && isOutage(err) {
		return Decision{Allowed: true, FailedOpen: true}, nil
	}
	return d, err
}

// fetched gets n tokens with the help of the service.
func (c *Client) fetched(ctx context.Context, user string, t Target, n int) (Decision, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Decision{}, err
		}
		if c.life.Err() != nil {
			return Decision{}, ErrClosed
		}
		size := c.sizeFor(t)
		r, isDefault := c.rules.find(t)
		if r != nil {
			burst := r.known.Load().BurstRate
			if burst > 0 && n > burst {
				return c.direct(ctx, user, t, n) // a batch of that size would not fit the rule
			}
			if burst > 0 {
				size = min(size, burst)
			}
		}
		if size == 0 {
			return c.direct(ctx, user, t, n)
		}
		d, done, err := c.ride(ctx, order{user: user, target: t, rule: r, n: n, size: size, alone: isDefault})
		if done || err != nil {
			return d, err
		}
	}
}

// direct asks for n tokens and no local bucket.
func (c *Client) direct(ctx context.Context, user string, t Target, n int) (Decision, error) {
	result, err := c.Consume(ctx, Request{User: user, Tokens: n, Target: t})
	if err != nil {
		return Decision{}, err
	}
	c.rules.learn(t, result.Rule)
	if result.Consumed >= n {
		return Decision{Allowed: true}, nil
	}
	return denial(n, 0, result)
}

// denial is the decision for a caller that needs n tokens of which a local bucket
// holds some and the service had no more to give.
func denial(n, held int, result Result) (Decision, error) {
	if burst := result.Rule.BurstRate; burst > 0 && n > burst {
		return Decision{}, fmt.Errorf("%w: %d tokens at once, rule %q holds %d", ErrBurst, n, result.Rule.Name, burst)
	}
	return Decision{RetryAfter: refillTime(max(1, n-held-result.Remaining), result.Rule.RefillRate)}, nil
}
