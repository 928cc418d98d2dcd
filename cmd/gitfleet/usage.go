package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/usage"
)

// usageOptions are the flags of the commands that read a usage log.
type usageOptions struct {
	output
	since, until string
	by           []string

	tokens, accounts, resources, routes, outcomes []string
}

const usageHelp = `Show what was recorded: how many calls, by which token, how many succeeded or
met a limit, and how long they took.

Calls are recorded if the configuration has "usage: true", in
$XDG_STATE_HOME/gitfleet/usage.db, or with --usage FILE in that file. Every
request is a call, also one that was sent again with another token. Single calls
are kept for 7 days, what they come to by the minute for 90.

--by groups by one or several of provider, host, token, label, account, resource,
route, outcome, cause, minute, hour and day, times in UTC. Latencies are within
3 per cent. timeline has a row for each interval, log one for each call.`

func (t *tool) usageCommand() *cobra.Command {
	var o usageOptions
	cmd := &cobra.Command{
		Use: "usage", Short: "Show which token was used for what, and how that went", GroupID: groupTokens, Long: usageHelp, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.usageTable(cmd, o)
		},
	}
	o.addTo(cmd, "1d")
	cmd.Flags().StringSliceVar(&o.by, "by", []string{"label"}, "what to group by")
	cmd.AddCommand(t.timelineCommand(), t.logCommand())
	return cmd
}

// addTo adds the flags that all of the commands have.
func (o *usageOptions) addTo(cmd *cobra.Command, since string) {
	o.output.addTo(cmd)
	f := cmd.Flags()
	f.StringVar(&o.since, "since", since, "only from this `time` on: 2026-01-31, 2026-01-31T12:00:00Z, or 36h or 30d ago")
	f.StringVar(&o.until, "until", "", "only before this `time`")
	f.StringSliceVar(&o.tokens, "token", nil, "only of these, by label or ID")
	f.StringSliceVar(&o.accounts, "account", nil, "only of these")
	f.StringSliceVar(&o.resources, "resource", nil, "only of these `budgets`, such as core")
	f.StringArrayVar(&o.routes, "route", nil, "only of this, such as \"GET /users/{}\"")
	f.StringSliceVar(&o.outcomes, "outcome", nil, "only success, failed or reach_limit")
	complete(cmd, "outcome", usage.Success.String(), usage.Failed.String(), usage.ReachLimit.String())
}

// usageReader is a usage log with what is asked of it.
type usageReader struct {
	store *usage.SQL
	close func() error
	query usage.Query
}

// read opens the usage log and works out what is asked.
func (o *usageOptions) read(t *tool, cmd *cobra.Command) (*usageReader, error) {
	q, err := o.query(t, cmd)
	if err != nil {
		return nil, err
	}
	path, err := t.usagePath()
	if err != nil {
		return nil, err
	}
	db, store, err := openUsage(cmd.Context(), path, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &nothingRecorded{path}
	case err != nil:
		return nil, fmt.Errorf("usage: %s: %w", path, err)
	}
	r := &usageReader{store: store, close: db.Close, query: q}
	if err := r.narrow(cmd, o.tokens); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// usagePath returns the file to read: that of --usage, of the configuration, or
// the default one.
func (t *tool) usagePath() (string, error) {
	if t.flags.usage != "" {
		return t.flags.usage, nil
	}
	c, err := t.configure()
	if err != nil {
		return "", err
	}
	if c.usage != "" {
		return c.usage, nil
	}
	return defaultUsageFile()
}

// nothingRecorded is what comes of a usage log that is not there.
type nothingRecorded struct{ path string }

func (e *nothingRecorded) Error() string { return "usage: nothing is recorded in " + e.path }

// query returns what the flags stand for, but for --token.
func (o *usageOptions) query(t *tool, cmd *cobra.Command) (usage.Query, error) {
	q := usage.Query{Accounts: o.accounts, Resources: o.resources, Routes: o.routes}
	p, err := t.providerFlag()
	if err != nil {
		return q, err
	}
	if p != "" {
		q.Providers = []tokens.ProviderType{p}
	}
	if host := t.flags.host; host != "" {
		_, name, found := strings.Cut(host, "://")
		if !found {
			name = host
		}
		name, _, _ = strings.Cut(name, "/")
		q.Hosts = []string{strings.ToLower(name)}
	}
	for _, name := range o.outcomes {
		outcome, err := usage.ParseOutcome(name)
		if err != nil {
			return q, usagef(cmd, "--outcome is %s: want success, failed or reach_limit", quoted(name))
		}
		q.Outcomes = append(q.Outcomes, outcome)
	}
	now := time.Now().UTC()
	for _, w := range []struct {
		flag, text string
		to         *time.Time
	}{{"since", o.since, &q.From}, {"until", o.until, &q.To}} {
		if w.text == "" {
			continue
		}
		if *w.to, err = parseTime(w.text, now); err != nil {
			return q, usagef(cmd, "--%s is %s: %w", w.flag, quoted(w.text), err)
		}
	}
	return q, nil
}

// narrow leaves only tokens of which the ID or the label is among the names. If
// there is none, nothing is left.
func (r *usageReader) narrow(cmd *cobra.Command, names []string) error {
	if len(names) == 0 {
		return nil
	}
	all, err := r.store.Groups(cmd.Context(), r.query, usage.ByToken, usage.ByLabel)
	if err != nil {
		return err
	}
	r.query.Tokens = []tokens.ID{}
	for _, g := range all {
		if slices.Contains(names, string(g.Token)) || slices.Contains(names, g.Label) {
			r.query.Tokens = append(r.query.Tokens, g.Token)
		}
	}
	return nil
}

// dimensions returns what --by names.
func (o *usageOptions) dimensions(cmd *cobra.Command) ([]usage.Dimension, error) {
	var by []usage.Dimension
	times := 0
	for _, name := range o.by {
		d, err := usage.ParseDimension(strings.TrimSpace(name))
		if err != nil {
			return nil, usagef(cmd, "--by: %s", strings.TrimPrefix(err.Error(), "usage: "))
		}
		if d == usage.ByMinute || d == usage.ByHour || d == usage.ByDay {
			times++
		}
		by = append(by, d)
	}
	if times > 1 {
		return nil, usagef(cmd, "--by has %d intervals: want at most one of minute, hour and day", times)
	}
	return by, nil
}
