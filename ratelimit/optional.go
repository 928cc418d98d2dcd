package ratelimit

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Optional is a value that a host may not have told. The zero Optional is
// unknown. In JSON an unknown value is null; tag a field omitzero to leave it
// out.
type Optional[T any] struct {
	value T
	known bool
}

// Known returns an Optional that holds v.
func Known[T any](v T) Optional[T] { return Optional[T]{value: v, known: true} }

// Get returns the value and true, or the zero T and false if it is unknown.
func (o Optional[T]) Get() (T, bool) { return o.value, o.known }

// IsKnown reports whether there is a value.
func (o Optional[T]) IsKnown() bool { return o.known }

// IsZero reports whether the value is unknown. A known 0 is not zero in this
// sense, so that omitzero keeps it.
func (o Optional[T]) IsZero() bool { return !o.known }

// Or returns the value, or fallback if it is unknown.
func (o Optional[T]) Or(fallback T) T {
	if o.known {
		return o.value
	}
	return fallback
}

// String returns the value as fmt prints it, or "unknown".
func (o Optional[T]) String() string {
	if !o.known {
		return "unknown"
	}
	return fmt.Sprint(o.value)
}

// MarshalJSON returns the value's JSON, or null if it is unknown. Numbers stay
// numbers, so that a 0 in a log or database is one that the host told.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if !o.known {
		return []byte("null"), nil
	}
	return json.Marshal(o.value)
}

// UnmarshalJSON reads what MarshalJSON wrote. On an error o is unchanged.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		*o = Optional[T]{}
		return nil
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*o = Known(v)
	return nil
}
