// Accounts shows whose the token is, the organizations of that user, and what
// stands behind a login.
//
//	go run ./examples/accounts
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // github.com: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()
	gh := fleet.GitHub()

	me, err := gh.FetchCurrentUser(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the token is", me.Login+"'s, a", me.Kind)

	// No login means the token's own user.
	for org, err := range gh.Organizations(ctx, "") {
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, "member of", org.Login)
	}

	for _, login := range []string{"octocat", "acme", "nobody-at-all"} {
		user, err := gh.FetchUser(ctx, login)
		switch {
		case errors.Is(err, providers.ErrNotFound):
			fmt.Fprintln(stdout, login, "does not exist, or the token may not see it")
		case err != nil:
			return err
		default:
			fmt.Fprintf(stdout, "%s: %s\n", user.Login, user.Kind)
		}
	}

	org, err := gh.FetchOrganization(ctx, "acme")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, org.Login, "has its page at", org.WebURL)
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
		Users:         []fleettest.Owner{{Login: "octocat", Repositories: 2}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
