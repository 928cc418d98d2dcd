package usage

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gitfleet/gitfleet/tokens"
)

// Event is one use of one token: a request that was sent and answered, a call of
// a pool's function, or a call that got no token at all. It holds no secret.
type Event struct {
	Series

	// ID tells events of one store apart, also those of one token at the same
	// instant. The store gives it; in what is recorded it means nothing.
	ID int64

	// At is when it was over. A zero At becomes the time of recording. Stores
	// keep microseconds, in UTC.
	At time.Time

	Outcome Outcome // the zero Outcome is recorded as Failed
	Cause   Cause   // finer than the outcome; CauseNone if there is nothing to add
	Status  int     // of HTTP; 0 if there was no answer, or no HTTP

	Latency time.Duration // negative if it was not measured
	Bytes   int64         // of the answer's body; negative if unknown
}

// Series is what events have in common: who used what. Events are counted by
// its fields, so all of them should have few values: a route is a pattern, not a
// path. The zero value of a field means that it is not known.
//
// Stores keep at most 255 bytes of a field, and no invalid UTF-8.
type Series struct {
	Provider tokens.ProviderType
	Host     string    // name, with its port if that is not the usual one
	Token    tokens.ID // never a secret; empty if no token was free
	Label    string    // of the token, for people
	Account  string    // whom the host counts
	Resource string    // the budget that was drawn on
	Route    string    // operation or route, such as "GET /repos/{}/{}/issues"
}

// clean returns e as a store keeps it: bounded, and with values that every
// database takes.
func (e Event) clean() Event {
	e.Series = e.Series.clean()
	e.At = e.At.UTC().Truncate(time.Microsecond)
	if e.Outcome != Success && e.Outcome != ReachLimit {
		e.Outcome = Failed
	}
	if e.Latency < 0 {
		e.Latency = -1
	} else {
		e.Latency = e.Latency.Truncate(time.Microsecond)
	}
	e.Bytes = max(e.Bytes, -1)
	e.Status = min(max(e.Status, 0), 999)
	return e
}

func (s Series) clean() Series {
	return Series{
		Provider: tokens.ProviderType(bounded(string(s.Provider))),
		Host:     bounded(s.Host),
		Token:    tokens.ID(bounded(string(s.Token))),
		Label:    bounded(s.Label),
		Account:  bounded(s.Account),
		Resource: bounded(s.Resource),
		Route:    bounded(s.Route),
	}
}

// maxText is how many bytes of a text stores keep.
const maxText = 255

// bounded returns s in a form that every database takes as it is: PostgreSQL
// refuses the zero byte and broken UTF-8, MySQL what is too long.
func bounded(s string) string {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	if len(s) <= maxText {
		return s
	}
	end := maxText
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
