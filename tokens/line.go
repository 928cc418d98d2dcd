package tokens

import (
	"context"
	"time"
)

// line is the calls that wait for a token of one lane, first come first served
// among those who could use the same token (I9).
type line struct {
	first, last *waiter
}

// waiter is one call in line. It is guarded by its Host's mutex, but for turn.
type waiter struct {
	lane       *lane
	request    Request
	number     uint64    // in the order of arrival, over all lines of the host
	until      time.Time // when it may go on at the earliest, as known at first
	turn       chan turn // receives once, from whoever takes the waiter out of line
	inLine     bool
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
	l.line.push(w)
	l.host.passes++
	l.waitForPace(w, now)
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
	r := w.readmitted()
	r.Tried = nil
	at, _ := l.earliest(r, now)
	return Lease{}, l.exhausted(r, at, now)
}

// serve hands what is free to those in line. Who waits for what is not free keeps
// nobody waiting who stands behind and could use something else. It reports
// whether that is all; if a slice was not enough, the timer goes on at once.
func (l *lane) serve(now time.Time) (done bool) {
	if l.line.first == nil {
		return true
	}
	awake := l.wakeUp(now)
	l.pacedAt, l.cut = time.Time{}, false
	l.host.passes++
	pass, served := l.host.passes, 0
	for w := l.line.first; w != nil && !l.cut; {
		next := w.next
		r := w.readmitted()
		switch plain := l.plain(r); {
		case plain && r.audience != nil && r.audience.stuck == pass:
		case l.serveOne(w, now):
			served++
			l.cut = served == slice
		case !plain:
			r.Tried.keepReady(l, r.Draw, now) // it waits for what rests by now, too
			l.waitForPace(w, now)
		case r.audience != nil:
			r.audience.stuck = pass // nothing is free for others like it either
		default:
			next = nil // nothing is free for anybody
		}
		w = next
	}
	l.armTimer(now)
	return awake && !l.cut
}

// plain reports whether every other call with the same audience could use what
// the call can use.
func (l *lane) plain(r *Request) bool {
	return r.Tried.empty() && l.host.kindOf(&r.Draw) == kind{}
}

// serveOne gives a call in line what is free for it.
func (l *lane) serveOne(w *waiter, now time.Time) bool {
	b, e := l.find(&w.request, now)
	if b == nil {
		return false
	}
	var t turn
	l.grant(&w.request, b, e, now, &t.lease)
	l.line.end(w, t)
	return true
}

// dismiss sends away those in line whom no token will ever serve. What one call can
// hope for that everybody may serve, all others like it can.
func (l *lane) dismiss(now time.Time) {
	hope := false
	for w := l.line.first; w != nil; {
		next := w.next
		r := w.readmitted()
		r.Tried.keepReady(l, r.Draw, now)
		if plain := r.audience == nil && l.plain(r); !plain || !hope {
			_, ok := l.earliest(r, now)
			if !ok {
				l.line.end(w, turn{err: l.exhausted(r, time.Time{}, now)})
			}
			hope = hope || plain && ok
		}
		w = next
	}
}

// waitForPace notes when the pace may let a call in line go that needs more of
// it than a read. Those of one lane and audience need nearly the same, so the
// first to ask in a pass speaks for all.
func (l *lane) waitForPace(w *waiter, now time.Time) {
	asked := &l.asked
	if a := w.request.audience; a != nil {
		asked = &a.asked
	}
	if l.host.plain(w.request.Draw) || *asked == l.host.passes {
		return
	}
	at := l.pacedFor(&w.request, now)
	if at.IsZero() {
		return
	}
	*asked = l.host.passes
	if l.pacedAt.IsZero() || at.Before(l.pacedAt) {
		l.pacedAt = at
	}
}

// pacedFor returns when time alone lets a call be served at the earliest, or zero if
// it never does. Calls under way may let it go before, and may as well last longer.
func (l *lane) pacedFor(r *Request, now time.Time) (at time.Time) {
	for b := range l.listed(r.audience) { // others come back by themselves
		if t, ok := b.readyAt(r, now); ok && t.After(now) {
			at = sooner(at, t)
		}
	}
	return at
}

// armTimer has serve called when time alone may free a budget.
func (l *lane) armTimer(now time.Time) {
	at := l.pacedAt
	if l.cut {
		at = now
	}
	if next := l.sleeping.next(); !next.IsZero() && (at.IsZero() || next.Before(at)) {
		at = next
	}
	if rest := l.host.restingUntil(now); !rest.IsZero() {
		at = rest // nothing is free before
	}
	if l.line.first == nil || at.IsZero() {
		l.stopTimer()
		return
	}
	wait := at.Sub(now)
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.onTimer)
		return
	}
	l.timer.Reset(wait)
}

func (l *lane) stopTimer() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *lane) onTimer() {
	l.host.mu.Lock()
	defer l.host.mu.Unlock()
	l.serve(time.Now())
}

func (q *line) push(w *waiter) {
	w.inLine = true
	w.lane.host.inLine++
	w.prev = q.last
	if q.last != nil {
		q.last.next = w
	} else {
		q.first = w
	}
	q.last = w
}

func (q *line) remove(w *waiter) {
	if !w.inLine {
		return
	}
	w.inLine = false
	w.lane.host.inLine--
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.prev, w.next = nil, nil
}

func (q *line) end(w *waiter, t turn) {
	q.remove(w)
	w.turn <- t
}

func (q *line) failAll(err error) {
	for q.first != nil {
		q.end(q.first, turn{err: err})
	}
}
