package tokens

import (
	"net/url"
	"strings"
	"sync"
)

// maxLearned is how many ids a Host knows the owners of; beyond it the one that
// was learned first is forgotten.
const maxLearned = 10_000

// Owner returns whose things a request for u is about: the owner that u names (see
// [ratelimit.Dialect.Owner]), or for an id the one that was learned (see
// [Host.Learn]), or else that of w's last call. It is empty if that is unknown, and
// while no token of the host names owners. A nil Walk is none.
func (h *Host) Owner(u *url.URL, w *Walk) string {
	if h.withOwners.Load() == 0 {
		return ""
	}
	name, id := h.dialect.Owner(u)
	if id == "" {
		return name
	}
	if owner := h.learned.owner(id); owner != "" {
		return owner
	}
	if owner := w.at(h).owner; owner != "" {
		return owner
	}
	if strings.HasPrefix(id, "{") {
		return id // a token may name a workspace so
	}
	return ""
}

// Learn books that what u names by an id, such as GitHub's /repositories/1296269,
// belongs to an owner: hosts do so in the links between pages and in redirects. It
// does nothing if u names none or is no address of the host, and while no token
// of the host names owners. The last 10,000 ids are known.
func (h *Host) Learn(u *url.URL, owner string) {
	if owner == "" || h.withOwners.Load() == 0 || !h.contains(u) {
		return
	}
	if _, id := h.dialect.Owner(u); id != "" {
		h.learned.learn(strings.Clone(id), strings.Clone(owner))
	}
}

// learned is the owners of ids.
type learned struct {
	mu     sync.Mutex // guards what follows
	owners map[string]string
	ids    []string // in the order in which they came, from next on
	next   int
}

func (l *learned) owner(id string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owners[id]
}

func (l *learned) learn(id, owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.owners[id]
	switch {
	case known:
	case l.owners == nil:
		l.owners = map[string]string{}
		fallthrough
	case len(l.ids) < maxLearned:
		l.ids = append(l.ids, id)
	default:
		delete(l.owners, l.ids[l.next])
		l.ids[l.next] = id
		l.next = (l.next + 1) % maxLearned
	}
	l.owners[id] = owner
}
