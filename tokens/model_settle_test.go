package tokens

import (
	"context"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// answer has the host serve a call.
func (m *model) answer(c *openCall) {
	o := m.serve(c.user, c.draw)
	c.answer = &o
	win := m.window(c.user, c.draw.Resource)
	if o.Class == ratelimit.PrimaryLimit && c.known && win.ends.Equal(c.window) && !win.doubtful && m.whole(c.user, c.budget().account) {
		m.Fatalf("I5: a call on %s was refused though the budget was known when it was leased", c.draw.Resource)
	}
}

// settle books an answer, twice.
func (m *model) settle(c *openCall, o ratelimit.Observation) {
	b, seq, e, newest := c.budget(), c.seq(), c.lease.entry, m.host.seq
	if o.Resource != "" && o.Resource != b.resource {
		b = b.account.budget(m.host.lane(o.Resource, time.Now()), time.Now())
	}
	c.lease.Settle(o)
	c.lease.Settle(ratelimit.Observation{Class: ratelimit.SecondaryLimit}) // has no effect any more
	c.lease.Cancel()
	now := time.Now()
	c.ended = now
	if o.Class != ratelimit.Unauthorized && (o.Scope != ratelimit.TokenNumbers || !o.Remaining.IsKnown()) {
		m.unsettled(c, b, newest)
	}
	k, ends := m.book(b), o.Reset.Add(-m.skew)
	if o.Class != ratelimit.Unauthorized {
		k.observe(&o, ends, seq)
		if o.Scope == ratelimit.TokenNumbers && o.Remaining.Or(1) == 0 && o.Class != ratelimit.PrimaryLimit && now.Before(ends.Add(resetMargin)) {
			k.rest.raise(ends, ends.Add(doubt))
		}
	}
	m.noteLimit(c, b, &o, ends, seq)
	m.noteToken(e, &o, seq)
}

// unsettled writes down that a call ended and nobody knows whether it counted.
func (m *model) unsettled(c *openCall, b *budget, newest uint64) {
	k, win := m.book(b), m.window(c.user, c.draw.Resource)
	k.unsure += win.cost * min(1, c.draw.Units)
	k.newest = newest
	win.doubtful = win.doubtful || win.cost > 1 // a lost query counts as one unit, see budget.hold
	if !b.remaining.IsKnown() || !m.whole(c.user, b.account) {
		m.blur(c.user)
	}
}

// noteLimit writes down whom a refusal rests.
func (m *model) noteLimit(c *openCall, b *budget, o *ratelimit.Observation, ends time.Time, seq uint64) {
	now := time.Now()
	from, to := now.Add(time.Minute), now.Add(15*time.Minute)
	if d, ok := o.RetryAfter.Get(); ok {
		from, to = now.Add(d), now.Add(d)
	}
	p := m.person(b.account)
	switch o.Rests {
	case ratelimit.WholeHost:
		m.rest.raise(from, later(from, now.Add(time.Minute)))
	case ratelimit.OneAccount:
		p.cool.raise(from, to)
	case ratelimit.OneRoute:
		if c.draw.Route == 0 {
			p.cool.raise(from, to)
		} else {
			p.route(c.draw.Route).raise(from, to)
		}
	case ratelimit.OneBudget:
		k := m.book(b)
		switch d, ok := o.RetryAfter.Get(); {
		case !o.Reset.IsZero():
			k.rest.raise(later(ends, now), later(ends.Add(doubt), now)) // a late refusal rests for the margin
		case ok:
			k.rest.raise(now.Add(d), now.Add(d))
		default:
			k.rest.raise(now.Add(ratelimit.DefaultBackoffMin), now.Add(ratelimit.DefaultBackoffMax))
		}
	case ratelimit.Nobody:
		if o.Class == ratelimit.OK && c.draw.Route != 0 {
			p.route(c.draw.Route).from = time.Time{} // it was served, perhaps after the refusal
		}
	}
}

// noteToken writes down what an answer proved about the token itself.
func (m *model) noteToken(e *entry, o *ratelimit.Observation, seq uint64) {
	c := m.cards[e]
	if seq <= c.rotated {
		return
	}
	switch {
	case o.Class == ratelimit.Unauthorized:
		if c.state == Unknown || c.state == Available {
			c.state = Suspect
		}
	case o.Validity == ratelimit.Valid && (c.state == Unknown || c.state == Suspect):
		c.state = Available
	}
	if o.TokenExpiry.IsZero() || e.removed {
		return
	}
	if end := m.host.clock.local(o.TokenExpiry); c.state != Available || time.Now().Before(end) { // else it is a mistake
		c.learned = end
	}
}

func (m *model) stepServe(a, b, _ byte) {
	c := m.pick(a, pending)
	if c == nil {
		return
	}
	m.answer(c)
	if b == 0 && c.answer.Class == ratelimit.OK {
		c.answer.TokenExpiry = m.now().Add(20*time.Minute + 333*time.Nanosecond)
	}
	m.open = append(m.open, c)
}

func (m *model) stepSettle(a, _, _ byte) {
	if c := m.pick(a, answered); c != nil {
		m.settle(c, *c.answer)
	}
}

// stepBare settles a call that was served with an answer that has no numbers.
func (m *model) stepBare(a, b, _ byte) {
	c := m.pick(a, answered)
	if c == nil {
		return
	}
	class := []ratelimit.Class{ratelimit.OK, ratelimit.NotFound, ratelimit.ServerError, ratelimit.Forbidden, ratelimit.Other}[b%5]
	o := ratelimit.Observation{Class: class, At: time.Now()}
	if b%5 < 2 {
		o.Validity = ratelimit.Valid
	}
	before := c.budget().remaining
	on := c.budget()
	m.settle(c, o)
	if on.remaining.IsKnown() && on.remaining != before {
		m.Fatalf("I11: an answer without numbers made %v of %v", on.remaining, before)
	}
}

// stepLose ends a call without an answer, whether or not it was served.
func (m *model) stepLose(a, b, _ byte) {
	c := m.pick(a, anyCall)
	if c == nil {
		return
	}
	if c.answer == nil && b%2 == 0 {
		m.answer(c)
	}
	on, newest := c.budget(), m.host.seq
	c.lease.Lost()
	c.lease.Lost() // has no effect any more
	c.ended = time.Now()
	m.unsettled(c, on, newest)
}

func (m *model) stepCancel(a, _, _ byte) {
	if c := m.pick(a, pending); c != nil {
		c.lease.Cancel()
		c.lease.Lost() // has no effect any more
		c.ended, c.returned = time.Now(), true
	}
}

// stepLimit has a call refused for a limit that the host has besides its budgets.
func (m *model) stepLimit(a, b, d byte) {
	c := m.pick(a, pending)
	if c == nil {
		return
	}
	o := ratelimit.Observation{Class: ratelimit.SecondaryLimit, Swap: ratelimit.SwapAlways, At: time.Now()}
	if d%3 != 0 {
		o.RetryAfter = ratelimit.Known(time.Duration(1+d) * time.Second)
	}
	switch b % 8 {
	case 0:
		o.Rests, o.Scope = ratelimit.WholeHost, ratelimit.IPNumbers
		o.Remaining, o.Limit = ratelimit.Known[int64](0), ratelimit.Known[int64](60)
	case 1, 2:
		o.Rests = ratelimit.OneRoute
	case 3, 4:
		o.Rests = ratelimit.OneAccount
	case 5: // another region's window
		o.Class, o.Rests, o.Scope = ratelimit.PrimaryLimit, ratelimit.OneBudget, ratelimit.TokenNumbers
		win := m.window(c.user, c.draw.Resource)
		o.Limit, o.Remaining, o.RetryAfter = ratelimit.Known(win.limit), ratelimit.Known[int64](0), ratelimit.Optional[time.Duration]{}
		o.Reset = m.now().Add(time.Duration(d)*10*time.Second - 30*time.Second).Truncate(time.Second)
	default:
		o.Class, o.Rests = ratelimit.PrimaryLimit, ratelimit.OneBudget
	}
	m.settle(c, o)
}

// stepElsewhere has the answer name another budget than the one that was expected.
func (m *model) stepElsewhere(a, b, _ byte) {
	c := m.pick(a, func(c *openCall) bool { return c.answer == nil && c.draw.Resource != "graphql" && c.draw.Units > 0 })
	if c == nil {
		return
	}
	d := c.draw
	d.Resource = map[string]string{"core": "search", "search": "core"}[d.Resource]
	o := m.serve(c.user, d)
	m.blur(c.user)
	c.answer = &o
	if b%2 == 0 {
		m.open = append(m.open, c) // it arrives later
		return
	}
	m.settle(c, o)
}

// stepOther has another program call with the same tokens, or the host lower its
// limit.
func (m *model) stepOther(a, b, _ byte) {
	u := m.users[int(a)%len(m.users)]
	win := m.window(u, []string{"core", "search"}[b%2])
	if win.ends.IsZero() {
		return
	}
	if win.used = min(win.limit, win.used+int64(b)%7); b%16 == 0 {
		win.limit = max(5, win.limit-2)
	}
	win.doubtful = true
}

// stepUnauthorized has a call meet a 401, and the manager ask what it means.
func (m *model) stepUnauthorized(a, b, _ byte) {
	c := m.pick(a, pending)
	if c == nil {
		return
	}
	e := c.lease.entry
	m.settle(c, ratelimit.Observation{Class: ratelimit.Unauthorized, Validity: ratelimit.Invalid, Message: "Bad credentials", At: time.Now()})
	if b%4 == 0 {
		return // nobody asks
	}
	m.probe = []int{http.StatusOK, http.StatusOK, http.StatusUnauthorized, http.StatusBadGateway}[b/4%4]
	m.collect() // the suspect may have served another call meanwhile
	asked := m.cards[e].state == Suspect
	state := c.lease.Confirm(context.Background(), nil)
	if !asked {
		return
	}
	m.askedItself(e)
	if state != m.cards[e].state {
		m.Fatalf("I12: a suspect token is %v after a probe that met %d", state, m.probe)
	}
}

// askedItself books a request of the manager's own.
func (m *model) askedItself(e *entry) {
	p := m.person(e.account.current())
	p.calls = append(p.calls, &openCall{draw: ratelimit.Draw{Resource: "core", Points: 1}, ended: time.Now()})
	switch c := m.cards[e]; m.probe {
	case http.StatusOK:
		if c.state == Unknown || c.state == Suspect {
			c.state = Available
		}
	case http.StatusUnauthorized:
		c.state = Invalid
	}
}
