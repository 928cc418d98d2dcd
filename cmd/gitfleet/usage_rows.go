package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/tabular"
	"github.com/gitfleet/gitfleet/usage"
)

// usageRow is what a number of calls come to. The fields of what was not grouped
// by are empty.
type usageRow struct {
	Start       time.Time `json:"start,omitzero"` // of the interval, in UTC
	Provider    string    `json:"provider,omitempty"`
	Host        string    `json:"host,omitempty"`
	Token       string    `json:"token,omitempty"` // the ID
	Label       string    `json:"label,omitempty"`
	Account     string    `json:"account,omitempty"`
	Resource    string    `json:"resource,omitempty"`
	Route       string    `json:"route,omitempty"`
	Outcome     string    `json:"outcome,omitempty"`
	Cause       string    `json:"cause,omitempty"`
	Calls       int64     `json:"calls"`
	Succeeded   int64     `json:"succeeded"`
	Failed      int64     `json:"failed"`
	Limited     int64     `json:"limited"`
	SuccessRate *float64  `json:"success_rate,omitempty"` // from 0 to 1; nil without calls
	P50         *float64  `json:"p50_ms,omitempty"`       // latencies; nil if none was measured
	P95         *float64  `json:"p95_ms,omitempty"`
	P99         *float64  `json:"p99_ms,omitempty"`
	Bytes       int64     `json:"bytes"`
}

// measures are the columns that are no dimension.
var measures = []string{"calls", "succeeded", "failed", "limited", "success_rate", "p50_ms", "p95_ms", "p99_ms", "bytes"}

func usageRowOf(g usage.Group, by []usage.Dimension) usageRow {
	row := usageRow{
		Start: g.Start, Provider: string(g.Provider), Host: g.Host, Token: string(g.Token), Label: g.Label,
		Account: g.Account, Resource: g.Resource, Route: g.Route,
		Calls: g.Count, Succeeded: g.Succeeded, Failed: g.Failed, Limited: g.Limited, Bytes: g.Bytes,
		P50: percentile(g.Summary, 50), P95: percentile(g.Summary, 95), P99: percentile(g.Summary, 99),
	}
	if rate, ok := g.SuccessRate(); ok {
		row.SuccessRate = new(math.Round(rate*1e4) / 1e4)
	}
	if slices.Contains(by, usage.ByOutcome) {
		row.Outcome = g.Outcome.String()
	}
	if slices.Contains(by, usage.ByCause) {
		row.Cause = g.Cause.String()
	}
	return row
}

// percentile returns a latency in milliseconds, to a tenth.
func percentile(s usage.Summary, p float64) *float64 {
	d, ok := s.Percentile(p)
	if !ok {
		return nil
	}
	return new(math.Round(float64(d)/1e5) / 10)
}

// usageColumns are those of a table by dimensions.
func usageColumns(by []usage.Dimension) []string {
	var columns []string
	for _, d := range by {
		name := d.String()
		if d == usage.ByMinute || d == usage.ByHour || d == usage.ByDay {
			name = "start"
		}
		columns = append(columns, name)
	}
	return append(columns, measures...)
}

// usageTable shows what was recorded, in groups.
func (t *tool) usageTable(cmd *cobra.Command, o usageOptions) error {
	by, err := o.dimensions(cmd)
	if err != nil {
		return err
	}
	w, err := t.usageWriter(o, usageColumns(by), usageRow{})
	if err != nil {
		return err
	}
	r, err := o.read(t, cmd)
	if err != nil {
		return err
	}
	defer r.close()
	found, err := r.store.Groups(cmd.Context(), r.query, by...)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(by, func(d usage.Dimension) bool { return d >= usage.ByMinute }) { // those are in order
		slices.SortStableFunc(found, func(a, b usage.Group) int { return cmp.Compare(b.Count, a.Count) })
	}
	if err := t.headline(cmd.Context(), r, o); err != nil {
		return err
	}
	return writeGroups(w, found, by)
}

// usageWriter returns what writes rows. CSV has the columns of a table, too.
func (t *tool) usageWriter(o usageOptions, columns []string, sample any) (*tabular.Writer, error) {
	if o.format == string(tabular.CSV) && len(o.fields) == 0 {
		o.fields = columns
	}
	return t.writer(o.output, columns, sample)
}

func writeGroups(w *tabular.Writer, found []usage.Group, by []usage.Dimension) error {
	for _, g := range found {
		if err := w.Write(usageRowOf(g, by)); err != nil {
			return err
		}
	}
	return w.Close()
}

// headline writes, above a table, what all of it comes to, and on a terminal a
// sparkline.
func (t *tool) headline(ctx context.Context, r *usageReader, o usageOptions) error {
	if o.format != string(tabular.Table) || len(o.fields) > 0 {
		return nil
	}
	sum, err := usage.Total(ctx, r.store, r.query)
	if err != nil {
		return err
	}
	text := inWords(sum, r.query)
	if t.terminal && sum.Count > 0 {
		line, step, err := r.sparkline(ctx)
		if err != nil {
			return err
		}
		text += fmt.Sprintf("\n%s  by the %s", line, step)
	}
	_, err = fmt.Fprintf(t.out, "%s\n\n", text)
	return err
}

// inWords says what a window comes to.
func inWords(s usage.Summary, q usage.Query) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d calls", s.Count)
	if !q.From.IsZero() {
		fmt.Fprintf(&b, " since %s", q.From.Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		fmt.Fprintf(&b, " until %s", q.To.Format(time.RFC3339))
	}
	if rate, ok := s.SuccessRate(); ok {
		fmt.Fprintf(&b, ": %.1f %% succeeded, %d failed, %d met a limit", rate*100, s.Failed, s.Limited)
	}
	if p50, ok := s.Percentile(50); ok {
		p95, _ := s.Percentile(95)
		fmt.Fprintf(&b, "; half took %s or less, 95 %% %s", rounded(p50), rounded(p95))
	}
	return b.String()
}

// rounded writes a latency for people.
func rounded(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond / 10).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
