package tokens

import (
	"slices"
	"time"
)

// seen is the state of a token that observers of events know.
type seen struct {
	state   State
	limited []string // resources whose budgets cannot be used
}

// notices has the time looked at that begins or ends limits, of which observers
// hear then even if nobody calls.
type notices struct {
	ends   agenda[*entry] // by when the first of their limits ends
	others []*entry       // that are to be looked at besides, the last first
	turned []*account     // the same of all their tokens
	at     time.Time      // when the timer goes off; zero if nothing is waited for
	timer  *time.Timer
}

func (n *notices) stop() {
	if n.timer != nil {
		n.timer.Stop()
	}
}

// baseline takes the state of the token as known, without an event.
func (e *entry) baseline(now time.Time) {
	var next time.Time
	if e.seen = (seen{state: e.ownState(now)}); e.seen.state == Cooling {
		next = e.account.restingUntil(now)
	}
	e.account.turned(now) // so that the limits of now are none that have begun since
	for name, b := range e.account.budgets {
		b.lane.place(b, now)
		if until := b.limitedUntil(now); !until.IsZero() {
			e.seen.limited = append(e.seen.limited, name)
			next = sooner(next, until)
		}
	}
	e.host.lookAgain(e, next, now)
}

// sooner returns the earlier of two times, of which zero is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// notice tells observers, if there are any, how the states of the account's tokens have
// changed. They hear of more than a slice of them in a while.
func (a *account) notice(now time.Time) {
	if !a.host.observed() {
		return
	}
	if len(a.tokens) <= slice {
		for _, e := range a.tokens {
			e.notice(now)
		}
		return
	}
	if n := &a.host.notices; a.unnoticed == 0 {
		n.turned = append(n.turned, a)
	}
	a.unnoticed = len(a.tokens)
	a.host.awaitNotice(now)
}

// noticeAfter is notice after what concerned one token, which may be one of the
// account's, and the limits of the account: it looks at the others only if these have
// begun or ended.
func (a *account) noticeAfter(e *entry, now time.Time) {
	if !a.host.observed() {
		return
	}
	holds := a.holds(e)
	if holds {
		e.notice(now)
	}
	if others := len(a.tokens) > 1 || !holds; others && a.turned(now) {
		a.notice(now)
	}
}

// turned reports whether limits that hold for all tokens of the account have begun or
// ended since it was asked last. That one ended is told by the dates of the tokens, and
// seen here when the next has another end.
func (a *account) turned(now time.Time) (turned bool) {
	cooling := restOver(a.cool, now)
	turned = cooling != a.cooling
	a.cooling = cooling
	for _, b := range a.budgets {
		b.lane.place(b, now)
		stopped := int64(0)
		if until := b.stoppedUntil(now); !until.IsZero() {
			stopped = until.UnixNano()
		}
		if stopped != b.stopped {
			b.stopped, turned = stopped, true
		}
	}
	return turned
}

func (e *entry) notice(now time.Time) {
	h := e.host
	if !h.observed() {
		return
	}
	was, state := e.seen.state, e.ownState(now)
	var until, next time.Time
	if state == Cooling {
		until = e.account.restingUntil(now)
		next = until
	}
	if was != state {
		e.seen.state = state
		h.tell(Event{Kind: TokenStateChanged, Was: was, State: state, Until: until, Reason: e.ownReason(state)}, e)
	}
	if state == Available || state == Unknown {
		next = e.noticeLimits(state, now)
	}
	h.lookAgain(e, next, now)
}

// noticeLimits tells of budgets that are spent since the last look, and of those
// that are not any more, and returns when the first of them ends that are. A token
// that cannot be used at all has none to tell of.
func (e *entry) noticeLimits(state State, now time.Time) (next time.Time) {
	var changed []string // rarely any
	for name, b := range e.account.budgets {
		b.lane.place(b, now)
		until := b.limitedUntil(now)
		next = sooner(next, until)
		if until.IsZero() == slices.Contains(e.seen.limited, name) {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	for _, name := range changed {
		ev := Event{Kind: TokenStateChanged, Was: state, State: Limited, Resource: name, Until: e.account.limitedUntil(name, now)}
		if i := slices.Index(e.seen.limited, name); i >= 0 {
			e.seen.limited = slices.Delete(e.seen.limited, i, i+1)
			ev.Was, ev.State = Limited, state
		} else {
			e.seen.limited = append(e.seen.limited, name)
		}
		e.host.tell(ev, e)
	}
	return next
}

// lookAgain has a token looked at when its first limit ends; zero means that it
// has none.
func (h *Host) lookAgain(e *entry, at, now time.Time) {
	e.again.of = e
	h.notices.ends.set(&e.again, at)
	h.awaitNotice(now)
}

// noticeAll has every token looked at soon, after something that all of them share
// has changed.
func (h *Host) noticeAll(now time.Time) {
	if h.observed() {
		h.notices.others = h.entries.list()
		h.awaitNotice(now)
	}
}

// awaitNotice has onNotice called when the next token is to be looked at.
func (h *Host) awaitNotice(now time.Time) {
	n := &h.notices
	at := n.ends.next()
	if len(n.others) > 0 || len(n.turned) > 0 {
		at = now
	}
	if h.closed || at.Equal(n.at) {
		return
	}
	n.at = at
	switch {
	case at.IsZero():
		n.stop()
	case n.timer == nil:
		n.timer = time.AfterFunc(at.Sub(now), h.onNotice)
	default:
		n.timer.Reset(at.Sub(now))
	}
}

// onNotice looks at the tokens whose time has come, a slice of them at most; if
// that was not enough, the timer goes on at once.
func (h *Host) onNotice() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	h.notices.at = time.Time{}
	for range slice {
		e := h.nextNotice(now)
		if e == nil {
			break
		}
		if !e.removed {
			e.notice(now)
		}
	}
	h.awaitNotice(now)
}

// nextNotice returns a token that is to be looked at now, or nil.
func (h *Host) nextNotice(now time.Time) *entry {
	n := &h.notices
	if n.ends.due(now) {
		e := n.ends.dates[0].of
		n.ends.set(&e.again, time.Time{})
		return e
	}
	if e := n.nextTurned(); e != nil {
		return e
	}
	last := len(n.others) - 1
	if last < 0 {
		n.others = nil
		return nil
	}
	e := n.others[last]
	n.others = n.others[:last]
	return e
}

// nextTurned returns a token of an account all of whose tokens are to be looked at, or
// nil if there is no such account. Tokens that come meanwhile are known as they come.
func (n *notices) nextTurned() *entry {
	for len(n.turned) > 0 {
		last := len(n.turned) - 1
		a := n.turned[last]
		a.unnoticed = min(a.unnoticed, len(a.tokens)) - 1
		if a.unnoticed > 0 {
			return a.tokens[a.unnoticed]
		}
		n.turned[last] = nil
		n.turned = n.turned[:last]
		if a.unnoticed == 0 {
			return a.tokens[0]
		}
		a.unnoticed = 0
	}
	n.turned = nil
	return nil
}
