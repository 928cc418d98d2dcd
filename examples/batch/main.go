// Batch reads the repositories of many owners through one fleet: several at once,
// each owner once, and what failed is told apart from what did not.
//
//	go run ./examples/batch
//
// Nothing leaves the machine. For github.com use gitfleet.FromEnv instead of the
// fleet that run makes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/batch"
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
	fleet, owners, err := simulated() // github.com: gitfleet.FromEnv(), and owners of your own
	if err != nil {
		return err
	}
	defer fleet.Close()

	github := fleet.GitHub()
	result, err := batch.Run(ctx, owners, func(ctx context.Context, owner string) (int, error) {
		repositories, err := github.FetchRepositories(ctx, owner)
		return len(repositories), err
	}, batch.Config{
		Concurrency: 20,
		MaxRetries:  3,
		Retryable: func(err error) bool { // not what is not there, and not what is forbidden
			var e *providers.Error
			return errors.As(err, &e) && e.Temporary()
		},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "success: %d/%d (%.1f %%), %d listed twice\n", result.Succeeded, result.Total, 100*result.SuccessRate(), result.Duplicates)
	for item, err := range result.All() {
		if err != nil {
			fmt.Fprintf(stdout, "%s after %d attempt: %v\n", item.ID, item.Attempts, err)
		}
	}
	fmt.Fprintln(stdout, "owner-07 has", result.Results["owner-07"])
	return nil
}

// simulated returns a fleet with two tokens for a GitHub in memory, and more
// owners than the tokens have calls, so that the batch waits for a reset.
func simulated() (*gitfleet.Fleet, []string, error) {
	config := fleettest.Config{Tokens: []string{"example-token-alice", "example-token-bob"}, Limit: 20, Window: 2 * time.Second}
	owners := []string{"nobody", "owner-07"}
	for i := range 60 {
		login := fmt.Sprintf("owner-%02d", i)
		config.Users = append(config.Users, fleettest.Owner{Login: login, Repositories: i})
		owners = append(owners, login)
	}
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(config.Tokens[0])},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(config.Tokens[1])})
	if err != nil {
		return nil, nil, err
	}
	fleet, err := gitfleet.New(gitfleet.Config{Manager: m, Base: fleettest.NewGitHub(config)})
	return fleet, owners, err
}
