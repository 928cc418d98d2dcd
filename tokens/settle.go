package tokens

import (
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// settle books what an answer told: its numbers on the budget it names, its
// refusal on whom it was about, its verdict on the token. What it disregards is no
// longer in the Observation.
func (h *Host) settle(e *entry, s *leaseSlot, o *ratelimit.Observation, now time.Time) {
	if o.Date != h.clock.last { // else observe would look no further, either
		h.clock.observe(o.Date, s.sent, now)
	}
	b := s.budget
	if o.Resource != "" && o.Resource != b.resource {
		if l := h.laneTold(o.Resource, now); l != nil {
			b = b.account.budget(l, now)
			b.last = max(b.last, s.seq)
		} else {
			disregard(o)
		}
	}
	h.settleNumbers(b, s, o, now)
	h.settleLimit(b, s, o, now)
	h.settleToken(e, o, s.seq, now)
	if b != s.budget {
		b.lane.place(b, now)
		b.lane.serve(now)
	}
}

// settleNumbers merges the numbers, if they are about the account.
func (h *Host) settleNumbers(b *budget, s *leaseSlot, o *ratelimit.Observation, now time.Time) {
	if o.Class == ratelimit.Unauthorized {
		return // its numbers are the IP address's, and it cost the account nothing
	}
	if o.Scope != ratelimit.TokenNumbers || !o.Remaining.IsKnown() {
		units := s.draw.Units
		if o.Free {
			units = 0
		}
		b.charge(units, s.seq, h.seq, now)
	}
	if o.Scope != ratelimit.TokenNumbers {
		return
	}
	ends := h.clock.local(o.Reset)
	if !b.again(o, ends, s.seq) {
		b.observe(&reading{limit: o.Limit, remaining: o.Remaining, used: o.Used, reset: o.Reset, ends: ends, seq: s.seq}, now)
		b.relimit()
	}
	if o.Remaining.Or(1) > 0 || o.Class == ratelimit.PrimaryLimit {
		return
	}
	switch until := ends; {
	case until.IsZero():
		b.restUntil(now.Add(h.spentBackoff().Delay(0, h.random())))
	case now.Before(until.Add(resetMargin)):
		b.restUntil(until)
	}
}

// settleLimit rests whom a refusal was about.
func (h *Host) settleLimit(b *budget, s *leaseSlot, o *ratelimit.Observation, now time.Time) {
	switch o.Class {
	case ratelimit.PrimaryLimit, ratelimit.SecondaryLimit:
		switch subject(o) {
		case ratelimit.WholeHost:
			h.restUntil(now.Add(waitOr(o, now, ratelimit.SecondaryBackoff().Min)), now)
		case ratelimit.OneBudget:
			b.rested(o, h.clock.local(o.Reset), s.seq, now)
		case ratelimit.OneRoute:
			b.account.restRoute(s.draw.Route, s.seq, o, now)
		default:
			b.account.cooled(s.seq, o, now)
		}
	case ratelimit.OK, ratelimit.NotFound:
		if s.seq > b.pausedSeq {
			b.pauses = 0
		}
		if s.seq > b.account.cooledSeq {
			b.account.coolings = 0
		}
		if b.account.routes != nil {
			b.account.routeServed(s.draw.Route, s.seq)
		}
	}
}

// subject returns whom a refusal rests. Observations that were made by hand may
// leave it to the class and the numbers.
func subject(o *ratelimit.Observation) ratelimit.Subject {
	switch {
	case o.Rests != ratelimit.Nobody:
		return o.Rests
	case o.Scope == ratelimit.IPNumbers:
		return ratelimit.WholeHost
	case o.Class == ratelimit.PrimaryLimit:
		return ratelimit.OneBudget
	}
	return ratelimit.OneAccount
}

func waitOr(o *ratelimit.Observation, now time.Time, otherwise time.Duration) time.Duration {
	if d, ok := o.Wait(now); ok {
		return d
	}
	return otherwise
}

// spentBackoff is how long to rest a spent budget whose host names no reset.
func (h *Host) spentBackoff() ratelimit.Backoff {
	if h.dialect == ratelimit.BitbucketCloud {
		return ratelimit.RollingBackoff()
	}
	return ratelimit.GeneralBackoff()
}

// cooled books a secondary limit: GitHub does not document whom it counts, so
// the whole account rests.
func (a *account) cooled(seq uint64, o *ratelimit.Observation, now time.Time) {
	if seq > a.cooledSeq { // not one more of the same burst
		a.coolings++
	}
	a.cooledSeq = a.host.seq
	wait, ok := o.RetryAfter.Get()
	if !ok {
		wait = ratelimit.SecondaryBackoff().Delay(a.coolings-1, a.host.random())
	}
	if until := now.Add(wait); until.After(a.cool) {
		a.cool = until
	}
	a.relist(now)
}

// restUntil keeps the whole host from being used until t. The budgets stay where
// they are: those in line are served when the rest is over, and observers hear of
// each token in a while.
func (h *Host) restUntil(t, now time.Time) {
	if !t.After(h.rest) {
		return
	}
	if h.restingUntil(now).IsZero() {
		h.noticeAll(now)
	}
	h.rest = t
	for _, l := range h.lanes {
		l.armTimer(now)
	}
}

// restingUntil returns when a limit that holds for the whole host ends, margin
// included. Zero means that none does.
func (h *Host) restingUntil(now time.Time) time.Time {
	if h.rest.IsZero() {
		return h.rest // as nearly always
	}
	over := restOver(h.rest, now)
	if over.IsZero() {
		h.rest = over
	}
	return over
}

// settleToken books what the answer proved about the token itself. One 401 is
// not death (I12): the token becomes suspect, and a probe decides.
func (h *Host) settleToken(e *entry, o *ratelimit.Observation, seq uint64, now time.Time) {
	switch {
	case seq <= e.rotated: // it is about the secret before this one
		return
	case o.Class == ratelimit.Unauthorized:
		if e.state == Unknown || e.state == Available {
			e.state, e.reason = Suspect, o.Message
			e.restate()
			e.account.relist(now)
		}
	case o.Validity == ratelimit.Valid && (e.state == Unknown || e.state == Suspect):
		e.state, e.reason = Available, ""
		e.restate()
		e.account.relist(now)
	}
	e.learnEnd(o.TokenExpiry, now)
}
