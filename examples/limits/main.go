// Limits shows that a host counts calls by resource, each with a budget of its
// own: a token whose searches are spent still reads repositories.
//
//	go run ./examples/limits
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"

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
	if _, _, err := gh.Search.Repositories(ctx, "org:golang", nil); err != nil {
		return err
	}
	if err := query(ctx, gh, "query { viewer { login } }"); err != nil {
		return err
	}
	for range 2 {
		if _, _, err := gh.Organizations.Get(ctx, "golang"); err != nil {
			return err
		}
	}

	for _, t := range fleet.Manager().AllTokens(tokens.GitHub) {
		fmt.Fprintf(stdout, "%s: %v\n", t.Label, t.Status)
		for _, resource := range slices.Sorted(maps.Keys(t.Status.Budgets)) {
			b := t.Status.Budgets[resource]
			fmt.Fprintf(stdout, "  %-8s %v of %v left\n", resource, b.Remaining, b.Limit)
		}
	}
	fmt.Fprintln(stdout, "tokens that can search now:", fleet.Manager().CountAvailable(tokens.GitHub, "search"))
	return nil
}

// query sends a GraphQL document, for which go-github has no method.
func query(ctx context.Context, gh *github.Client, document string) error {
	req, err := gh.NewRequest("POST", "graphql", map[string]string{"query": document})
	if err != nil {
		return err
	}
	_, err = gh.Do(ctx, req, nil)
	return err
}

// simulated returns a fleet of one token, which has one search a minute, for a
// GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Limits:        map[string]int{"search": 1},
		Organizations: []fleettest.Owner{{Login: "golang", Repositories: 10}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
