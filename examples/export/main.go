// Export writes records as CSV for a spreadsheet, as a table for people and as
// lines of JSON for programs.
//
//	go run ./examples/export
//
// Nothing leaves the machine. For github.com set GITHUB_TOKENS and change the
// line in run that says so.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"os"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tabular"
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

	columns := []string{"full_name", "owner.login", "visibility", "default_branch"}
	for _, format := range []tabular.Format{tabular.CSV, tabular.Table, tabular.NDJSON} {
		fmt.Fprintf(stdout, "%s:\n", format)
		if err := export(stdout, gh.Repositories(ctx, "acme", providers.Limit(2)), format, columns...); err != nil {
			return err
		}
	}

	names, err := tabular.Columns(providers.Branch{}, tabular.DefaultSeparator)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "a branch has the columns", names)
	return nil
}

// export writes a list as it comes. What was read before an error is written.
func export[T any](w io.Writer, list iter.Seq2[T, error], format tabular.Format, columns ...string) (err error) {
	out, err := tabular.NewWriter(w, format, tabular.Options{Fields: columns})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	for record, err := range list {
		if err != nil {
			return err
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	return nil
}

// simulated returns a fleet of one token for a GitHub in memory.
func simulated() (*gitfleet.Fleet, error) {
	const alice = "example-token-alice"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 25}},
	})
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return nil, err
	}
	return gitfleet.New(gitfleet.Config{Manager: m, Base: sim})
}
