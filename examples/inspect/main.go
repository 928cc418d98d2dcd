// Inspect reports on every token of a fleet: its state, what it has left, and
// when that changes. Looking costs no call.
//
//	go run ./examples/inspect
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
	"text/tabwriter"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // github.com: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()

	gh := github.NewClient(fleet.HTTPClient(tokens.GitHub))
	for range 2 {
		if _, _, err := gh.Users.Get(ctx, "octocat"); err != nil {
			return err
		}
	}
	return report(stdout, fleet.Manager())
}

// report writes a line for each token, none of which contains a token.
func report(stdout io.Writer, m *tokens.Manager) error {
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TOKEN\tSTATE\tLEFT\tLIMIT\tRESET\tWHY")
	for _, t := range m.AllTokens(tokens.GitHub) {
		s := t.Status
		reset := ""
		if !s.Reset.IsZero() {
			reset = "in " + time.Until(s.Reset).Round(time.Minute).String()
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%s\t%s\n", t.Label, s.State, s.Remaining, s.Limit, reset, s.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}

	fmt.Fprintln(stdout, m.CountAvailable(tokens.GitHub), "can serve a call now")
	if at, ok := m.NextReset(tokens.GitHub); ok {
		fmt.Fprintln(stdout, "the next can in", time.Until(at).Round(time.Minute))
	}
	return nil
}

// simulated returns a fleet of four tokens, two of which are in trouble, for a
// GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	config := fleettest.Config{Users: []fleettest.Owner{{Login: "octocat"}}}
	var ts []tokens.Token
	for _, name := range []string{"alice", "bob", "carol", "dave"} {
		secret := "example-token-" + name
		config.Tokens = append(config.Tokens, secret)
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: name, Secret: tokens.Static(secret)})
	}
	sim := fleettest.NewGitHub(config)
	sim.Revoke("example-token-alice")
	sim.SetRemaining("example-token-bob", "core", 1)

	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
