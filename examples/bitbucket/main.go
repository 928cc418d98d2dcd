// Bitbucket lists the repositories of a workspace with an unmodified
// go-bitbucket on top of a fleet. That library takes no context; package
// providers/bitbucket binds a client to one.
//
//	go run ./examples/bitbucket
//
// Nothing leaves the machine. For bitbucket.org set BITBUCKET_TOKENS and change
// the line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	bucket "github.com/ktrysmt/go-bitbucket"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // bitbucket.org: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()

	client, err := bitbucket.NewClient(ctx, fleet.Transport(tokens.Bitbucket), "")
	if err != nil {
		return err
	}
	repos, err := client.Repositories.ListForAccount(&bucket.RepositoriesOptions{Owner: "atlassian"})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, len(repos.Items), "repositories")

	for _, t := range fleet.Manager().AllTokens(tokens.Bitbucket) {
		fmt.Fprintf(stdout, "%s: %v\n", t.Label, t.Status)
	}
	return nil
}

// simulated returns a fleet of two tokens for a Bitbucket in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice, bot = "example-token-alice", "example-token-bot"
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens:        []string{alice, bot},
		Organizations: []fleettest.Owner{{Login: "atlassian", Repositories: 250}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.Bitbucket, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.Bitbucket, Label: "bot", Secret: tokens.Static(bot)},
	)
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
