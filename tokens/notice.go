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

// notices has the time looked at that ends limits, of which observers hear then
// even if nobody calls.
type notices struct {
	at    time.Time // zero if nothing is waited for
	timer *time.Timer
}

func (n *notices) stop() {
	if n.timer != nil {
		n.timer.Stop()
	}
}

// baseline takes the state of the token as known, without an event.
func (e *entry) baseline(now time.Time) {
	if e.seen = (seen{state: e.ownState(now)}); e.seen.state == Cooling {
		e.host.lookAgain(e.account.restingUntil(now), now)
	}
	for name, b := range e.account.budgets {
		b.lane.place(b, now)
		if until := b.limitedUntil(now); !until.IsZero() {
			e.seen.limited = append(e.seen.limited, name)
			e.host.lookAgain(until, now)
		}
	}
}

// notice tells observers how the states of the account's tokens have changed, if
// there are any.
func (a *account) notice(now time.Time) {
	if !a.host.observed() {
		return
	}
	for _, e := range a.tokens {
		e.notice(now)
	}
}

func (e *entry) notice(now time.Time) {
	h := e.host
	if !h.observed() {
		return
	}
	was, state := e.seen.state, e.ownState(now)
	var until time.Time
	if state == Cooling {
		until = e.account.restingUntil(now)
		h.lookAgain(until, now)
	}
	if was != state {
		e.seen.state = state
		h.tell(Event{Kind: TokenStateChanged, Was: was, State: state, Until: until, Reason: e.ownReason(state)}, e)
	}
	if state == Available || state == Unknown {
		e.noticeLimits(state, now)
	}
}

// noticeLimits tells of budgets that are spent since the last look, and of those
// that are not any more. A token that cannot be used at all has none to tell of.
func (e *entry) noticeLimits(state State, now time.Time) {
	var changed []string // rarely any
	for name, b := range e.account.budgets {
		b.lane.place(b, now)
		until := b.limitedUntil(now)
		if !until.IsZero() {
			e.host.lookAgain(until, now)
		}
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
}

// lookAgain has the tokens of the host looked at when a limit ends, at the given
// time.
func (h *Host) lookAgain(at, now time.Time) {
	n := &h.notices
	if h.closed || !n.at.IsZero() && !at.Before(n.at) {
		return
	}
	n.at = at
	if n.timer == nil {
		n.timer = time.AfterFunc(at.Sub(now), h.onNotice)
		return
	}
	n.timer.Reset(at.Sub(now))
}

func (h *Host) onNotice() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notices.at = time.Time{}
	now := time.Now()
	for e := range h.entries.all() {
		e.notice(now)
	}
}
