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
// when it was never sent. Answered reads the answer besides. Whatever is called
// after the first of these has no effect. A Lease is a small value; its methods are
// safe for concurrent use.
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

// Authorized returns a copy of h with the token in place of whatever credential
// is there, for a request to the lease's own host only. Values that h has in
// common with the copy must not be changed in place; setting, adding and
// deleting fields is safe. The zero Lease adds nothing.
func (l Lease) Authorized(h http.Header) http.Header {
	switch {
	case l.secret != nil:
		return l.secret.auth.into(h)
	case l.entry != nil:
		return l.entry.auth.Load().into(h)
	}
	copied := h.Clone()
	if copied == nil {
		copied = http.Header{}
	}
	return copied
}

// Settle ends the lease with what the answer told, received now.
func (l Lease) Settle(o ratelimit.Observation) {
	if l.host != nil {
		l.end(true, &o, l.host.local.now())
	}
}

// Answered ends the lease with an answer received now, and returns what the answer
// told, read as the host's dialect does (see [ratelimit.Dialect.Observe]). It is
// Observe and Settle with one look at the clock. The zero Lease reads nothing, and
// returns the zero Observation.
//
// An answer that names a resource that no call has drawn on counts, and reads, as one
// without numbers if answers of the host have named 64 such before, or if the name has
// more than 100 bytes.
func (l Lease) Answered(asked ratelimit.Request, answer ratelimit.Response) (o ratelimit.Observation) {
	if l.host == nil {
		return o
	}
	now := l.host.local.now()
	o = l.host.dialect.Observe(asked, answer, now)
	l.end(true, &o, now)
	return o
}

// Lost ends the lease of a request that was sent and not answered. What it
// would have cost stays charged until a call that was leased later is answered.
func (l Lease) Lost() { l.unanswered(true) }

// Cancel ends the lease of a request that was not sent.
func (l Lease) Cancel() { l.unanswered(false) }

func (l Lease) unanswered(sent bool) {
	if l.host != nil {
		l.end(sent, nil, l.host.local.now())
	}
}

// end takes the lease of a request that was sent or not out of the books, books
// what the answer told, if there is one, and hands what became free to those in
// line.
func (l *Lease) end(sent bool, o *ratelimit.Observation, now time.Time) {
	h := l.host
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.leases.end(l)
	if s == nil {
		return
	}
	b, a := s.budget, s.budget.account
	b.out -= s.held
	a.inFlight--
	wasFull := a.inFlight == h.maxInFlight-1
	a.endPace(&s.draw, b.resource, sent, now)
	switch {
	case o == nil && sent:
		b.lost.add(s.draw.Units, h.seq)
	case o == nil:
	case l.secret.judge(o, s.seq, h.seq, now):
		h.clock.observe(o.Date, s.sent, now) // it says no more of the token
	default:
		h.settle(l.entry, s, o, now)
	}
	h.leases.release(l.slot, s)
	a.noticeAfter(l.entry, now)
	if other := l.entry.account; other != a {
		other.noticeAfter(l.entry, now) // the token has come to another account meanwhile
	}
	b.lane.ended(b, now)
	if wasFull {
		a.relist(now)
	}
	if a.hanging > 0 || !sent && a.spots > 0 {
		a.recall(now)
	}
	if wasFull || h.paced && h.inLine > 0 { // a call of any resource may take the place, or the points
		a.freed()
		h.serveLines(now)
		return
	}
	b.lane.serve(now)
}
