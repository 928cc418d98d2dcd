// Testing is a program and its tests: main.go counts repositories, and
// main_test.go shows how to test such code with package fleettest, which
// simulates the host, and testing/synctest, in which an hour passes at once.
//
//	go test -v ./examples/testing
//	go run ./examples/testing
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
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

	n, err := count(ctx, github.NewClient(fleet.HTTPClient(tokens.GitHub)), "golang")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, n, "repositories")
	return nil
}

// count returns how many repositories an organization has. It is what the tests
// are about.
func count(ctx context.Context, gh *github.Client, org string) (int, error) {
	options := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: 100}}
	n := 0
	for {
		repos, resp, err := gh.Repositories.ListByOrg(ctx, org, options)
		if err != nil {
			return n, fmt.Errorf("count repositories of %s: %w", org, err)
		}
		n += len(repos)
		if resp.NextPage == 0 {
			return n, nil
		}
		options.Page = resp.NextPage
	}
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	return fleetOf(fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "golang", Repositories: 250}},
	}), alice)
}

// fleetOf returns a fleet of tokens that sends its requests to base.
func fleetOf(base http.RoundTripper, secrets ...string) (*gitfleet.Fleet, error) {
	var ts []tokens.Token
	for _, s := range secrets {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(s)})
	}
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: base})
}
