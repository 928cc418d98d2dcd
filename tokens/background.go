package tokens

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// closePatience is how long Close waits for what calls a user's source.
const closePatience = 5 * time.Second

// background is the goroutines of a Manager, all of which call a user's source or
// observer.
// Each has a name, so that Close can tell which of them does not end (I16).
type background struct {
	ctx  context.Context // ends with Close
	stop context.CancelFunc

	mu     sync.Mutex // guards what follows
	jobs   map[*job]struct{}
	closed bool
}

type job struct {
	name string
	done chan struct{}
}

func newBackground() *background {
	b := &background{jobs: map[*job]struct{}{}}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// start runs f in a goroutine of its own, unless the Manager is closed.
func (b *background) start(name string, f func()) (*job, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	j := &job{name: name, done: make(chan struct{})}
	b.jobs[j] = struct{}{}
	go func() {
		defer b.end(j)
		f()
	}()
	return j, nil
}

func (b *background) end(j *job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.jobs, j)
	close(j.done)
}

// close tells all jobs to end and waits until they have.
func (b *background) close() error {
	b.stop()
	b.mu.Lock()
	b.closed = true
	jobs := make([]*job, 0, len(b.jobs))
	for j := range b.jobs {
		jobs = append(jobs, j)
	}
	b.mu.Unlock()
	return await(jobs...)
}

// await waits until the jobs have ended and names those that take too long.
func await(jobs ...*job) error {
	if len(jobs) == 0 {
		return nil
	}
	patience, enough := context.WithTimeout(context.Background(), closePatience)
	defer enough()
	var stuck []string
	for _, j := range jobs {
		select {
		case <-j.done:
			continue
		default:
		}
		select {
		case <-j.done:
		case <-patience.Done():
			stuck = append(stuck, j.name)
		}
	}
	if len(stuck) == 0 {
		return nil
	}
	slices.Sort(stuck)
	return fmt.Errorf("gitfleet: close: still running after %v: %s", closePatience, strings.Join(stuck, ", "))
}
