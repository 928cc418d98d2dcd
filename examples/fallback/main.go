// Fallback goes from one client to another by hand: two teams keep their tokens
// apart, and only when the first has nothing left may the second one's be used.
// Within a fleet none of this is needed.
//
//	go run ./examples/fallback
//
// Nothing leaves the machine. For github.com set WEB and DATA to a token each, and change
// the line in run that says so.
package main

import (
	"context"
	"errors"
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
	web, data, base := simulated() // github.com: os.Getenv("WEB"), os.Getenv("DATA"), http.DefaultTransport

	first, err := client("web", web, base)
	if err != nil {
		return err
	}
	second, err := client("data", data, base)
	if err != nil {
		return err
	}
	for range 3 {
		user, _, err := first.Users.Get(ctx, "octocat")
		if spent(stdout, err) {
			user, _, err = second.Users.Get(ctx, "octocat")
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, "got", user.GetLogin())
	}
	return nil
}

// spent reports whether err says that a client's tokens have no calls left.
func spent(stdout io.Writer, err error) bool {
	var refused *github.RateLimitError
	var exhausted *tokens.ExhaustedError
	switch {
	case errors.As(err, &refused): // the host said so, in an answer to this call
		fmt.Fprintln(stdout, "the host refused:", refused.Message)
	case errors.As(err, &exhausted): // it was known, and nothing was sent
		fmt.Fprintf(stdout, "not sent: %d of %d tokens limited\n", exhausted.States[tokens.Limited], exhausted.Tokens)
	default:
		return false
	}
	return true
}

// client returns go-github with one token, which does not wait for a reset.
func client(label, secret string, base http.RoundTripper) (*github.Client, error) {
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: label, Secret: tokens.Static(secret)})
	if err != nil {
		return nil, err
	}
	return github.NewClient(&http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: base, MaxWait: -1,
	}}), nil
}

// simulated returns two tokens and a GitHub in memory that accepts them.
func simulated() (web, data string, base http.RoundTripper) {
	web, data = "example-token-web", "example-token-data"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{web, data},
		Users:  []fleettest.Owner{{Login: "octocat"}},
	})
	sim.SetRemaining(web, "core", 0)
	return web, data, sim
}
