// Dropin lists an organization with an unmodified go-github: all that is new is
// the http.Client below it, which brings a fleet of tokens along. Neither of
// its two tokens has calls enough for the job; together they have.
//
//	go run ./examples/dropin
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

	// From here on it is what any program with go-github does.
	options := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: 100}}
	total := 0
	for {
		repos, resp, err := gh.Repositories.ListByOrg(ctx, "golang", options)
		if err != nil {
			return err
		}
		total += len(repos)
		if resp.NextPage == 0 {
			break
		}
		options.Page = resp.NextPage
	}
	fmt.Fprintf(stdout, "%d repositories\n", total)

	for _, t := range fleet.Manager().AllTokens(tokens.GitHub) {
		fmt.Fprintf(stdout, "%s: %v\n", t.Label, t.Status)
	}
	return nil
}

// simulated returns a fleet of two tokens for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice, ci = "example-token-alice", "example-token-ci"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice, ci},
		Limit:         4, // calls a token has in an hour
		Organizations: []fleettest.Owner{{Login: "golang", Repositories: 550}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "ci", Secret: tokens.Static(ci)},
	)
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
