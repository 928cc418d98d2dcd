package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// job is a batch at work.
type job struct {
	session  *session
	listing  listing
	options  []providers.Option
	hide     *redactor
	tasks    []task
	journal  *journal
	progress progress

	mu      sync.Mutex // guards what follows
	failed  []batchLine
	written int
	spent   error // every token is
	broken  error // what was read cannot be written
}

// task is one target.
type task struct {
	target, of, key string
	client          *providers.Client
	err             error // the target names nothing
}

// resolve finds out what the targets name. The same under two names is one.
func (j *job) resolve(targets []string) error {
	seen := map[string]bool{}
	for _, target := range targets {
		k := task{target: target}
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
		if !seen[k.key] {
			seen[k.key] = true
			j.tasks = append(j.tasks, k)
		}
	}
	return nil
}

// run reads the targets that are not done, several at once.
func (j *job) run(ctx context.Context, atOnce int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan task)
	var running sync.WaitGroup
	for range atOnce {
		running.Go(func() {
			for k := range queue {
				if j.do(ctx, k) {
					cancel()
				}
			}
		})
	}
	for _, k := range j.tasks {
		if j.journal.isDone(k.key) {
			j.progress.step()
			continue
		}
		select {
		case queue <- k:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	running.Wait()
	j.progress.clear()
	return j.end(ctx)
}

// do reads one target and reports whether the batch is over.
func (j *job) do(ctx context.Context, k task) (over bool) {
	if ctx.Err() != nil {
		return true
	}
	l, err := j.read(ctx, k)
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return true // it was not read to its end, and is asked again
	case err == nil:
		if j.broken = j.journal.done(k.key, l); j.broken != nil {
			return true
		}
		j.written++
	case errors.Is(err, tokens.ErrRateLimited):
		j.spent = err
		return true
	default:
		l.Error = string(j.hide.clean([]byte(line(err))))
		j.failed = append(j.failed, l)
	}
	j.progress.step()
	return false
}

func (j *job) read(ctx context.Context, k task) (batchLine, error) {
	l := batchLine{Target: string(j.hide.clean([]byte(k.target))), Items: []any{}}
	if k.err != nil {
		return l, k.err
	}
	for item, err := range j.listing.fetch(ctx, k.client, k.of, j.options) {
		if err != nil {
			return l, err
		}
		l.Items = append(l.Items, item)
	}
	l.OK = true
	return l, nil
}

// end writes the targets that failed, and says how it went.
func (j *job) end(ctx context.Context) error {
	for _, l := range j.failed {
		if j.broken == nil {
			j.broken = j.journal.failed(l)
		}
	}
	switch {
	case j.broken != nil:
		return j.broken
	case j.spent != nil:
		return j.spent
	case len(j.failed) > 0 && ctx.Err() == nil:
		err := fmt.Errorf("batch: %d of %d targets failed", len(j.failed), len(j.tasks))
		return &partialError{err, j.written}
	}
	return ctx.Err()
}

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
