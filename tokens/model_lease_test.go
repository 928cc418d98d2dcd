package tokens

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// waitingCall is a call in line.
type waitingCall struct {
	request Request
	kind    string // equal for calls that the same tokens could serve
	number  int
	since   time.Time
	cancel  context.CancelFunc
	left    bool // its context has ended

	lease Lease
	err   error
	at    time.Time // when its wait ended
}

// request makes the request of a call.
func (m *model) request(a, b byte) (r Request, kind string) {
	d := ratelimit.Draw{Resource: []string{"core", "core", "core", "search", "graphql"}[a%5], Units: 1, Points: 1}
	switch a / 5 % 8 {
	case 0:
		d.Points = 5
	case 1:
		d.Points, d.Creates = 5, true
	case 2:
		d.Route = 1 + uint64(b%2)
	case 3:
		if b%4 == 0 {
			d.Units = 0
		}
	}
	r.Draw = d
	r.Owner = []string{"", "", "", "acme", "ACME/web", "beta", "acme/web/deep", "nobody"}[b%8]
	switch b / 8 % 10 {
	case 0:
		r.Pin = m.pins[b%2]
	case 1, 2:
		r.Walk = m.walks[b%2]
	case 3:
		if n := m.host.entries.count; n > 0 {
			r.Token = m.host.entries.list()[int(a/8)%n].id
		}
	}
	return r, fmt.Sprint(r.Draw, strings.ToLower(r.Owner), r.Token, b/8%10, b%2)
}

func (m *model) stepLease(a, b, c byte) {
	r, kind := m.request(a, b)
	r.MaxWait = -1
	if c%8 == 0 {
		m.refuse(&r, c/8)
	}
	step := r.Walk.at(m.host)
	l, err := m.host.Lease(context.Background(), r)
	now := time.Now()
	if err != nil {
		m.checkRefusal(&r, err, now)
		return
	}
	for _, w := range m.waiting {
		if w.kind == kind && r.Tried == nil && r.Draw.Units > 0 {
			m.Fatalf("I9: a call was served before one that waits for the same since %v", now.Sub(w.since))
		}
	}
	m.checkGrant(&r, l, step, now)
}

// refuse has a call been refused by one of the tokens or its account, and says so.
func (m *model) refuse(r *Request, a byte) string {
	if m.host.entries.count == 0 {
		return ""
	}
	e := m.host.entries.list()[int(a/2)%m.host.entries.count]
	r.Tried = &Tried{}
	if a%2 == 0 {
		r.Tried.tokens = append(r.Tried.tokens, e)
	} else {
		r.Tried.accounts = append(r.Tried.accounts, e)
	}
	return fmt.Sprint(" but ", e.id, a%2)
}

func (m *model) stepWait(a, b, c byte) {
	if len(m.waiting) > 20 {
		return
	}
	r, kind := m.request(a, b)
	r.MaxWait = []time.Duration{0, 0, 30 * time.Second, 10 * time.Minute}[c%4]
	if c%16 > 12 && r.Draw.Units > 0 {
		kind += m.refuse(&r, c/16)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.waited++
	w := &waitingCall{request: r, kind: kind, number: m.waited, since: time.Now(), cancel: cancel}
	m.waiting = append(m.waiting, w)
	go func(h *Host) {
		w.lease, w.err = h.Lease(ctx, r)
		w.at = time.Now()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.arrived = append(m.arrived, w)
	}(m.host)
}

func (m *model) stepLeave(a, _, _ byte) {
	if len(m.waiting) == 0 {
		return
	}
	w := m.waiting[int(a)%len(m.waiting)]
	w.left = true
	w.cancel()
}

// collect looks at the calls whose wait has ended, in the order in which they
// were served, and then at those that were not.
func (m *model) collect() {
	synctest.Wait()
	m.mu.Lock()
	arrived := m.arrived
	m.arrived = nil
	m.mu.Unlock()
	for _, w := range arrived {
		m.waiting = slices.DeleteFunc(m.waiting, func(other *waitingCall) bool { return other == w })
		w.cancel()
	}
	seq := func(w *waitingCall) uint64 {
		if w.err != nil {
			return math.MaxUint64 // what the others have got may be why
		}
		return m.host.leases.slot(w.lease.slot).seq
	}
	slices.SortFunc(arrived, func(a, b *waitingCall) int { return cmp.Compare(seq(a), seq(b)) })
	for i, w := range arrived {
		if w.err != nil {
			m.checkWaitError(w)
			continue
		}
		for _, other := range slices.Concat(m.waiting, arrived[i+1:]) {
			if other.kind == w.kind && other.number < w.number && other.err == nil && other.request.Draw.Units > 0 {
				m.Fatalf("I9: a call was served before one that has waited %v longer for the same", w.since.Sub(other.since))
			}
		}
		m.checkGrant(&w.request, w.lease, step{}, w.at)
	}
	for _, w := range m.waiting {
		if waited := time.Since(w.since); waited > w.request.maxWait() {
			m.Fatalf("I9: a call has waited %v, want %v at most", waited, w.request.maxWait())
		}
		if w.left {
			m.Fatalf("I9: a call waits though its context has ended")
		}
		m.checkNobodyServes(&w.request, w.at, "stands in line")
	}
}

func (m *model) checkWaitError(w *waitingCall) {
	if w.left && errors.Is(w.err, context.Canceled) {
		return
	}
	m.checkRefusal(&w.request, w.err, w.at)
}

// checkGrant wants a lease to be one that the books allow, and books it.
func (m *model) checkGrant(r *Request, l Lease, was step, now time.Time) {
	m.granted++
	e, card := l.entry, m.cards[l.entry]
	if card == nil {
		m.Fatalf("I13: %s was leased, which the manager does not have", l)
	}
	sure := !m.coming && (r.Pin == nil || now.Equal(time.Now())) // a pin may have moved on since
	if v, why := m.verdict(e, r, now); v <= wait && sure {
		m.Fatalf("%s was leased for %s of %q: %s", l, r.Draw.Resource, r.Owner, why)
	}
	forgot := r.Tried != nil && r.Tried.empty() // what had refused it before it was served
	if r.Draw.Units > 0 && sure && !forgot {
		m.checkOrder(r, e, was, now)
	}
	c := &openCall{lease: l, user: card.user, draw: r.Draw}
	b := c.budget()
	win := m.window(card.user, r.Draw.Resource)
	c.window = win.ends
	c.known = b.remaining.IsKnown() && !win.ends.IsZero() && within(b.ends.Sub(win.ends.Add(-m.skew)), doubt)
	p := m.person(b.account)
	p.forget()
	p.calls = append(p.calls, c)
	if r.Draw.Writes() {
		p.wrote = now
	}
	m.open = append(m.open, c)
	c.known = c.known && m.whole(card.user, b.account)
	if now.Equal(time.Now()) && r.Draw.Resource != "graphql" && !b.remaining.IsKnown() && !b.answered && r.Draw.Units > 0 && b.out > maxUnknownLeases {
		m.Fatalf("I5: %d calls are out of which nothing is known", b.out)
	}
}

// checkOrder wants no token to be used before one that comes first.
func (m *model) checkOrder(r *Request, e *entry, was step, now time.Time) {
	card := m.cards[e]
	for other := range m.host.entries.all() {
		if v, _ := m.verdict(other, r, now); v != serves || other == e {
			continue
		}
		o := m.cards[other]
		if was.account != nil && was.account.current() == other.account && e.account != other.account {
			m.Fatalf("%s was leased for a walk that %s could go on with", e.token, other.token)
		}
		switch goesOn := r.Walk != nil; {
		case goesOn:
		case o.priority > card.priority:
			m.Fatalf("%s of priority %d was leased, but %s has %d", e.token, card.priority, other.token, o.priority)
		case o.priority == card.priority && card.state == Suspect && o.state != Suspect:
			m.Fatalf("I12: %s is suspect and was leased before %s", e.token, other.token)
		}
	}
}

// checkRefusal wants a reason for every token that did not serve.
func (m *model) checkRefusal(r *Request, err error, now time.Time) {
	m.refused++
	var exhausted *ExhaustedError
	if !errors.As(err, &exhausted) {
		m.Fatalf("Lease() = %v", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, exhausted), canary.Mark) {
		m.Fatalf("I1: the error holds a token")
	}
	if now.Equal(time.Now()) {
		m.checkNobodyServes(r, now, "is refused")
	}
	if r.Tried != nil {
		return
	}
	alive := slices.ContainsFunc(m.host.entries.list(), func(e *entry) bool {
		v, _ := m.verdict(e, r, now)
		return v > never
	})
	if alive == exhausted.ReadyAt.IsZero() {
		m.Fatalf("I13: ready at %v, but is a token alive: %t", exhausted.ReadyAt, alive)
	}
	if !exhausted.ReadyAt.IsZero() && exhausted.ReadyAt.Before(now) {
		m.Fatalf("I13: ready %v ago", now.Sub(exhausted.ReadyAt))
	}
}

func (m *model) checkNobodyServes(r *Request, _ time.Time, what string) {
	now := time.Now()
	for e := range m.host.entries.all() {
		if v, why := m.verdict(e, r, now); v == serves {
			m.Fatalf("I9: a call for %s of %q %s, but %s could serve it: %s", r.Draw.Resource, r.Owner, what, e.token, why)
		}
	}
}

// stepComeBack wants a call that was refused while no other is under way to be
// served when it was told to come again.
func (m *model) stepComeBack(a, b, _ byte) {
	m.settleAll()
	if len(m.waiting) > 0 || len(m.open) > 0 {
		return
	}
	r, _ := m.request(a, b)
	r.MaxWait = -1
	step := r.Walk.at(m.host)
	l, err := m.host.Lease(context.Background(), r)
	if err == nil {
		m.checkGrant(&r, l, step, time.Now())
		return
	}
	m.checkRefusal(&r, err, time.Now())
	var exhausted *ExhaustedError
	_ = errors.As(err, &exhausted)
	wait := time.Until(exhausted.ReadyAt)
	if exhausted.ReadyAt.IsZero() || wait <= 0 || m.ends(wait) {
		return
	}
	m.pass(wait)
	l, err = m.host.Lease(context.Background(), r)
	if err != nil {
		m.Fatalf("I13: a call was told to come again in %v and did: %v", wait, err)
	}
	m.checkGrant(&r, l, step, time.Now())
}

// ends reports whether a token ends within that time.
func (m *model) ends(wait time.Duration) bool {
	at := time.Now().Add(wait)
	return slices.ContainsFunc(m.host.entries.list(), func(e *entry) bool { return m.cards[e].expired(at) })
}
