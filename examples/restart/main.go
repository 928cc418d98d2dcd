// Restart keeps what is known of limits in a file, so that a program that is
// started again is not refused to learn them anew. That matters most at
// Bitbucket, which does not tell what is left. The file holds no secret.
//
//	go run ./examples/restart
//
// Nothing leaves the machine. For bitbucket.org set BITBUCKET_TOKEN and change
// the line in run that says so.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"

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
	secret, base := simulated() // bitbucket.org: os.Getenv("BITBUCKET_TOKEN"), http.DefaultTransport

	dir, err := os.MkdirTemp("", "restart")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	state := filepath.Join(dir, "limits.json")

	for _, start := range []string{"first", "second"} {
		if err := program(ctx, stdout, start, secret, state, base); err != nil {
			return err
		}
	}
	return nil
}

// program is what runs twice: it takes over what is known, sends a call, and
// writes down what it has learned.
func program(ctx context.Context, stdout io.Writer, start, secret, state string, base http.RoundTripper) error {
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.Bitbucket, Label: "bot", Secret: tokens.Static(secret)})
	if err != nil {
		return err
	}
	defer m.Close()

	if text, err := os.ReadFile(state); err == nil {
		var s tokens.Snapshot
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		if _, err := m.Restore(s); err != nil {
			return err
		}
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.bitbucket.org/2.0/user", nil)
	if err != nil {
		return err
	}
	resp, err := (&transport.Transport{Manager: m, Provider: tokens.Bitbucket, Base: base, MaxWait: -1}).RoundTrip(req)
	switch {
	case err == nil:
		resp.Body.Close()
		fmt.Fprintf(stdout, "%s start: the host says %s\n", start, resp.Status)
	case errors.Is(err, tokens.ErrRateLimited):
		fmt.Fprintf(stdout, "%s start: known to be limited, nothing was sent\n", start)
	default:
		return err
	}

	text, err := json.Marshal(m.Snapshot())
	if err != nil {
		return err
	}
	return os.WriteFile(state, text, 0o600)
}

// simulated returns a token that has no calls left, and a Bitbucket in memory.
func simulated() (secret string, base http.RoundTripper) {
	secret = "example-token-bot"
	sim := fleettest.NewBitbucket(fleettest.Config{Tokens: []string{secret}})
	sim.SetRemaining(secret, "api", 0)
	return secret, sim
}
