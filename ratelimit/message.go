package ratelimit

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMessage bounds Observation.Message, in bytes.
const maxMessage = 200

// maxFaults bounds how many entries of errors are read. A GraphQL answer can
// have one for every field that failed; a limit refuses the whole request, and
// is the only entry or among the first.
const maxFaults = 100

// words is what the body of a refusal says. What decides the class is kept
// apart from what only people read.
type words struct {
	json    bool   // the body is a JSON object or array, whole or cut
	empty   bool   // there is no body, or it was not read
	plain   string // the beginning of a body in plain text
	message string // "message", if it is a string; GitHub's rules look at no other text
	inner   string // the text inside a "message" or "error" that is no string
	cause   string // "error", if it is a string: a code of OAuth 2.0 (RFC 6750)
	detail  string // "error_description", likewise
	guide   string // "documentation_url"
	fault   string // the text of the first entry of "errors"
	spent   bool   // an entry of "errors" says that the budget is spent
	hurried bool   // an entry of "errors" says that requests came too fast
}

// words reads the body of an answer that may be a refusal.
func (d Dialect) words(resp Response) words {
	if resp.served() && !bytes.Contains(resp.Body, []byte(`"errors"`)) {
		// Nearly every GraphQL answer: searching is far cheaper than walking.
		return words{json: true}
	}
	return readWords(resp.Body)
}

// readWords reads the body of a refusal. Of every name the first member
// counts, so that cutting the body never changes what was said before the cut.
func readWords(body []byte) words {
	m, isJSON := openJSON(body)
	if !isJSON {
		return words{plain: plainText(body), empty: len(space(body)) == 0}
	}
	w := words{json: true}
	for {
		key, value, whole, ok := m.next()
		if !ok {
			return w
		}
		w.take(key, value, whole)
	}
}

// take reads one member of the body.
func (w *words) take(key, value []byte, whole bool) {
	if string(key) == `"errors"` {
		w.takeFaults(value) // even a cut array has whole entries
		return
	}
	if !whole {
		return
	}
	switch string(key) {
	case `"message"`:
		w.message = either(w.message, unquote(value))
		w.inner = either(w.inner, inside(value))
	case `"documentation_url"`:
		w.guide = either(w.guide, unquote(value))
	// Bitbucket Cloud has an object here, GitLab and OAuth 2.0 a code.
	case `"error"`:
		w.cause = either(w.cause, unquote(value))
		w.inner = either(w.inner, inside(value))
	case `"error_description"`:
		w.detail = either(w.detail, unquote(value))
	}
}

// takeFaults reads the entries of errors, even if the array is cut.
func (w *words) takeFaults(raw []byte) {
	m, ok := openJSON(raw)
	if !ok || !m.array {
		return
	}
	for range maxFaults {
		_, value, whole, ok := m.next()
		if !ok || !whole {
			return
		}
		var f struct{ Type, Code, Message string }
		// A field of another type than string stays empty, the others are
		// still read.
		_ = json.Unmarshal(value, &f)
		f.Message = either(f.Message, unquote(value))
		w.fault = either(w.fault, f.Message)
		w.spent = w.spent || strings.EqualFold(f.Type, "RATE_LIMITED") ||
			strings.EqualFold(f.Type, "RATE_LIMIT") ||
			strings.EqualFold(f.Code, "graphql_rate_limit")
		w.hurried = w.hurried || hurried(f.Message)
	}
}

// said returns the message that GitHub's rules look at. The text of an error
// stands in only where there is no message, as in refusals of GraphQL: beside a
// message it may quote what a user wrote.
func (w *words) said() string { return either(w.message, w.fault) }

// text returns the message for people, or "".
func (w *words) text() string {
	cause := w.cause
	if cause != "" && w.detail != "" {
		cause += ": " + w.detail
	}
	return either(w.message, w.inner, cause, w.fault, w.plain)
}

// either returns the first of its arguments that is not empty.
func either(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// inside returns the text of a message that is an object or an array: GitLab
// nests {"error": "..."}, Bitbucket {"message": "..."}, and for validation
// errors there are lists by field, which are handed on as they are.
func inside(raw []byte) string {
	if len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return ""
	}
	var o struct{ Message, Error string }
	_ = json.Unmarshal(raw, &o)
	return either(o.Message, o.Error, string(raw))
}

// plainText returns the beginning of a body in plain text, or "" for markup
// and for bytes that are no text, such as a compressed body.
func plainText(body []byte) string {
	body = space(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	s := string(body[:min(len(body), 4*maxMessage)])
	if strings.HasPrefix(s, "<") {
		return ""
	}
	for i, r := range s {
		if r == utf8.RuneError && len(s)-i >= utf8.UTFMax {
			return "" // not a character that the end cuts
		}
	}
	return s
}

// oneLine returns s as one line of printable text, at most limit bytes long.
func oneLine(s string, limit int) string {
	var b strings.Builder
	gap := ""
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = " "
		case r == utf8.RuneError || !unicode.IsPrint(r):
			// Control characters would reach terminals and logs.
		case b.Len()+len(gap)+utf8.RuneLen(r) > limit:
			return b.String()
		default:
			if b.Len() > 0 {
				b.WriteString(gap)
			}
			b.WriteRune(r)
			gap = ""
		}
	}
	return b.String()
}
