package batch

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Run calls fn for each of the items and returns when all is done. An empty list
// gives an empty result.
//
// The error is nil when every item had its turn, whether it failed or not; what
// failed is in Result.Errors. Otherwise it matches [ErrStopped]: the context
// ended, StopOnError stopped the batch, or the checkpoint could not be written.
// The result is whole in that case too: items that had no turn have failed with
// [ErrNotRun]. With an unusable Config or checkpoint nothing runs, and the result
// is empty.
func Run[K comparable, O any](ctx context.Context, items []K, fn func(context.Context, K) (O, error), c Config) (Result[K, O], error) {
	start := time.Now()
	e, err := newEngine(ctx, fn, c)
	if err != nil {
		return Result[K, O]{}, err
	}
	ids := distinct(items)
	outcomes := make([]outcome[K, O], len(ids))
	var taken atomic.Int64
	e.next = func() (K, int, bool) {
		i := int(taken.Add(1)) - 1
		if i >= len(ids) {
			var none K
			return none, 0, false
		}
		return ids[i], i, true
	}
	e.deliver = func(o outcome[K, O]) { outcomes[o.place] = o }
	e.total.Store(int64(len(ids)))
	e.duplicates.Store(int64(len(items) - len(ids)))
	e.start(min(len(ids), e.config.Concurrency))
	e.workers.Wait()
	begun := min(int(taken.Load()), len(ids))
	e.notRun(ids[begun:], outcomes[begun:])
	err = e.end(true)
	return e.result(outcomes, start), err
}

// distinct returns the items without their repetitions.
func distinct[K comparable](items []K) []K {
	seen := newSeen[K]()
	ids := make([]K, 0, len(items))
	for _, k := range items {
		if seen.add(k) {
			ids = append(ids, k)
		}
	}
	return ids
}

// notRun accounts for items that nobody took.
func (e *engine[K, O]) notRun(ids []K, outcomes []outcome[K, O]) {
	if len(ids) == 0 {
		return
	}
	err := fmt.Errorf("batch: %w: %w", ErrNotRun, context.Cause(e.ctx))
	for i, k := range ids {
		outcomes[i] = outcome[K, O]{Item: Item[K, O]{ID: k}, err: err}
	}
	e.progress.Failed += len(ids)
}

func (e *engine[K, O]) result(outcomes []outcome[K, O], start time.Time) Result[K, O] {
	p := e.soFar()
	r := Result[K, O]{
		Total: p.Total, Succeeded: p.Succeeded, Failed: p.Failed,
		Duplicates: p.Duplicates, Resumed: p.Resumed,
		Results: make(map[K]O, p.Succeeded), Errors: make(map[K]error, p.Failed),
		outcomes: outcomes,
	}
	for _, o := range outcomes {
		if o.err == nil {
			r.Results[o.ID] = o.Value
		} else {
			r.Errors[o.ID] = o.err
		}
	}
	if e.config.Banned != nil {
		r.Banned = map[string]time.Time{}
		for key, until := range e.config.Banned() {
			r.Banned[key] = until.Round(0).UTC() // without the reading of the monotonic clock
		}
	}
	r.Elapsed = time.Since(start)
	return r
}

// end closes the checkpoint, tells the last progress and returns why the batch
// ended early. It is called when all workers have left.
func (e *engine[K, O]) end(complete bool) error {
	defer e.stop(nil)
	err := e.saved.close()
	if e.panicked != nil {
		panic(e.panicked)
	}
	e.tell()
	if cause := context.Cause(e.ctx); cause != nil && (!complete || e.broken || e.progress.Succeeded < int(e.total.Load())) {
		return stopped(cause)
	}
	if err != nil {
		return stopped(err)
	}
	return nil
}
