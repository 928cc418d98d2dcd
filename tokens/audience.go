package tokens

import (
	"fmt"
	"iter"
)

// audience is who may serve a call, whatever their budgets. A nil audience is
// everybody. It is guarded by its Host's mutex.
type audience struct {
	token    *entry     // only this one
	account  *account   // only its tokens
	owner    string     // only tokens that see it; folded
	accounts []*account // those that have such a token

	stuck, asked uint64 // the passes over a line in which it had nobody free, and asked when it may write
}

// admits reports whether a token is one of the audience.
func (a *audience) admits(e *entry) bool {
	return a == nil || (a.token == nil || a.token == e) && (a.account == nil || a.account == e.account) && e.sees(a.owner)
}

// String says who it is, for errors; empty for everybody.
func (a *audience) String() string {
	switch {
	case a == nil:
		return ""
	case a.token != nil:
		return fmt.Sprintf("token %q", a.token.token.Label)
	case a.account != nil && a.account.name != "":
		return fmt.Sprintf("account %q", a.account.name)
	case a.account != nil && len(a.account.tokens) > 0:
		return fmt.Sprintf("the account of token %q", a.account.tokens[0].token.Label)
	case a.owner != "":
		return fmt.Sprintf("a token for owner %q", a.owner)
	}
	return ""
}

// alive reports whether one of the audience can serve, now or after a rest.
func (a *audience) alive() bool {
	for _, account := range a.accounts {
		for _, e := range account.tokens {
			if e.alive() && a.admits(e) {
				return true
			}
		}
	}
	return false
}

// open returns the budgets that a call with this audience may draw on.
func (l *lane) open(a *audience) iter.Seq[*budget] {
	return func(yield func(*budget) bool) {
		if a == nil {
			for b := range l.budgets.all() {
				if !yield(b) {
					return
				}
			}
			return
		}
		for _, account := range a.accounts {
			if b := account.budgets[l.resource]; b != nil && !yield(b) {
				return
			}
		}
	}
}

// admit works out who may serve a call.
func (h *Host) admit(r *Request) {
	switch {
	case r.fixed == nil && r.Pin == nil && len(h.named) == 0:
		r.audience = nil // as nearly always, whatever the owner
	case r.fixed != nil:
		r.audience = r.fixed.only()
	case r.Pin != nil:
		r.audience = r.Pin.audienceAt(h, h.livingOwner(r.Owner))
	default:
		r.audience = h.audienceOf(r.Owner)
	}
}

// readmit works out anew who may serve the calls in line, after a token has come,
// gone, or changed in what it can be used for.
func (h *Host) readmit() {
	clear(h.audiences)
	for _, l := range h.lanes {
		for w := l.line.first; w != nil; w = w.next {
			h.admit(&w.request)
		}
	}
}

// only is the audience of a call that is fixed to the token.
func (e *entry) only() *audience {
	if e.alone == nil || e.alone.accounts[0] != e.account {
		e.alone = &audience{token: e, accounts: []*account{e.account}}
	}
	return e.alone
}

// livingOwner returns the name under which an owner is known to a token that can
// serve, or "" if the owner counts as unknown.
func (h *Host) livingOwner(owner string) string {
	if a := h.audienceOf(owner); a != nil {
		return a.owner
	}
	return ""
}

// audienceOf returns who may serve calls for an owner: tokens that name it and
// tokens without owners. If the first are none that can serve, the owner is
// nobody's, and everybody may.
func (h *Host) audienceOf(owner string) *audience {
	name := h.namedOwner(owner)
	if name == "" {
		return nil
	}
	a, known := h.audiences[name]
	if !known {
		a = h.newAudience(name)
		h.audiences[name] = a
	}
	return a
}

func (h *Host) newAudience(owner string) *audience {
	a := &audience{owner: owner}
	seen := map[*account]bool{}
	named := false
	for e := range h.entries.all() {
		if !e.alive() || !e.sees(owner) {
			continue
		}
		named = named || len(e.owners) > 0
		if !seen[e.account] {
			seen[e.account] = true
			a.accounts = append(a.accounts, e.account)
		}
	}
	if !named {
		return nil
	}
	return a
}
