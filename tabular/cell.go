package tabular

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// csvCell writes a value for CSV. Text that a spreadsheet would take for a
// formula gets an apostrophe before it (OWASP, "CSV Injection"); numbers do not
// need one. Lists stay JSON.
func csvCell(v any) string {
	if s, ok := v.(string); ok {
		if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
			return "'" + s
		}
		return s
	}
	return plain(v)
}

// tableCell writes a value for a terminal: on one line, without anything that
// would move the cursor or change colours, lists joined by commas.
func tableCell(v any, width int) string {
	var s string
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, item := range list {
			parts[i] = plain(item)
		}
		s = strings.Join(parts, ",")
	} else {
		s = plain(v)
	}
	s = Clean(s)
	if width > 0 && utf8.RuneCountInString(s) > width {
		return string([]rune(s)[:max(0, width-1)]) + "…"
	}
	return s
}

// Clean returns a text as a table shows it: on one line, without anything that
// would move a terminal's cursor or change its colours.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return '\uFFFD'
		}
		return r
	}, s)
}

// plain writes a value of JSON as text.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // cannot be: it was decoded from JSON
	}
	return string(text)
}
