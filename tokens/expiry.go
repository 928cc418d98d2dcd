package tokens

import "time"

// soon is how long before the end of a token its observers hear of it.
const soon = 7 * 24 * time.Hour

// expiry is when a token ends. It is guarded by its Host's mutex.
type expiry struct {
	expired      bool
	toldEnd      time.Time   // what the host last told, by its clock
	learnedEnd   time.Time   // the same by ours
	end          time.Time   // the earlier of this and Token.Expires; zero means unknown or never
	announcedEnd time.Time   // observers have heard that it is near
	timer        *time.Timer // nil before an end is known
}

// schedule works out when the token ends, and has it put aside then.
func (e *entry) schedule(now time.Time) {
	e.end = e.token.Expires
	if t := e.learnedEnd; !t.IsZero() && (e.end.IsZero() || t.Before(e.end)) {
		e.end = t
	}
	e.expired = !e.end.IsZero() && !now.Before(e.end)
	if e.end.IsZero() || e.expired {
		e.stopExpiry()
		return
	}
	wait := e.end.Sub(now)
	if wait > soon {
		wait -= soon
	}
	if e.timer == nil {
		e.timer = time.AfterFunc(wait, e.onExpiry)
		return
	}
	e.timer.Reset(wait)
}

func (e *entry) stopExpiry() {
	if e.timer != nil {
		e.timer.Stop()
	}
}

// onExpiry runs a week before the end of a token and at its end.
func (e *entry) onExpiry() {
	now := time.Now()
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.removed || e.host.closed {
		return
	}
	e.reschedule(now)
}

func (e *entry) reschedule(now time.Time) {
	was := e.expired
	e.schedule(now)
	e.announceEnd(now)
	if e.expired != was {
		e.changed(now)
	}
}

// learnEnd takes over when the token ends from what the host said, by its clock.
// Zero says nothing. What is told of a secret that is refreshed is not the end of
// the token.
func (e *entry) learnEnd(end, now time.Time) {
	if end.IsZero() || end.Equal(e.toldEnd) || e.minter != nil || e.removed {
		return
	}
	if e.state == Available && !now.Before(e.host.clock.local(end)) {
		return // the host honours the token, so that this must be a mistake
	}
	e.toldEnd, e.learnedEnd = end, e.host.clock.local(end)
	e.reschedule(now)
}

// forgetEnd makes the end unknown, since another secret has another.
func (e *entry) forgetEnd() {
	e.stopExpiry()
	e.expiry = expiry{timer: e.timer}
	e.token.Expires = time.Time{}
}

// announceEnd tells observers that the token ends within a week, once for each
// end.
func (e *entry) announceEnd(now time.Time) {
	h := e.host
	if e.end.IsZero() || e.expired || e.end.Sub(now) > soon || e.end.Equal(e.announcedEnd) || !h.observed() {
		return
	}
	e.announcedEnd = e.end
	h.tell(Event{Kind: TokenExpiresSoon, Until: e.end}, e)
}
