// Pullrequests lists the pull requests of a repository: all, the open ones, and
// those that were merged.
//
//	go run ./examples/pullrequests
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

	// Without a state these are all there are, at every host.
	all, err := gh.FetchPullRequests(ctx, "acme/web")
	if err != nil {
		return err
	}
	count := map[providers.State]int{}
	for _, pr := range all {
		count[pr.State]++
	}
	fmt.Fprintln(stdout, len(all), "pull requests:", count)

	for pr, err := range gh.PullRequests(ctx, "acme/web",
		providers.InState(providers.Merged), providers.SortBy(providers.ByUpdated, false), providers.Limit(1)) {
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "#%d %s, from %s into %s\n", pr.Number, pr.State, pr.Head.Ref, pr.Base.Ref)
		fmt.Fprintln(stdout, "it was merged before it was last changed:", !pr.MergedAt.After(pr.UpdatedAt))
	}
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice},
		Organizations: []fleettest.Owner{{
			Login: "acme", Repositories: 1, Names: []string{"web"},
			Contents: fleettest.Contents{Commits: 10, PullRequests: 230},
		}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
