// Breaker shows what a program meets while its host is down: a few calls that
// are sent again as far as the retry budget goes, then calls that fail at once
// and say when to come again, and one call as a probe after each pause.
//
//	go run ./examples/breaker
//
// Nothing leaves the machine. For github.com set GITHUB_TOKEN and change the
// line in run that says so.
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

const calls = 7

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

	client := &http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: base,
		Retries:    1, // of each call, within RetryBudget
		BreakAfter: 4, // 20 by default
	}}
	for i := range calls {
		status, err := get(ctx, client, fmt.Sprintf("https://api.github.com/users/octocat-%d", i+1))
		var down *transport.UnavailableError
		switch {
		case err == nil:
			fmt.Fprintf(stdout, "call %d: %s\n", i+1, status)
		case errors.As(err, &down): // the same as interface{ RetryAt() time.Time }
			wait := time.Until(down.RetryAt())
			fmt.Fprintf(stdout, "call %d: nothing was sent, come again in %v\n", i+1, wait.Round(time.Second))
			if err := pause(ctx, wait); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func get(ctx context.Context, client *http.Client, url string) (status string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	return resp.Status, resp.Body.Close()
}

// simulated returns a token, and a GitHub in memory that fails six times.
func simulated() (secret string, base http.RoundTripper) {
	secret = "example-token-alice"
	var users []fleettest.Owner
	for i := range calls {
		users = append(users, fleettest.Owner{Login: fmt.Sprintf("octocat-%d", i+1)})
	}
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{secret}, Users: users})
	sim.Inject(fleettest.Fault{Status: http.StatusBadGateway, Times: 6})
	return secret, sim
}
