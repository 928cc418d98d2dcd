package tokens

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands for a secret wherever one would be printed.
const redacted = "[secret]"

// Secret holds the text of a token and does not give it away: with every verb
// of package fmt, as JSON, as text and in a slog record it reads "[secret]".
// Only [Secret.Reveal] returns the text.
//
// The text is fixed (see [Static]) or comes from a function that a [Manager]
// calls by need (see [Refreshing]). The zero Secret is empty. A Secret is
// immutable and safe for concurrent use.
type Secret struct {
	hidden *hidden[string]
	source *mintSource // of a refreshing secret, else nil
}

// hidden keeps a value from printers that call no methods. Package fmt calls
// none on the unexported fields of a user's struct and prints a pointer there as
// an address; assertion libraries follow pointers, but not into a function.
type hidden[T any] struct{ reveal func() T }

func hide[T any](v T) *hidden[T] { return &hidden[T]{reveal: func() T { return v }} }

// Static returns a Secret that always is s.
func Static(s string) Secret { return Secret{hidden: hide(s)} }

// Reveal returns the text of the secret. It is the only way out; do not print
// what it returns. The text of a refreshing secret is known to a Manager only,
// and Reveal returns "".
func (s Secret) Reveal() string {
	if s.hidden == nil {
		return ""
	}
	return s.hidden.reveal()
}

// IsZero reports whether the secret is empty. A refreshing one never is.
func (s Secret) IsZero() bool { return s.source == nil && s.Reveal() == "" }

// Format implements [fmt.Formatter] for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String returns "[secret]".
func (s Secret) String() string { return redacted }

// GoString returns "[secret]".
func (s Secret) GoString() string { return redacted }

// MarshalText returns "[secret]", so that JSON and XML hold no more than that.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
