package tokens

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// State is what can be expected of a token now. A token is in exactly one.
type State uint8

// The states.
const (
	Unknown   State = iota // not used yet; it is tried first
	Available              // it was honoured and has calls left
	Limited                // its budget is spent until a known time
	Cooling                // its account rests after a secondary limit
	Suspect                // the host answered 401 once; to be confirmed
	Invalid                // the host confirmed that the token is dead
	Expired                // past its own end
	Disabled               // put aside by hand
)

var stateNames = [...]string{"unknown", "available", "limited", "cooling", "suspect", "invalid", "expired", "disabled"}

// String returns the state in lower case, such as "limited".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// MarshalText implements [encoding.TextMarshaler].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// TokenInfo is a copy of what a manager knows of one token. It holds no secret.
type TokenInfo struct {
	ID       ID
	Label    string
	Provider ProviderType
	Host     string // base URL
	Account  string // as declared, or else as the host said; empty if unknown
	Status   TokenStatus

	// Identity is what the host said of the token when [Manager.Identify] asked.
	Identity Identity

	// Expires is when the token ends, by the local clock: as declared, or as the
	// host said if that is earlier. Zero means unknown or never. The secrets of a
	// refreshing token end apart from it.
	Expires time.Time

	Owners      []string // as declared; empty if the token serves any
	Tags        []string // as declared
	Description string
}

// TokenStatus is the state of a token at one moment.
type TokenStatus struct {
	State  State
	Reason string // why, for a suspect, invalid or disabled token; a host's own words

	// The numbers of the host's main budget, such as GitHub's "core". Before
	// the first answer and after a reset they are unknown, which is not 0.
	Limit, Remaining ratelimit.Optional[int64]

	// Reset is when that budget's window ends, by the local clock. Zero means
	// unknown.
	Reset time.Time

	// Until is when a limited or cooling token can be used again, by the local
	// clock. Zero for the other states.
	Until time.Time

	// LastUsed is when the token was last leased. Zero means never.
	LastUsed time.Time

	// InFlight is the number of requests under way with the token's account.
	InFlight int

	// Budgets has the numbers of every resource that was drawn on, by name.
	Budgets map[string]Budget
}

// Budget is the state of one resource of a token's account.
type Budget struct {
	Limit, Remaining ratelimit.Optional[int64]
	Reset            time.Time // when the window ends, by the local clock; zero means unknown
	Until            time.Time // when it can be used again, if it rests; otherwise zero
}

// IsAvailable reports whether the token can be used now, as far as is known.
func (s TokenStatus) IsAvailable() bool { return s.State == Available || s.State == Unknown }

// IsRateLimited reports whether a limit keeps the token from being used.
func (s TokenStatus) IsRateLimited() bool { return s.State == Limited || s.State == Cooling }

// String describes the status, such as "available (4312 of 5000 left)",
// "limited until 2026-11-21T14:00:00Z" or "invalid: Bad credentials".
func (s TokenStatus) String() string {
	switch s.State {
	case Available:
		left, ok := s.Remaining.Get()
		if limit, limited := s.Limit.Get(); ok && limited {
			return fmt.Sprintf("available (%d of %d left)", left, limit)
		}
	case Limited, Cooling:
		return fmt.Sprintf("%s until %s", s.State, s.Until.UTC().Format(time.RFC3339))
	case Suspect, Invalid, Disabled:
		if s.Reason != "" {
			return s.State.String() + ": " + s.Reason
		}
	}
	return s.State.String()
}

// info copies what is known of e.
func (e *entry) info(now time.Time) TokenInfo {
	return TokenInfo{
		ID:       e.id,
		Label:    e.token.Label,
		Provider: e.token.Provider,
		Host:     e.token.Host,
		Account:  e.account.name,
		Identity: e.identity.clone(),
		Expires:  e.end,
		Status:   e.status(now),

		Owners:      slices.Clone(e.token.Owners),
		Tags:        slices.Clone(e.token.Tags),
		Description: e.token.Description,
	}
}

func (e *entry) status(now time.Time) TokenStatus {
	main := e.host.main
	s := TokenStatus{
		State:    e.stateFor(main, now),
		LastUsed: e.lastUsed,
		InFlight: e.account.inFlight,
		Budgets:  make(map[string]Budget, len(e.account.budgets)),
	}
	for name, b := range e.account.budgets {
		b.lane.place(b, now)
		if b.last > 0 || b.remaining.IsKnown() || b.limit.IsKnown() {
			s.Budgets[name] = b.status(now)
		}
	}
	m := s.Budgets[main]
	s.Limit, s.Remaining, s.Reset = m.Limit, m.Remaining, m.Reset
	s.Reason = e.ownReason(s.State)
	if s.IsRateLimited() {
		s.Until = e.account.limitedUntil(main, now)
	}
	return s
}

func (b *budget) status(now time.Time) Budget {
	return Budget{Limit: b.limit, Remaining: b.left(), Reset: b.ends, Until: b.limitedUntil(now)}
}

// stateFor returns the state of the token for calls that draw on a resource.
func (e *entry) stateFor(resource string, now time.Time) State {
	b := e.account.budgets[resource]
	if b == nil {
		return e.ownState(now)
	}
	b.lane.place(b, now)
	return e.stateOn(b, now)
}

// stateOn is stateFor by one budget, which must have been placed.
func (e *entry) stateOn(b *budget, now time.Time) State {
	return e.host.outward(e.countedOn(b, now), now)
}

// countedOn is stateOn but for the rest of the host, see outward.
func (e *entry) countedOn(b *budget, now time.Time) State { return b.counts(e.still(), now) }

// counts returns the state of a token of the budget's account for calls that draw on
// the budget, given the state that it has whatever the limits, but for the rest of the
// host.
func (b *budget) counts(s State, now time.Time) State {
	s = b.account.inward(s, now)
	if (s == Unknown || s == Available) && !b.stoppedUntil(now).IsZero() {
		return Limited
	}
	return s
}

// ownState returns the state that the token has for every call.
func (e *entry) ownState(now time.Time) State {
	return e.host.outward(e.account.inward(e.still(), now), now)
}

// outward returns the state of a token at the host, of which the given one holds
// but for the rest of the host: all that could be used or will be again are cooling
// then.
func (h *Host) outward(s State, now time.Time) State {
	if s < Cooling && !h.restingUntil(now).IsZero() {
		return Cooling
	}
	return s
}

// inward returns the state of a token of the account, of which the given one holds
// whatever the limits: what could be used is cooling while the account rests.
func (a *account) inward(s State, now time.Time) State {
	if (s == Unknown || s == Available) && !restOver(a.cool, now).IsZero() {
		return Cooling
	}
	return s
}

// ownReason returns why the token is in a state, if there is a reason.
func (e *entry) ownReason(s State) string {
	if s == Disabled {
		return e.disabledFor
	}
	return cmp.Or(e.reason, e.failure)
}

// limitedUntil returns when the account can be used again for calls that draw
// on a resource; zero means now.
func (a *account) limitedUntil(resource string, now time.Time) time.Time {
	if b := a.budgets[resource]; b != nil {
		return b.limitedUntil(now)
	}
	return a.restingUntil(now)
}
