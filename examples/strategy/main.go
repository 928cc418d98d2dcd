// Strategy chooses tokens in a way of its own: it stays with one token until
// that is spent, so that what a program writes has one author for as long as
// possible. Strategies that exist already go by a name.
//
//	go run ./examples/strategy
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// faithful picks the token that was used last.
func faithful(_ time.Time, candidates []tokens.Candidate) int {
	last := 0
	for i, c := range candidates {
		if c.LastUsed.After(candidates[last].LastUsed) {
			last = i
		}
	}
	return last
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // github.com: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()

	fleet.Manager().SetStrategy(tokens.StrategyFunc(faithful))
	if err := calls(ctx, stdout, fleet, 6); err != nil {
		return err
	}

	turns, err := tokens.ParseStrategy("round_robin") // it can be changed at any time
	if err != nil {
		return err
	}
	fleet.Manager().SetStrategy(turns)
	return calls(ctx, stdout, fleet, 4)
}

// calls sends n requests and writes which token served each.
func calls(ctx context.Context, stdout io.Writer, fleet *gitfleet.Fleet, n int) error {
	var served []any
	for range n {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.github.com/users/octocat", nil)
		if err != nil {
			return err
		}
		resp, err := fleet.HTTPClient(tokens.GitHub).Do(req)
		if err != nil {
			return err
		}
		_, label, _ := transport.TokenOf(resp)
		resp.Body.Close()
		served = append(served, label)
	}
	fmt.Fprintln(stdout, served...)
	return nil
}

// simulated returns a fleet of three tokens for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	config := fleettest.Config{Users: []fleettest.Owner{{Login: "octocat"}}, Limit: 4}
	var ts []tokens.Token
	for _, name := range []string{"alice", "bob", "carol"} {
		secret := "example-token-" + name
		config.Tokens = append(config.Tokens, secret)
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: name, Secret: tokens.Static(secret)})
	}
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: fleettest.NewGitHub(config)})
}
