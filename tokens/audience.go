package tokens

import (
	"fmt"
	"iter"
)

// audience is who may serve a call, whatever their budgets. A nil audience is
// everybody. It is guarded by its Host's mutex.
type audience struct {
	token   *entry   // only this one
	account *account // only its tokens
	owner   string   // only tokens that see it; folded
}

// value returns the audience by value, which is the zero audience for everybody.
func (a *audience) value() audience {
	if a == nil {
		return audience{}
	}
	return *a
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

// home returns the only account of the audience, or nil if it has others.
func (a *audience) home() *account {
	switch {
	case a == nil:
		return nil
	case a.token != nil:
		return a.token.account
	}
	return a.account
}

// open returns the budgets that a call with this audience may draw on, and perhaps
// others.
func (l *lane) open(a *audience) iter.Seq[*budget] {
	return func(yield func(*budget) bool) {
		if home := a.home(); home != nil {
			if b := home.budgets[l.resource]; b != nil {
				yield(b)
			}
			return
		}
		for b := range l.budgets.all() {
			if !yield(b) {
				return
			}
		}
	}
}

// listed returns the budgets in lists that a call with this audience may draw on,
// and perhaps others.
func (l *lane) listed(a *audience) iter.Seq[*budget] {
	return func(yield func(*budget) bool) {
		if home := a.home(); home != nil {
			if b := home.budgets[l.resource]; b != nil && b.level >= 0 {
				yield(b)
			}
			return
		}
		for _, s := range l.shelves {
			if (a == nil || !s.bound) && !s.all(yield) {
				return
			}
		}
		if a == nil {
			return
		}
		for owner := a.owner; owner != ""; owner = around(owner) {
			if c := l.circles[owner]; c != nil {
				for _, s := range c.ready {
					if !yield(s.budget) {
						return
					}
				}
			}
		}
	}
}

// admit works out who may serve a call.
func (h *Host) admit(r *Request) {
	r.admitted = h.generation
	switch {
	case r.fixed == nil && r.Pin == nil && h.withOwners.Load() == 0:
		r.audience = nil // as nearly always, whatever the owner
	case r.fixed != nil:
		r.audience = r.fixed.only()
	case r.Pin != nil:
		r.audience = r.Pin.audienceAt(h, h.livingOwner(r.Owner))
	default:
		r.audience = h.audienceOf(r.Owner)
	}
}

// readmit has it worked out anew who may serve each call in line, after a token has
// come, gone, or changed in what it can be used for. See [lane.sweep].
func (h *Host) readmit() { h.generation++ }

// only is the audience of a call that is fixed to the token.
func (e *entry) only() *audience {
	if e.alone == nil {
		e.alone = &audience{token: e}
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
	for group := name; group != ""; group = around(group) {
		if h.firstOf(group) != nil {
			return &h.named[name].audience
		}
	}
	return nil
}
