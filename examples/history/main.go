// History shows the commits of a branch, those that touch one file, and who
// wrote them.
//
//	go run ./examples/history
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

	// The newest come first; a loop that ends early asks for no more pages.
	for c, err := range gh.Commits(ctx, "acme/web", providers.Ref("main"), providers.Limit(3)) {
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, c.SHA[:8], "by", c.Author.Name, "after", len(c.Parents), "parent")
	}

	newest, err := gh.FetchCommits(ctx, "acme/web", providers.Limit(1))
	if err != nil {
		return err
	}
	day := newest[0].Committer.Date.Add(-24 * time.Hour)
	since, err := gh.FetchCommits(ctx, "acme/web", providers.Since(day), providers.Path("README.md"))
	if err != nil {
		return err
	}
	before, err := gh.FetchCommits(ctx, "acme/web", providers.Until(day))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, len(since), "of the last day touch README.md,", len(before), "are older")

	// Those without an account have a name or an address, but no login.
	people, err := gh.FetchContributors(ctx, "acme/web")
	if err != nil {
		return err
	}
	unknown, commits := 0, int64(0)
	for _, p := range people {
		commits += p.Commits
		if p.Login == "" {
			unknown++
		}
	}
	fmt.Fprintln(stdout, commits, "commits by", len(people), "people,", unknown, "of them without an account")
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice},
		Organizations: []fleettest.Owner{{
			Login: "acme", Repositories: 1, Names: []string{"web"},
			Contents: fleettest.Contents{Commits: 250, Contributors: 12},
		}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
