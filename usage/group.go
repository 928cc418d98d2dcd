package usage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Dimension is something to group events by.
type Dimension uint8

// The dimensions. Minutes, hours and days are those of UTC.
const (
	ByProvider Dimension = iota
	ByHost
	ByToken
	ByLabel
	ByAccount
	ByResource
	ByRoute
	ByOutcome
	ByCause
	ByMinute
	ByHour
	ByDay
)

var dimensions = [...]string{
	"provider", "host", "token", "label", "account", "resource", "route",
	"outcome", "cause", "minute", "hour", "day",
}

// String returns the name, such as "token".
func (d Dimension) String() string {
	if int(d) < len(dimensions) {
		return dimensions[d]
	}
	return fmt.Sprintf("Dimension(%d)", uint8(d))
}

// ParseDimension returns the dimension that [Dimension.String] calls s.
func ParseDimension(s string) (Dimension, error) {
	if i := slices.Index(dimensions[:], s); i >= 0 {
		return Dimension(i), nil
	}
	return 0, fmt.Errorf("usage: cannot group by %q: want one of %s", s, strings.Join(dimensions[:], ", "))
}

// step returns how long an interval of d is, 0 if d is not one of time.
func (d Dimension) step() time.Duration {
	switch d {
	case ByMinute:
		return time.Minute
	case ByHour:
		return time.Hour
	case ByDay:
		return 24 * time.Hour
	}
	return 0
}

// Group is what the events come to that are alike in the dimensions asked for.
// The other fields are zero.
type Group struct {
	Series
	Outcome Outcome
	Cause   Cause
	Start   time.Time // of the interval, in UTC
	Summary
}

// Value returns what the group has in one dimension, as text. Times are in the
// form of RFC 3339.
func (g Group) Value(d Dimension) string {
	switch d {
	case ByOutcome:
		return g.Outcome.String()
	case ByCause:
		return g.Cause.String()
	case ByMinute, ByHour, ByDay:
		return g.Start.Format(time.RFC3339)
	}
	if p := g.Series.field(d); p != nil {
		return *p
	}
	return ""
}

// field returns the place of one dimension, nil if it is not one of a series.
func (s *Series) field(d Dimension) *string {
	switch d {
	case ByProvider:
		return (*string)(&s.Provider)
	case ByHost:
		return &s.Host
	case ByToken:
		return (*string)(&s.Token)
	case ByLabel:
		return &s.Label
	case ByAccount:
		return &s.Account
	case ByResource:
		return &s.Resource
	case ByRoute:
		return &s.Route
	}
	return nil
}

// key is what the events of one group have in common.
type key struct {
	series  Series
	outcome Outcome
	cause   Cause
	start   int64 // microseconds since 1970
}

// keyOf returns what e has in the dimensions by.
func keyOf(e *Event, by []Dimension) key {
	var k key
	for _, d := range by {
		switch d {
		case ByOutcome:
			k.outcome = e.Outcome
		case ByCause:
			k.cause = e.Cause
		case ByMinute, ByHour, ByDay:
			k.start = floor(e.At, d.step()).UnixMicro()
		default:
			*k.series.field(d) = *e.Series.field(d)
		}
	}
	return k
}

// groups collects tallies.
type groups map[key]*Summary

func (g groups) add(k key, t tally) {
	s := g[k]
	if s == nil {
		s = new(Summary)
		g[k] = s
	}
	s.add(t)
}

// sorted returns the groups, ordered by the dimensions in the order asked for.
func (g groups) sorted(by []Dimension) []Group {
	list := make([]Group, 0, len(g))
	for k, s := range g {
		group := Group{Series: k.series, Outcome: k.outcome, Cause: k.cause, Summary: *s}
		if slices.ContainsFunc(by, isTime) {
			group.Start = time.UnixMicro(k.start).UTC()
		}
		list = append(list, group)
	}
	slices.SortFunc(list, func(a, b Group) int {
		for _, d := range by {
			if c := a.compare(b, d); c != 0 {
				return c
			}
		}
		return 0
	})
	return list
}

func (g Group) compare(other Group, d Dimension) int {
	switch d {
	case ByOutcome:
		return cmp.Compare(g.Outcome, other.Outcome)
	case ByCause:
		return cmp.Compare(g.Cause, other.Cause)
	case ByMinute, ByHour, ByDay:
		return g.Start.Compare(other.Start)
	}
	return cmp.Compare(*g.Series.field(d), *other.Series.field(d))
}

func isTime(d Dimension) bool { return d.step() > 0 }

// check returns an error if the dimensions cannot be used together.
func check(by []Dimension) error {
	times := 0
	for _, d := range by {
		if int(d) >= len(dimensions) {
			return fmt.Errorf("usage: cannot group by %s", d)
		}
		if isTime(d) {
			times++
		}
	}
	if times > 1 {
		return fmt.Errorf("usage: cannot group by %d intervals at once", times)
	}
	return nil
}

// floor returns the beginning of the interval of UTC that t lies in, also of
// times before 1970.
func floor(t time.Time, step time.Duration) time.Time { return t.UTC().Truncate(step) }
