package quota

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// redacted stands for a key wherever one would be printed.
const redacted = "[secret]"

// Key is an API key that does not give itself away: printed, as JSON, as text and
// in a slog record it reads "[secret]". The zero Key is none. A Key is immutable
// and safe for concurrent use.
type Key struct {
	reveal func() string // no printer looks into a function
}

// NewKey returns the key with the given text.
func NewKey(text string) Key {
	if text == "" {
		return Key{}
	}
	return Key{reveal: func() string { return text }}
}

// Reveal returns the text of the key, "" if it is none. Do not print it.
func (k Key) Reveal() string {
	if k.reveal == nil {
		return ""
	}
	return k.reveal()
}

// Format implements [fmt.Formatter] for every verb and flag.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[secret]", so that JSON and XML hold no more than that.
func (k Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText makes the key with the given text.
func (k *Key) UnmarshalText(text []byte) error {
	*k = NewKey(string(text))
	return nil
}

// LogValue implements [slog.LogValuer].
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// A digest is what a Server keeps of a key.
type digest [sha256.Size]byte

func digestOf(key string) digest { return sha256.Sum256([]byte(key)) }
