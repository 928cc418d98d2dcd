package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/usage"
)

// sparks is how many intervals a sparkline has at most.
const sparks = 120

func (t *tool) timelineCommand() *cobra.Command {
	var o usageOptions
	var step string
	cmd := &cobra.Command{
		Use: "timeline", Short: "Show the calls of each minute, hour or day", Args: arguments(0, 0),
		Long: "Show the calls of each minute, hour or day of UTC, also of those without any.\n\n" + usageHelp,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.usageTimeline(cmd, o, step)
		},
	}
	o.addTo(cmd, "1d")
	cmd.Flags().StringVar(&step, "step", usage.ByHour.String(), "minute, hour or day")
	complete(cmd, "step", usage.ByMinute.String(), usage.ByHour.String(), usage.ByDay.String())
	return cmd
}

func (t *tool) usageTimeline(cmd *cobra.Command, o usageOptions, step string) error {
	d, err := usage.ParseDimension(step)
	if err != nil || d < usage.ByMinute {
		return usagef(cmd, "--step is %s: want minute, hour or day", quoted(step))
	}
	by := []usage.Dimension{d}
	w, err := t.usageWriter(o, usageColumns(by), usageRow{})
	if err != nil {
		return err
	}
	r, err := o.read(t, cmd)
	if err != nil {
		return err
	}
	defer r.close()
	found, err := usage.Timeline(cmd.Context(), r.store, r.query, d)
	if err != nil {
		return err
	}
	if err := t.headline(cmd.Context(), r, o); err != nil {
		return err
	}
	return writeGroups(w, found, by)
}

// sparkline draws the window by the shortest interval that fits into a line, and
// says which that is. The latest are drawn if not even days do.
func (r *usageReader) sparkline(ctx context.Context) (string, usage.Dimension, error) {
	q := r.query
	if q.To.IsZero() {
		q.To = time.Now().UTC().Add(time.Microsecond)
	}
	if q.From.IsZero() {
		first, err := r.store.Groups(ctx, q, usage.ByDay)
		if err != nil || len(first) == 0 {
			return "", usage.ByDay, err
		}
		q.From = first[0].Start
	}
	step := usage.ByDay
	switch span := q.To.Sub(q.From); {
	case span < sparks*time.Minute:
		step = usage.ByMinute
	case span < sparks*time.Hour:
		step = usage.ByHour
	case span > sparks*24*time.Hour:
		q.From = q.To.Add(-(sparks - 1) * 24 * time.Hour)
	}
	line, err := usage.Timeline(ctx, r.store, q, step)
	return usage.Sparkline(line), step, err
}
