package usage

import (
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Query says which events are meant: those inside the window that have one of
// the values of every field. The zero Query means all of them.
//
// A nil list does not narrow anything down. A list that is empty but not nil, as
// a search that found nothing returns it, means no event at all; so does a value
// that no event has.
type Query struct {
	// The window: From and all later, but not To. Zero means no bound. Of what is
	// kept per minute only, whole minutes count: the one From lies in too.
	From, To time.Time

	Providers []tokens.ProviderType
	Hosts     []string
	Tokens    []tokens.ID
	Labels    []string
	Accounts  []string
	Resources []string
	Routes    []string
	Outcomes  []Outcome
	Causes    []Cause
}

// Last is the query for all events of the time d until now, and those that come.
func Last(d time.Duration) Query { return Query{From: time.Now().UTC().Add(-d)} }

// matches reports whether e is meant.
func (q *Query) matches(e *Event) bool {
	return (q.From.IsZero() || !e.At.Before(q.From)) &&
		(q.To.IsZero() || e.At.Before(q.To)) &&
		in(q.Providers, e.Provider) && in(q.Hosts, e.Host) && in(q.Tokens, e.Token) &&
		in(q.Labels, e.Label) && in(q.Accounts, e.Account) && in(q.Resources, e.Resource) &&
		in(q.Routes, e.Route) && in(q.Outcomes, e.Outcome) && in(q.Causes, e.Cause)
}

func in[T comparable](list []T, v T) bool { return list == nil || slices.Contains(list, v) }
