// Issues lists the issues of a repository, without the pull requests that GitHub
// has among them.
//
//	go run ./examples/issues
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"errors"
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

	all, err := gh.FetchIssues(ctx, "acme/web")
	if err != nil {
		return err
	}
	open, err := gh.FetchIssues(ctx, "acme/web", providers.InState(providers.Open))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, len(all), "issues,", len(open), "open")
	for _, i := range open[:2] {
		fmt.Fprintf(stdout, "#%d %s by %s\n", i.Number, i.State, i.Author.Login)
	}

	// Bitbucket has no issues any more. Nothing is sent to find that out.
	_, err = fleet.Bitbucket().FetchIssues(ctx, "acme/web")
	fmt.Fprintln(stdout, err, "-", errors.Is(err, providers.ErrUnsupported))
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice},
		Organizations: []fleettest.Owner{{
			Login: "acme", Repositories: 1, Names: []string{"web"},
			Contents: fleettest.Contents{Commits: 10, PullRequests: 100, Issues: 150},
		}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
