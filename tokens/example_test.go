package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

func ExampleManager_AllTokens() {
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "ci", Account: "octocat", Secret: tokens.Static("the-token")},
		tokens.Token{Provider: tokens.GitLab, Label: "nightly", Host: "https://git.example.com/gitlab", Secret: tokens.Static("another")},
	)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for _, t := range m.AllTokens("") {
		fmt.Printf("%s at %s: %v\n", t.Label, t.Host, t.Status)
	}
	// Output:
	// ci at https://api.github.com: unknown
	// nightly at https://git.example.com/gitlab: unknown
}

// Package transport does all of this. By hand it is a lease before the request
// and its end on every path after it.
func ExampleHost_Lease() {
	ctx := context.Background()
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "ci", Secret: tokens.Static("the-token")})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.github.com/user", nil)
	if err != nil {
		log.Fatal(err)
	}
	host, ok := m.Host(tokens.GitHub, req.URL)
	if !ok {
		log.Fatal("no token may be sent there")
	}
	asked := ratelimit.Request{Method: req.Method, URL: req.URL}
	lease, err := host.Lease(ctx, tokens.Request{Draw: host.Dialect().Draw(asked)})
	if err != nil {
		log.Fatal(err)
	}
	lease.Authorize(req.Header)
	resp, err := canned.RoundTrip(req)
	if err != nil {
		lease.Lost()
		log.Fatal(err)
	}
	defer resp.Body.Close()
	answer := ratelimit.Response{Status: resp.StatusCode, Header: resp.Header}
	lease.Settle(host.Dialect().Observe(asked, answer, time.Now()))

	fmt.Println(lease.Label(), "is", m.AllTokens(tokens.GitHub)[0].Status)
	// Output: ci is available (4999 of 5000 left)
}

// canned stands for the network.
var canned = roundTripper(func(*http.Request) (*http.Response, error) {
	resp := answer(http.StatusOK, `{"login":"octocat"}`)
	resp.Header.Set("X-Ratelimit-Limit", "5000")
	resp.Header.Set("X-Ratelimit-Remaining", "4999")
	resp.Header.Set("X-Ratelimit-Reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
	resp.Header.Set("X-Ratelimit-Resource", "core")
	return resp, nil
})

func ExampleExhaustedError() {
	err := call()
	var exhausted *tokens.ExhaustedError
	switch {
	case errors.Is(err, tokens.ErrRateLimited) && errors.As(err, &exhausted):
		fmt.Println("again at", exhausted.ReadyAt.Format(time.Kitchen))
		fmt.Println(exhausted.States[tokens.Invalid], "of", exhausted.Tokens, "tokens should be replaced")
	case err != nil:
		fmt.Println("no use to wait:", err)
	}
	// Output:
	// again at 2:00PM
	// 1 of 3 tokens should be replaced
}

// call stands for a call that met spent tokens only.
func call() error {
	return fmt.Errorf("fetch repositories: %w", &tokens.ExhaustedError{
		Provider: tokens.GitHub,
		Resource: "core",
		ReadyAt:  time.Date(2026, 11, 21, 14, 0, 0, 0, time.UTC),
		Tokens:   3,
		States:   map[tokens.State]int{tokens.Limited: 2, tokens.Invalid: 1},
	})
}
