package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	result = regexp.MustCompile(`^(Benchmark[^\s/-]+)(\S*?)(?:-\d+)?\s+\d+\s+(.*)$`)
	logs   = regexp.MustCompile(`^\s+\w+_test\.go:\d+: (.*)$`)
	begun  = regexp.MustCompile(`^=== (?:RUN|NAME|CONT)\s+([^\s/]+)`)
	ended  = regexp.MustCompile(`^\s*--- (FAIL|SKIP): (\S+)`)
)

// row is what the runs of one benchmark say, by unit.
type row struct {
	name   string
	values map[string][]float64
}

// group is a benchmark with all that are below it.
type group struct {
	name string
	rows []*row
}

// tables makes a table of each benchmark of what go test -bench has printed.
func tables(printed string) string {
	var groups []*group
	for line := range strings.Lines(printed) {
		m := result.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.name == m[1] })
		if i < 0 {
			i, groups = len(groups), append(groups, &group{name: m[1]})
		}
		groups[i].add(strings.TrimPrefix(m[2], "/"), m[3])
	}
	var text strings.Builder
	for _, g := range groups {
		g.write(&text)
	}
	return text.String()
}

// add takes the values of a line: "12.3 ns/op  0 B/op  0 allocs/op".
func (g *group) add(name, values string) {
	i := slices.IndexFunc(g.rows, func(r *row) bool { return r.name == name })
	if i < 0 {
		i, g.rows = len(g.rows), append(g.rows, &row{name, map[string][]float64{}})
	}
	words := strings.Fields(values)
	for at := 0; at+1 < len(words); at += 2 {
		if v, err := strconv.ParseFloat(words[at], 64); err == nil {
			g.rows[i].values[words[at+1]] = append(g.rows[i].values[words[at+1]], v)
		}
	}
}

// write makes the table: the median of each value, the least and the most of the
// time, and the time as a multiple of that of the first row.
func (g *group) write(text *strings.Builder) {
	fmt.Fprintf(text, "\n### %s\n\n| | ns/op | least to most | × first | B/op | allocs/op | other |\n|---|---|---|---|---|---|---|\n", g.name)
	first := median(g.rows[0].values["ns/op"])
	for _, r := range g.rows {
		times := r.values["ns/op"]
		if len(times) == 0 {
			continue // it measures something else than time
		}
		var other []string
		for unit, values := range r.values {
			if unit != "ns/op" && unit != "B/op" && unit != "allocs/op" {
				other = append(other, number(median(values))+" "+unit)
			}
		}
		slices.Sort(other)
		fmt.Fprintf(text, "| %s | %s | %s to %s | %.2f | %s | %s | %s |\n", r.name, number(median(times)),
			number(slices.Min(times)), number(slices.Max(times)), median(times)/first,
			number(median(r.values["B/op"])), number(median(r.values["allocs/op"])), strings.Join(other, ", "))
	}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// number writes a value with three digits that count.
func number(v float64) string {
	if v >= 100 || v == float64(int64(v)) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// logged returns what each test of go test -v has logged, below its name, and
// which of them failed or were skipped.
func logged(printed string) string {
	var text strings.Builder
	said := map[string][]string{}
	var order []string
	current := ""
	say := func(name, line string) {
		if said[name] == nil {
			order = append(order, name)
		}
		said[name] = append(said[name], line)
	}
	for line := range strings.Lines(printed) {
		line = strings.TrimRight(line, "\n")
		if m := begun.FindStringSubmatch(line); m != nil {
			current = m[1]
		} else if m := logs.FindStringSubmatch(line); m != nil {
			say(current, m[1])
		} else if m := ended.FindStringSubmatch(line); m != nil {
			say(current, m[1]+": "+m[2])
		}
	}
	for _, name := range order {
		fmt.Fprintf(&text, "\n### %s\n\n```\n%s\n```\n", name, strings.Join(said[name], "\n"))
	}
	return text.String()
}
