package tokens

import "sync"

// Pin keeps calls that ask for what belongs to whoever asks, such as GET
// /user (see [ratelimit.Dialect.Identity]), with one account of each host: that of
// the first token, in the order of adding, that is not invalid, disabled or
// expired when the first such call comes. Such calls wait for that account rather
// than go elsewhere, though a 401 may go to another token of it. Only when it has
// no such token left is another account chosen. Calls for an owner that tokens
// name (see [Token.Owners]) are kept apart: theirs is the first account that sees
// the owner.
//
// The zero Pin is ready to use. It is safe for concurrent use, and must not
// be copied after its first.
type Pin struct {
	mu   sync.Mutex // guards pins; a Host's may be held when it is taken
	pins map[pinned]*audience
}

// pinned is what an account was chosen for.
type pinned struct {
	host  *Host
	owner string // as a token names it, folded; empty if unknown
}

// audienceAt returns the account that the calls for an owner stay with.
func (p *Pin) audienceAt(h *Host, owner string) *audience {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pinned{h, owner}
	if a := p.pins[key]; a != nil {
		if into := a.account.current(); into != a.account { // it turned out to be another's, too
			a = &audience{account: into, owner: owner}
			p.pins[key] = a
		}
		if a.account.aliveFor(a) {
			return a
		}
	}
	e := h.firstSeeing(owner)
	if e == nil {
		return nil // nobody can serve at all
	}
	if p.pins == nil {
		p.pins = map[pinned]*audience{}
	}
	p.pins[key] = &audience{account: e.account, owner: owner}
	return p.pins[key]
}
