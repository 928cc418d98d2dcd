// Identify asks the host whose the tokens are, so that two tokens of one user
// share their budget instead of counting twice, and listens to what happens to
// them.
//
//	go run ./examples/identify
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	manager, err := simulated() // github.com: tokens.NewManager(tokens.Config{}, …)
	if err != nil {
		return err
	}
	defer manager.Close()

	events := make(chan tokens.Event, 16)
	cancel := manager.Subscribe(func(e tokens.Event) {
		if e.Kind == tokens.AccountsMerged {
			events <- e
		}
	})
	defer cancel()

	if err := manager.Identify(ctx); err != nil {
		return err
	}
	e := <-events
	fmt.Fprintf(stdout, "two accounts turned out to be one: %s\n\n", e.Account)
	if err := show(stdout, manager); err != nil {
		return err
	}
	fmt.Fprintln(stdout)

	for _, r := range manager.RevalidateAll(ctx, tokens.GitHub) {
		fmt.Fprintf(stdout, "%s: %v\n", r.Label, r.State)
	}
	return nil
}

// show writes a line for each token, none of which contains a token.
func show(stdout io.Writer, m *tokens.Manager) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOKEN\tACCOUNT\tID\tKIND\tSCOPES")
	for _, t := range m.AllTokens(tokens.GitHub) {
		who := t.Identity
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Label, t.Account, who.AccountID, who.Kind, strings.Join(who.Scopes, " "))
	}
	return w.Flush()
}

// simulated returns the tokens of two users and an app, for a GitHub in memory.
func simulated() (*tokens.Manager, error) {
	sim := fleettest.NewGitHub(fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
		Accounts: []fleettest.Account{
			{Login: "alice", Tokens: []string{"ghp_example-1", "ghp_example-2"}, Scopes: "repo"},
			{Login: "bob", Tokens: []string{"ghp_example-3"}, Scopes: "public_repo"},
			{Login: "deploy[bot]", Tokens: []string{"ghs_example-4"}, Installation: true},
		},
	})
	var ts []tokens.Token
	for _, t := range [][2]string{
		{"laptop", "ghp_example-1"}, {"server", "ghp_example-2"}, {"bob", "ghp_example-3"}, {"app", "ghs_example-4"},
	} {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: t[0], Secret: tokens.Static(t[1])})
	}
	return tokens.NewManager(tokens.Config{Base: sim}, ts...)
}
