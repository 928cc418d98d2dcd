package tokens

import (
	"sync"
	"time"
)

// listener hears the events of a manager. It keeps the state that they told last
// of each token.
type listener struct {
	mu    sync.Mutex
	known map[ID]State
	wrong string
}

func (o *listener) observe(ev Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ev.Dropped > 0 {
		o.wrong = "events were dropped"
	}
	switch {
	case ev.Kind == TokenAdded || ev.Kind == TokenRemoved:
		delete(o.known, ev.ID)
	case ev.Kind == TokenStateChanged && ev.Resource == "":
		if was, told := o.known[ev.ID]; told && was != ev.Was {
			o.wrong = ev.Label + " was " + was.String() + " and not " + ev.Was.String()
		}
		o.known[ev.ID] = ev.State
	}
}

// checkEvents wants whoever listens to know the state of every token.
func (m *model) checkEvents() {
	m.fence()
	o, now := m.listener, time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.wrong != "" {
		m.Fatalf("events: %s", o.wrong)
	}
	for e := range m.host.entries.all() {
		if known, told := o.known[e.id]; told && known != e.ownState(now) {
			m.Fatalf("events: %s is %v, but an observer has heard that it is %v", e.token, e.ownState(now), known)
		}
	}
}
