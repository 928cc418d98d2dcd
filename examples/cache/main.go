// Cache asks again for what it has seen: the host says that nothing has changed,
// which GitHub does not charge for, until something has. A folder keeps the
// answers for the next run.
//
//	go run ./examples/cache
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
	"path/filepath"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/transport/diskcache"
)

func main() {
	folder, err := os.MkdirTemp("", "gitfleet-cache-*")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	if err := run(context.Background(), os.Stdout, folder); err != nil {
		log.Print(err)
	}
}

func run(ctx context.Context, stdout io.Writer, folder string) error {
	store, err := diskcache.Open(filepath.Join(folder, "answers"), 0)
	if err != nil {
		return err
	}
	sim := simulated()
	for _, day := range []string{"monday", "tuesday"} { // two runs of a program
		cache := &transport.Cache{Store: store}
		fleet, err := fleetOn(sim, cache) // github.com: gitfleet.New with the tokens of tokens.Env and no Base
		if err != nil {
			return err
		}
		for range 3 {
			if err := readAll(ctx, fleet); err != nil {
				return err
			}
		}
		if day == "monday" {
			sim.Rename("acme", "repo-0002", "renamed")
		}
		s := cache.Stats()
		fmt.Fprintf(stdout, "%s: %d free, %d paid\n", day, s.Hits, s.Paid())
		if err := fleet.Close(); err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the repositories of an organization by their numbers.
func readAll(ctx context.Context, fleet *gitfleet.Fleet) error {
	client := fleet.HTTPClient(tokens.GitHub)
	for _, path := range []string{"/orgs/acme", "/repositories/1001000001", "/repositories/1001000002"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.github.com"+path, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body) // what is not read to its end is not kept
		resp.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func fleetOn(sim *fleettest.GitHub, cache *transport.Cache) (*gitfleet.Fleet, error) {
	manager, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static("alice-token")},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static("bob-token")})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: manager, Base: sim, Cache: cache})
}

func simulated() *fleettest.GitHub {
	return fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{"alice-token", "bob-token"},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 2}},
	})
}
