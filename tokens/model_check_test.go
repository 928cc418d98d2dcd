package tokens

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// numbers is what the manager says of a budget before an operation.
type numbers struct {
	remaining int64
	known     bool
	ends      time.Time
}

func (m *model) observed() map[*budget]numbers {
	all := map[*budget]numbers{}
	for a := range m.host.eachAccount() {
		for _, b := range a.budgets {
			left, known := b.remaining.Get()
			all[b] = numbers{left, known, b.ends}
		}
	}
	return all
}

// checkNumbers wants no number to have risen within a window, and no window to have
// given way to an older one.
func (m *model) checkNumbers(before map[*budget]numbers) {
	for b, was := range before {
		left, known := b.remaining.Get()
		if !known || !was.known || b.ends.IsZero() || was.ends.IsZero() || b.account.into != nil {
			continue
		}
		switch d := b.ends.Sub(was.ends); {
		case d < -doubt:
			m.Fatalf("I6: the window of %s ends %v earlier than before", b.resource, -d)
		case d <= doubt && left > was.remaining && time.Now().Before(was.ends):
			m.Fatalf("I6: %d remain of %s, but %d did before in the same window", left, b.resource, was.remaining)
		}
	}
}

// pinned returns the account that each pin stays with.
func (m *model) pinned() [2]map[pinned]*account {
	var all [2]map[pinned]*account
	for i, p := range m.pins {
		all[i] = map[pinned]*account{}
		for key, a := range p.pins {
			all[i][key] = a.account
		}
	}
	return all
}

// checkPins wants no pin to have left an account that could serve.
func (m *model) checkPins(before [2]map[pinned]*account) {
	now := time.Now()
	for i, p := range m.pins {
		for key, a := range p.pins {
			was := before[i][key]
			if was == nil || was.current() == a.account.current() {
				continue
			}
			for _, e := range was.current().tokens {
				if m.cards[e].alive(now) && e.sees(key.owner) {
					m.Fatalf("calls that stay with one account left that of %s", e.token)
				}
			}
		}
	}
}

// check wants what the manager keeps to be what its calls and tokens say.
func (m *model) check(op operation) {
	inFlight, underWay, held := map[*account]int{}, map[*account]int64{}, map[*budget]int64{}
	for _, c := range m.open {
		s := m.host.leases.slot(c.lease.slot)
		b := s.budget.current()
		inFlight[b.account]++
		underWay[b.account] += s.draw.Points
		held[b] += s.held
	}
	if out := len(slices.Collect(m.host.leases.out())); out != len(m.open) {
		m.Fatalf("I7: %d leases are out, want %d", out, len(m.open))
	}
	for key, a := range m.host.accounts {
		if !slices.Contains(a.keys, key) || a.into != nil {
			m.Fatalf("an account does not know that it is found by %q", key)
		}
	}
	for a := range m.host.eachAccount() {
		for _, key := range a.keys {
			if m.host.accounts[key] != a {
				m.Fatalf("an account is not found by %q", key)
			}
		}
		if a.inFlight != inFlight[a] || a.underWay != underWay[a] {
			m.Fatalf("I7: %d in flight with %d points, want %d with %d", a.inFlight, a.underWay, inFlight[a], underWay[a])
		}
		for _, b := range a.budgets {
			if b.out != held[b] {
				m.Fatalf("I7: %d units of %s out, want %d", b.out, b.resource, held[b])
			}
			if want := m.floor(b); b.floor != want && b.remaining.IsKnown() {
				m.Fatalf("the floor of %s is %d, want %d", b.resource, b.floor, want)
			}
		}
		delete(inFlight, a)
	}
	if len(inFlight) > 0 {
		m.Fatalf("I7: calls are out on accounts that the host has forgotten")
	}
	m.checkCards()
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	m.checkHanging()
	m.checkAlive()
	for a := range m.host.eachAccount() {
		m.checkCrew(a)
	}
	for _, l := range m.host.lanes {
		m.checkLine(l)
		if !l.sleeping.due(time.Now()) {
			checkSums(m, l, time.Now())
		}
		m.checkLane(l)
		if op[3]%4 > 0 {
			continue
		}
		checkOutlook(m, l, &Request{Draw: oneRead})
		for _, r := range m.modelRequests(l, op) {
			checkOutlook(m, l, &r)
			m.checkChoice(l, &r, time.Now())
			m.checkFree(l, r, time.Now())
		}
	}
}

// checkCards wants the state of every token to be the plain one.
func (m *model) checkCards() {
	now := time.Now()
	if got, want := m.host.entries.count, len(m.manager.byID); got != want {
		m.Fatalf("%d tokens at the host, %d by ID", got, want)
	}
	for e := range m.host.entries.all() {
		c := m.cards[e]
		if c == nil {
			m.Fatalf("%s came from nowhere", e.token)
		}
		got := e.ownState(now)
		cool, maybe := m.person(e.account).cool.over(now)
		idle, perhaps := m.rest.over(now)
		var ok bool
		switch {
		case c.disabled:
			ok = got == Disabled
		case c.expired(now):
			ok = got == Expired
		case c.state == Suspect || c.state == Invalid:
			ok = got == c.state
		case !maybe || !perhaps:
			ok = got == Cooling
		case cool && idle:
			ok = got == c.state
		default:
			ok = got == c.state || got == Cooling
		}
		if !ok {
			m.Fatalf("I12: %s is %v, want %v (disabled: %t, expired: %t)", e.token, got, c.state, c.disabled, c.expired(now))
		}
	}
}

// checkLane wants each budget where the lane says that it is, in the list that it
// belongs in.
func (m *model) checkLane(l *lane) {
	checkAgendas(m, l)
	listed := map[*budget]int{}
	for i, f := range l.shelves {
		if i > 0 && (f.priority > l.shelves[i-1].priority || f.priority == l.shelves[i-1].priority && f.bound == l.shelves[i-1].bound) {
			m.Fatalf("shelf %d, of priority %d, comes after one of %d", i, f.priority, l.shelves[i-1].priority)
		}
		for level, list := range f.lists {
			if level < unknownLevel && (list.first != nil) != (f.filled&bit(level) != 0) {
				m.Fatalf("the lane does not know whether list %d is empty", level)
			}
			for b := list.first; b != nil; b = b.next {
				listed[b] = level
				if b.level != level || b.shelf != f || b.ranked {
					m.Fatalf("%s is in list %d, want %d, or on another shelf", b.resource, level, b.level)
				}
				if e := b.account.pick(nil); e.token.Priority != f.priority || b.account.bound() != f.bound {
					m.Fatalf("%s of %s is on the shelf of priority %d (bound: %t)", b.resource, e.token, f.priority, f.bound)
				}
			}
		}
		m.checkLadder(l, f, listed)
		m.checkAside(l, f)
	}
	m.checkCircles(l)
	m.checkRosters(l)
	now, sleeps := time.Now(), l.sleeping.due(time.Now())
	for b := range l.budgets.all() {
		if level, ok := listed[b]; ok != (b.level >= 0) || ok && level != b.level {
			m.Fatalf("%s is not in list %d", b.resource, b.level)
		}
		if want := b.asideList(); b.level < 0 && b.aside != want {
			m.Fatalf("%s cannot serve and is not where calls that cost nothing look", b.resource)
		}
		if !sleeps {
			if level := b.readyLevel(now, b.calm()); level != b.level {
				m.Fatalf("%s is in list %d, but belongs in %d", b.resource, b.level, level)
			}
		}
		delete(listed, b)
	}
	for b := range maps.Keys(listed) {
		m.Fatalf("%s is in a list and not in the lane", b.resource)
	}
	if fast, e := l.first(); e != nil && !sleeps && fast.bears(&oneRead) && m.host.restingUntil(now).IsZero() {
		if slow, other := l.search(&Request{Draw: oneRead}, now); fast != slow || e != other {
			m.Fatalf("%s is the first to be used, but a search finds another", e.token)
		}
	}
	for b := range l.budgets.all() {
		l.place(b, now)
		if at := b.changes.at; !at.IsZero() && !at.After(now) {
			m.Fatalf("%s is to wake in the past, which never ends", b.resource)
		}
	}
}

// checkLadder wants the budgets that stand by an ordering on the rungs where they belong,
// and all of them there.
func (m *model) checkLadder(l *lane, f *shelf, listed map[*budget]int) {
	o := m.host.ordering
	for i, b := range f.ladder {
		listed[b] = b.level
		lead := b.account.lead()
		switch {
		case !b.ranked || b.shelf != f || b.index != i || b.level < 0 || lead.token.Priority != f.priority:
			m.Fatalf("%s of %s is on a ladder, on which it does not belong", b.resource, lead.token)
		case i > 0 && f.ladder.Less(i, (i-1)/2):
			m.Fatalf("%s of %s is above what comes before it", b.resource, lead.token)
		case o == nil && len(l.unordered) == 0:
			m.Fatalf("%s of %s is on a ladder that nobody wants", b.resource, lead.token)
		case o != nil && b.rung != o.changed(b, lead):
			m.Fatalf("%s of %s is on rung %d, want %d", b.resource, lead.token, b.rung, o.changed(b, lead))
		}
	}
	if o != nil && len(l.unordered) == 0 && len(slices.Collect(func(yield func(*budget) bool) { f.inLists(yield) })) > 0 {
		m.Fatalf("a budget of %s is in a list, though there is an ordering", l.resource)
	}
}

// checkAside wants the budgets that cannot serve in the order in which they came, by
// themselves.
func (m *model) checkAside(l *lane, f *shelf) {
	for _, list := range []*budgetList{&f.aside, &f.asideSuspect} {
		last := uint64(0)
		for b := list.first; b != nil; b = b.next {
			e := b.account.pick(nil)
			switch {
			case b.level >= 0 || b.aside != list || b.shelf != f || b.lane != l:
				m.Fatalf("%s of %s can serve, and is not where it says", b.resource, e.token)
			case e.token.Priority != f.priority || b.account.bound() != f.bound:
				m.Fatalf("%s of %s is aside on the shelf of priority %d (bound: %t)", b.resource, e.token, f.priority, f.bound)
			case b.turn <= last:
				m.Fatalf("%s of %s stands behind those that came later", b.resource, e.token)
			}
			last = b.turn
		}
	}
}

// checkCircles wants each budget in the circles of the owners that its tokens name,
// where it belongs.
func (m *model) checkCircles(l *lane) {
	members := map[string]int{}
	for b := range l.budgets.all() {
		owners := map[string]bool{}
		for _, e := range b.account.tokens {
			for _, o := range m.cards[e].owners {
				owners[strings.ToLower(o)] = true
			}
		}
		for _, s := range b.seats {
			members[s.circle.owner]++
			if !owners[s.circle.owner] || l.circles[s.circle.owner] != s.circle {
				m.Fatalf("%s has a seat for %q", b.resource, s.circle.owner)
			}
			delete(owners, s.circle.owner)
			e := b.account.naming(s.circle.owner)
			switch {
			case (s.ranking == nil) != (e == nil) || e != nil && (s.ranking == &s.circle.ready) != (b.level >= 0):
				m.Fatalf("%s is in the wrong ranking for %q on level %d", b.resource, s.circle.owner, b.level)
			case e == nil:
			case (*s.ranking)[s.index] != s || s.standing != b.standing(e):
				m.Fatalf("%s stands at %v for %q", b.resource, s.standing, s.circle.owner)
			case s.index > 0 && s.standing.before((*s.ranking)[(s.index-1)/2].standing):
				m.Fatalf("%s stands before what comes first for %q", b.resource, s.circle.owner)
			}
		}
		for o := range owners {
			m.Fatalf("%s has no seat for %q", b.resource, o)
		}
	}
	for o, c := range l.circles {
		if n := c.members.count; n != members[o] || n == 0 || len(c.ready)+len(c.resting.dates) > n || len(c.ready)+len(c.aside) > n {
			m.Fatalf("the circle of %q has %d members, want %d", o, n, members[o])
		}
	}
}
