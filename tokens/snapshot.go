package tokens

import (
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// snapshotVersion is the form of Snapshot that this release writes and reads.
const snapshotVersion = 1

// Snapshot is what a manager knows of its tokens, without any secret, in a form
// that can be kept as JSON. Restored into a new manager of the same tokens it
// spares the calls that would discover their limits again; at a host that tells
// no numbers, such as Bitbucket, nothing else can.
type Snapshot struct {
	Version int             `json:"version"`
	Taken   time.Time       `json:"taken"`
	Tokens  []TokenSnapshot `json:"tokens"`
}

// TokenSnapshot is what is known of one token and its account.
type TokenSnapshot struct {
	ID       ID                        `json:"id"`
	State    State                     `json:"state"`
	Reason   string                    `json:"reason,omitzero"`
	Disabled string                    `json:"disabled,omitzero"` // why, if it is; a dash if no reason was given
	Cool     time.Time                 `json:"cool,omitzero"`     // the account rests until then
	Budgets  map[string]BudgetSnapshot `json:"budgets,omitzero"`  // by resource
	Identity Identity                  `json:"identity,omitzero"` // as the host said
	Counted  string                    `json:"counted,omitzero"`  // tokens with the same are of one account
	Ends     time.Time                 `json:"ends,omitzero"`     // as the host said, by the local clock
}

// BudgetSnapshot is what is known of one resource of an account.
type BudgetSnapshot struct {
	Limit     ratelimit.Optional[int64] `json:"limit"`
	Remaining ratelimit.Optional[int64] `json:"remaining"`
	Reset     time.Time                 `json:"reset,omitzero"`  // by the host's clock
	Ends      time.Time                 `json:"ends,omitzero"`   // the same by the local clock
	Rest      time.Time                 `json:"rest,omitzero"`   // it is not used before, by the local clock
	Pauses    int                       `json:"pauses,omitzero"` // refusals in a row that named no time
}

// Snapshot returns what is known of all tokens now. Calls that are under way
// count as made, as do lost ones that no later answer has accounted for. What is said
// of each token is consistent in itself; it is read while other tokens are used.
func (m *Manager) Snapshot() Snapshot {
	s := Snapshot{Version: snapshotVersion, Taken: time.Now().Round(0)}
	for _, e := range m.of("") {
		var t TokenSnapshot
		if e.look(func(now time.Time) { t = e.snapshot(now) }) {
			s.Tokens = append(s.Tokens, t)
		}
	}
	return s
}

func (e *entry) snapshot(now time.Time) TokenSnapshot {
	t := TokenSnapshot{
		ID:      e.id,
		State:   e.state,
		Reason:  e.reason,
		Cool:    e.account.cool.Round(0),
		Budgets: map[string]BudgetSnapshot{},

		Identity: e.identity.clone(),
		Counted:  e.counted,
		Ends:     e.learnedEnd.Round(0),
	}
	if e.disabled {
		t.Disabled = e.disabledFor
		if t.Disabled == "" {
			t.Disabled = "-"
		}
	}
	for name, b := range e.account.budgets {
		b.lane.place(b, now)
		if b.limit.IsKnown() || b.remaining.IsKnown() || !b.rest.IsZero() || b.pauses > 0 {
			t.Budgets[name] = b.snapshot()
		}
	}
	return t
}

func (b *budget) snapshot() BudgetSnapshot {
	s := BudgetSnapshot{
		Limit:  b.limit,
		Reset:  b.reset.Round(0),
		Ends:   b.ends.Round(0),
		Rest:   b.rest.Round(0),
		Pauses: b.pauses,
	}
	if left, ok := b.left().Get(); ok {
		s.Remaining = ratelimit.Known(max(0, left-b.out-b.lost.units()))
	}
	return s
}

// Restore takes over what a snapshot says of the tokens that the manager has, by
// their ID, and returns how many of them it found. Tokens that the snapshot does
// not have, and those that the manager lacks, are left alone. A token that was
// invalid comes back as suspect: it is used last, and asked about before it is
// put aside again. Restore into a manager that has made calls is an error, since
// what it learned is newer.
func (m *Manager) Restore(s Snapshot) (found int, err error) {
	if s.Version != snapshotVersion {
		return 0, fmt.Errorf("gitfleet: snapshot has version %d: this release reads %d", s.Version, snapshotVersion)
	}
	used := ""
	m.each("", func(e *entry, _ time.Time) {
		if e.host.seq > 0 {
			used = e.host.base
		}
	})
	if used != "" {
		return 0, fmt.Errorf("gitfleet: restore: the manager has made calls to %s: restore before the first call", used)
	}
	for _, t := range s.Tokens {
		if m.with(t.ID, func(e *entry, now time.Time) { e.restore(t, now) }) == nil {
			found++
		}
	}
	return found, nil
}

func (e *entry) restore(t TokenSnapshot, now time.Time) {
	if e.state = t.State; e.state == Invalid {
		e.state = Suspect
	}
	e.reason = t.Reason
	if t.Disabled != "" {
		e.disabled, e.disabledFor = true, t.Disabled
	}
	if t.Cool.After(e.account.cool) {
		e.account.cool = t.Cool
	}
	for name, s := range t.Budgets {
		e.account.budget(e.host.lane(name, now), now).restore(s)
	}
	if !t.Identity.At.IsZero() {
		e.identity, e.counted = t.Identity.clone(), t.Counted
		e.host.group(e, sighting{Identity: t.Identity, counted: t.Counted}, now)
	}
	if !t.Ends.IsZero() && e.minter == nil {
		e.learnedEnd = t.Ends
		e.reschedule(now)
	}
	e.restate()
	e.host.readmit()
	e.account.relist(now)
	e.account.noticeAfter(e, now)
}

func (b *budget) restore(s BudgetSnapshot) {
	b.limit, b.reset, b.ends, b.pauses = s.Limit, s.Reset, s.Ends, s.Pauses
	if left, ok := s.Remaining.Get(); ok && left >= 0 {
		b.remaining = s.Remaining
	}
	b.restUntil(s.Rest)
	b.relimit()
}

// UnmarshalText implements [encoding.TextUnmarshaler] for the names that
// MarshalText writes.
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("gitfleet: unknown token state %q", text)
}
