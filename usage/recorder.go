package usage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Config is how a [Recorder] works. The zero Config is a good one.
type Config struct {
	// Lookup tells the provider, label and account of a token, where an event does
	// not. It is [tokens.Manager.Lookup], or nil.
	Lookup func(tokens.ID) (tokens.TokenInfo, bool)

	// Route makes the route of a request's method and path. Defaults to [Route].
	Route func(method, path string) string

	// Retention is what the store keeps. It is seen to when events are stored, at
	// most every ten minutes.
	Retention Retention

	// OnError is told what went wrong with the store, by the recorder's own
	// goroutine. Nil ignores it: [Recorder.Counts] still tells what was lost.
	OnError func(error)

	Queue    int           // events that wait to be stored at most; 16,384 if 0
	Batch    int           // events that are stored at once at most; 2,000 if 0
	Interval time.Duration // longest time that an event waits for others; 1 s if 0
}

// Counts is what became of the events that a [Recorder] was given.
type Counts struct {
	Stored  int64 // by the store
	Dropped int64 // because the queue was full, or the recorder closed
	Lost    int64 // because the store failed
	Queued  int64 // not stored yet
}

// Recorder takes events and has a [Store] keep them, later and many at once.
// Recording does not wait for the store and cannot fail; what there is no room
// for is counted and dropped. A Recorder may be used by many goroutines.
type Recorder struct {
	store  Store
	config Config

	mu      sync.Mutex
	queue   []pending
	closed  bool
	counts  Counts // without Queued
	writing int64  // taken out of the queue, and not counted yet

	spare   []pending          // the writer's own, to be the next queue
	some    chan struct{}      // the queue is no longer empty
	full    chan struct{}      // it has a batch
	flush   chan chan struct{} // to be closed once all is written
	closing chan struct{}
	done    chan struct{}
	kill    context.CancelFunc
	tended  time.Time // when the store was compacted last
}

// pending is an event and what is yet to be worked out of it, which callers do
// not wait for.
type pending struct {
	Event
	method, url string
}

// NewRecorder returns a recorder that stores into s, and starts the goroutine that
// does so. [Recorder.Close] ends it.
func NewRecorder(s Store, c Config) *Recorder {
	if c.Queue <= 0 {
		c.Queue = 16_384
	}
	if c.Batch <= 0 {
		c.Batch = 2_000
	}
	c.Batch = min(c.Batch, c.Queue)
	if c.Interval <= 0 {
		c.Interval = time.Second
	}
	if c.Route == nil {
		c.Route = Route
	}
	if c.OnError == nil {
		c.OnError = func(error) {}
	}
	ctx, kill := context.WithCancel(context.Background())
	r := &Recorder{
		store:   s,
		config:  c,
		some:    make(chan struct{}, 1),
		full:    make(chan struct{}, 1),
		flush:   make(chan chan struct{}),
		closing: make(chan struct{}),
		done:    make(chan struct{}),
		kill:    kill,
	}
	go r.run(ctx)
	return r
}

// Record takes note of an event. It neither waits nor fails.
func (r *Recorder) Record(e Event) {
	r.record(pending{Event: e})
}

func (r *Recorder) record(p pending) {
	if p.At.IsZero() {
		p.At = time.Now()
	}
	r.mu.Lock()
	if r.closed || len(r.queue) >= r.config.Queue {
		r.counts.Dropped++
		r.mu.Unlock()
		return
	}
	r.queue = append(r.queue, p)
	n := len(r.queue)
	r.mu.Unlock()
	if n == 1 {
		signal(r.some)
	}
	if n == r.config.Batch {
		signal(r.full)
	}
}

// signal leaves a note in c if there is none.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Counts returns what became of the events so far.
func (r *Recorder) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	c.Queued = int64(len(r.queue)) + r.writing
	return c
}

// Flush returns once all events recorded before are stored or lost, or ctx ends.
func (r *Recorder) Flush(ctx context.Context) error {
	written := make(chan struct{})
	select {
	case r.flush <- written:
	case <-r.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("usage: flush: %w", ctx.Err())
	}
	select {
	case <-written:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("usage: flush: %w", ctx.Err())
	}
}

// stuck is how long a store has to return after its context ended.
const stuck = 5 * time.Second

// Close stores what is queued and ends the recorder's goroutine. When ctx ends
// first, the rest is lost. Events that are recorded afterwards are dropped. It
// does not close the store. Closing twice is no error.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.closing)
	}
	r.mu.Unlock()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	}
	r.kill()
	select {
	case <-r.done:
		return fmt.Errorf("usage: close: %d events lost: %w", r.Counts().Lost, ctx.Err())
	case <-time.After(stuck):
		return errors.New("usage: close: the store does not return")
	}
}
