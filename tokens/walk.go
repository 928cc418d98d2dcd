package tokens

import (
	"slices"
	"sync"
)

// Walk keeps the calls that belong together, such as the pages of one list, with
// the account that served the first of them: it is preferred while it can serve
// at once; else the walk goes on with another account, and stays with that. A
// Walk also remembers whose things its calls are about (see [Host.Owner]).
//
// The zero Walk is ready to use. It is safe for concurrent use, and must not be
// copied after its first.
type Walk struct {
	mu    sync.Mutex // guards steps; a Host's may be held when it is taken
	steps []step     // one a host
}

// step is where a walk is at one host.
type step struct {
	host    *Host
	account *account // that served last; nil before the first call
	owner   string   // of the last call whose owner was known
}

// at returns where the walk is at a host.
func (w *Walk) at(h *Host) step {
	if w == nil {
		return step{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := w.index(h); i >= 0 {
		return w.steps[i]
	}
	return step{}
}

func (w *Walk) index(h *Host) int {
	return slices.IndexFunc(w.steps, func(s step) bool { return s.host == h })
}

// served books which account serves a call for an owner, empty if unknown.
func (w *Walk) served(a *account, owner string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.index(a.host)
	if i < 0 {
		i = len(w.steps)
		w.steps = append(w.steps, step{host: a.host})
	}
	w.steps[i].account = a
	if owner != "" {
		w.steps[i].owner = owner
	}
}
