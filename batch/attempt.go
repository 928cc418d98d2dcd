package batch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// maxWaits bounds how often one item waits until a RetryAt: a service that
// always says to come back in a second must not hold a batch for ever.
const maxWaits = 100

// Attempt returns how often the item, whose function has got ctx, was tried
// before: 0 at first. A function that has several keys can use another one each
// time.
func Attempt(ctx context.Context) int {
	n, _ := ctx.Value(attemptKey{}).(int)
	return n
}

type attemptKey struct{}

// try calls the function until it succeeds or nothing speaks for another call.
func (e *engine[K, O]) try(o *outcome[K, O]) {
	p := patience{config: &e.config}
	for {
		o.Attempts++
		o.err = ErrGoexit // unless the call returns
		o.Value, o.err = e.call(o.ID, o.Attempts-1)
		if o.err == nil {
			return
		}
		pause, again := p.next(e.ctx, o.err)
		if !again {
			break
		}
		if err := sleep(e.ctx, pause); err != nil {
			o.err = fmt.Errorf("%w, while waiting after: %w", err, o.err)
			break
		}
	}
	var none O
	o.Value = none
}

// call calls the function once.
func (e *engine[K, O]) call(k K, attempt int) (value O, err error) {
	ctx := e.ctx
	if attempt > 0 {
		ctx = context.WithValue(ctx, attemptKey{}, attempt)
	}
	if e.config.Timeout > 0 {
		timed, cancel := context.WithTimeout(ctx, e.config.Timeout)
		defer cancel()
		ctx = timed
	}
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	value, err = e.fn(ctx, k)
	if err != nil && ctx.Err() != nil && e.ctx.Err() == nil {
		err = fmt.Errorf("attempt timed out after %v: %w", e.config.Timeout, err)
	}
	return value, err
}

// patience decides whether an item that failed is tried again.
type patience struct {
	config         *Config
	retries, waits int
	waited         time.Duration // until RetryAts
}

// next returns the pause before the next attempt, and whether there is one.
func (p *patience) next(ctx context.Context, err error) (pause time.Duration, again bool) {
	var panicked *PanicError
	if ctx.Err() != nil || errors.As(err, &panicked) {
		return 0, false
	}
	if at := retryAt(err); !at.IsZero() {
		pause, again = p.wait(at)
	} else {
		pause, again = p.retry(err)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Now().Add(pause).After(deadline) {
		return 0, false
	}
	return pause, again
}

// wait is for errors that say when to come back. A time that has passed already
// is no reason to hurry: the pauses grow as for other errors.
func (p *patience) wait(at time.Time) (time.Duration, bool) {
	pause := time.Until(at)
	if pause <= 0 {
		pause = p.backoff(p.waits)
	}
	p.waits++
	p.waited += pause
	most := p.config.MaxWait
	return pause, p.waits <= maxWaits && (most == 0 || p.waited <= most)
}

func (p *patience) retry(err error) (time.Duration, bool) {
	if p.retries >= p.config.MaxRetries || p.config.Retryable != nil && !p.config.Retryable(err) {
		return 0, false
	}
	p.retries++
	return p.backoff(p.retries - 1), true
}

// backoff returns the pause after n others: Backoff, doubled n times, at most
// MaxBackoff, and up to a quarter more so that items do not come back all at
// once.
func (p *patience) backoff(n int) time.Duration {
	d, most := min(p.config.Backoff, p.config.MaxBackoff), p.config.MaxBackoff
	for ; n > 0 && d < most; n-- {
		if d > most/2 { // twice that may be more than a Duration can be
			d = most
		} else {
			d *= 2
		}
	}
	return d + time.Duration(rand.Float64()*float64(min(d/4, math.MaxInt64-d)))
}

// retryAt returns when an error says to come back, or the zero time.
func retryAt(err error) time.Time {
	var limited interface{ RetryAt() time.Time }
	if errors.As(err, &limited) {
		return limited.RetryAt()
	}
	return time.Time{}
}

// sleep returns the context's cause if that ends before d has passed.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
