package tokens

import (
	"maps"
	"slices"
)

// checkCrew wants what is counted of the tokens of an account, and who is the first of
// them, to be what a look at each of them says.
func (m *model) checkCrew(a *account) {
	var states tally
	floors := map[Floor]int{}
	owners := map[string]bool{"nobody": true}
	bound := true
	for _, e := range a.tokens {
		if e.account != a || e.removed {
			m.Fatalf("%s is not of its account", e.token)
		}
		states[e.still()]++
		if e.token.Floor != (Floor{}) {
			floors[e.token.Floor]++
		}
		bound = bound && len(e.owners) > 0
		for _, o := range e.owners {
			owners[o] = true
		}
	}
	if states != a.states || !maps.Equal(floors, a.floors) || bound != a.bound() {
		m.Fatalf("an account counts %v with floors %v (bound: %t), want %v, %v (%t)", a.states, a.floors, a.bound(), states, floors, bound)
	}
	if (a.squads != nil) != (len(a.tokens) > few) {
		m.Fatalf("an account has %d tokens (squads: %t)", len(a.tokens), a.squads != nil)
	}
	named := slices.Sorted(a.named())
	for owner := range owners {
		if a.names(owner) != slices.Contains(named, owner) || a.names(owner) == (owner == "nobody") {
			m.Fatalf("an account names %v, and %s: %t", named, owner, a.names(owner))
		}
		m.checkPick(a, nil, owner)
		m.checkPick(a, &audience{owner: owner}, "")
		m.checkPick(a, &audience{owner: owner + "/team", account: a}, "")
	}
	m.checkPick(a, nil, "")
	m.checkPick(a, &audience{account: &account{}}, "")
	for _, e := range a.tokens {
		m.checkPick(a, e.only(), "")
	}
}

// checkPick wants the first of an account's tokens that an audience admits and that
// name the owner, if that is not empty, also when the first has been tried.
func (m *model) checkPick(a *account, of *audience, owner string) {
	var first, second *entry
	hopeful, probing, alive := false, false, false
	for _, e := range a.tokens {
		if !of.admits(e) || owner != "" && !slices.Contains(e.owners, owner) {
			continue
		}
		hopeful = hopeful || e.usable() || e.probing
		probing = probing || e.probing
		alive = alive || e.alive()
		switch {
		case !e.usable():
		case first == nil || e.before(first):
			first, second = e, first
		case second == nil || e.before(second):
			second = e
		}
	}
	if owner != "" {
		if a.naming(owner) != first || a.hopefulFor(owner) != hopeful {
			m.Fatalf("for %s the first is %v (hopeful: %t), want %v (%t)", owner, a.naming(owner), a.hopefulFor(owner), first, hopeful)
		}
		return
	}
	if got := a.pick(&Request{audience: of}); got != first || of == nil && a.pick(nil) != first {
		m.Fatalf("the first for %s is %v, want %v", of, got, first)
	}
	if a.hopeful(of) != hopeful || a.probing(of) != probing || a.aliveFor(of) != alive {
		m.Fatalf("for %s: hopeful %t, probing %t, alive %t, want %t, %t, %t", of,
			a.hopeful(of), a.probing(of), a.aliveFor(of), hopeful, probing, alive)
	}
	if first == nil {
		return
	}
	if got := a.pick(&Request{audience: of, Tried: &Tried{tokens: []*entry{first}}}); got != second {
		m.Fatalf("after %v the first for %s is %v, want %v", first, of, got, second)
	}
}

// checkAlive wants the tokens that are alive, of the host and by the owners that they
// name, to be these.
func (m *model) checkAlive() {
	all := map[string][]*entry{}
	count := map[string]int{}
	note := func(e *entry, owner string) {
		if count[owner]++; e.alive() {
			all[owner] = append(all[owner], e)
		}
	}
	var alive []*entry
	for e := range m.host.entries.all() {
		if e.alive() {
			alive = append(alive, e)
		}
		for _, o := range e.owners {
			note(e, o)
		}
		if len(e.owners) == 0 {
			note(e, "")
		}
	}
	if got := m.host.alive.list(); !slices.Equal(got, alive) {
		m.Fatalf("%d tokens are alive, want %d", len(got), len(alive))
	}
	for owner, v := range m.host.named {
		if got := v.alive.list(); !slices.Equal(got, all[owner]) || v.count != count[owner] {
			m.Fatalf("%d tokens of %d name %q and are alive, want %d of %d", len(got), v.count, owner, len(all[owner]), count[owner])
		}
		delete(count, owner)
	}
	for owner := range count {
		m.Fatalf("%q is named, and not known", owner)
	}
}
