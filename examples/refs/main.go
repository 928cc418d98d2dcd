// Refs lists the branches and the tags of a project.
//
//	go run ./examples/refs
//
// Nothing leaves the machine. For gitlab.com set GITLAB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	fleet, err := simulated() // gitlab.com: gitfleet.FromEnv()
	if err != nil {
		return err
	}
	defer fleet.Close()
	gl := fleet.GitLab()

	branches, err := gl.FetchBranches(ctx, "acme/platform/repo-0001")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, len(branches), "branches")
	for _, b := range branches {
		if b.Default != nil && *b.Default {
			fmt.Fprintln(stdout, b.Name, "is the default branch, protected:", b.Protected != nil && *b.Protected)
			fmt.Fprintln(stdout, "its head is", len(b.SHA), "digits long and has a date:", !b.CommittedAt.IsZero())
		}
	}

	n := 0
	for tag, err := range gl.Tags(ctx, "acme/platform/repo-0001") {
		if err != nil {
			return err
		}
		if n++; n == 1 {
			fmt.Fprintln(stdout, "the first tag is", tag.Name)
		}
	}
	fmt.Fprintln(stdout, n, "tags")
	return nil
}

// simulated returns a fleet of one token for a GitLab in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitLab(fleettest.Config{
		Tokens: []string{alice},
		Organizations: []fleettest.Owner{
			{Login: "acme"},
			{Login: "acme/platform", Repositories: 1, Contents: fleettest.Contents{Branches: 120, Tags: 250, Commits: 300, Releases: -1}},
		},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitLab, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
