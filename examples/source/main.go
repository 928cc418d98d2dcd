// Source brings tokens from a store of one's own, here a vault in memory, and
// keeps the fleet the same as the store while the program runs: tokens that
// are added there are used, tokens that are taken out are not.
//
//	go run ./examples/source
//
// Nothing leaves the machine. For tokens of your own change the line in run that
// says so: a file, a program or the environment is a source as well.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// vault is a store of tokens.
type vault struct {
	mu    sync.Mutex
	names []string
}

// Tokens implements [tokens.Source].
func (v *vault) Tokens(context.Context) ([]tokens.Token, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var ts []tokens.Token
	for _, name := range v.names {
		secret := tokens.Static("example-token-" + name) // ask the store here
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: name, Secret: secret})
	}
	return ts, nil
}

func (v *vault) set(names ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.names = names
}

func run(ctx context.Context, stdout io.Writer) error {
	m, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		return err
	}
	defer m.Close()

	store := &vault{names: []string{"alice", "bob"}}
	syncer, err := m.Sync(ctx, store, tokens.SyncConfig{}) // a file: tokens.File(tokens.GitHub, "tokens.txt")
	if err != nil {
		return err
	}
	defer syncer.Close()
	report(stdout, "at first", m)

	store.set("bob", "carol")
	if err := syncer.Refresh(ctx); err != nil { // it would happen by itself, too
		return err
	}
	report(stdout, "then", m)

	store.set()
	fmt.Fprintln(stdout, "an empty list:", syncer.Refresh(ctx))
	report(stdout, "still", m)

	for _, t := range m.Archived() {
		fmt.Fprintf(stdout, "removed: %s, %s\n", t.Label, t.Reason)
	}
	return nil
}

func report(stdout io.Writer, when string, m *tokens.Manager) {
	fmt.Fprint(stdout, when, ":")
	for _, t := range m.AllTokens(tokens.GitHub) {
		fmt.Fprint(stdout, " ", t.Label)
	}
	fmt.Fprintln(stdout)
}
