package ratelimit

import (
	"bytes"
	"encoding/json"
)

// members walks over the members of one JSON object, or the elements of one
// array, at its top level. A package json would decode the whole value, which
// for a GraphQL answer is large and for a body cut by the caller's limit
// fails; here what came before the cut is still found, and nothing is copied.
type members struct {
	rest  []byte
	array bool
	begun bool
}

// openJSON begins to walk over body, which may start with a byte order mark.
// It reports false unless body is an object or an array.
func openJSON(body []byte) (members, bool) {
	body = space(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 || body[0] != '{' && body[0] != '[' {
		return members{}, false
	}
	m := members{rest: body[1:], array: body[0] == '['}
	// A brace also begins templates and scripts. An object goes on with a key,
	// or ends.
	rest := space(m.rest)
	return m, m.array || len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// next returns the next key, still in quotes, and the raw value; an element of
// an array has no key. whole is false for a value that the body's end cuts.
// ok is false at the end, at a cut elsewhere, and where it is no JSON.
func (m *members) next() (key, value []byte, whole, ok bool) {
	rest := space(m.rest)
	if m.begun {
		if len(rest) == 0 || rest[0] != ',' {
			return nil, nil, false, false
		}
		rest = space(rest[1:])
	}
	m.begun = true
	if !m.array {
		if len(rest) == 0 || rest[0] != '"' {
			return nil, nil, false, false
		}
		n, closed := valueLen(rest)
		key, rest = rest[:n], space(rest[n:])
		if !closed || len(rest) == 0 || rest[0] != ':' {
			return nil, nil, false, false
		}
		rest = space(rest[1:])
	}
	n, whole := valueLen(rest)
	m.rest = rest[n:]
	return key, rest[:n], whole, n > 0
}

// valueLen returns the length of the JSON value at the beginning of b, and
// whether it ends there rather than at the end of b. It keeps a count instead of
// calling itself, so that deep nesting cannot exhaust the stack.
func valueLen(b []byte) (n int, whole bool) {
	depth := 0
	for n < len(b) {
		switch b[n] {
		case '"':
			end := stringLen(b[n:])
			if end == 0 {
				return len(b), false
			}
			n += end - 1
		case '{', '[':
			depth++
		// Brackets are counted, not matched: whoever sends a wrong pair sends
		// no JSON, and all that can happen is that it is read on.
		case '}', ']':
			if depth == 0 {
				return n, n > 0 // the end of what surrounds a number or a name
			}
			depth--
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return n, n > 0
			}
			n++
			continue
		default:
			n++
			continue
		}
		n++
		if depth == 0 {
			return n, true
		}
	}
	return n, false
}

// stringLen returns the length of the JSON string at the beginning of b,
// quotation marks included, or 0 if it does not end.
func stringLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// space skips white space.
func space(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// unquote returns a JSON string's value, or "" for any other value.
func unquote(raw []byte) string {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}
