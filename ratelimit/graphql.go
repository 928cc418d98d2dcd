package ratelimit

import (
	"bytes"
	"strconv"
)

// mutates reports whether the body of a GraphQL request holds a mutation. It
// reads {"query": "..."} as far as the body goes, and takes what it cannot
// read for a query: GitHub counts a query as 1 point and a mutation as 5.
//
// The word is searched first, which is far cheaper than reading and settles
// most queries. Only an escape could hide it.
func mutates(body []byte) bool {
	if !bytes.Contains(body, []byte("mutation")) && !bytes.Contains(body, []byte(`\u`)) {
		return false
	}
	m, ok := openJSON(body)
	if !ok || m.array {
		return false
	}
	for {
		key, value, _, ok := m.next()
		if !ok {
			return false
		}
		if string(key) == `"query"` && len(value) > 0 && value[0] == '"' {
			doc := document{raw: value[1:]}
			return doc.mutates()
		}
	}
}

// document reads a GraphQL document out of a JSON string, unescaping as it
// goes, so that nothing is copied.
type document struct {
	raw []byte
}

// mutates reports whether one of the document's definitions is a mutation. It
// follows the braces: a definition starts with a name and ends where its
// selection closes, so that a field, a fragment or a text called mutation is
// none.
func (d *document) mutates() bool {
	depth, start := 0, true
	for {
		c, ok := d.next()
		switch {
		case !ok:
			return false
		case c == '#':
			d.skipComment()
		case c == '"':
			d.skipString()
		case c == '{' || c == '(' || c == '[':
			depth, start = depth+1, false
		case c == '}' || c == ')' || c == ']':
			depth = max(0, depth-1)
			start = depth == 0 && c == '}'
		case start && letter(c):
			if d.word(c) == "mutation" {
				return true
			}
			start = false
		}
	}
}

// word reads the rest of a name that begins with c, and returns "mutation" if
// it is that, else something else.
func (d *document) word(c byte) string {
	var name [len("mutation") + 1]byte
	n := 0
	for ; letter(c); c, _ = d.next() {
		if n < len(name) {
			name[n] = c
			n++
		}
		if !letter(d.peek()) {
			break
		}
	}
	if string(name[:n]) == "mutation" {
		return "mutation"
	}
	return ""
}

// peek returns the next byte without taking it, or 0 at the end.
func (d *document) peek() byte {
	ahead := *d
	c, _ := ahead.next()
	return c
}

// next returns the next byte of the document, or false at its end. A \u escape
// beyond ASCII comes as one byte that no rule of GraphQL's grammar looks at.
func (d *document) next() (byte, bool) {
	if len(d.raw) == 0 || d.raw[0] == '"' {
		return 0, false
	}
	c := d.raw[0]
	if c != '\\' {
		d.raw = d.raw[1:]
		return c, true
	}
	if len(d.raw) < 2 {
		return 0, false
	}
	c, d.raw = d.raw[1], d.raw[2:]
	switch c {
	case 'n', 'r':
		return '\n', true
	case 't', 'b', 'f':
		return ' ', true
	case 'u':
		return d.unicode()
	}
	return c, true
}

// unicode reads the four digits of a \u escape.
func (d *document) unicode() (byte, bool) {
	if len(d.raw) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(d.raw[:4]), 16, 16)
	d.raw = d.raw[4:]
	if err != nil || n > 0x7f {
		return 0xff, true
	}
	return byte(n), true
}

// skipComment skips to the end of the line.
func (d *document) skipComment() {
	for {
		if c, ok := d.next(); !ok || c == '\n' {
			return
		}
	}
}

// skipString skips a string, in which braces and keywords mean nothing, whose first quotation mark was taken, or a block
// string, which three of them begin and end.
func (d *document) skipString() {
	if d.peek() != '"' {
		d.skipTo(1)
		return
	}
	d.next()
	if d.peek() == '"' {
		d.next()
		d.skipTo(3)
	}
}

// skipTo skips past as many quotation marks in a row.
func (d *document) skipTo(marks int) {
	for run := 0; run < marks; {
		c, ok := d.next()
		switch {
		case !ok:
			return
		case c == '"':
			run++
		case c == '\\':
			d.next() // whatever it escapes does not end the string
			run = 0
		default:
			run = 0
		}
	}
}

// letter reports whether c may stand in a name.
func letter(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}
