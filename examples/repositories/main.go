// Repositories lists what an organization has: all of it, the newest few, and
// what has changed since a day.
//
//	go run ./examples/repositories
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
	"time"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
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

	// All of them, several pages at once. With an error comes what was read.
	all, err := gh.FetchRepositories(ctx, "acme")
	if err != nil {
		return err
	}
	private, bytes := 0, int64(0)
	for _, r := range all {
		if r.Private != nil && *r.Private {
			private++
		}
		if r.SizeBytes != nil { // nil is unknown, which is not 0
			bytes += *r.SizeBytes
		}
	}
	fmt.Fprintf(stdout, "%d repositories, %d of them private, %d MiB\n", len(all), private, bytes>>20)

	// An iterator asks for a page when it is needed.
	for r, err := range gh.Repositories(ctx, "acme", providers.SortBy(providers.ByName, false), providers.Limit(2)) {
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, r.FullName, r.Visibility, r.Language)
	}

	since := all[0].UpdatedAt.Add(-24 * time.Hour)
	changed, err := gh.FetchRepositories(ctx, "acme", providers.Since(since))
	if err != nil {
		return err
	}
	for _, r := range changed {
		if r.UpdatedAt.Before(since) {
			return fmt.Errorf("%s has not changed", r.FullName)
		}
	}
	fmt.Fprintln(stdout, "some have changed:", len(changed) > 0)
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250, Private: 20}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
