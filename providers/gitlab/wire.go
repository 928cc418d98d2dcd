package gitlab

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// The library's records cannot say that a field is missing: GitLab leaves out
// what a token may not see, and nearly all if there is no token. The types below
// stand in the place of such fields.

// flag is a bool that may be missing.
type flag struct{ value, known bool }

// UnmarshalJSON implements [json.Unmarshaler].
func (f *flag) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true":
		*f = flag{true, true}
	case "false":
		*f = flag{false, true}
	case "null":
		*f = flag{}
	default:
		return &json.UnmarshalTypeError{Value: string(data[:1]), Type: reflect.TypeFor[bool]()}
	}
	return nil
}

// ptr returns nil if f is missing. It points into f, so that a record needs no
// memory for each of its fields.
func (f *flag) ptr() *bool {
	if !f.known {
		return nil
	}
	return &f.value
}

// number is an integer that may be missing.
type number struct {
	value int64
	known bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = number{}
		return nil
	}
	value, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return &json.UnmarshalTypeError{Value: string(data[:1]), Type: reflect.TypeFor[int64]()}
	}
	*n = number{value, true}
	return nil
}

// ptr returns nil if n is missing.
func (n *number) ptr() *int64 {
	if !n.known {
		return nil
	}
	return &n.value
}

// stamp is a time that may be missing. One that cannot be read is, too: it is no
// reason to lose the record.
type stamp struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (s *stamp) UnmarshalJSON(data []byte) error {
	if s.Time.UnmarshalJSON(data) != nil {
		s.Time = time.Time{}
	}
	return nil
}

// ptr returns nil if s is missing.
func (s *stamp) ptr() *time.Time {
	if s.IsZero() {
		return nil
	}
	return &s.Time
}

// utc returns a time of the library's, zero if it is missing.
func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// iso writes a time as GitLab's parameters take it, and nothing for none.
func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
