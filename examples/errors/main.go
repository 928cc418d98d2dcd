// Errors shows what can go wrong, and how a program tells it apart: by the kind
// with errors.Is, and by all that is known with errors.As.
//
//	go run ./examples/errors
//
// Nothing leaves the machine: a host is needed that fails when told to.
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

	"github.com/google/go-github/v66/github"

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
	fleet, sim, err := simulated()
	if err != nil {
		return err
	}
	defer fleet.Close()
	gh := fleet.GitHub()

	_, err = gh.FetchRepository(ctx, "acme/none")
	tell(stdout, err)
	_, err = gh.FetchRepository(ctx, "no name of a repository")
	tell(stdout, err)

	// The pages after the first fail. GitHub has them at the organization's id.
	// What was on page 1 comes with the error.
	sim.Inject(fleettest.Fault{
		Match: fleettest.Requests("GET", "/organizations/{id}/repos"), Times: -1, Status: http.StatusBadGateway,
	})
	repos, err := gh.FetchRepositories(ctx, "acme")
	tell(stdout, err)
	fmt.Fprintln(stdout, "  read before that:", len(repos))

	// All is spent for an hour, and this call has a minute.
	sim.SetRemaining("example-token-alice", "core", 0)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err = gh.FetchRepository(ctx, "acme/repo-0001")
	tell(stdout, err)
	return nil
}

// tell shows what a program may want to know of an error.
func tell(stdout io.Writer, err error) {
	switch {
	case errors.Is(err, providers.ErrNotFound):
		fmt.Fprintln(stdout, "not there, or hidden from the token")
	case errors.Is(err, providers.ErrInvalid):
		fmt.Fprintln(stdout, "asked for in the wrong way")
	case errors.Is(err, providers.ErrUnavailable):
		fmt.Fprintln(stdout, "the host is in trouble")
	case errors.Is(err, providers.ErrRateLimited):
		fmt.Fprintln(stdout, "a limit")
	}
	var e *providers.Error
	if !errors.As(err, &e) {
		return // never: every error of a client is one
	}
	fmt.Fprintf(stdout, "  %s at %s: status %d, page %d, may succeed later: %v\n", e.Op, e.Provider, e.Status, e.Page, e.Temporary())
	if e.Refusal != nil {
		fmt.Fprintf(stdout, "  %s limit of %q, in %v\n", e.Refusal.Kind, e.Refusal.Resource, time.Until(e.RetryAt()).Round(time.Minute))
	}
	var native *github.ErrorResponse
	if errors.As(err, &native) {
		fmt.Fprintln(stdout, "  go-github's own error is below")
	}
}

// simulated returns a fleet of one token for a GitHub in memory, and that GitHub
// to spoil it.
func simulated() (*gitfleet.Fleet, *fleettest.GitHub, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, nil, err
	}
	fleet, err := gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
	return fleet, sim, err
}
