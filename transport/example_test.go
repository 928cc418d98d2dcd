package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/google/go-github/v66/github"
)

// The transport goes under a client library as it is. Base is a simulated
// GitHub here; leave it out to reach the real one.
func Example() {
	alice, bob := canary.Token("alice"), canary.Token("bob")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{alice, bob}, Limit: 3})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	client := github.NewClient(&http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: sim,
	}})
	for range 5 {
		if _, _, err := client.Users.Get(context.Background(), "user-1"); err != nil {
			fmt.Println(err)
		}
	}
	for _, token := range m.AllTokens(tokens.GitHub) {
		fmt.Println(token.Label, token.Status.State, token.Status.Remaining.Or(0), "left")
	}
	// Output:
	// alice limited 0 left
	// bob available 1 left
}

// Hooks tell what happens to a call on its way.
func ExampleHooks() {
	alice, bob := canary.Token("alice"), canary.Token("bob")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{alice, bob}})
	sim.Revoke(alice)
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	client := &http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: sim,
		Hooks: transport.Hooks{
			Swap: func(_ context.Context, s transport.Swap) {
				fmt.Printf("%s %s: %d for %s, which is %s now\n", s.Method, s.URL, s.Status, s.Label, s.State)
			},
			Done: func(_ context.Context, d transport.Done) {
				fmt.Printf("%s %s: %d for %s at attempt %d\n", d.Method, d.URL, d.Status, d.Label, d.Number)
			},
		},
	}}
	resp, err := client.Get("https://api.github.com/users/user-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	// Output:
	// GET https://api.github.com/users/user-1: 401 for alice, which is invalid now
	// GET https://api.github.com/users/user-1: 200 for bob at attempt 2
}

// By default a call waits for a token, for up to 65 minutes. With a negative
// MaxWait it fails at once instead and says when to come again.
func ExampleTransport_maxWait() {
	alice := canary.Token("alice")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{alice}, Limit: 1})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	client := &http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: sim, MaxWait: -1,
	}}
	for range 2 {
		resp, err := client.Get("https://api.github.com/users/user-1")
		var exhausted *tokens.ExhaustedError
		if errors.As(err, &exhausted) {
			fmt.Println("come again in", time.Until(exhausted.ReadyAt).Round(time.Hour))
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Println(resp.Status)
	}
	// Output:
	// 200 OK
	// come again in 1h0m0s
}

// A cache asks each time, with the token that has the answer.
func ExampleCache() {
	alice, bob := canary.Token("alice"), canary.Token("bob")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{alice, bob}})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()

	cache := new(transport.Cache)
	client := github.NewClient(&http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: sim, Cache: cache,
	}})
	for range 5 {
		if _, _, err := client.Users.Get(context.Background(), "user-1"); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(sim.Stats().Requests, "requests,", cache.Stats().Paid(), "paid")
	// Output:
	// 5 requests, 1 paid
}
