package pool

import (
	"context"
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Call says what is special about one call. The zero Call is none of it.
type Call[T any] struct {
	// Operation names the call for [Answer].
	Operation string

	// These stand in place of the fields of [PoolConfig] for this call, if they are
	// not nil.
	Timeout        *time.Duration
	RetryOnFailure *bool
	MaxRetries     *int
	BanThreshold   *int
	BanDuration    *time.Duration

	// Batch takes the retries from BatchRetryOnFailure and BatchMaxRetries.
	Batch bool

	// MaxWait stands in place of [Config].MaxWait, if it is not 0.
	MaxWait time.Duration

	// RetryIf says which results, of functions that returned no error, are not
	// wanted. Then the call goes on with another key, up to MaxRetries times
	// whatever RetryOnFailure says; after that the result is returned as it is.
	// The key is not blamed. Without RetryIf a result is never asked for again,
	// empty or not.
	RetryIf func(T) bool
}

// Do calls fn with the client of a key that can serve now, and returns what it
// returns.
//
// If fn fails, the error decides (see [Config].Classify): a limit, or a dead key,
// moves the call on to another key, none twice before the call has waited; any
// other failure does if the [PoolConfig] says so. fn may thus run several times,
// one after the other. Its context ends after the configured timeout, and fn must
// heed it: a function that does not return cannot be stopped.
//
// If no key can serve, Do waits in line for the first, within [Config].MaxWait, the
// context's deadline and five waits a call. If that is too long it returns an
// error that is a [*tokens.ExhaustedError] for [errors.As], with the number of keys
// in each state and the time when the first is ready; the last error of fn is
// below it. If ctx ends, Do returns its error, or that of fn.
func Do[C, T any](ctx context.Context, p *Pool[C], fn func(context.Context, C) (T, error)) (T, error) {
	return DoWith(ctx, p, Call[T]{}, fn)
}

// DoWith is [Do] for a call that is special.
func DoWith[C, T any](ctx context.Context, p *Pool[C], c Call[T], fn func(context.Context, C) (T, error)) (T, error) {
	var none T
	r, err := newRun(p, c)
	if err != nil {
		return none, err
	}
	for {
		if err := r.take(ctx); err != nil {
			return none, r.exhausted(err)
		}
		value, again, err := attempt(ctx, r, c.RetryIf, fn)
		if !again {
			return value, err
		}
	}
}

// newRun checks what is special about a call.
func newRun[C, T any](p *Pool[C], c Call[T]) (*run[C], error) {
	s := p.settings.Load()
	r := &run[C]{pool: p, settings: s, operation: c.Operation, maxWait: p.config.MaxWait}
	r.timeout = or(c.Timeout, s.Timeout)
	r.banThreshold, r.banDuration = or(c.BanThreshold, s.BanThreshold), or(c.BanDuration, s.BanDuration)
	if c.MaxWait != 0 {
		r.maxWait = c.MaxWait
	}
	special := s.PoolConfig
	if c.RetryOnFailure != nil {
		special.RetryOnFailure, special.BatchRetryOnFailure = *c.RetryOnFailure, c.RetryOnFailure
	}
	if c.MaxRetries != nil {
		special.MaxRetries, special.BatchMaxRetries = *c.MaxRetries, c.MaxRetries
	}
	r.retries = special.retries(c.Batch)
	special.RetryOnFailure, special.BatchRetryOnFailure = true, nil
	r.unwanted = special.retries(c.Batch)
	if r.timeout < 0 || r.retries < 0 || r.unwanted < 0 || r.banThreshold < 0 || r.banDuration < 0 {
		return nil, fmt.Errorf("gitfleet: pool %s: a Call has a negative number", p.config.Provider)
	}
	return r, nil
}

// attempt runs fn once with the key that r has taken.
func attempt[C, T any](ctx context.Context, r *run[C], retryIf func(T) bool, fn func(context.Context, C) (T, error)) (value T, again bool, err error) {
	defer r.drop() // also when fn panics
	limited, cancel := r.limit(ctx)
	defer cancel()
	r.began = time.Now()
	client, err := r.member.use(limited)
	if err != nil {
		return value, r.unopened(ctx, err), err
	}
	defer r.member.release()
	value, err = fn(limited, client)
	switch {
	case err != nil:
		return value, r.failed(ctx, limited, client, err), err
	case retryIf != nil && retryIf(value):
		return value, r.unwantedResult(ctx), nil
	}
	r.end(ctx, Succeeded, time.Time{})
	return value, false, nil
}

// maxWaits bounds the waits of one call (I9).
const maxWaits = 5

// run is a call under way. It is of the goroutine that called.
type run[C any] struct {
	pool         *Pool[C]
	settings     *settings
	operation    string
	timeout      time.Duration
	retries      int // that are left, after failures
	unwanted     int // that are left, after results that are not wanted
	banThreshold int
	banDuration  time.Duration
	maxWait      time.Duration

	waits   int
	number  int          // of the attempt
	spent   tokens.Tried // keys that a limit, or worse, keeps from serving the call
	tried   tokens.Tried // those, and keys that have failed it
	lastErr error
	lease   tokens.Lease // the zero Lease between two attempts
	member  *member[C]
	began   time.Time
}

func (r *run[C]) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, r.timeout)
}

// exhausted adds what the call met before to the error of a call that got no key.
func (r *run[C]) exhausted(err error) error {
	e, ok := err.(*tokens.ExhaustedError) //nolint:errorlint // the manager's own
	switch {
	case !ok:
		return err
	case r.pool.isClosed():
		return tokens.ErrClosed
	case r.lastErr == nil:
		return err
	}
	e.Cause = r.pool.veiled(r.lastErr)
	return e
}
