package usage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// run stores what is recorded until the recorder is closed.
func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	defer r.kill()
	for {
		flushed, last := r.await()
		r.drain(ctx)
		if flushed != nil {
			close(flushed)
		}
		if last {
			return
		}
	}
}

// await returns when there is something to do: the first events have waited for
// long enough or are a batch, someone waits for them, or it is the last time.
func (r *Recorder) await() (flushed chan struct{}, last bool) {
	select {
	case <-r.some:
	case flushed = <-r.flush:
		return flushed, false
	case <-r.closing:
		return nil, true
	}
	timer := time.NewTimer(r.config.Interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.full:
	case flushed = <-r.flush:
	case <-r.closing:
		last = true
	}
	return flushed, last
}

// drain stores all that is queued.
func (r *Recorder) drain(ctx context.Context) {
	r.mu.Lock()
	taken := r.queue
	r.queue, r.spare = r.spare[:0], nil
	r.writing = int64(len(taken))
	r.mu.Unlock()

	for rest := taken; len(rest) > 0; {
		n := min(len(rest), r.config.Batch)
		err := r.write(ctx, rest[:n])
		r.count(int64(n), err)
		rest = rest[n:]
	}
	clear(taken) // lets go of the strings
	r.spare = taken[:0]
	if len(taken) > 0 {
		r.tend(ctx)
	}
}

func (r *Recorder) count(n int64, err error) {
	r.mu.Lock()
	r.writing -= n
	if err == nil {
		r.counts.Stored += n
	} else {
		r.counts.Lost += n
	}
	r.mu.Unlock()
	if err != nil {
		r.tell(fmt.Errorf("usage: %d events lost: %w", n, err))
	}
}

// pauses are the waits between attempts to store a batch.
var pauses = [...]time.Duration{100 * time.Millisecond, time.Second}

// write stores a batch, in several attempts if need be. A closing recorder does
// not wait between them.
func (r *Recorder) write(ctx context.Context, batch []pending) error {
	events, err := r.finish(batch)
	if err != nil {
		return err
	}
	for _, pause := range pauses {
		err = r.append(ctx, events)
		if err == nil || errors.Is(err, ErrUncertain) || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-r.closing:
			timer.Stop()
		}
	}
	return r.append(ctx, events)
}

// append is the store's, whose panics are errors: they must not end the program.
func (r *Recorder) append(ctx context.Context, events []Event) (err error) {
	defer recovered(&err)
	return r.store.Append(ctx, events)
}

// compactEvery is the least time between two looks at what the store keeps.
const compactEvery = 10 * time.Minute

// tend has the store make room now and then.
func (r *Recorder) tend(ctx context.Context) {
	now := time.Now()
	if !r.tended.IsZero() && now.Sub(r.tended) < compactEvery {
		return
	}
	r.tended = now
	var err error
	func() {
		defer recovered(&err)
		err = r.store.Compact(ctx, r.config.Retention, now)
	}()
	if err != nil {
		r.tell(fmt.Errorf("usage: retention: %w", err))
	}
}

// tell hands an error to the user, whose function may not end the program either.
func (r *Recorder) tell(err error) {
	var panicked error
	defer recovered(&panicked)
	r.config.OnError(err)
}

func recovered(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("panic: %v", v)
	}
}
