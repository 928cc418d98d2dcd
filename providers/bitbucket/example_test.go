package bitbucket_test

import (
	"context"
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// The portable client reads lists to their end, and go-bitbucket is below it.
func ExampleNew() {
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens:        []string{"one"},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}},
	})
	bb, err := bitbucket.New(providers.Config{
		Token: tokens.Token{Label: "ci", Secret: tokens.Static("one")}, Base: sim,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	repos, err := bb.FetchRepositories(context.Background(), "acme")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(repos), "repositories, the first is", repos[0].FullName)

	var library *gobitbucket.Client
	fmt.Println("go-bitbucket is there:", bb.As(&library))
	fmt.Println("there are issues:", bb.Supports(providers.OpIssues))
	// Output:
	// 250 repositories, the first is acme/repo-0001
	// go-bitbucket is there: true
	// there are issues: false
}

// The client is for one call, and ends with its context.
func ExampleNewClient() {
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens:        []string{"one"},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.Bitbucket, Label: "ci", Secret: tokens.Static("one")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	t := &transport.Transport{Manager: m, Provider: tokens.Bitbucket, Base: sim}

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	bb, err := bitbucket.NewClient(ctx, t, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	repos, err := bb.Repositories.ListForAccount(&gobitbucket.RepositoriesOptions{Owner: "acme"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(repos.Items), "repositories in", sim.Stats().Requests, "requests")
	// Output: 250 repositories in 3 requests
}
