package tokens

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
)

// modelTokens is how many tokens there are, of four users.
const modelTokens = 10

func modelSecret(n int) Secret { return Static(canary.Token(fmt.Sprintf("m%d", n))) }

// declaration makes a token's declaration. If it names an account, that is right.
func (m *model) declaration(n int, how byte) Token {
	t := Token{
		Provider: GitHub, Label: fmt.Sprintf("m%d", n), Secret: modelSecret(n),
		Owners: [][]string{nil, nil, nil, {"Acme"}, {"beta", "acme/web"}}[how%5],
	}
	if how%3 == 0 {
		t.Account = m.users[n%len(m.users)].name
	}
	switch how % 7 {
	case 1:
		t.Priority = 1
	case 2:
		t.Floor = Floor{Calls: 3, Percent: 5}
	case 3:
		if how > 200 {
			t.Expires = time.Now().Add(time.Duration(how)*time.Minute + 333*time.Nanosecond)
		}
	}
	return t
}

func (m *model) declared(c *card, t Token) {
	c.owners, c.priority, c.floor, c.expires = t.Owners, t.Priority, t.Floor, t.Expires
}

// find returns the manager's token of a name, or nil.
func (m *model) find(n int) *entry {
	for e := range m.host.entries.all() {
		if m.cards[e] != nil && m.cards[e].n == n {
			return e
		}
	}
	return nil
}

func (m *model) any(a byte) *entry {
	if m.host.entries.count == 0 {
		return nil
	}
	return m.host.entries.list()[int(a)%m.host.entries.count]
}

// met makes the card of a token that has come.
func (m *model) met(e *entry, n int, t Token) {
	c := &card{n: n, user: m.users[n%len(m.users)]}
	if was := m.gone[e.id]; was != nil {
		c.state, c.disabled = was.state, was.disabled
		delete(m.gone, e.id)
	}
	m.declared(c, t)
	m.cards[e] = c
	if m.split(c.user) {
		m.blur(c.user)
	}
}

func (m *model) addToken(n int, how byte) {
	t := m.declaration(n, how)
	had := m.find(n)
	if err := m.manager.Add(t); err != nil {
		m.Fatalf("Add() = %v", err)
	}
	if had != nil {
		return
	}
	m.met(m.host.entries.list()[m.host.entries.count-1], n, t)
}

func (m *model) stepAdd(a, b, _ byte) { m.addToken(int(a)%modelTokens, b) }

func (m *model) stepRemove(a, _, _ byte) {
	e := m.any(a)
	if e == nil {
		return
	}
	if !m.manager.Remove(e.id, "model") || m.manager.Remove(e.id, "model") {
		m.Fatalf("Remove() does not tell whether there was a token")
	}
	m.left(e, true)
}

// left books that a token has gone.
func (m *model) left(e *entry, byHand bool) {
	c := m.cards[e]
	c.byHand = byHand
	m.gone[e.id] = c
	m.blurUnlessWhole(e)
}

// blurUnlessWhole is for a token that goes elsewhere: what its account knows of
// its user is not known where the user's other calls are booked.
func (m *model) blurUnlessWhole(e *entry) {
	if u := m.cards[e].user; !m.whole(u, e.account) {
		m.blur(u)
	}
}

func (m *model) stepReplace(a, b, _ byte) {
	e := m.any(a)
	if e == nil {
		return
	}
	c := m.cards[e]
	t := m.declaration(c.n, b)
	if err := m.manager.Replace(t); err != nil {
		m.Fatalf("Replace() = %v", err)
	}
	m.declared(c, t)
	m.blur(c.user)
}

func (m *model) stepRotate(a, b, _ byte) {
	e := m.any(a)
	if e == nil {
		return
	}
	c, newest := m.cards[e], m.host.seq
	if err := m.manager.Rotate(e.id, Static(canary.Token(fmt.Sprintf("m%drotated%d", c.n, b)))); err != nil {
		m.Fatalf("Rotate() = %v", err)
	}
	c.state, c.rotated, c.expires, c.learned = Unknown, newest, time.Time{}, time.Time{}
}

func (m *model) stepDisable(a, b, _ byte) {
	if e := m.any(a); e != nil {
		_ = m.manager.Disable(e.id, []string{"", "model"}[b%2])
		m.cards[e].disabled = true
	}
}

func (m *model) stepEnable(a, _, _ byte) {
	if e := m.any(a); e != nil {
		_ = m.manager.Enable(e.id)
		m.cards[e].disabled = false
	}
}

func (m *model) stepInvalid(a, b, _ byte) {
	if e := m.any(a); e != nil {
		if b%3 == 0 {
			_ = m.manager.MarkValid(e.id)
			m.cards[e].state = Available
			return
		}
		_ = m.manager.MarkInvalid(e.id, "model")
		m.cards[e].state = Invalid
	}
}

func (m *model) stepRevalidate(a, b, _ byte) {
	e := m.any(a)
	if e == nil {
		return
	}
	m.probe = []int{http.StatusOK, http.StatusOK, http.StatusOK, http.StatusUnauthorized, http.StatusBadGateway}[b%5]
	_, err := m.manager.Revalidate(context.Background(), e.id)
	if err != nil {
		m.Fatalf("Revalidate() = %v", err)
	}
	m.askedItself(e)
	if m.probe == http.StatusOK {
		m.cards[e].state = Available
	}
}

// stepIdentify has the host say whose a token is.
func (m *model) stepIdentify(a, _, _ byte) {
	e := m.any(a)
	if e == nil {
		return
	}
	u := m.cards[e].user
	if e.account.declared != (e.token.Account != "") {
		m.blur(u)
	}
	s := sighting{Identity: Identity{Login: u.name, AccountID: u.name, At: time.Now()}}
	s.countedAs(u.name)
	m.host.take(e, s)
}

// unite folds what is known of accounts that turned out to be one.
func (m *model) unite() {
	for a, p := range m.persons {
		into := a.current()
		if into == a {
			continue
		}
		m.merged++
		q := m.person(into)
		q.cool.raise(p.cool.from, p.cool.to)
		for r, s := range p.routes {
			q.route(r).raise(s.from, s.to)
		}
		q.calls = append(q.calls, p.calls...)
		q.wrote = later(q.wrote, p.wrote)
		delete(m.persons, a)
	}
	for b, k := range m.books {
		if into := b.account.current(); into != b.account {
			m.book(into.budgets[b.resource]).absorb(k)
			delete(m.books, b)
		}
	}
}

// stepSync has the source list other tokens.
func (m *model) stepSync(a, b, c byte) {
	m.listed = nil
	for n := range modelTokens {
		if (int(a)|int(b)<<8)>>n&1 == 1 {
			m.listed = append(m.listed, m.declaration(n, c))
		}
	}
	m.coming = true
	if err := m.syncer.Refresh(context.Background()); err != nil {
		m.Fatalf("Refresh() = %v", err)
	}
	listed := map[ID]bool{}
	for _, t := range m.listed {
		_, id, _, _ := t.normalized()
		listed[id] = true
		e := m.manager.byID[id]
		was := m.gone[id]
		switch {
		case e == nil:
			if was == nil || !was.byHand {
				m.Fatalf("a token that is listed is missing")
			}
		case m.cards[e] != nil: // it was there
		case was != nil && was.byHand:
			m.Fatalf("a token that was removed by hand came back")
		default:
			n := 0
			_, _ = fmt.Sscanf(t.Label, "m%d", &n)
			m.met(e, n, t)
			m.own[id] = true
		}
	}
	for id := range m.own {
		if listed[id] {
			continue
		}
		delete(m.own, id)
		if m.manager.byID[id] != nil {
			m.Fatalf("a token that its source no longer lists is still there")
		}
		if m.gone[id] == nil {
			m.left(m.manager.archive[id].entry, false)
		}
	}
}

func (m *model) stepStrategy(a, _, _ byte) {
	calls := 0
	named := []string{"most_remaining", "most_remaining", "lru", "round_robin", "least_used", "earliest_reset", "weighted"}
	if int(a)%8 == len(named) {
		m.manager.SetStrategy(StrategyFunc(func(_ time.Time, cs []Candidate) int {
			calls++
			return calls % (len(cs) + 1) // at times out of range
		}))
		return
	}
	s, err := ParseStrategy(named[int(a)%8])
	if err != nil {
		m.Fatalf("ParseStrategy() = %v", err)
	}
	m.manager.SetStrategy(s)
	m.config.Strategy = s
}

// stepRestore goes on with another manager that has been told what this one knew.
func (m *model) stepRestore(a, _, _ byte) {
	if a%4 != 0 {
		return
	}
	m.restored++
	text, err := json.Marshal(m.manager.Snapshot())
	if err != nil || strings.Contains(string(text), canary.Mark) {
		m.Fatalf("I1: Snapshot() = %v, or it holds a token", err)
	}
	m.shut()
	was := &model{host: m.host, open: m.open, cards: m.cards, books: m.books, persons: m.persons}
	for _, c := range was.open {
		if c.answer == nil {
			m.answer(c)
		}
	}
	m.open, m.listed = nil, nil
	m.cards, m.gone, m.own = map[*entry]*card{}, map[ID]*card{}, map[ID]bool{}
	m.books, m.persons, m.rest = map[*budget]*book{}, map[*account]*person{}, span{}
	m.pins, m.walks = [2]*Pin{new(Pin), new(Pin)}, [2]*Walk{new(Walk), new(Walk)}
	m.begin()
	var snapshot Snapshot
	if err := json.Unmarshal(text, &snapshot); err != nil {
		m.Fatalf("reading a snapshot: %v", err)
	}
	for e := range was.host.entries.all() {
		t := e.token
		t.Secret = modelSecret(was.cards[e].n) // which the ID comes from, also after a rotation
		if err := m.manager.Add(t); err != nil {
			m.Fatalf("Add() = %v", err)
		}
	}
	for i, e := range was.host.entries.list() {
		m.inherit(was, e, m.host.entries.list()[i])
	}
	if found, err := m.manager.Restore(snapshot); err != nil || found != len(snapshot.Tokens) {
		m.Fatalf("Restore() = %d, %v", found, err)
	}
	m.unite()
}

// inherit books what a snapshot says of a token.
func (m *model) inherit(was *model, from, to *entry) {
	c := *was.cards[from]
	if c.rotated = 0; c.state == Invalid {
		c.state = Suspect
	}
	m.cards[to] = &c
	m.person(to.account).cool = was.person(from.account).cool
	for name, b := range from.account.budgets {
		k := *was.book(b)
		k.pass(time.Now())
		for _, o := range was.open {
			if o.budget() == b {
				k.sunk += 20
			}
		}
		k.sunk += k.unsure
		k.unsure, k.newest = 0, 0
		m.books[to.account.budget(m.host.lane(name, time.Now()), time.Now())] = &k
	}
	if u := c.user; !was.whole(u, from.account) {
		m.blur(u)
	}
}

func (m *model) stepPass(a, b, _ byte) {
	m.sleep(time.Duration(int(a)*20+int(b)/16) * time.Millisecond)
}

func (m *model) stepPassLong(a, b, _ byte) {
	if b%3 == 0 {
		m.sleep(time.Duration(a) * 10 * time.Second)
		return
	}
	m.sleep(time.Duration(a) * time.Second)
}

// sleep lets time pass, and looks at the calls in line before a token ends: from
// then on others may serve.
func (m *model) sleep(d time.Duration) {
	until := time.Now().Add(d)
	for now := time.Now(); now.Before(until); now = time.Now() {
		next := until
		for _, c := range m.cards {
			for _, end := range [...]time.Time{c.expires, c.learned} {
				if end.After(now) && end.Before(next) {
					next = end
				}
			}
		}
		m.pass(next.Sub(now))
		m.collect()
	}
}
