package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tabular"
	"github.com/gitfleet/gitfleet/tokens"
)

// tokenRow is what is shown of a token.
type tokenRow struct {
	ID          tokens.ID           `json:"id"`
	Label       string              `json:"label"`
	Provider    tokens.ProviderType `json:"provider"`
	Host        string              `json:"host"`
	Account     string              `json:"account,omitempty"`
	Login       string              `json:"login,omitempty"` // whose the host says it is
	Kind        tokens.Kind         `json:"kind,omitempty"`
	Scopes      []string            `json:"scopes,omitempty"`
	Expires     time.Time           `json:"expires,omitzero"`
	Owners      []string            `json:"owners,omitempty"`
	State       tokens.State        `json:"state"`
	Valid       *bool               `json:"valid,omitempty"` // what --check found; nil if it could not ask
	Reason      string              `json:"reason,omitempty"`
	Until       time.Time           `json:"until,omitzero"`
	LastUsed    time.Time           `json:"last_used,omitzero"`
	Tags        []string            `json:"tags,omitempty"`
	Description string              `json:"description,omitempty"`
	Limits      []limitRow          `json:"limits,omitempty"`
}

// limitRow is what is known of one budget.
type limitRow struct {
	Resource  string    `json:"resource"`
	Limit     *int64    `json:"limit,omitempty"`
	Remaining *int64    `json:"remaining,omitempty"`
	Reset     time.Time `json:"reset,omitzero"`
}

func rowOf(info tokens.TokenInfo) tokenRow {
	row := tokenRow{
		ID: info.ID, Label: info.Label, Provider: info.Provider, Host: info.Host, Account: info.Account,
		Login: info.Identity.Login, Kind: info.Identity.Kind, Scopes: info.Identity.Scopes, Expires: info.Expires, Owners: info.Owners,
		State: info.Status.State, Reason: info.Status.Reason, Until: info.Status.Until, LastUsed: info.Status.LastUsed,
		Tags: info.Tags, Description: info.Description,
	}
	for _, resource := range slices.Sorted(maps.Keys(info.Status.Budgets)) {
		b := info.Status.Budgets[resource]
		row.Limits = append(row.Limits, limitRow{resource, number(b.Limit), number(b.Remaining), b.Reset})
	}
	return row
}

func number(o ratelimit.Optional[int64]) *int64 {
	v, ok := o.Get()
	if !ok {
		return nil
	}
	return &v
}

// tokensOptions are the flags of the command.
type tokensOptions struct {
	output
	check, watch, offline, all bool
}

const tokensHelp = `Show the tokens and what each has left.

Where a host tells that free of charge, which is at GitHub, it is asked first,
unless --offline forbids it. Elsewhere the numbers are those of the last answers,
also of earlier runs. --check asks each host whether it accepts each token, whose
it is, what it may do and when it ends.`

func (t *tool) tokensCommand() *cobra.Command {
	var o tokensOptions
	cmd := &cobra.Command{
		Use: "tokens", Short: "Show the tokens and what each has left", GroupID: groupTokens, Long: tokensHelp, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.showTokens(cmd, o)
		},
	}
	o.addTo(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "ask the hosts whether they accept each token")
	f.BoolVar(&o.watch, "watch", false, "show them again every 2 seconds, until Ctrl-C")
	f.BoolVar(&o.offline, "offline", false, "ask nobody")
	f.BoolVar(&o.all, "all", false, "show the budgets that nothing was drawn from, too")
	cmd.AddCommand(t.addCommand())
	return cmd
}

func (t *tool) showTokens(cmd *cobra.Command, o tokensOptions) error {
	w, err := t.writer(o.output, []string{"label", "provider", "state"}, tokenRow{})
	switch {
	case err != nil:
		return err
	case o.check && (o.watch || o.offline):
		return usagef(cmd, "--check goes neither with --watch nor with --offline")
	case o.watch && !t.terminal:
		return usagef(cmd, "--watch wants a terminal")
	}
	s, err := t.open(cmd)
	if err != nil {
		return err
	}
	defer s.close()
	filter, err := s.chosen()
	if err != nil {
		return err
	}
	if len(s.Manager().AllTokens("", filter)) == 0 {
		return fmt.Errorf("%w to show", tokens.ErrNoTokens)
	}
	if o.watch {
		return s.watch(cmd.Context(), filter, o)
	}
	verdicts, failed := s.ask(cmd.Context(), filter, o)
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	if err := t.writeTokens(w, s.rows(filter, verdicts), o); err != nil {
		return err
	}
	return failed
}

// chosen returns the filter that --provider and --host stand for.
func (s *session) chosen() (tokens.Filter, error) {
	p, err := s.tool.providerFlag()
	if err != nil {
		return nil, err
	}
	host := s.tool.flags.host
	if host == "" {
		return func(t tokens.TokenInfo) bool { return p == "" || t.Provider == p }, nil
	}
	at, err := s.defaultPlace()
	if err != nil {
		return nil, err
	}
	c, err := s.Client(at.provider, at.host)
	if err != nil {
		return nil, &usageError{err: err}
	}
	return func(t tokens.TokenInfo) bool { return t.Provider == c.Provider() && t.Host == c.Host() }, nil
}

func (s *session) rows(filter tokens.Filter, verdicts map[tokens.ID]*bool) []tokenRow {
	var rows []tokenRow
	for _, info := range s.Manager().AllTokens("", filter) {
		row := rowOf(info)
		row.Valid = verdicts[info.ID]
		rows = append(rows, row)
	}
	return rows
}

func (t *tool) writeTokens(w *tabular.Writer, rows []tokenRow, o tokensOptions) error {
	if o.format == string(tabular.Table) && len(o.fields) == 0 {
		_, err := fmt.Fprintln(t.out, tokenTable(rows, time.Now(), t.colour, o.all))
		return err
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return w.Close()
}
