package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/gitfleet/gitfleet/batch"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// job is a batch at work.
type job struct {
	session  *session
	listing  listing
	options  []providers.Option
	hide     *redactor
	tasks    []*task
	journal  *journal
	progress progress

	mu      sync.Mutex // held by who writes a line; guards what follows
	written int
}

// task is one target.
type task struct {
	target, of, key string
	client          *providers.Client
	err             error // the target names nothing
}

// ID returns what the target names. The same under two names is one item.
func (k *task) ID() string { return k.key }

// resolve finds out what the targets name.
func (j *job) resolve(targets []string) error {
	for _, target := range targets {
		k := &task{target: target}
		k.client, k.of, k.err = j.listing.resolve(j.session, target)
		if k.err != nil && !isAddress(target) {
			if _, err := j.session.client(); err != nil {
				return err // nothing says whose the targets without an address are
			}
		}
		k.key = "? " + target
		if k.err == nil {
			k.key = fmt.Sprintf("%s %s %s", k.client.Provider(), k.client.Host(), k.of)
		}
		j.tasks = append(j.tasks, k)
	}
	return nil
}

// overError ends the batch: nothing is written of its target, which the next run
// asks for again.
type overError struct{ err error }

func (e *overError) Error() string { return e.err.Error() }
func (e *overError) Unwrap() error { return e.err }

// run reads the targets that are not done, several at once. Clients wait for
// tokens themselves, as long as --max-wait says, so that the batch waits no longer.
func (j *job) run(parent context.Context, atOnce int) error {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	do := func(ctx context.Context, k *task) (none struct{}, err error) {
		var over *overError
		if err = j.do(ctx, k); errors.As(err, &over) {
			stop(over.err)
		}
		return none, err
	}
	result, err := batch.Run(ctx, j.tasks, do, batch.Config{Concurrency: atOnce, MaxWait: -1, OnProgress: j.progress.show})
	j.progress.clear()
	failed := j.fail(result)
	switch {
	case !errors.Is(err, batch.ErrStopped):
		return errors.Join(err, failed)
	case parent.Err() != nil:
		return parent.Err()
	}
	return context.Cause(ctx)
}

// do reads one target and writes what it has.
func (j *job) do(ctx context.Context, k *task) error {
	if j.journal.isDone(k.key) {
		return nil
	}
	items, err := j.read(ctx, k)
	switch {
	case err == nil:
		return j.done(k, items)
	case ctx.Err() != nil, errors.Is(err, tokens.ErrRateLimited):
		return &overError{err}
	}
	return err
}

func (j *job) read(ctx context.Context, k *task) ([]any, error) {
	if k.err != nil {
		return nil, k.err
	}
	items := []any{}
	for item, err := range j.listing.fetch(ctx, k.client, k.of, j.options) {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// done writes the line of a target that was read to its end.
func (j *job) done(k *task, items []any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.journal.done(k.key, batchLine{Target: j.shown(k.target), OK: true, Items: items}); err != nil {
		return &overError{err}
	}
	j.written++
	return nil
}

// fail writes the targets that failed, in the order in which they were listed, and
// says how many those are.
func (j *job) fail(r batch.Result[*task, struct{}]) error {
	failed := 0
	for item, err := range r.All() {
		if err == nil || errors.Is(err, batch.ErrNotRun) || errors.As(err, new(*overError)) {
			continue
		}
		failed++
		if err := j.journal.failed(batchLine{Target: j.shown(item.ID.target), Error: j.shown(line(err)), Items: []any{}}); err != nil {
			return err
		}
	}
	if failed == 0 {
		return nil
	}
	return &partialError{fmt.Errorf("batch: %d of %d targets failed", failed, r.Total), j.written}
}

func (j *job) shown(text string) string { return string(j.hide.clean([]byte(text))) }

// batchLine is what is written of a target.
type batchLine struct {
	Target string `json:"target"`
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"`
	Items  []any  `json:"items"`
}

// encode writes a line of JSON.
func (l batchLine) encode() ([]byte, error) {
	text, err := json.Marshal(l)
	return append(text, '\n'), err
}
