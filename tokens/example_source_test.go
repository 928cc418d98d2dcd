package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/oauth2"

	"github.com/gitfleet/gitfleet/tokens"
)

// A file is refused if others can read it.
func ExampleFile() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tokens")
	text := "alice  the-token\nci     another   https://git.example.com # nightly jobs\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	ts, err := tokens.File(tokens.GitLab, path).Tokens(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for _, t := range m.AllTokens(tokens.GitLab) {
		fmt.Println(t.Label, "at", t.Host)
	}
	// Output:
	// alice at https://gitlab.com
	// ci at https://git.example.com
}

// What a vault's own program prints is never in an error.
func ExampleCommand() {
	source := tokens.Command(tokens.GitHub, "no-such-vault", "kv", "get", "-field=tokens", "secret/github")
	_, err := source.Tokens(context.Background())
	fmt.Println(err)
	// Output: gitfleet: token command no-such-vault: exec: "no-such-vault": executable file not found in $PATH
}

func ExampleFromTokenSource() {
	config := &oauth2.Config{ClientID: "id", Endpoint: oauth2.Endpoint{TokenURL: "https://gitlab.com/oauth/token"}}
	source := config.TokenSource(context.Background(), &oauth2.Token{AccessToken: "the-token", Expiry: time.Now().Add(time.Hour)})
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{
		Provider: tokens.GitLab,
		Label:    "alice",
		Scheme:   tokens.Bearer,
		Secret:   tokens.FromTokenSource("alice's login", source),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.AllTokens("")[0].Label)
	// Output: alice
}

func ExampleRefreshing() {
	mint := func(ctx context.Context) (secret string, expires time.Time, err error) {
		// Ask a vault or a token endpoint, and honour ctx.
		return "short-lived", time.Now().Add(15 * time.Minute), nil
	}
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{
		Provider: tokens.GitHub,
		Label:    "vault",
		Secret:   tokens.Refreshing("vault role ci", mint),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	fmt.Println(m.AllTokens("")[0].Label)
	// Output: vault
}

// list is a source whose list changes.
type list struct{ tokens []tokens.Token }

func (l *list) Tokens(context.Context) ([]tokens.Token, error) { return l.tokens, nil }

func ExampleManager_Sync() {
	ctx := context.Background()
	alice := tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static("the-token")}
	bob := tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static("another")}
	m, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	source := &list{[]tokens.Token{alice}}
	syncer, err := m.Sync(ctx, source, tokens.SyncConfig{
		Interval: 5 * time.Minute,
		OnChange: func(c tokens.SyncChange) {
			fmt.Printf("%d added, %d removed, %d restored\n", len(c.Added), len(c.Removed), len(c.Restored))
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, next := range [][]tokens.Token{{bob}, {alice, bob}, nil} {
		source.tokens = next
		if err := syncer.Refresh(ctx); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// 1 added, 0 removed, 0 restored
	// 1 added, 1 removed, 0 restored
	// 0 added, 0 removed, 1 restored
	// gitfleet: sync: the list is empty, its 2 tokens stay: set AllowEmpty if this is right
}

func ExampleManager_Remove() {
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static("the-token")})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	m.Remove(m.AllTokens("")[0].ID, "Alice has left")
	for _, t := range m.Archived() {
		fmt.Printf("%s: %s\n", t.Label, t.Reason)
	}
	// Output: alice: Alice has left
}

// The error of a call that no token could serve tells if a source is why.
func ExampleExhaustedError_cause() {
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{
		Provider: tokens.GitHub,
		Label:    "vault",
		Secret: tokens.Refreshing("vault role ci", func(context.Context) (string, time.Time, error) {
			return "", time.Time{}, errors.New("the vault is sealed")
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	host, _ := m.Host(tokens.GitHub, &url.URL{Scheme: "https", Host: "api.github.com"})
	_, err = host.Lease(context.Background(), tokens.Request{})
	var exhausted *tokens.ExhaustedError
	if errors.As(err, &exhausted) {
		fmt.Println(exhausted.Cause)
	}
	// Output: token "vault": refresh: the vault is sealed
}
