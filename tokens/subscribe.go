package tokens

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxQueued is how many events wait for one observer at most.
const maxQueued = 1024

// Subscribe has observe called with each [Event] from now on, one at a time and
// in the order in which they happened, until cancel is called or the Manager is
// closed. A token that is known to end within a week is told of first, unless an
// observer has heard of it already.
//
// Observe is called without any lock and may use the Manager, but must not close
// it. It holds up no call: each observer has a queue, and a goroutine runs only
// while there is something in it. Of more than 1,024 events that wait the newest
// are dropped, and [Event].Dropped of the next one counts them. Close drops what
// is still waiting, and waits for a call that is under way as for a source.
//
// Cancel may be called more than once, also by observe. A call that is under way
// goes on. Subscribe panics if observe is nil.
func (m *Manager) Subscribe(observe func(Event)) (cancel func()) {
	if observe == nil {
		panic("gitfleet: subscribe: the observer is nil")
	}
	s := &subscription{observe: observe, background: m.background}
	m.events.mu.Lock()
	defer m.events.mu.Unlock()
	if m.events.listeners.Load() == nil {
		m.each("", func(e *entry, now time.Time) { e.baseline(now) })
	}
	m.events.add(s)
	m.each("", func(e *entry, now time.Time) {
		e.notice(now) // what has changed since baseline
		e.announceEnd(now)
	})
	return func() { m.events.remove(s) }
}

// events is where what happened goes to those who listen.
type events struct {
	mu        sync.Mutex // held to change listeners; a Host's is taken after it
	listeners atomic.Pointer[[]*subscription]
}

// add needs mu.
func (v *events) add(s *subscription) {
	var grown []*subscription
	if now := v.listeners.Load(); now != nil {
		grown = slices.Clone(*now)
	}
	v.listeners.Store(new(append(grown, s)))
}

func (v *events) remove(s *subscription) {
	s.end()
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.listeners.Load()
	if now == nil {
		return
	}
	rest := slices.DeleteFunc(slices.Clone(*now), func(other *subscription) bool { return other == s })
	if len(rest) == 0 {
		v.listeners.Store(nil) // nobody pays for events any more
		return
	}
	v.listeners.Store(&rest)
}

func (v *events) publish(ev Event) {
	if all := v.listeners.Load(); all != nil {
		for _, s := range *all {
			s.push(ev)
		}
	}
}

// subscription is one observer with what waits for it.
type subscription struct {
	observe    func(Event)
	background *background

	mu      sync.Mutex // guards what follows; nothing is called while it is held
	queue   []Event
	dropped uint64
	running bool // a goroutine empties the queue
	ended   bool
}

// push puts an event into the queue and sees to it that somebody empties it.
func (s *subscription) push(ev Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return
	case len(s.queue) >= maxQueued:
		s.dropped++
		return
	}
	ev.Dropped, s.dropped = s.dropped, 0
	s.queue = append(s.queue, ev)
	if s.running {
		return
	}
	if _, err := s.background.start("observer of token events", s.deliver); err != nil {
		s.ended, s.queue = true, nil // the Manager is closed
		return
	}
	s.running = true
}

func (s *subscription) deliver() {
	for {
		ev, ok := s.next()
		if !ok {
			return
		}
		s.observe(ev)
	}
}

// next takes the oldest event out of the queue. If there is none the goroutine
// that asks must end.
func (s *subscription) next() (ev Event, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || len(s.queue) == 0 || s.background.ctx.Err() != nil {
		s.running, s.queue = false, nil
		return Event{}, false
	}
	ev = s.queue[0]
	s.queue = s.queue[1:]
	return ev, true
}

func (s *subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.queue = true, nil
}
