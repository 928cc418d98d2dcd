// Files walks through the tree of a repository and reads files, small and large.
//
//	go run ./examples/files
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

	files, directories := 0, 0
	var largest providers.TreeEntry
	for e, err := range gh.Tree(ctx, "acme/web", "", providers.Recursive()) {
		if err != nil {
			return err
		}
		switch e.Kind {
		case providers.Directory:
			directories++
		case providers.File:
			files++
			if e.SizeBytes != nil && (largest.SizeBytes == nil || *e.SizeBytes > *largest.SizeBytes) {
				largest = e
			}
		}
	}
	fmt.Fprintln(stdout, files, "files in", directories, "directories below the root")

	readme, err := gh.FetchContent(ctx, "acme/web", "README.md", providers.Ref("main"))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, readme.Path, "has all its data:", int64(len(readme.Data)) == readme.SizeBytes)

	// GitHub sends a file of more than 1 MiB in another way. It comes all the same.
	large, err := gh.FetchContent(ctx, "acme/web", largest.Path)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the largest has more than 1 MiB:", large.SizeBytes > 1<<20, "and is whole:", large.SizeBytes == *largest.SizeBytes)

	_, err = gh.FetchContent(ctx, "acme/web", "no/such/file")
	fmt.Fprintln(stdout, "a file that is not there:", errors.Is(err, providers.ErrNotFound))
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice},
		Organizations: []fleettest.Owner{{
			Login: "acme", Repositories: 1, Names: []string{"web"},
			Contents: fleettest.Contents{Commits: 10, Files: 60},
		}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
