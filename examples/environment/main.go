// Environment shows which tokens a program finds in its environment, by their
// labels. The same source is what gitfleet.FromEnv reads.
//
//	GITHUB_TOKENS="alice example-token-1, ci example-token-2" \
//	GITLAB_TOKEN="work example-token-3 https://git.example.com/gitlab" \
//	go run ./examples/environment
//
// Nothing is sent. With tokens of your own it is the same program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	found, err := tokens.Env().Tokens(ctx)
	if errors.Is(err, tokens.ErrNoTokens) {
		fmt.Fprintln(stdout, err) // it names every variable that was looked for
		return nil
	}
	if err != nil {
		return err
	}

	m, err := tokens.NewManager(tokens.Config{}, found...)
	if err != nil {
		return err
	}
	defer m.Close()

	for _, t := range m.AllTokens("") {
		fmt.Fprintf(stdout, "%s for %s: %v\n", t.Label, t.Host, t.Status)
	}
	fmt.Fprintf(stdout, "a token prints as %v, its secret as %v\n", found[0], found[0].Secret)
	return nil
}
