// Owners spends the tokens of two customers, each of which sees only what is its
// own: calls go to the token that sees what they are about. A call can also say
// whose things it is about, be fixed to one token, or keep a walk through pages
// with one account.
//
//	go run ./examples/owners
//
// Nothing leaves the machine. For github.com put tokens of your own into run and
// change the line there that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "acme-bot", Secret: tokens.Static("example-token-1"), Owners: []string{"acme"}},
		tokens.Token{Provider: tokens.GitHub, Label: "beta-bot", Secret: tokens.Static("example-token-2"), Owners: []string{"beta"}},
		tokens.Token{Provider: tokens.GitHub, Label: "beta-two", Secret: tokens.Static("example-token-3"), Owners: []string{"beta"}},
	)
	if err != nil {
		return err
	}
	defer m.Close()
	var used string // the token that the last request went out with
	gh := github.NewClient(&http.Client{Transport: &transport.Transport{
		Manager:  m,
		Provider: tokens.GitHub,
		Base:     simulated(), // github.com: leave it out
		Hooks:    transport.Hooks{Attempt: func(_ context.Context, a transport.Attempt) { used = a.Label }},
	}})

	// The path says whose things these are.
	repo, _, err := gh.Repositories.Get(ctx, "acme", "repo-0001")
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s with %s\n", repo.GetFullName(), used)

	// This path does not, so the context says it.
	if _, _, err := gh.Search.Repositories(transport.WithOwner(ctx, "acme"), "repo", nil); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "a search with %s\n", used)

	// Two tokens see these; a walk keeps its pages with one account, although
	// GitHub names the organization by number from the second page on.
	walk := transport.WithWalk(ctx)
	opt := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: 10, Page: 1}}
	for opt.Page != 0 {
		_, resp, err := gh.Repositories.ListByOrg(walk, "beta", opt)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "page %d of beta with %s\n", opt.Page, used)
		opt.Page = resp.NextPage
	}

	// What must come from one author is fixed to one token.
	for _, t := range m.AllTokens(tokens.GitHub) {
		user, _, err := gh.Users.Get(transport.WithToken(ctx, t.ID), "")
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%s %v is %s\n", used, t.Owners, user.GetLogin())
	}
	return nil
}

// simulated returns a GitHub in memory with two organizations and the bots that
// see the private repositories of one of them.
func simulated() *fleettest.GitHub {
	return fleettest.NewGitHub(fleettest.Config{
		Accounts: []fleettest.Account{
			{Login: "acme-bot", Tokens: []string{"example-token-1"}, Owners: []string{"acme"}},
			{Login: "beta-bot", Tokens: []string{"example-token-2"}, Owners: []string{"beta"}},
			{Login: "beta-two", Tokens: []string{"example-token-3"}, Owners: []string{"beta"}},
		},
		Organizations: []fleettest.Owner{
			{Login: "acme", Repositories: 3, Private: 3},
			{Login: "beta", Repositories: 25, Private: 25},
		},
	})
}
