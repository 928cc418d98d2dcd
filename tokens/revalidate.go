package tokens

import (
	"context"
	"time"
)

// Revalidation is what came of asking a host about one token.
type Revalidation struct {
	ID    ID
	Label string
	State State // now
	Err   error // why the host could not be asked; then State is what it was
}

// RevalidateAll does what [Manager.Revalidate] does for all of the provider's
// tokens that every filter wants, eight at a time, and reports on each in the
// order in which they were added. The empty provider means all but services of
// the user's own. No token loses its turn by it, and none is invalid because its host could not be reached.
func (m *Manager) RevalidateAll(ctx context.Context, p ProviderType, filters ...Filter) []Revalidation {
	var all []*entry
	m.each(p, func(e *entry, now time.Time) {
		if !e.host.isService() && e.info(now).wanted(filters) {
			all = append(all, e)
		}
	})
	report := make([]Revalidation, len(all))
	atOnce(all, func(i int, e *entry) {
		state, err := e.host.revalidate(ctx, e)
		report[i] = Revalidation{ID: e.id, Label: *e.label.Load(), State: state, Err: err}
	})
	return report
}

// wanted reports whether every filter wants the token.
func (t TokenInfo) wanted(filters []Filter) bool {
	for _, wants := range filters {
		if !wants(t) {
			return false
		}
	}
	return true
}
