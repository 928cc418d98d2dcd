package tokens

import (
	"slices"
	"time"
)

// Replace adds tokens as [Manager.Add] does, but one that the manager has already
// takes over all that is declared of it now: label, account, owners, end, tags,
// description, floor, priority, weight, probe path and scheme. Its ID, its secret,
// its state and its limits stay. If another account is declared, a token that had
// its own to itself takes the limits along. If any token is malformed nothing is
// changed.
func (m *Manager) Replace(ts ...Token) error {
	all, err := checkedAll(ts)
	if err != nil {
		return err
	}
	_, err = m.insert(all, nil, true)
	return err
}

// replace gives e another declaration.
func (h *Host) replace(e *entry, t Token, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := e.token
	t.Secret, t.Tags, t.Owners = was.Secret, slices.Clone(t.Tags), slices.Clone(t.Owners)
	e.account.uncount(e)
	h.unnameOwners(e)
	e.token = t
	h.nameOwners(e)
	e.account.count(e)
	e.label.Store(new(t.Label))
	e.probe.Store(h.probeURL(t.ProbePath))
	if e.minter == nil {
		e.auth.Store(new(newCredential(t)))
	}
	h.countPriority(was.Priority, -1)
	h.countPriority(t.Priority, 1)
	if t.Account != was.Account {
		h.redeclare(e, was.Account, now)
	}
	e.account.refloor()
	e.reschedule(now)
	e.changed(now)
	h.tell(Event{Kind: TokenReplaced}, e)
}

// redeclare moves e to the account that is declared now.
func (h *Host) redeclare(e *entry, was string, now time.Time) {
	from := e.account
	switch {
	case e.token.Account == "":
		h.move(e, h.alone(e, now), now)
		h.group(e, sighting{Identity: e.identity, counted: e.counted}, now)
		return
	case len(from.tokens) > 1:
		h.move(e, h.accountOf(e.token, e.id, now), now)
		return
	}
	to := h.accountOf(e.token, e.id, now)
	if to == from {
		return
	}
	from.rate(now) // as the other account does already
	h.merge(from, to, now)
	if was != "" {
		h.unname(accountKey(was)) // whoever declares it next means another
	}
}

// countPriority keeps the number of tokens of each priority.
func (h *Host) countPriority(priority, by int) {
	if h.priorities[priority] += by; h.priorities[priority] == 0 {
		delete(h.priorities, priority)
	}
}
