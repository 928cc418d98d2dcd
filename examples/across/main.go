// Across walks the same list at every host of a fleet at once, and goes on with
// the others when one of them fails.
//
//	go run ./examples/across
//
// Nothing leaves the machine. For the real hosts set GITHUB_TOKENS, GITLAB_TOKENS
// and BITBUCKET_TOKENS and change the line in run that says so.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"net/http"
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
	fleet, err := simulated() // the real hosts: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()

	// Repositories come from all hosts as they arrive.
	count := map[tokens.ProviderType]int{}
	for r, err := range fleet.Repositories(ctx, "acme") {
		if err != nil {
			var e *providers.Error
			if errors.As(err, &e) {
				fmt.Fprintln(stdout, "failed:", e.Provider, e.Kind)
			}
			continue // the other hosts' lists go on
		}
		count[r.Provider]++
	}
	fmt.Fprintln(stdout, "repositories:", count)

	// Any other list goes the same way.
	open := map[tokens.ProviderType]int{}
	for pr, err := range providers.Across(ctx, fleet.Clients(), openPullRequests) {
		if err == nil {
			open[pr.Provider]++
		}
	}
	fmt.Fprintln(stdout, "hosts with open pull requests:", len(open))
	return nil
}

// openPullRequests lists those of one repository that every host has.
func openPullRequests(ctx context.Context, c *providers.Client) iter.Seq2[providers.PullRequest, error] {
	return c.PullRequests(ctx, "acme/repo-0001", providers.InState(providers.Open))
}

// hosts is a GitHub, a GitLab and a Bitbucket in memory, each at its address.
type hosts struct {
	github    *fleettest.GitHub
	gitlab    *fleettest.GitLab
	bitbucket *fleettest.Bitbucket
}

// RoundTrip implements [http.RoundTripper].
func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Host {
	case "gitlab.com":
		return h.gitlab.RoundTrip(r)
	case "api.bitbucket.org":
		return h.bitbucket.RoundTrip(r)
	}
	return h.github.RoundTrip(r)
}

// simulated returns a fleet of a token for each of three hosts in memory. That of
// GitLab was revoked.
func simulated() (*gitfleet.Fleet, error) {
	sim := func(name string, n int) fleettest.Config {
		return fleettest.Config{
			Tokens: []string{"example-token-" + name},
			Organizations: []fleettest.Owner{{
				Login: "acme", Repositories: n, Contents: fleettest.Contents{Commits: 10, PullRequests: 20},
			}},
		}
	}
	h := hosts{fleettest.NewGitHub(sim("gh", 120)), fleettest.NewGitLab(sim("gl", 80)), fleettest.NewBitbucket(sim("bb", 210))}
	h.gitlab.Revoke("example-token-gl")
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "gh", Secret: tokens.Static("example-token-gh")},
		tokens.Token{Provider: tokens.GitLab, Label: "gl", Secret: tokens.Static("example-token-gl")},
		tokens.Token{Provider: tokens.Bitbucket, Label: "bb", Secret: tokens.Static("example-token-bb")})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: h})
}
