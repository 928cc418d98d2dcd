package tokens

import (
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Tried lists the tokens and accounts that have refused one call. The zero
// Tried is an empty list. It is for one call and not safe for concurrent use.
type Tried struct {
	tokens    []*entry
	accounts  []*entry // one token of each, since accounts may turn out to be one
	refreshed []*entry // tokens that may serve once more with another secret
}

// Token adds the leased token: it was refused itself. One whose secret was stale
// may serve the call once more with another. The lease must be settled.
func (t *Tried) Token(l Lease) {
	if l.mayRetry() && !slices.Contains(t.refreshed, l.entry) {
		t.refreshed = append(t.refreshed, l.entry)
		return
	}
	t.tokens = append(t.tokens, l.entry)
}

// Account adds the account of the leased token: a limit of it refused the call.
func (t *Tried) Account(l Lease) { t.accounts = append(t.accounts, l.entry) }

// Reset empties the list.
func (t *Tried) Reset() {
	t.tokens, t.accounts, t.refreshed = t.tokens[:0], t.accounts[:0], t.refreshed[:0]
}

func (t *Tried) empty() bool { return t.size() == 0 }

// size returns how many tokens and accounts are listed.
func (t *Tried) size() int {
	if t == nil {
		return 0
	}
	return len(t.tokens) + len(t.accounts)
}

func (t *Tried) hasToken(e *entry) bool { return t != nil && slices.Contains(t.tokens, e) }

func (t *Tried) hasAccount(a *account) bool {
	if t == nil {
		return false
	}
	for _, e := range t.accounts {
		if e.account == a {
			return true
		}
	}
	return false
}

// keepReady forgets all but those that could serve at once. A call that begins
// to wait may come back to the ones that rest, but gains nothing from one that
// refused it although it has something left.
func (t *Tried) keepReady(l *lane, d ratelimit.Draw, now time.Time) {
	if t.empty() {
		return
	}
	ready := func(a *account) bool {
		b := a.budgets[l.resource]
		return b != nil && b.ready(d, now)
	}
	t.accounts = slices.DeleteFunc(t.accounts, func(e *entry) bool { return !ready(e.account) })
	t.tokens = slices.DeleteFunc(t.tokens, func(e *entry) bool { return !e.usable() || !ready(e.account) })
}
