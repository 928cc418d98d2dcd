package tokens

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrRateLimited is what an [ExhaustedError] matches, with [errors.Is], if time
// alone will end it.
var ErrRateLimited = errors.New("gitfleet: rate limited")

// ExhaustedError says that no token can serve a call, and since nothing was
// sent there is no answer to return either.
type ExhaustedError struct {
	Provider ProviderType
	Host     string // base URL
	Resource string // the budget that the call draws on

	// ReadyAt is when the first token can serve such a call again, by the local
	// clock. Zero means that none ever will.
	ReadyAt time.Time

	// Tokens is the number of tokens for the host, and States how many of them
	// are in which state.
	Tokens int
	States map[State]int

	// Only says which of them may serve the call at all, such as `token "ci"` or
	// `a token for owner "acme"`. Empty means all.
	Only string

	// Cause is why a refreshing secret could not be had in this call, if that
	// is why one of the tokens could not serve it. Of a call of package pool it
	// is the last error that the call met. Otherwise nil.
	Cause error
}

// Error reads such as "gitfleet: github core: all 3 tokens are rate limited
// until 2026-11-21T14:00:00Z".
func (e *ExhaustedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gitfleet: %s", e.Provider)
	if e.Resource != "" {
		fmt.Fprintf(&b, " %s", e.Resource)
	}
	limited := e.States[Limited] + e.States[Cooling]
	switch {
	case e.Tokens == 0 && e.Host == "":
		b.WriteString(": there is no key")
	case e.Tokens == 0:
		fmt.Fprintf(&b, ": no token for %s", e.Host)
		if names := variablesOf(e.Provider); names != "" {
			fmt.Fprintf(&b, ": add one, or set %s", names)
		}
	case limited == e.Tokens:
		fmt.Fprintf(&b, ": %s rate limited", all(e.Tokens))
	default:
		fmt.Fprintf(&b, ": none of %d tokens can serve (%s)", e.Tokens, e.counts())
	}
	if !e.ReadyAt.IsZero() {
		fmt.Fprintf(&b, " until %s", e.ReadyAt.UTC().Format(time.RFC3339))
	}
	if e.Only != "" {
		fmt.Fprintf(&b, ": only %s may serve the call", e.Only)
	}
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

// Unwrap returns Cause.
func (e *ExhaustedError) Unwrap() error { return e.Cause }

func all(n int) string {
	if n == 1 {
		return "the only token is"
	}
	return fmt.Sprintf("all %d tokens are", n)
}

func (e *ExhaustedError) counts() string {
	var parts []string
	for s := range State(len(stateNames)) {
		if n := e.States[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

// Is reports whether target is [ErrRateLimited] and time will end this, or
// [ErrNoTokens] and there is no token for the host.
func (e *ExhaustedError) Is(target error) bool {
	return target == ErrRateLimited && !e.ReadyAt.IsZero() || target == ErrNoTokens && e.Tokens == 0
}

// RetryAt returns ReadyAt, for callers that know the error by this method only.
func (e *ExhaustedError) RetryAt() time.Time { return e.ReadyAt }
