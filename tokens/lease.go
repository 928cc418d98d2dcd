package tokens

import (
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Lease is the right to send one request with one token, from [Host.Lease].
//
// It must be settled exactly once, on every path: with Settle when an answer
// came, with Lost when the request was sent and no answer came, and with Cancel
// when it was never sent. Whatever is called after the first of these has no
// effect. A Lease is a small value; its methods are safe for concurrent use.
// The zero Lease is none, and its methods do nothing.
type Lease struct {
	host  *Host
	entry *entry
	slot  uint32
	gen   uint32

	secret *minted // of a refreshing token, else nil
}

// ID returns the ID of the leased token.
func (l Lease) ID() ID {
	if l.entry == nil {
		return ""
	}
	return l.entry.id
}

// Label returns the label of the leased token.
func (l Lease) Label() string {
	if l.entry == nil {
		return ""
	}
	return *l.entry.label.Load()
}

// String returns the label of the leased token.
func (l Lease) String() string { return l.Label() }

// Authorize writes the token into h in place of whatever credential is there.
// The caller must see to it that h goes to the lease's own host only.
func (l Lease) Authorize(h http.Header) {
	switch {
	case l.secret != nil:
		l.secret.auth.put(h)
	case l.entry != nil:
		l.entry.auth.Load().put(h)
	}
}

// Settle ends the lease with what the answer told, received now.
func (l Lease) Settle(o ratelimit.Observation) {
	l.end(true, func(s leaseSlot, now time.Time) {
		if l.secret.judge(&o, s.seq, l.host.seq, now) {
			l.host.clock.observe(o.Date, s.sent, now) // it says no more of the token
			return
		}
		l.host.settle(l.entry, s, &o, now)
	})
}

// Lost ends the lease of a request that was sent and not answered. What it
// would have cost stays charged until a call that was leased later is answered.
func (l Lease) Lost() {
	l.end(true, func(s leaseSlot, _ time.Time) { s.budget.lost.add(s.draw.Units, l.host.seq) })
}

// Cancel ends the lease of a request that was not sent.
func (l Lease) Cancel() {
	l.end(false, func(leaseSlot, time.Time) {})
}

// end takes the lease of a request that was sent or not out of the books, lets
// book say what came of it, and hands what became free to those in line.
func (l Lease) end(sent bool, book func(s leaseSlot, now time.Time)) {
	if l.host == nil {
		return
	}
	now := time.Now()
	h := l.host
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.leases.remove(l)
	if !ok {
		return
	}
	b, a := s.budget, s.budget.account
	b.out -= s.held
	a.inFlight--
	wasFull := a.inFlight == h.maxInFlight-1
	a.endPace(s.draw, b.resource, sent, now)
	book(s, now)
	a.notice(now)
	b.lane.place(b, now)
	if wasFull { // a call of any resource may take the place
		a.relist(now)
		h.serveLines(now)
		return
	}
	b.lane.serve(now)
}

// leaseTable holds the leases that are out. A slot is used again under another
// generation, so that a lease that is settled twice is noticed.
type leaseTable struct {
	slots []leaseSlot
	free  []uint32
}

type leaseSlot struct {
	budget *budget // nil while the slot is free
	draw   ratelimit.Draw
	held   int64 // units kept from others
	seq    uint64
	gen    uint32
	sent   time.Time
}

func (t *leaseTable) add(h *Host, e *entry, taken leaseSlot) Lease {
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, leaseSlot{})
	}
	s := &t.slots[i]
	taken.gen = s.gen
	*s = taken
	return Lease{host: h, entry: e, slot: i, gen: s.gen}
}

// remove frees the slot of l and returns what was in it.
func (t *leaseTable) remove(l Lease) (leaseSlot, bool) {
	s := &t.slots[l.slot]
	if s.budget == nil || s.gen != l.gen {
		return leaseSlot{}, false
	}
	was := *s
	s.budget = nil
	s.gen++
	t.free = append(t.free, l.slot)
	return was, true
}
