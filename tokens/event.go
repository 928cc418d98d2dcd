package tokens

import "time"

// EventKind says what has happened to a token.
type EventKind string

// The kinds of events.
const (
	TokenAdded        EventKind = "added"
	TokenRemoved      EventKind = "removed"       // Reason says why
	TokenReplaced     EventKind = "replaced"      // what is declared of it has changed
	TokenRotated      EventKind = "rotated"       // it has a new secret
	TokenStateChanged EventKind = "state_changed" // from Was to State
	TokenExpiresSoon  EventKind = "expires_soon"  // within a week, at Until
	TokenIdentified   EventKind = "identified"    // the host said who it is
	AccountsMerged    EventKind = "accounts_merged"
)

// Event is something that has happened to a token of a [Manager]. It holds no
// secret.
type Event struct {
	Kind EventKind
	Time time.Time

	ID       ID
	Label    string
	Provider ProviderType
	Host     string // base URL
	Account  string // as [TokenInfo] has it after the event

	// Was and State are the state before and after, if that has changed. The
	// end of a limit is an event, too: the state then is [Available] or
	// [Unknown]. A token that is enabled again was [Disabled].
	Was, State State

	// Resource is the budget whose end, or beginning, changed the state. Empty
	// if the state holds for every call.
	Resource string

	// Until is when a limited or cooling token can be used again, or when one
	// ends that expires soon, by the local clock. Otherwise zero.
	Until time.Time

	// Reason says why; it may be a host's own words.
	Reason string

	// Dropped is how many events the observer has missed before this one,
	// because too many were waiting for it.
	Dropped uint64
}

// tell hands an event about e to those who listen. The Host must be locked.
func (h *Host) tell(ev Event, e *entry) {
	if !h.observed() {
		return
	}
	ev.Time = time.Now()
	ev.ID, ev.Label, ev.Account = e.id, e.token.Label, e.account.name
	ev.Provider, ev.Host = h.provider, h.base
	h.manager.events.publish(ev)
}

// observed reports whether anybody listens to events.
func (h *Host) observed() bool { return h.manager.events.listeners.Load() != nil }
