package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/usage"
)

// usageEntry is one call of the log.
type usageEntry struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"` // when it was over
	Provider  string    `json:"provider"`
	Host      string    `json:"host"`
	Token     string    `json:"token"` // the ID
	Label     string    `json:"label"`
	Account   string    `json:"account"`
	Resource  string    `json:"resource"`
	Route     string    `json:"route"`
	Outcome   string    `json:"outcome"`
	Cause     string    `json:"cause"`
	Status    int       `json:"status"`               // of HTTP; 0 if there was no answer
	LatencyMS *float64  `json:"latency_ms,omitempty"` // nil if it was not measured
	Bytes     *int64    `json:"bytes,omitempty"`      // nil if unknown
}

func usageEntryOf(e usage.Event) usageEntry {
	entry := usageEntry{
		ID: e.ID, At: e.At, Provider: string(e.Provider), Host: e.Host, Token: string(e.Token), Label: e.Label,
		Account: e.Account, Resource: e.Resource, Route: e.Route,
		Outcome: e.Outcome.String(), Cause: e.Cause.String(), Status: e.Status,
	}
	if e.Latency >= 0 {
		entry.LatencyMS = new(float64(e.Latency.Microseconds()) / 1000)
	}
	if e.Bytes >= 0 {
		entry.Bytes = &e.Bytes
	}
	return entry
}

const logHelp = `Show single calls, the latest first, of the last 7 days.

Without --limit 0 it ends after 100 and tells on standard error how to go on.`

func (t *tool) logCommand() *cobra.Command {
	var o usageOptions
	var limit int
	var after string
	cmd := &cobra.Command{
		Use: "log", Short: "Show single calls, the latest first", Long: logHelp, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.usageLog(cmd, o, usage.Cursor(after), limit)
		},
	}
	o.addTo(cmd, "")
	cmd.Flags().IntVar(&limit, "limit", 100, "end after so many; 0 is all")
	cmd.Flags().StringVar(&after, "after", "", "go on behind this `place`, as it was told at the end of a page")
	return cmd
}

func (t *tool) usageLog(cmd *cobra.Command, o usageOptions, after usage.Cursor, limit int) error {
	if limit < 0 {
		return usagef(cmd, "--limit is %d: want 0 for all, or more", limit)
	}
	w, err := t.usageWriter(o, []string{"at", "label", "outcome", "cause", "status", "latency_ms", "bytes", "resource", "route"}, usageEntry{})
	if err != nil {
		return err
	}
	r, err := o.read(t, cmd)
	if err != nil {
		return err
	}
	defer r.close()
	for left := limit; left > 0 || limit == 0; {
		page := usage.MaxPage
		if limit > 0 {
			page = min(left, page)
		}
		events, next, err := r.store.Events(cmd.Context(), r.query, after, page)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := w.Write(usageEntryOf(e)); err != nil {
				return err
			}
		}
		left -= len(events)
		if after = next; after == "" {
			break
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if after != "" {
		fmt.Fprintf(t.err, "gitfleet: there are more: --after %s\n", after)
	}
	return nil
}
