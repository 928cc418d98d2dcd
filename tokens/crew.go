package tokens

import (
	"iter"
	"slices"
)

// crew is the tokens of one account, in no order.
type crew struct {
	tokens []*entry
	first  [1]*entry // where tokens begins; most accounts have no more
	squads *squads   // nil while they are few
}

// census is what is counted of the tokens of one account.
type census struct {
	states  tally         // limits aside
	owned   int           // tokens that name owners
	namings uint32        // how often it changed which owners they name
	floors  map[Floor]int // tokens by their floors, where they have one
}

// few is how many tokens of an account are looked at one by one. An account with more
// has them in squads.
const few = 2

// enlist makes e a token of the account.
func (a *account) enlist(e *entry) {
	e.account, e.place, e.posts = a, len(a.tokens), nil
	a.tokens = append(a.tokens, e)
	a.count(e)
}

// discharge makes e none of the account's tokens.
func (a *account) discharge(e *entry) {
	a.uncount(e)
	last := len(a.tokens) - 1
	a.tokens[e.place], a.tokens[last].place = a.tokens[last], e.place
	a.tokens[last] = nil
	a.tokens = a.tokens[:last]
	if a.squads != nil && len(a.tokens) <= few {
		a.squads = nil
		for _, other := range a.tokens {
			other.posts = nil
		}
	}
}

// count counts a token of the account by what is declared and known of it.
func (a *account) count(e *entry) {
	e.counts = e.still()
	a.states[e.counts]++
	if len(e.owners) > 0 {
		a.owned++
		a.namings++
	}
	if f := e.token.Floor; f != (Floor{}) {
		if a.floors == nil {
			a.floors = map[Floor]int{}
		}
		a.floors[f]++
	}
	switch {
	case a.squads != nil:
		a.squads.add(e)
	case len(a.tokens) > few:
		a.squads = &squads{of: map[string]*squad{}}
		for _, e := range a.tokens {
			a.squads.add(e)
		}
	}
}

// uncount undoes count, before anything that is declared of the token changes.
func (a *account) uncount(e *entry) {
	a.states[e.counts]--
	if len(e.owners) > 0 {
		a.owned--
		a.namings++
	}
	if f := e.token.Floor; f != (Floor{}) {
		if a.floors[f]--; a.floors[f] == 0 {
			delete(a.floors, f)
		}
	}
	if a.squads != nil {
		a.squads.remove(e)
	}
}

// holds reports whether e is a token of the account. One that was removed still knows
// whose it was.
func (a *account) holds(e *entry) bool { return e.account == a && !e.removed }

// bound reports whether all tokens of the account name owners.
func (a *account) bound() bool { return a.owned == len(a.tokens) }

// names reports whether a token of the account names the owner.
func (a *account) names(owner string) bool {
	if a.squads != nil {
		return a.squads.of[owner] != nil
	}
	return slices.ContainsFunc(a.tokens, func(e *entry) bool { return slices.Contains(e.owners, owner) })
}

// named yields the owners that tokens of the account name, perhaps more than once.
func (a *account) named() iter.Seq[string] {
	return func(yield func(string) bool) {
		if a.squads != nil {
			for owner := range a.squads.of {
				if !yield(owner) {
					return
				}
			}
			return
		}
		for _, e := range a.tokens {
			for _, owner := range e.owners {
				if !yield(owner) {
					return
				}
			}
		}
	}
}

// lead returns the usable token that is to serve a call first, whatever the call, or nil.
func (a *account) lead() *entry {
	if len(a.tokens) != 1 {
		return a.pick(nil)
	}
	if e := a.tokens[0]; e.usable() {
		return e // as nearly always
	}
	return nil
}

// pick returns the usable token that is to serve a call first, or nil. A nil
// Request is any call.
func (a *account) pick(r *Request) *entry {
	if a.squads != nil {
		return a.squads.pick(a, r)
	}
	var best *entry
	for _, e := range a.tokens {
		if e.usable() && (r == nil || !r.Tried.hasToken(e) && r.audience.admits(e)) && (best == nil || e.before(best)) {
			best = e
		}
	}
	return best
}

// naming returns the usable token that names the owner and comes first, or nil.
func (a *account) naming(owner string) *entry {
	if a.squads != nil {
		return a.squads.of[owner].first()
	}
	var best *entry
	for _, e := range a.tokens {
		if e.usable() && slices.Contains(e.owners, owner) && (best == nil || e.before(best)) {
			best = e
		}
	}
	return best
}

// hopefulFor is hopeful for those that name the owner.
func (a *account) hopefulFor(owner string) bool {
	if a.squads != nil {
		return a.squads.of[owner].hopeful()
	}
	return slices.ContainsFunc(a.tokens, func(e *entry) bool { return e.hopeful() && slices.Contains(e.owners, owner) })
}

// hopeful reports whether a token of the audience can be used, now or once it has
// been confirmed.
func (a *account) hopeful(of *audience) bool {
	return a.has(of, (*entry).hopeful, (*squad).hopeful)
}

// probing reports whether a token of the audience is being confirmed.
func (a *account) probing(of *audience) bool {
	return a.has(of, func(e *entry) bool { return e.probing }, func(k *squad) bool { return k.probing > 0 })
}

// aliveFor reports whether a token of the audience can serve, now or after a rest.
func (a *account) aliveFor(of *audience) bool {
	return a.has(of, (*entry).alive, func(k *squad) bool { return k.alive > 0 })
}

// has reports whether a token of the audience is as asked for; some says whether one of a squad is.
func (a *account) has(of *audience, is func(*entry) bool, some func(*squad) bool) bool {
	if a.squads == nil {
		return slices.ContainsFunc(a.tokens, func(e *entry) bool { return is(e) && of.admits(e) })
	}
	if of != nil && of.token != nil {
		return a.holds(of.token) && is(of.token) && of.admits(of.token)
	}
	for k := range a.squads.admitted(of, a) {
		if some(k) {
			return true
		}
	}
	return false
}
