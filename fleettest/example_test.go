package fleettest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/google/go-github/v66/github"
)

func ExampleNewGitHub() {
	sim := fleettest.NewGitHub(fleettest.Config{Limit: 50, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 2000}}})
	gh := github.NewClient(&http.Client{Transport: sim})

	repos, resp, err := gh.Repositories.ListByOrg(context.Background(), "acme", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(repos), repos[0].GetFullName(), "next page", resp.NextPage, "of", resp.LastPage)
	fmt.Println(sim.Stats().Requests, "request")
	// Output:
	// 30 acme/repo-0001 next page 2 of 67
	// 1 request
}

func ExampleGitHub_Spend() {
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{"a"}, Limit: 50})
	sim.Spend("a", "core", 50) // another program was quicker

	gh := github.NewClient(&http.Client{Transport: sim}).WithAuthToken("a")
	_, _, err := gh.Users.Get(context.Background(), "")
	var limited *github.RateLimitError
	fmt.Println(errors.As(err, &limited), limited.Rate.Remaining, "of", limited.Rate.Limit)
	// Output: true 0 of 50
}

func ExampleGitHub_Inject() {
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{"a"}})
	sim.Inject(fleettest.Fault{Status: 502, Times: 1})

	gh := github.NewClient(&http.Client{Transport: sim}).WithAuthToken("a")
	for range 2 {
		_, resp, _ := gh.Users.Get(context.Background(), "")
		fmt.Println(resp.StatusCode)
	}
	// Output:
	// 502
	// 200
}
