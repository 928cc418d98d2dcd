package fleettest

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// queryFields are what a list can be filtered and sorted by, as text.
type queryFields[T any] map[string]func(T) string

// condition is one comparison of a query: a field, an operator and a value.
type condition struct{ field, operator, value string }

// queryCondition is a comparison and the word that leads to the next one.
var queryCondition = regexp.MustCompile(`^\s*([a-z_.]+)\s*(!=|!~|>=|<=|=|~|>|<)\s*("[^"]*"|[^\s"()]+)\s*(?:$|(?i:(AND|OR)\s))`)

// parseQuery reads a query: comparisons with AND between them, and OR between
// those. It knows no parentheses and no lists. Atlassian developer, "The
// Bitbucket Cloud REST API", section "Filtering and sorting API objects".
func parseQuery(text string) (anyOf [][]condition, ok bool) {
	anyOf = [][]condition{nil}
	for strings.TrimSpace(text) != "" {
		m := queryCondition.FindStringSubmatch(text)
		if m == nil {
			return nil, false
		}
		last := len(anyOf) - 1
		anyOf[last] = append(anyOf[last], condition{m[1], m[2], strings.Trim(m[3], `"`)})
		if strings.EqualFold(m[4], "OR") {
			anyOf = append(anyOf, nil)
		}
		text = text[len(m[0]):]
	}
	return anyOf, len(anyOf[len(anyOf)-1]) > 0
}

// queried filters and sorts a list as c's parameters q and sort say, or returns
// the refusal of those that Bitbucket would not understand.
func queried[T any](c *call, list []T, fields queryFields[T]) ([]T, *answer) {
	if text := c.query.Get("q"); text != "" {
		anyOf, ok := parseQuery(text)
		if !ok || !fields.have(anyOf) {
			return nil, bitbucketError(http.StatusBadRequest, "Invalid query: "+text)
		}
		list = slices.DeleteFunc(list, func(v T) bool {
			return !slices.ContainsFunc(anyOf, func(all []condition) bool { return fields.meet(v, all) })
		})
	}
	name, descending := strings.CutPrefix(c.query.Get("sort"), "-")
	if name == "" {
		return list, nil
	}
	of, ok := fields[name]
	if !ok {
		return nil, bitbucketError(http.StatusBadRequest, "Invalid sort: "+name)
	}
	slices.SortStableFunc(list, func(a, b T) int { return compareText(of(a), of(b)) })
	if descending {
		slices.Reverse(list)
	}
	return list, nil
}

// have reports whether there is each of the fields that are asked for.
func (f queryFields[T]) have(anyOf [][]condition) bool {
	for _, v := range slices.Concat(anyOf...) {
		if f[v.field] == nil {
			return false
		}
	}
	return true
}

// meet reports whether v meets all conditions.
func (f queryFields[T]) meet(v T, all []condition) bool {
	return !slices.ContainsFunc(all, func(c condition) bool { return !c.met(f[c.field](v)) })
}

// met reports whether a field's value meets the condition.
func (c condition) met(value string) bool {
	contains := strings.Contains(strings.ToLower(value), strings.ToLower(c.value))
	order := compareText(value, c.value)
	switch c.operator {
	case "=":
		return order == 0
	case "!=":
		return order != 0
	case "~":
		return contains
	case "!~":
		return !contains
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	default:
		return order <= 0
	}
}

// compareText compares two numbers, two times or two texts.
func compareText(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	s, okS := queryTime(a)
	t, okT := queryTime(b)
	if okS && okT {
		return s.Compare(t)
	}
	return strings.Compare(a, b)
}

// queryTime reads a time or a day.
func queryTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
