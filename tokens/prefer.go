package tokens

import "time"

// findPreferred finds the tokens that the request prefers.
func (h *Host) findPreferred(r *Request) {
	if len(r.Prefer) == 0 {
		return
	}
	h.manager.mu.RLock()
	defer h.manager.mu.RUnlock()
	for _, id := range r.Prefer {
		if e := h.manager.byID[id]; e != nil && e.host == h {
			r.preferred = append(r.preferred, e)
		}
	}
}

// preferable returns the first token that the call prefers and that can serve it
// now, with its budget, or else the best. Where tokens have priorities the best
// is looked for in any case, because it may come before.
func (l *lane) preferable(r *Request, now time.Time) (*budget, *entry) {
	for _, e := range r.preferred {
		if e.removed || !e.usable() || e.last() || r.Tried.hasToken(e) || !r.audience.admits(e) {
			continue
		}
		b := e.account.budgets[l.resource]
		if b == nil || r.Tried.hasAccount(e.account) || !b.ready(r.Draw, now) {
			continue
		}
		if len(l.host.priorities) > 1 {
			if best, other := l.best(r, now); other != nil && other.token.Priority > e.token.Priority {
				return best, other
			}
		}
		return b, e
	}
	return l.best(r, now)
}
