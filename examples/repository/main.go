// Repository looks up one repository, also under a name that it no longer has,
// and its languages.
//
//	go run ./examples/repository
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

	// "acme/old-name", an address of its page and one of Git's are the same.
	r, err := gh.FetchRepository(ctx, "git@github.com:acme/old-name.git")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, r.FullName, "is on", r.DefaultBranch, "at", r.WebURL)
	fmt.Fprintln(stdout, "visibility:", r.Visibility, "permission:", r.Permission, "license:", r.License)
	if r.Archived != nil {
		fmt.Fprintln(stdout, "archived:", *r.Archived)
	}

	languages, err := gh.FetchLanguages(ctx, r.FullName)
	if err != nil {
		return err
	}
	var share float64
	for _, l := range languages {
		share += l.Share
	}
	fmt.Fprintf(stdout, "%d languages have %.0f %% of the code\n", len(languages), 100*share)

	// What a host does not have is known without a request.
	fmt.Fprintln(stdout, "Bitbucket tells languages:", fleet.Bitbucket().Supports(providers.OpLanguages))
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory, where a
// repository was given a new name.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1, Names: []string{"old-name"}}},
	})
	sim.Rename("acme", "old-name", "web")
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
