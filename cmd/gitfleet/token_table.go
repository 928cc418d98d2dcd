package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/gitfleet/gitfleet/tabular"
	"github.com/gitfleet/gitfleet/tokens"
)

// tokenTable draws the tokens, a line for each budget.
func tokenTable(rows []tokenRow, now time.Time, colour, all bool) string {
	w := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.Options{}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	w.SetStyle(style)
	w.SuppressEmptyColumns()
	w.AppendHeader(table.Row{"LABEL", "HOST", "ACCOUNT", "KIND", "SCOPES", "EXPIRES", "STATE", "RESOURCE", "LEFT", "RESET"})
	for _, r := range rows {
		first := table.Row{cell(r.Label), cell(bareHost(r.Host)), cell(r.Account), cell(kindCell(r.Kind)), cell(strings.Join(r.Scopes, ",")), dateCell(r.Expires, now), stateCell(r, now, colour)}
		limits := shownLimits(r.Limits, all)
		if len(limits) == 0 {
			w.AppendRow(append(first, "", "", ""))
		}
		for _, l := range limits {
			w.AppendRow(append(first, cell(l.Resource), leftCell(l, colour), resetCell(l.Reset, now)))
			first = table.Row{"", "", "", "", "", "", ""}
		}
	}
	return trimLines(w.Render())
}

// cell keeps what came from elsewhere from steering the terminal.
func cell(s string) string { return tabular.Clean(s) }

func bareHost(host string) string {
	return strings.TrimPrefix(strings.TrimPrefix(host, "https://"), "api.")
}

// kindCell shortens what all kinds have in common.
func kindCell(k tokens.Kind) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(string(k), " token"), " access"), " personal")
}

// dateCell writes a day, and how far it is if that is near.
func dateCell(at, now time.Time) string {
	switch {
	case at.IsZero():
		return ""
	case at.Sub(now) < 14*24*time.Hour:
		return at.UTC().Format(time.DateOnly) + " " + in(at.Sub(now))
	}
	return at.UTC().Format(time.DateOnly)
}

// stateCell writes the state, why, and until when.
func stateCell(r tokenRow, now time.Time, colour bool) string {
	text := r.State.String()
	if r.Valid != nil && *r.Valid && r.State == tokens.Available {
		text = "valid"
	}
	if r.Until.After(now) {
		text += " " + in(r.Until.Sub(now))
	}
	if r.Reason != "" {
		text += ": " + cell(r.Reason)
	}
	if !colour {
		return text
	}
	switch r.State {
	case tokens.Available:
		return paint(green, text)
	case tokens.Limited, tokens.Cooling, tokens.Suspect:
		return paint(yellow, text)
	case tokens.Invalid, tokens.Expired, tokens.Disabled:
		return paint(red, text)
	}
	return text
}

// shownLimits leaves out the budgets that are untouched, but for the first if all
// are.
func shownLimits(limits []limitRow, all bool) []limitRow {
	if all {
		return limits
	}
	var drawn []limitRow
	for _, l := range limits {
		untouched := l.Limit != nil && l.Remaining != nil && *l.Limit == *l.Remaining
		if l.Resource == "core" || !untouched {
			drawn = append(drawn, l)
		}
	}
	return drawn
}

// leftWidth is how many characters a bar has.
const leftWidth = 8

// leftCell writes what is left, with a bar on a terminal.
func leftCell(l limitRow, colour bool) string {
	switch {
	case l.Limit == nil && l.Remaining == nil:
		return "?"
	case l.Remaining == nil:
		return fmt.Sprintf("?/%d", *l.Limit)
	case l.Limit == nil || *l.Limit <= 0:
		return fmt.Sprint(*l.Remaining)
	}
	text := fmt.Sprintf("%d/%d", *l.Remaining, *l.Limit)
	if !colour {
		return text
	}
	share := float64(*l.Remaining) / float64(*l.Limit)
	full := min(leftWidth, max(0, int(share*leftWidth+0.5)))
	if *l.Remaining > 0 {
		full = max(1, full)
	}
	bar := strings.Repeat("█", full) + strings.Repeat("░", leftWidth-full)
	code := green
	switch {
	case share < 0.1:
		code = red
	case share < 0.3:
		code = yellow
	}
	return paint(code, bar) + " " + text
}

func resetCell(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return in(at.Sub(now))
}

func paint(code, text string) string { return "\x1b[" + code + "m" + text + "\x1b[0m" }

// trimLines removes the blanks that pad the last column.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
