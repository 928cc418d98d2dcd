package batch

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// window bounds, in multiples of Concurrency, how many items are done and not
// handed out, and of an ordered stream how many are taken and not handed out.
const window = 4

// Stream calls fn for each of the items and hands out each item with its error,
// nil if it succeeded, as soon as it is done, or in the order of the items if
// Config.Ordered asks for that. Memory does not grow with the number of items,
// apart from 32 bytes at most for each ID.
//
// If the batch ends before all is done, the last error matches [ErrStopped] and
// its item is the zero Item; items that were not taken from the sequence by then
// are not handed out. So it is with an unusable Config or checkpoint, too. With a
// checkpoint the items that are done already are handed out as well, marked as
// resumed, when their turn comes.
//
// The sequence is read in another goroutine, one item at a time. It should end
// when ctx does if it may block. Calls run ahead of a slow loop by
// five times Concurrency at most. Leaving the loop cancels the calls that are under way and waits
// for them. The result can be ranged over again, which runs the batch again.
func Stream[K comparable, O any](ctx context.Context, items iter.Seq[K], fn func(context.Context, K) (O, error), c Config) iter.Seq2[Item[K, O], error] {
	return func(yield func(Item[K, O], error) bool) {
		e, err := newEngine(ctx, fn, c)
		if err != nil {
			yield(Item[K, O]{}, err)
			return
		}
		s := &stream[K, O]{engine: e, seen: newSeen[K](), done: make(chan outcome[K, O], window*e.config.Concurrency)}
		if e.config.Ordered {
			s.slots = make(chan struct{}, window*e.config.Concurrency)
			s.early = make([]early[K, O], window*e.config.Concurrency)
		}
		if s.run(items, yield) {
			yield(Item[K, O]{}, s.err)
		}
	}
}

// errLeft is the cause of the context's end when the caller leaves the loop.
var errLeft = errors.New("batch: the loop was left")

// stream is an engine whose items come from a sequence and go to a loop.
type stream[K comparable, O any] struct {
	*engine[K, O]
	done chan outcome[K, O]
	err  error // why it ended early

	source sync.Mutex // guards what follows
	pull   func() (K, bool)
	seen   *seen[K]
	taken  int
	staff  int  // workers that were started
	empty  bool // the sequence has ended

	// For an ordered stream, else nil.
	slots chan struct{} // one for each item that is taken and not handed out
	early []early[K, O] // what is done before its turn, a ring of as many; only the loop uses it
}

// early is the place in the ring for what is done before its turn.
type early[K comparable, O any] struct {
	outcome[K, O]
	done bool
}

// run is one time through the sequence. It reports whether the loop is still
// there to hear of s.err.
func (s *stream[K, O]) run(items iter.Seq[K], yield func(Item[K, O], error) bool) (stay bool) {
	pull, stop := iter.Pull(items)
	s.pull = pull
	s.next = s.take
	s.deliver = func(o outcome[K, O]) { s.done <- o }
	s.staff = 1
	s.start(1)
	go func() {
		s.workers.Wait()
		close(s.done)
	}()
	left := true // also when the loop's body panics
	defer func() {
		if left {
			s.stop(errLeft)
			for range s.done { // until the last worker has left
			}
		}
		stop()
		s.err = s.end(s.empty)
		stay = !left && s.err != nil
	}()
	left = !s.hand(yield)
	return stay
}

// hand gives the loop what is done until all is. It reports whether the loop
// has taken it all.
func (s *stream[K, O]) hand(yield func(Item[K, O], error) bool) bool {
	turn := 0
	for o := range s.done {
		if s.slots == nil {
			if !yield(o.Item, o.err) {
				return false
			}
			continue
		}
		s.early[o.place%len(s.early)] = early[K, O]{o, true}
		for ; s.early[turn%len(s.early)].done; turn++ {
			o := s.early[turn%len(s.early)]
			s.early[turn%len(s.early)] = early[K, O]{}
			<-s.slots
			if !yield(o.Item, o.err) {
				return false
			}
		}
	}
	return true
}

// take returns the next item that was not met before. Each item calls for
// another worker until there are enough, so that a short sequence has few.
func (s *stream[K, O]) take() (k K, place int, ok bool) {
	if s.slots != nil {
		select {
		case s.slots <- struct{}{}:
		case <-s.ctx.Done():
			return k, 0, false
		}
	}
	s.source.Lock()
	defer s.source.Unlock()
	k, ok = s.fresh()
	if !ok {
		return k, 0, false
	}
	s.taken++
	if s.staff < s.config.Concurrency {
		s.staff++
		s.start(1)
	}
	return k, s.taken - 1, true
}

// fresh reads the sequence up to an item that was not met before.
func (s *stream[K, O]) fresh() (k K, ok bool) {
	for !s.empty && s.ctx.Err() == nil {
		if k, ok = s.pull(); !ok {
			s.empty = true
			break
		}
		if s.isNew(k) {
			s.total.Add(1)
			return k, true
		}
		s.duplicates.Add(1)
	}
	return k, false
}

// isNew asks the checkpoint first: what that knows needs no second place in
// memory.
func (s *stream[K, O]) isNew(k K) bool {
	if s.saved != nil {
		if known, first := s.saved.meet(sumOf(s.text(k))); known {
			return first
		}
	}
	return s.seen.add(k)
}
