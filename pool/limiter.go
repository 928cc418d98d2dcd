package pool

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Limiter paces calls by any key: at most so many of each key in any interval.
// Whoever has calls left makes them at once. It is safe for concurrent use and
// starts no goroutine. Make one with [NewLimiter].
type Limiter struct {
	calls    int
	interval time.Duration

	mu    sync.Mutex // guards what follows
	lanes map[string]*pacing
	swept time.Time
}

// NewLimiter returns a limiter of so many calls of each key in any interval, such
// as 5 in time.Second. Numbers that are not positive are an error.
func NewLimiter(calls int, interval time.Duration) (*Limiter, error) {
	if calls <= 0 || interval <= 0 {
		return nil, fmt.Errorf("gitfleet: limiter: %d calls in %v: want at least one call, in more than no time", calls, interval)
	}
	return &Limiter{calls: calls, interval: interval, lanes: map[string]*pacing{}}, nil
}

// Wait returns when the key may make a call, which is counted. Those who wait for
// one key are served in the order in which they came; other keys are not kept
// waiting. If the turn would come after ctx's deadline, Wait does not wait for it
// and returns an error that matches [context.DeadlineExceeded]; if ctx ends, its
// error. No call is counted then.
func (l *Limiter) Wait(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := l.enter(key)
	defer l.leave(p)
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		at, changed := p.next(l.calls, l.interval)
		if at.IsZero() {
			return nil
		}
		if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
			return fmt.Errorf("gitfleet: limiter: the next call is due at %s: %w", at.UTC().Format(time.RFC3339), context.DeadlineExceeded)
		}
		if err := sleep(ctx, time.Until(at), changed); err != nil {
			return err
		}
	}
}

// Allow reports whether the key may make a call now, which is then counted. It does
// not overtake those who wait.
func (l *Limiter) Allow(key string) bool {
	p := l.enter(key)
	defer l.leave(p)
	select {
	case p.turn <- struct{}{}:
	default:
		return false
	}
	defer func() { <-p.turn }()
	at, _ := p.next(l.calls, l.interval)
	return at.IsZero()
}

// Reset forgets the calls of a key, so that whoever waits for it goes on.
func (l *Limiter) Reset(key string) {
	l.mu.Lock()
	p := l.lanes[key]
	l.mu.Unlock()
	if p != nil {
		p.reset()
	}
}

// Len returns how many keys are remembered. One that is not used is dropped within
// two intervals of its last call.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(time.Now())
	return len(l.lanes)
}

func (l *Limiter) enter(key string) *pacing {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	p := l.lanes[key]
	if p == nil {
		p = &pacing{turn: make(chan struct{}, 1), changed: make(chan struct{})}
		l.lanes[key] = p
	}
	p.users++
	return p
}

func (l *Limiter) leave(p *pacing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.users--
}

// sweep drops keys whose calls count no longer, once an interval.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < l.interval {
		return
	}
	l.swept = now
	for key, p := range l.lanes {
		if p.users == 0 && p.idle(now.Add(-l.interval)) {
			delete(l.lanes, key)
		}
	}
}

// pacing is the calls of one key.
type pacing struct {
	users int           // guarded by the Limiter's mutex
	turn  chan struct{} // holds a value while somebody is the next

	mu      sync.Mutex  // guards what follows
	made    []time.Time // the last calls, as a ring once it is full
	oldest  int
	changed chan struct{} // closed by reset
}

// next counts a call now, or returns when one may be made, and what tells that
// this is so no longer.
func (p *pacing) next(calls int, interval time.Duration) (at time.Time, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.made) < calls {
		p.made = append(p.made, now)
		return time.Time{}, nil
	}
	if at = p.made[p.oldest].Add(interval); now.Before(at) {
		return at, p.changed
	}
	p.made[p.oldest] = now
	p.oldest = (p.oldest + 1) % calls
	return time.Time{}, nil
}

func (p *pacing) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made, p.oldest = nil, 0
	close(p.changed)
	p.changed = make(chan struct{})
}

// idle reports whether no call was made after t.
func (p *pacing) idle(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.made) == 0 {
		return true
	}
	newest := (p.oldest + len(p.made) - 1) % len(p.made)
	return !p.made[newest].After(t)
}

// sleep waits until d has passed or wake is closed; it returns ctx's error if that
// ends first. A nil wake is never closed.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
