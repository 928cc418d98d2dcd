package quota

import (
	"cmp"
	"regexp"
	"regexp/syntax"
	"strings"
)

// A matcher says which targets a rule is for. It is compiled once.
type matcher struct {
	operations bool           // for operations, else for paths
	text       string         // empty matches nothing
	method     string         // of paths; empty matches any
	whole      *regexp.Regexp // nil if the text is compared as it stands
}

// newMatcher returns the matcher of a rule that is for operations or else for paths
// with the method.
func newMatcher(operations bool, text, method string) matcher {
	m := matcher{operations: operations, text: text, method: method}
	if text == "" || regexp.QuoteMeta(text) == text {
		return m
	}
	// The text is parsed alone, so that none of its brackets or escapes can close the
	// group around it.
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return m
	}
	if re, err := regexp.Compile(`\A(?:` + parsed.String() + `)\z`); err == nil {
		m.whole = re
	}
	return m
}

// A fit says how well a matcher fits a target.
type fit int

const (
	unfit fit = iota
	pattern
	literal
)

// fits compares m with t, which names an operation or a path.
func (m *matcher) fits(t Target) fit {
	name := t.Path
	if m.operations {
		name = t.Operation
	}
	switch {
	case name == "" || m.text == "":
		return unfit
	case !m.operations && m.method != "" && !strings.EqualFold(m.method, t.Method):
		return unfit
	case m.text == name:
		return literal
	case m.whole != nil && m.whole.MatchString(name):
		return pattern
	}
	return unfit
}

// byPrecedence orders matchers: longer ones first, then those with a method.
func byPrecedence(a, b *matcher) int {
	return cmp.Or(
		cmp.Compare(len(b.text), len(a.text)),
		cmp.Compare(min(len(b.method), 1), min(len(a.method), 1)))
}

// best returns the index of the rule that t falls under, -1 if there is none. The
// rules are sorted by precedence.
func best[R any](rules []R, of func(R) *matcher, t Target) int {
	found := -1
	for i, r := range rules {
		switch of(r).fits(t) {
		case literal:
			return i
		case pattern:
			if found < 0 {
				found = i
			}
		}
	}
	return found
}
