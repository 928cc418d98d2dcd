// Releases lists the releases of a repository and the files that belong to them.
//
//	go run ./examples/releases
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

	n := 0
	for r, err := range gh.Releases(ctx, "acme/web") { // the newest come first
		if err != nil {
			return err
		}
		if n++; n > 1 {
			continue
		}
		fmt.Fprintln(stdout, "the latest is", r.Tag, "by", r.Author.Login)
		for _, a := range r.Assets {
			fmt.Fprintln(stdout, "with", a.Name, "size known:", a.SizeBytes != nil)
		}
	}
	fmt.Fprintln(stdout, n, "releases")
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice},
		Organizations: []fleettest.Owner{{
			Login: "acme", Repositories: 1, Names: []string{"web"},
			Contents: fleettest.Contents{Commits: 200, Tags: 130, Releases: 120},
		}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
