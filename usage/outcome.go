package usage

import "fmt"

// Outcome is how a use of a token ended. The numbers are stable: databases hold
// them.
type Outcome uint8

// The outcomes.
const (
	Success    Outcome = 1
	Failed     Outcome = 5
	ReachLimit Outcome = 9 // a limit refused it, or left no token for it
)

var outcomes = [...]Outcome{Success, Failed, ReachLimit}

// String returns "success", "failed" or "reach_limit".
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failed:
		return "failed"
	case ReachLimit:
		return "reach_limit"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// MarshalText implements [encoding.TextMarshaler].
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// ParseOutcome returns the outcome that [Outcome.String] calls s.
func ParseOutcome(s string) (Outcome, error) {
	for _, o := range outcomes {
		if o.String() == s {
			return o, nil
		}
	}
	return 0, fmt.Errorf("usage: unknown outcome %q: want success, failed or reach_limit", s)
}

// Cause says why a use of a token ended as it did. The numbers are stable:
// databases hold them.
type Cause uint8

// The causes.
const (
	CauseNone           Cause = 0
	CausePrimaryLimit   Cause = 1  // the budget is spent
	CauseSecondaryLimit Cause = 2  // too fast, or too many at once
	CauseExhausted      Cause = 3  // no token was free, so nothing was sent
	CauseUnauthorized   Cause = 4  // the host did not honour the token
	CauseForbidden      Cause = 5  // the token may not do this
	CauseNotFound       Cause = 6  // there is no such thing, or the token may not see it
	CauseClient         Cause = 7  // another refusal of what was asked, such as 422
	CauseServer         Cause = 8  // the host failed
	CauseNetwork        Cause = 9  // no answer came
	CauseTimeout        Cause = 10 // none came in time
	CauseCanceled       Cause = 11 // the caller gave up
)

var causes = [...]string{
	"none", "primary_limit", "secondary_limit", "exhausted", "unauthorized", "forbidden",
	"not_found", "client", "server", "network", "timeout", "canceled",
}

// String returns the cause in snake_case, for example "primary_limit".
func (c Cause) String() string {
	if int(c) < len(causes) {
		return causes[c]
	}
	return fmt.Sprintf("Cause(%d)", uint8(c))
}

// MarshalText implements [encoding.TextMarshaler].
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
