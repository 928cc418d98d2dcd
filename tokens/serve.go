package tokens

import (
	"slices"
	"time"
)

// serve hands what is free to those in line, and sends those away whom no token will
// ever serve. Who waits for what is not free keeps nobody waiting who could use
// something else. It reports whether that is all; if a slice was not enough, the
// timer goes on at once.
func (l *lane) serve(now time.Time) (done bool) {
	return l.line.first == nil || l.serveLine(now)
}

func (l *lane) serveLine(now time.Time) (done bool) {
	line := &l.line
	defer l.comeBack(now) // also when a user's strategy panics
	awake := l.wakeUp(now)
	l.cut = !l.sweep()
	l.remark(now)
	for n := 0; len(line.marked) > 0 && !l.cut; {
		if l.serveFirst(line.marked[0], now) {
			n++
			l.cut = l.cut || n == slice
		}
	}
	l.comeBack(now) // before the timer is set, by what they wait for
	l.forgive(now)
	l.armTimer(now)
	return awake && !l.cut
}

// serveFirst serves the first call of a queue, or else ends the look at the queue. It
// returns false if the call stands aside meanwhile: all who do are looked at in one go.
func (l *lane) serveFirst(q *queue, now time.Time) bool {
	w := q.positions.first().waiter
	r := &w.request
	if b, e := l.find(r, now); b != nil {
		var t turn
		l.grant(r, b, e, now, &t.lease)
		l.line.end(w, t)
		return true
	}
	switch {
	case l.cut: // there is more to be looked at
	case l.hasTried(w, now):
		l.line.part(w)
		l.line.aside = append(l.line.aside, w)
		return false
	case q.doubt && l.dismiss(w, now):
	default:
		q.doubt = false
		l.line.unmark(q)
		l.waitForPace(w, q, now)
	}
	return true
}

// hasTried reports whether a token refused the call that could serve it all the same:
// those behind it may be better off. What rests by now is no such token.
func (l *lane) hasTried(w *waiter, now time.Time) bool {
	r := &w.request
	if r.Tried.empty() {
		return false
	}
	r.Tried.keepReady(l, r.Draw, now)
	return !r.Tried.empty()
}

// forgive lets calls in line come back to what refused them and rests by now.
func (l *lane) forgive(now time.Time) {
	l.line.refused = slices.DeleteFunc(l.line.refused, func(w *waiter) bool { return !l.stillTried(w, now) })
}

// stillTried is hasTried for a call that is not looked at besides: it waits from now on
// for what it may come back to.
func (l *lane) stillTried(w *waiter, now time.Time) bool {
	tried := w.request.Tried.size()
	has := l.hasTried(w, now)
	if w.request.Tried.size() < tried {
		l.waitForPace(w, w.ownQueue(), now)
	}
	return has
}

// comeBack puts those who stood aside into their queues again.
func (l *lane) comeBack(now time.Time) {
	for _, w := range l.line.aside {
		l.line.join(w)
		l.waitForPace(w, w.ownQueue(), now)
	}
	clear(l.line.aside)
	l.line.aside = l.line.aside[:0]
}

// sweep works out anew who may serve the calls in line, after what tokens can be
// used for has changed: a slice of them at most. It reports whether that is all.
func (l *lane) sweep() (done bool) {
	line := &l.line
	if line.generation != l.host.generation {
		line.generation = l.host.generation
		if line.movable > 0 {
			line.sweeper = line.first
		}
	}
	for range sweepSlice {
		w := line.sweeper
		if w == nil {
			return true
		}
		line.sweeper = w.next
		l.readmit(w)
	}
	return line.sweeper == nil
}

// sweepSlice is how many calls in line are looked at while the lock is held, to see
// whether others may serve them now. For nearly all of them nothing has changed.
const sweepSlice = 8 * slice

// readmit works out who may serve a call in line, and reports whether these are not
// those that might before.
func (l *lane) readmit(w *waiter) (moved bool) {
	if w.request.admitted == l.host.generation {
		return false
	}
	l.host.admit(&w.request)
	a := w.request.audience.value()
	if a == w.audience {
		return false
	}
	l.line.part(w)
	w.audience = a
	l.line.join(w)
	for _, s := range w.positions {
		s.queue.doubt = true // perhaps nobody can serve at all
		l.line.mark(s.queue)
	}
	return true
}

// remark has the queues looked at whose calls time alone may have freed, but for what
// the budgets' own dates say.
func (l *lane) remark(now time.Time) {
	line := &l.line
	switch rests := !l.host.restingUntil(now).IsZero(); {
	case rests:
		line.rested = true
	case line.rested:
		line.rested = false
		line.markAll()
	}
	for line.paced.due(now) {
		q := line.paced.dates[0].of
		line.paced.set(&q.paced, time.Time{})
		line.mark(q)
	}
}

// doubt sends away those in line whom no token will ever serve, after a token has
// changed. Calls that wait for an account or owner of whom no token is left come to
// be anybody's first, see readmit.
func (l *lane) doubt(e *entry, now time.Time) {
	line := &l.line
	line.doubtParty(line.parties[audience{}])
	line.doubtParty(line.parties[audience{token: e}])
	for _, w := range slices.Clone(line.refused) {
		l.readmit(w)
		l.stillTried(w, now)
		l.dismiss(w, now)
	}
	l.serve(now)
}

func (l *line) doubtParty(c *party) {
	if c == nil {
		return
	}
	l.markParty(c)
	for _, q := range c.queues {
		q.doubt = true
	}
}

// dismiss sends a call away, if no token will ever serve it.
func (l *lane) dismiss(w *waiter, now time.Time) bool {
	_, ok := l.earliest(&w.request, now)
	if !ok {
		l.line.end(w, turn{err: l.exhausted(&w.request, time.Time{}, now)})
	}
	return !ok
}

// waitForPace notes when the pace may let a call of a queue go that needs more of it
// than a read.
func (l *lane) waitForPace(w *waiter, q *queue, now time.Time) {
	if l.host.plain(w.request.Draw) {
		return
	}
	at := l.pacedFor(&w.request, now)
	l.line.paced.set(&q.paced, sooner(q.paced.at, at))
}

// pacedFor returns when time alone lets a call be served at the earliest, or zero if
// it never does. Calls under way may let it go before, and may as well last longer.
// Nothing goes before a rest of the host is over.
func (l *lane) pacedFor(r *Request, now time.Time) (at time.Time) {
	s := waitSearch{least: l.host.restingUntil(now), late: true}
	if !s.rosters(l, r, now) {
		s.listed(l, r, now) // others come back by themselves
	}
	return s.at
}

// armTimer has serve called when time alone may free a budget.
func (l *lane) armTimer(now time.Time) {
	at := l.line.paced.next()
	if next := l.sleeping.next(); !next.IsZero() && (at.IsZero() || next.Before(at)) {
		at = next
	}
	if rest := l.host.restingUntil(now); !rest.IsZero() {
		at = rest // nothing is free before
	}
	if l.cut {
		at = now
	}
	if l.line.first == nil || at.IsZero() {
		l.stopTimer()
		return
	}
	if at.Equal(l.armed) {
		return
	}
	l.armed = at
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
		l.armed = time.Time{}
	}
}

func (l *lane) onTimer() {
	l.host.mu.Lock()
	defer l.host.mu.Unlock()
	l.armed = time.Time{}
	l.serve(time.Now())
}
