package github_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func ExampleNew() {
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{"one"}, Organizations: acme})
	gh, err := github.New(providers.Config{Token: tokens.Token{Secret: tokens.Static("one")}, Base: sim})
	if err != nil {
		fmt.Println(err)
		return
	}
	repos, err := gh.FetchRepositories(context.Background(), "acme")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(repos), "repositories, the first is", repos[0].FullName)
	_, err = gh.FetchRepository(context.Background(), "acme/nope")
	fmt.Println(err)
	fmt.Println(errors.Is(err, providers.ErrNotFound))
	// Output:
	// 75 repositories, the first is acme/repo-0001
	// gitfleet: github: fetch repository of acme/nope: 404 not found: Not Found
	// true
}

func ExampleNewClient() {
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{"one", "two"}, Organizations: acme})
	sim.SetRemaining("one", "core", 0)
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static("one")},
		tokens.Token{Provider: tokens.GitHub, Label: "ci", Secret: tokens.Static("two")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	gh, err := github.NewClient(&transport.Transport{Manager: m, Provider: tokens.GitHub, Base: sim}, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	repo, resp, err := gh.Repositories.Get(context.Background(), "acme", "repo-0001")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, label, _ := transport.TokenOf(resp.Response)
	fmt.Println(repo.GetFullName(), "through", label)
	// Output: acme/repo-0001 through ci
}
