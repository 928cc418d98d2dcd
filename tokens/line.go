package tokens

import (
	"context"
	"slices"
	"time"
)

// line is the calls that wait for a token of one lane, first come first served
// among those who could use the same token (I9): each stands in the queues of those
// who could (see queue).
type line struct {
	first, last *waiter
	parties     map[audience]*party   // by whose tokens may serve them
	fixed       map[*entry]*party     // those that wait for one token
	pinned      map[*account][]*party // those that wait for one account
	marked      pile                  // that are to be looked at, by their first calls
	paced       agenda[*queue]        // that are to be looked at when their time has come
	refused     []*waiter             // that have been refused by a token that could serve them
	aside       []*waiter             // in no queue while those behind them are looked at
	movable     int                   // calls whose audience may change
	sweeper     *waiter               // the next whose audience is to be worked out anew
	generation  uint64                // of the host, that audiences are or are being worked out for
	rested      bool                  // the host rested when queues were last looked at
}

// waiter is one call in line. It is guarded by its Host's mutex, but for turn.
type waiter struct {
	lane       *lane
	request    Request
	number     uint64    // in the order of arrival, over all lines of the host
	until      time.Time // when it may go on at the earliest, as known at first
	audience   audience  // that of the request, by value; the zero audience is everybody
	turn       chan turn // receives once, from whoever takes the waiter out of line
	inLine     bool
	positions  []*position
	prev, next *waiter
}

// turn is how a wait ends: with a lease or an error.
type turn struct {
	lease Lease
	err   error
}

// enter puts a call in line, unless it cannot be served in time.
func (l *lane) enter(ctx context.Context, r *Request, now time.Time) (*waiter, error) {
	at, ok := l.earliest(r, now)
	if !ok {
		return nil, l.exhausted(r, time.Time{}, now)
	}
	deadline, bounded := ctx.Deadline()
	if wait := at.Sub(now); r.maxWait() < 0 || wait > r.maxWait() || bounded && at.After(deadline) {
		return nil, l.exhausted(r, at, now)
	}
	r.Tried.keepReady(l, r.Draw, now)
	l.host.waiters++
	w := &waiter{lane: l, request: *r, number: l.host.waiters, until: at, turn: make(chan turn, 1)}
	w.audience = r.audience.value()
	l.line.push(w)
	l.line.rested = l.line.rested || !l.host.restingUntil(now).IsZero()
	l.waitForPace(w, w.ownQueue(), now)
	l.armTimer(now)
	return w, nil
}

// wait blocks until it is the call's turn, its time is up or ctx ends.
func (w *waiter) wait(ctx context.Context) (Lease, error) {
	defer w.leave() // also when OnWait panics
	r := &w.request // its audience may change meanwhile and is not looked at here
	if r.OnWait != nil {
		r.OnWait(w.until)
	}
	tooLong := time.NewTimer(r.maxWait())
	defer tooLong.Stop()
	select {
	case t := <-w.turn:
		return w.called(t)
	case <-ctx.Done():
		return Lease{}, ctx.Err()
	case <-tooLong.C:
		return w.giveUp()
	}
}

func (w *waiter) called(t turn) (Lease, error) {
	if t.err == nil && w.request.Tried != nil {
		w.request.Tried.Reset()
	}
	return t.lease, t.err
}

// leave takes the call out of line; a lease that it was given meanwhile goes
// to the next.
func (w *waiter) leave() {
	l := w.lane
	l.host.mu.Lock()
	l.line.remove(w)
	if l.line.first == nil {
		l.stopTimer()
	}
	l.host.mu.Unlock()
	select {
	case t := <-w.turn:
		t.lease.Cancel()
	default:
	}
}

// giveUp ends a wait that has lasted as long as it may, unless what it waited
// for comes at this very moment.
func (w *waiter) giveUp() (Lease, error) {
	l, now := w.lane, time.Now()
	l.host.mu.Lock()
	defer l.host.mu.Unlock()
	for !l.serve(now) && w.inLine {
		l.host.letOthers()
	}
	if !w.inLine {
		return w.called(<-w.turn)
	}
	r := &w.request
	r.Tried = nil
	at, _ := l.earliest(r, now)
	return Lease{}, l.exhausted(r, at, now)
}

func (l *line) push(w *waiter) {
	w.inLine = true
	w.lane.host.inLine++
	w.prev = l.last
	if l.last != nil {
		l.last.next = w
	} else {
		l.first = w
	}
	l.last = w
	l.join(w)
	if w.movable() {
		l.movable++
	}
	if !w.request.Tried.empty() {
		l.refused = append(l.refused, w)
	}
}

// movable reports whether the call may come to be served by others.
func (w *waiter) movable() bool {
	r := &w.request
	return r.fixed == nil && (r.Pin != nil || r.Owner != "")
}

func (l *line) remove(w *waiter) {
	if !w.inLine {
		return
	}
	w.inLine = false
	w.lane.host.inLine--
	l.part(w)
	if w.movable() {
		l.movable--
	}
	l.refused = without(l.refused, w)
	if l.sweeper == w {
		l.sweeper = w.next
	}
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.last = w.prev
	}
	w.prev, w.next = nil, nil
}

// without returns the calls but for one of them. They are few, and mostly none.
func without(ws []*waiter, w *waiter) []*waiter {
	if i := slices.Index(ws, w); i >= 0 {
		return slices.Delete(ws, i, i+1)
	}
	return ws
}

func (l *line) end(w *waiter, t turn) {
	l.remove(w)
	w.turn <- t
}

func (l *line) failAll(err error) {
	for l.first != nil {
		l.end(l.first, turn{err: err})
	}
}
