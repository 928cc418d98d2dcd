package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// engine is a batch at work: workers that take an item, run it and deliver what
// came of it.
type engine[K comparable, O any] struct {
	ctx     context.Context
	stop    context.CancelCauseFunc
	fn      func(context.Context, K) (O, error)
	config  Config
	saved   *checkpoint
	text    func(K) string // of an item, for the checkpoint; nil without one
	began   time.Time
	workers sync.WaitGroup

	next    func() (k K, place int, ok bool) // safe for concurrent use
	deliver func(outcome[K, O])              // likewise

	total      atomic.Int64 // items that were met, each counted once
	duplicates atomic.Int64 // listings of an item beyond its first

	mu       sync.Mutex // guards what follows while workers run
	progress Progress   // without what is counted above
	broken   bool       // something was done that the checkpoint could not keep
	panicked *PanicError
}

func newEngine[K comparable, O any](ctx context.Context, fn func(context.Context, K) (O, error), c Config) (*engine[K, O], error) {
	if fn == nil {
		return nil, errors.New("batch: no function given")
	}
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &engine[K, O]{fn: fn, config: c, began: time.Now()}
	if c.Checkpoint != "" {
		if e.text, err = texts[K](); err != nil {
			return nil, err
		}
		if e.saved, err = openCheckpoint(c.Checkpoint, c.Job); err != nil {
			return nil, err
		}
	}
	e.ctx, e.stop = context.WithCancelCause(ctx)
	return e, nil
}

// start lets n more workers run.
func (e *engine[K, O]) start(n int) {
	for range n {
		e.workers.Go(e.work)
	}
}

// work runs items until there are none or the batch is over.
func (e *engine[K, O]) work() {
	over := false
	defer func() {
		if v := recover(); v != nil {
			e.panics(v)
		} else if !over {
			e.start(1) // the function has ended this goroutine, not the batch
		}
	}()
	for e.ctx.Err() == nil {
		k, place, ok := e.next()
		if !ok {
			break
		}
		e.run(k, place)
	}
	over = true
}

// panics keeps what something other than the function panicked with, for the
// goroutine of the caller.
func (e *engine[K, O]) panics(value any) {
	p := &PanicError{Value: value, Stack: debug.Stack()}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.panicked == nil {
		e.panicked = p
	}
	e.stop(p)
}

// run brings one item to its end and delivers it, also if the function ends the
// goroutine.
func (e *engine[K, O]) run(k K, place int) {
	o := outcome[K, O]{Item: Item[K, O]{ID: k}, err: ErrGoexit, place: place}
	defer func() {
		e.count(&o)
		e.deliver(o)
	}()
	if e.saved != nil && e.resume(&o) {
		return
	}
	e.try(&o)
	if o.err == nil && e.saved != nil {
		e.save(&o)
	}
}

// resume takes an item from the checkpoint if that has it.
func (e *engine[K, O]) resume(o *outcome[K, O]) bool {
	found, err := e.saved.value(sumOf(e.text(o.ID)), &o.Value)
	if err != nil {
		var none O
		o.Value, o.err = none, err
		e.breaks(err)
		return true
	}
	if found {
		o.Resumed, o.err = true, nil
	}
	return found
}

// save keeps a result. What cannot be kept would run again, so that the batch
// is over.
func (e *engine[K, O]) save(o *outcome[K, O]) {
	if err := e.saved.add(e.text(o.ID), o.Value); err != nil {
		e.breaks(err)
	}
}

func (e *engine[K, O]) breaks(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = true
	e.stop(err)
}

// count adds an item to the progress, and ends the batch with the first that
// failed if that is asked for.
func (e *engine[K, O]) count(o *outcome[K, O]) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case o.err == nil && o.Resumed:
		e.progress.Resumed++
		fallthrough
	case o.err == nil:
		e.progress.Succeeded++
	default:
		e.progress.Failed++
		if e.config.StopOnError {
			e.stop(fmt.Errorf("item %v: %w", o.ID, o.err))
		}
	}
	e.tell()
}

// tell calls OnProgress.
func (e *engine[K, O]) tell() {
	if e.config.OnProgress != nil {
		e.config.OnProgress(e.soFar())
	}
}

// soFar returns how far the batch is.
func (e *engine[K, O]) soFar() Progress {
	p := e.progress
	p.Total, p.Duplicates = int(e.total.Load()), int(e.duplicates.Load())
	p.Elapsed = time.Since(e.began)
	return p
}
