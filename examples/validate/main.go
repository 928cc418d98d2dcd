// Validate asks the host about every token: whether it is valid, whose it is,
// what it may do, and what is left of each of its budgets.
//
//	go run ./examples/validate
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
	gh := fleet.GitHub()

	// Each token has an error of its own; the one that is returned joins them.
	credentials, err := gh.ValidateCredentials(ctx)
	if err != nil {
		fmt.Fprintln(stdout, err)
	}
	for _, c := range credentials {
		switch {
		case c.Valid == nil:
			fmt.Fprintln(stdout, c.Label, "could not be asked about")
		case *c.Valid:
			fmt.Fprintln(stdout, c.Label, "is valid, it is of", c.Login, "and may", c.Scopes)
		default:
			fmt.Fprintln(stdout, c.Label, "is", c.State)
		}
	}

	// GitHub tells its limits free of charge.
	limits, err := gh.FetchRateLimits(ctx)
	if err != nil {
		return err
	}
	for _, l := range limits {
		if l.Resource != "core" && l.Resource != "search" {
			continue
		}
		if l.Remaining == nil || l.Limit == nil {
			fmt.Fprintln(stdout, l.Label, l.Resource, "unknown")
			continue
		}
		fmt.Fprintf(stdout, "%s %s: %d of %d\n", l.Label, l.Resource, *l.Remaining, *l.Limit)
	}
	return nil
}

// simulated returns a fleet of two tokens for a GitHub in memory, one of which
// was revoked.
func simulated() (*gitfleet.Fleet, error) {
	const alice, bob = "example-token-alice", "example-token-bob"
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{alice, bob}})
	sim.Revoke(bob)
	m, err := tokens.NewManager(tokens.Config{Base: sim},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
