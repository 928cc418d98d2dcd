// Usage records who used what, and asks for it: how often each key was used in
// the last hour, how often a limit was met, how many calls succeeded, and when.
//
//	go run ./examples/usage
//
// Nothing leaves the machine. For github.com set ALICE and BOB to a token each,
// and change the line in run that says so. To keep the records, put
// [usage.OpenSQL] in the place of [usage.NewMemory].
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/usage"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	alice, bob, base := simulated() // github.com: os.Getenv("ALICE"), os.Getenv("BOB"), http.DefaultTransport

	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)},
	)
	if err != nil {
		return err
	}
	defer m.Close()

	store := usage.NewMemory(10_000)
	recorder := usage.NewRecorder(store, usage.Config{Lookup: m.Lookup})
	gh := github.NewClient(&http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: base, Hooks: recorder.Hooks(),
	}})
	for range 4 {
		if _, _, err := gh.Users.Get(ctx, "octocat"); err != nil {
			return err
		}
	}
	if err := recorder.Close(ctx); err != nil { // stores what is still queued
		return err
	}
	return report(ctx, stdout, store)
}

// report answers the usual questions.
func report(ctx context.Context, stdout io.Writer, store usage.Store) error {
	lastHour := usage.Last(time.Hour)

	perKey, err := store.Groups(ctx, lastHour, usage.ByLabel)
	if err != nil {
		return err
	}
	for _, g := range perKey {
		fmt.Fprintf(stdout, "%s was used %d times\n", g.Label, g.Count)
	}

	limited := lastHour
	limited.Outcomes = []usage.Outcome{usage.ReachLimit}
	met, err := usage.Total(ctx, store, limited)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "a limit was met %d times\n", met.Count)

	all, err := usage.Total(ctx, store, lastHour)
	if err != nil {
		return err
	}
	if rate, ok := all.SuccessRate(); ok {
		fmt.Fprintf(stdout, "%.0f%% succeeded\n", 100*rate)
	}

	line, err := usage.Timeline(ctx, store, usage.Last(10*time.Minute), usage.ByMinute)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "the last minutes: %s\n", usage.Sparkline(line))
	return nil
}

// simulated returns two tokens, one of which is spent, and a GitHub in memory.
func simulated() (alice, bob string, base http.RoundTripper) {
	alice, bob = "example-token-alice", "example-token-bob"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice, bob},
		Users:  []fleettest.Owner{{Login: "octocat"}},
	})
	sim.SetRemaining(alice, "core", 0)
	return alice, bob, sim
}
