// State keeps what a fleet knows of limits, but no secret, in a file from one run
// of a program to the next. Compare examples/restart, which does so by hand.
//
//	go run ./examples/state
//
// Nothing leaves the machine but the file, which goes to a temporary folder. For
// github.com set GITHUB_TOKENS, make the manager with tokens.Env, and take the path
// from gitfleet.StatePath.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

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
	dir, err := os.MkdirTemp("", "gitfleet-example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "state.json") // gitfleet.StatePath("program")

	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{alice},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
	})
	if err := once(ctx, stdout, sim, file, true); err != nil {
		return err
	}
	if err := once(ctx, stdout, sim, file, false); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the file's mode is", info.Mode())
	return nil
}

const alice = "example-token-alice"

// once is a run of a program: it says what it knows, and perhaps sends a call.
func once(ctx context.Context, stdout io.Writer, sim *fleettest.GitHub, file string, call bool) (err error) {
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)})
	if err != nil {
		return err
	}
	fleet, err := gitfleet.New(gitfleet.Config{Manager: m, Base: sim, StateFile: file}) // reads it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fleet.Close()) }() // writes it

	fmt.Fprintln(stdout, "at the start:", m.AllTokens(tokens.GitHub)[0].Status)
	if call {
		_, err = fleet.GitHub().FetchOrganization(ctx, "acme")
		fmt.Fprintln(stdout, "after a call:", m.AllTokens(tokens.GitHub)[0].Status)
	}
	return err
}
