// Raw asks for what the portable clients have no method for: any request of the
// host's, any list of its, GraphQL, the JSON of a record, and the library below.
//
//	go run ./examples/raw
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

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
	fleet, err := simulated() // github.com: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()
	gh := fleet.GitHub()

	// Any request, with the tokens and the limits of the fleet.
	var org struct {
		Login string `json:"login"`
	}
	answer, err := gh.Call(ctx, providers.Call{Path: "orgs/acme", Out: &org})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, answer.Status, org.Login)

	// Any list, page by page, as its next links lead.
	pages, rows := 0, 0
	for page, err := range gh.Pages(ctx, "orgs/acme/repos?per_page=100") {
		if err != nil {
			return err
		}
		var list []json.RawMessage
		if err := json.Unmarshal(page, &list); err != nil {
			return err
		}
		pages, rows = pages+1, rows+len(list)
	}
	fmt.Fprintln(stdout, rows, "rows on", pages, "pages")

	var data struct {
		Viewer struct {
			Login string `json:"login"`
		} `json:"viewer"`
	}
	if err := gh.GraphQL(ctx, "query { viewer { login } }", nil, &data); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "GraphQL knows the viewer:", data.Viewer.Login)

	// A record's JSON, if it is asked for, and the library's record.
	r, err := gh.FetchRepository(ctx, "acme/repo-0001", providers.Raw())
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the JSON is there:", json.Valid(r.Raw))
	var native *github.Repository
	if r.As(&native) {
		fmt.Fprintln(stdout, "go-github's record:", native.GetFullName())
	}

	// The library's client, on the same transport.
	var lib *github.Client
	if gh.As(&lib) {
		repo, _, err := lib.Repositories.Get(ctx, "acme", "repo-0002")
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, "go-github's client:", repo.GetFullName())
	}
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
