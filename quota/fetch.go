package quota

import (
	"context"
	"strings"
)

// An order is what a caller needs that its local bucket does not have.
type order struct {
	user   string
	target Target
	rule   *rule // nil if the target's rule is not known yet
	n      int   // tokens the caller needs
	size   int   // what the bucket is filled up to
	alone  bool  // under the default bucket, where no fetch is shared
}

// A flightKey names what callers may share a fetch for: a bucket, or a target of a
// user as long as its rule is not known.
type flightKey struct {
	user   string
	rule   *rule
	target Target
}

// A flight is one fetch. It goes on when the caller that began it has left, so that
// what it brings is kept.
type flight struct {
	order
	done chan struct{}

	// Guarded by the shard's lock until done is closed, fixed from then on.
	left     bool // the caller that began it has gone
	landed   bool
	err      error
	result   Result
	whole    bool // the service gave all that was asked for
	decision Decision
	refusal  error // ErrBurst for the caller that began it
}

// ride takes the tokens from the bucket or has them fetched. It is not done if
// the caller shared a fetch and must look again.
func (c *Client) ride(ctx context.Context, o order) (d Decision, done bool, err error) {
	s, _ := c.place(o.user, nil)
	key := bucketKey{o.user, o.rule}
	s.mu.Lock()
	if o.rule != nil {
		if b := s.buckets[key]; b != nil {
			if d, ok := b.serve(o.n, c.now()); ok {
				s.mu.Unlock()
				return d, true, nil
			}
		}
	}
	shared := flightKey{user: o.user, rule: o.rule}
	if o.rule == nil {
		shared.target = o.target
	}
	f, leads := s.flights[shared], false
	if f == nil || o.alone {
		f, leads = &flight{order: o, done: make(chan struct{})}, true
		ask := max(o.size, o.n) - c.held(s, key)
		if !o.alone {
			s.flights[shared] = f
		}
		go c.fly(context.WithoutCancel(ctx), s, f, shared, ask)
	}
	s.mu.Unlock()
	if leads {
		return c.lead(ctx, s, f)
	}
	return c.follow(ctx, s, f, o)
}

// lead waits for the flight that the caller began, which brings its tokens.
func (c *Client) lead(ctx context.Context, s *shard, f *flight) (Decision, bool, error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		s.mu.Lock()
		f.left = true
		landed := f.landed
		s.mu.Unlock()
		if !landed {
			return Decision{}, true, ctx.Err()
		}
	}
	if f.err != nil {
		return Decision{}, true, f.err
	}
	return f.decision, true, f.refusal
}

// follow waits for a flight that another caller began. If the service gave all that
// was asked for, there may be enough, or more to fetch.
func (c *Client) follow(ctx context.Context, s *shard, f *flight, o order) (Decision, bool, error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return Decision{}, true, ctx.Err()
	}
	if f.err != nil {
		return Decision{}, true, f.err
	}
	if f.whole || f.result.Rule.IsDefault {
		return Decision{}, false, nil
	}
	r, _ := c.rules.find(o.target)
	if r == nil || o.rule != nil && r != o.rule {
		return Decision{}, false, nil
	}
	if d, ok := c.take(o.user, r, o.n); ok {
		return d, true, nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, err := denial(o.n, c.held(s, bucketKey{o.user, r}), f.result)
	return d, true, err
}

// fly fetches ask tokens and settles what they are for.
func (c *Client) fly(ctx context.Context, s *shard, f *flight, key flightKey, ask int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	result, err := c.batch(ctx, f.order, ask)
	if left := result.Remaining; err == nil && result.Consumed == 0 && left >= f.n && left < ask {
		// The service gives all or nothing, and has enough for the caller.
		ask = left
		result, err = c.batch(ctx, f.order, ask)
	}
	if c.life.Err() != nil {
		err = ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flights[key] == f {
		delete(s.flights, key)
	}
	f.landed, f.err, f.result, f.whole = true, err, result, result.Consumed >= ask
	if err == nil {
		f.decision, f.refusal = c.settle(s, f)
	}
	close(f.done)
}

// batch asks for n tokens for a bucket, or for what the caller needs if the target
// falls under the default bucket.
func (c *Client) batch(ctx context.Context, o order, n int) (Result, error) {
	return c.send(ctx, consumeRequest{
		Application: c.settings.Application,
		User:        o.user,
		Tokens:      n,
		ForDefault:  &o.n,
		Operation:   optional(o.target.Operation),
		Path:        optional(o.target.Path),
		Method:      optional(strings.ToUpper(o.target.Method)),
	})
}

// settle puts what a flight brought into the bucket that it is for, and takes out
// what the caller needs that began it. The caller holds the shard's lock.
func (c *Client) settle(s *shard, f *flight) (Decision, error) {
	r := c.rules.learn(f.target, f.result.Rule)
	if r == nil {
		if f.result.Consumed >= f.n {
			return Decision{Allowed: true}, nil
		}
		return denial(f.n, 0, f.result)
	}
	size := f.size
	if burst := f.result.Rule.BurstRate; burst > 0 {
		size = min(size, burst)
	}
	b := c.fill(s, bucketKey{f.user, r}, f.result.Consumed, size)
	if !f.left {
		if _, ok := b.take(f.n); ok {
			return Decision{Allowed: true, Bucket: b.status()}, nil
		}
	}
	d, err := denial(f.n, b.status().Remaining, f.result)
	d.Bucket = b.status()
	return d, err
}
