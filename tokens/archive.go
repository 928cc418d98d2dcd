package tokens

import "time"

// maxArchived is how many removed tokens are remembered; beyond it the one that
// was removed first is forgotten, and its limits with it.
const maxArchived = 1000

// ArchivedToken is a token that a Manager had. It holds no secret.
type ArchivedToken struct {
	TokenInfo           // as it was when it was removed
	Reason    string    // why it was removed
	Time      time.Time // when
}

type archived struct {
	ArchivedToken
	entry *entry
	by    *Syncer // nil if it was removed by hand
	seq   uint64  // in which they were removed
}

// number is the place among all that were removed.
func (a *archived) number() uint64 { return a.seq }

// Remove takes a token out of use, for a reason that [Manager.Archived] shows,
// and reports whether there was one. Leases that are out may still be settled.
// Calls that wait and that no other token will ever serve are sent away with an
// [*ExhaustedError].
//
// What is known of its limits stays: a token that is added again with the same
// ID goes on with the budgets of its account, and is still disabled or invalid
// if it was; a refreshing one is given another chance. The last 1,000 removed
// tokens are remembered.
func (m *Manager) Remove(id ID, reason string) bool { return m.remove(id, reason, nil) }

func (m *Manager) remove(id ID, reason string, by *Syncer) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byID[id]
	if e == nil {
		return false
	}
	delete(m.byID, id)
	m.entries.remove(e)
	now := time.Now()
	m.removals++
	a := &archived{
		ArchivedToken: ArchivedToken{TokenInfo: e.host.remove(e, reason, now), Reason: reason, Time: now},
		entry:         e,
		by:            by,
		seq:           m.removals,
	}
	m.archive[id] = a
	m.departed.add(a)
	m.forget()
	return true
}

// takeBack returns what the archive has of a token that comes back, and no longer
// has it.
func (m *Manager) takeBack(a *archived) *entry {
	delete(m.archive, a.ID)
	m.departed.remove(a)
	return a.entry
}

// forget keeps the archive from growing for ever.
func (m *Manager) forget() {
	if m.departed.count <= maxArchived {
		return
	}
	e := m.takeBack(m.departed.pages[0][0])
	e.host.forget(e)
}

// Archived returns the tokens that were removed, the latest last.
func (m *Manager) Archived() []ArchivedToken {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := make([]ArchivedToken, 0, m.departed.count)
	for a := range m.departed.all() {
		out = append(out, a.ArchivedToken)
	}
	return out
}

// inherit lets e go on where an archived token of the same ID stopped.
func (e *entry) inherit(was *entry) {
	if was == nil {
		return
	}
	e.lastUsed = was.lastUsed
	e.identity, e.counted = was.identity, was.counted
	e.disabled, e.disabledFor = was.disabled, was.disabledFor
	if e.minter == nil {
		e.state, e.reason = was.state, was.reason
	}
}

// remove takes e out and returns what was known of it.
func (h *Host) remove(e *entry, reason string, now time.Time) TokenInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	info := e.info(now)
	h.entries.remove(e)
	h.countPriority(e.token.Priority, -1)
	e.account.discharge(e)
	e.account.refloor()
	h.unnameOwners(e)
	h.alive.remove(e)
	e.stopExpiry()
	e.removed = true
	e.changed(now)
	h.tell(Event{Kind: TokenRemoved, Reason: reason}, e)
	return info
}

// forget drops the budgets of the account of a removed token if it has no other.
func (h *Host) forget(e *entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := e.account
	if len(a.tokens) > 0 || a.inFlight > 0 {
		return
	}
	for _, b := range a.budgets {
		b.lane.drop(b)
	}
	for route := range a.routes {
		h.countRoute(route, -1)
	}
	for _, key := range a.keys {
		delete(h.accounts, key)
	}
	a.keys = nil
}
