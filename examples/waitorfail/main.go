// Waitorfail shows what a call can do when every token is spent: fail at once
// and say when to come again, get a refusal as the host would write it, do the
// first only if its deadline is nearer than the reset, or wait in line for the
// reset and go on.
//
//	go run ./examples/waitorfail
//
// Nothing leaves the machine, and the simulated hour has three seconds. For
// github.com set GITHUB_TOKEN and change the line in run that says so.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

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
	secret, base := simulated() // github.com: os.Getenv("GITHUB_TOKEN"), http.DefaultTransport

	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(secret)})
	if err != nil {
		return err
	}
	defer m.Close()

	hasty := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base, MaxWait: -1}
	polite := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base, MaxWait: -1, Exhausted: transport.MakeRefusal}
	patient := &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: base} // 65 minutes at most

	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return errors.Join(
		try(ctx, stdout, "the last call", hasty),
		try(ctx, stdout, "never waits", hasty),
		try(ctx, stdout, "refuses in the host's form", polite),
		try(soon, stdout, "has a deadline", patient),
		try(ctx, stdout, "waits", patient),
	)
}

func try(ctx context.Context, stdout io.Writer, what string, rt http.RoundTripper) error {
	start := time.Now()
	status, err := get(ctx, &http.Client{Transport: rt})
	took := time.Since(start).Round(time.Second)

	var exhausted *tokens.ExhaustedError
	switch {
	case err == nil:
		fmt.Fprintf(stdout, "%s: %s after %v\n", what, status, took)
	case errors.As(err, &exhausted):
		wait := time.Until(exhausted.ReadyAt).Round(time.Second)
		fmt.Fprintf(stdout, "%s: nothing was sent, come again in %v\n", what, wait)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func get(ctx context.Context, client *http.Client) (status string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.github.com/user", nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	return resp.Status, resp.Body.Close()
}

// simulated returns a token that has one call left in a window of three
// seconds, and a GitHub in memory that accepts it.
func simulated() (secret string, base http.RoundTripper) {
	secret = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{secret},
		Limit:  1,
		Window: 3 * time.Second,
	})
	return secret, sim
}
