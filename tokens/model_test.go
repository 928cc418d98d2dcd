package tokens

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// The model is a host that counts truly, and the plainest book of what the
// manager was told. Random calls run against both; whatever the manager grants
// or refuses must have a reason in the book.
type model struct {
	t       *testing.T
	rnd     *rand.Rand
	manager *Manager
	host    *Host
	skew    time.Duration // of the host's clock
	probe   int           // the status that probes are answered with

	open    []*openCall
	windows map[*budget]*window
	books   map[*budget]*book
	cool    map[*account]time.Time
	dead    map[*entry]bool
	added   int
	granted int
}

// openCall is a lease that is out.
type openCall struct {
	lease  Lease
	budget *budget
	window time.Time // the host's window that ran when it was leased
	known  bool      // whether the budget was known then
	answer *ratelimit.Observation
}

// window is the truth about one budget.
type window struct {
	limit, used int64
	length      time.Duration
	ends        time.Time // by the host's clock
}

// book is what was told of one budget.
type book struct {
	told   int64
	ends   time.Time // of the window that told is about, by our clock
	unsure int64     // calls that were lost or had no numbers, since a later lease was answered
	newest uint64    // the newest lease when the last of those ended
	rest   time.Time // by our clock
}

func (m *model) hostNow() time.Time { return time.Now().Add(m.skew) }

// unsettled writes down that a call ended and nobody knows whether it counted.
func (m *model) unsettled(b *budget) {
	k := m.book(b)
	k.unsure++
	k.newest = m.host.seq
}

// window returns the truth about a budget, in the window that runs now.
func (m *model) window(b *budget) *window {
	w := m.windows[b]
	if w == nil {
		w = &window{limit: 10 + m.rnd.Int64N(30), length: map[string]time.Duration{"core": time.Hour, "search": time.Minute}[b.resource]}
		m.windows[b] = w
	}
	if w.used > 0 && !m.hostNow().Before(w.ends) {
		w.used, w.ends = 0, time.Time{}
	}
	return w
}

func (m *model) book(b *budget) *book {
	if m.books[b] == nil {
		m.books[b] = &book{}
	}
	return m.books[b]
}

// serve has the host count a call and makes its answer.
func (m *model) serve(c *openCall) {
	w := m.window(c.budget)
	if w.used == 0 {
		w.ends = m.hostNow().Add(w.length).Truncate(time.Second)
	}
	o := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known(w.limit), Reset: w.ends, Date: m.hostNow().Truncate(time.Second),
	}
	if w.used == w.limit {
		o.Class = ratelimit.PrimaryLimit
		if c.known && w.ends.Equal(c.window) {
			m.fail("I5: a call was refused though the budget was known when it was leased")
		}
	} else {
		w.used++
	}
	o.Remaining = ratelimit.Known(w.limit - w.used)
	c.answer = &o
}

// note writes down what an answer told.
func (m *model) note(c *openCall) {
	b, o := c.budget, *c.answer
	k, ends := m.book(b), o.Reset.Add(-m.skew)
	left, believed := o.Remaining.Or(0), ends.After(time.Now())
	switch {
	case ends.After(k.ends.Add(2 * time.Second)):
		if believed {
			k.told, k.ends = left, ends
		}
	case ends.After(k.ends.Add(-2 * time.Second)):
		k.told = min(k.told, left)
	default:
		believed = false
	}
	if believed && m.host.leases.slots[c.lease.slot].seq > k.newest {
		k.unsure = 0
	}
	if o.Class == ratelimit.PrimaryLimit {
		k.rest = later(k.rest, later(ends, time.Now())) // a late refusal rests for the margin
	} else if left == 0 && time.Now().Before(ends.Add(resetMargin)) {
		k.rest = later(k.rest, ends)
	}
}

func (m *model) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf(format, args...)
}

// take picks an open call that fits and takes it out of the list.
func (m *model) take(fits func(*openCall) bool) *openCall {
	if len(m.open) == 0 {
		return nil
	}
	from := m.rnd.IntN(len(m.open))
	for i := range m.open {
		at := (from + i) % len(m.open)
		if c := m.open[at]; fits(c) {
			m.open = append(m.open[:at], m.open[at+1:]...)
			return c
		}
	}
	return nil
}

func pending(c *openCall) bool  { return c.answer == nil }
func answered(c *openCall) bool { return c.answer != nil }
func anyCall(*openCall) bool    { return true }

func (m *model) lease() {
	resource := []string{"core", "search"}[m.rnd.IntN(2)]
	owner := []string{"", "", "acme", "ACME/web", "beta", "nobody"}[m.rnd.IntN(6)]
	l, err := m.host.Lease(context.Background(), Request{Draw: ratelimit.Draw{Resource: resource, Units: 1}, Owner: owner, MaxWait: -1})
	if err != nil {
		m.checkRefusal(resource, owner, err)
		return
	}
	m.granted++
	b := l.entry.account.budgets[resource]
	now := time.Now()
	switch {
	case m.dead[l.entry]:
		m.fail("I13: a dead token was leased")
	case !m.serves(l.entry, owner):
		m.fail("I13: %s, of %q, was leased for owner %q", l, l.entry.token.Owners, owner)
	case now.Before(m.book(b).rest.Add(resetMargin)):
		m.fail("I6: %s of %s was leased while it rests", resource, l)
	case now.Before(m.cool[b.account].Add(resetMargin)):
		m.fail("I8: %s was leased while its account cools", l)
	}
	m.open = append(m.open, &openCall{lease: l, budget: b, window: m.window(b).ends, known: b.remaining.IsKnown()})
}

// serves reports whether a token may serve a call for an owner, by the plain rule.
func (m *model) serves(e *entry, owner string) bool {
	for _, other := range m.host.entries {
		if !m.dead[other] && names(other, owner) {
			return len(e.token.Owners) == 0 || names(e, owner)
		}
	}
	return true // the owner is nobody's
}

func names(e *entry, owner string) bool {
	for _, o := range e.token.Owners {
		if strings.EqualFold(o, owner) || strings.HasPrefix(strings.ToLower(owner), strings.ToLower(o)+"/") {
			return true
		}
	}
	return false
}

// checkRefusal wants a reason for every token that did not serve.
func (m *model) checkRefusal(resource, owner string, err error) {
	var exhausted *ExhaustedError
	if !errors.As(err, &exhausted) {
		m.fail("Lease() = %v", err)
	}
	now, alive := time.Now(), false
	for _, e := range m.host.entries {
		if m.dead[e] || !m.serves(e, owner) {
			continue
		}
		alive = true
		b := e.account.budgets[resource]
		k := m.book(b)
		const doubt = 2 * time.Second // a Date has no fraction
		open := int64(0)
		for _, c := range m.open {
			if c.budget == b {
				open++
			}
		}
		window := now.Before(k.ends.Add(resetMargin + doubt))
		switch {
		case now.Before(k.rest.Add(resetMargin + doubt)), now.Before(m.cool[e.account].Add(resetMargin)):
		case window && k.told-open-k.unsure <= 0:
		case now.After(k.ends) && open >= maxUnknownLeases:
		default:
			m.fail("%s of %s does not serve: %d told, %d out, %d unsure, window ends in %v", resource, e.token, k.told, open, k.unsure, k.ends.Sub(now))
		}
	}
	if alive == exhausted.ReadyAt.IsZero() {
		m.fail("I13: ready at %v, alive: %t", exhausted.ReadyAt, alive)
	}
}

func (m *model) step() {
	switch n := m.rnd.IntN(100); {
	case n < 40:
		m.lease()
	case n < 60:
		if c := m.take(pending); c != nil {
			m.serve(c)
			m.open = append(m.open, c)
		}
	case n < 80:
		if c := m.take(answered); c != nil {
			m.note(c)
			c.lease.Settle(*c.answer)
		}
	case n < 83:
		if c := m.take(anyCall); c != nil {
			if c.answer == nil && m.rnd.IntN(2) == 0 {
				m.serve(c)
			}
			m.unsettled(c.budget)
			c.lease.Lost()
		}
	case n < 85:
		if c := m.take(pending); c != nil {
			c.lease.Cancel()
			c.lease.Lost() // has no effect any more
		}
	case n < 87:
		if c := m.take(func(c *openCall) bool { return c.answer != nil && c.budget.remaining.IsKnown() }); c != nil {
			m.unsettled(c.budget)
			c.lease.Settle(ratelimit.Observation{Class: ratelimit.OK, Validity: ratelimit.Valid})
		}
	case n < 88:
		if c := m.take(pending); c != nil {
			wait := time.Duration(1+m.rnd.IntN(90)) * time.Second
			c.lease.Settle(ratelimit.Observation{Class: ratelimit.SecondaryLimit, RetryAfter: ratelimit.Known(wait)})
			m.unsettled(c.budget) // for all the manager knows it was charged
			a := c.budget.account
			if until := time.Now().Add(wait); until.After(m.cool[a]) {
				m.cool[a] = until
			}
		}
	case n < 89:
		m.meet401()
	case n < 90 && m.added < 8:
		m.add()
	case n < 99:
		time.Sleep(time.Duration(m.rnd.IntN(5000)) * time.Millisecond)
	default:
		time.Sleep(time.Duration(m.rnd.IntN(40)) * time.Minute)
	}
	m.check()
}

func (m *model) meet401() {
	c := m.take(pending)
	if c == nil {
		return
	}
	c.lease.Settle(ratelimit.Observation{Class: ratelimit.Unauthorized, Validity: ratelimit.Invalid})
	m.probe = http.StatusOK
	if m.rnd.IntN(6) == 0 {
		m.probe = http.StatusUnauthorized
	}
	if c.lease.Confirm(context.Background(), nil) == Invalid {
		m.dead[c.lease.entry] = true
	}
}

func (m *model) add() {
	m.added++
	name := fmt.Sprintf("m%d", m.added)
	if err := m.manager.Add(Token{
		Provider: GitHub, Label: name, Secret: Static(canary.Token(name)),
		Account: []string{"", "shared", "other"}[m.rnd.IntN(3)],
		Owners:  [][]string{nil, nil, {"Acme"}, {"beta", "acme/web"}}[m.rnd.IntN(4)],
	}); err != nil {
		m.fail("Add() = %v", err)
	}
}

func (m *model) check() {
	inFlight, out := map[*account]int{}, map[*budget]int64{}
	unserved := map[*budget]int64{}
	for _, c := range m.open {
		inFlight[c.budget.account]++
		out[c.budget]++
		if c.answer == nil {
			unserved[c.budget]++
		}
	}
	for _, e := range m.host.entries {
		a := e.account
		if a.inFlight != inFlight[a] {
			m.fail("I7: %d in flight, want %d", a.inFlight, inFlight[a])
		}
		for _, resource := range []string{"core", "search"} { // in the order of every run
			b := a.budgets[resource]
			if b == nil {
				continue
			}
			if b.out != out[b] {
				m.fail("I7: %d units of %s out, want %d", b.out, b.resource, out[b])
			}
			m.checkPlace(b)
			w := m.window(b)
			sameWindow := w.used > 0 && within(b.ends.Sub(w.ends.Add(-m.skew)), 2*time.Second)
			if fast, e := b.lane.first(); e != nil {
				if slow, other := b.lane.search(&Request{Draw: oneRead}, time.Now()); fast != slow || e != other {
					m.fail("%s is the first to be used, but a search finds %s", e.token, other.token)
				}
			}
			if free, known := b.free(); known && sameWindow && free+unserved[b] > w.limit-w.used {
				m.fail("I5: %d of %s are free and %d on their way, but only %d are left", free, b.resource, unserved[b], w.limit-w.used)
			}
		}
	}
}

// checkPlace wants the budget where the lane says that it is.
func (m *model) checkPlace(b *budget) {
	if b.level >= 0 {
		found := false
		for other := b.lane.lists[b.level].first; other != nil; other = other.next {
			found = found || other == b
		}
		if !found || b.level < unknownLevel && b.lane.filled&bit(b.level) == 0 {
			m.fail("%s is not in list %d", b.resource, b.level)
		}
	}
	checkAgendas(m.t, b.lane)
	b.lane.place(b, time.Now())
	if at := b.dates[changes].at; !at.IsZero() && !at.After(time.Now()) {
		m.fail("%s is to wake in the past, which never ends", b.resource)
	}
}

// RoundTrip implements [http.RoundTripper]: it answers the probes.
func (m *model) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: m.probe, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func TestI5_I6_I7_A_plain_model_agrees_with_every_random_operation(t *testing.T) {
	t.Parallel()
	const seeds, steps = 60, 1000
	granted := 0
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			m := &model{
				t: t, rnd: rand.New(rand.NewPCG(seed, 7)),
				windows: map[*budget]*window{}, books: map[*budget]*book{}, cool: map[*account]time.Time{}, dead: map[*entry]bool{},
			}
			m.skew = []time.Duration{0, 10 * time.Minute, -10 * time.Minute}[seed%3]
			var err error
			if m.manager, err = NewManager(Config{Base: m}); err != nil {
				t.Fatal(err)
			}
			m.host, _ = m.manager.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
			for range 3 {
				m.add()
			}
			// One prompt answer shows the host's clock; until then resets of slow
			// answers are in doubt, and the manager stays careful.
			m.lease()
			m.serve(m.open[0])
			m.note(m.open[0])
			m.open[0].lease.Settle(*m.open[0].answer)
			m.open = nil
			step := 0
			defer func() {
				if t.Failed() {
					t.Logf("seed %d, step %d", seed, step)
				}
			}()
			for ; step < steps; step++ {
				m.step()
			}
			for _, c := range m.open {
				if c.answer == nil {
					m.serve(c)
				}
				c.lease.Settle(*c.answer)
			}
			m.open = nil
			m.check()
			granted += m.granted
		})
		if t.Failed() {
			return
		}
	}
	if granted < seeds*steps/8 {
		t.Errorf("only %d of %d operations were leases that were granted", granted, seeds*steps)
	}
}
