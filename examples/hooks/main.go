// Hooks logs what happens to calls on their way, as it happens: each attempt, a
// limit that was met, the swap to another token, the wait for a reset, and the
// end. Tokens show up by their labels.
//
//	go run ./examples/hooks
//
// Nothing leaves the machine, and the simulated hour has three seconds. For
// github.com set ALICE and BOB to a token each, and change the line in run that
// says so.
package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	alice, bob, base := simulated() // github.com: os.Getenv("ALICE"), os.Getenv("BOB"), http.DefaultTransport

	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Label: "alice", Secret: tokens.Static(alice)},
		tokens.Token{Provider: tokens.GitHub, Label: "bob", Secret: tokens.Static(bob)},
	)
	if err != nil {
		return err
	}
	defer m.Close()

	logger := slog.New(slog.NewTextHandler(stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	gh := github.NewClient(&http.Client{Transport: &transport.Transport{
		Manager: m, Provider: tokens.GitHub, Base: base, Hooks: logged(logger),
	}})
	for range 2 {
		if _, _, err := gh.Users.Get(ctx, "octocat"); err != nil {
			return err
		}
	}
	return nil
}

// logged returns hooks that write a line each.
func logged(l *slog.Logger) transport.Hooks {
	return transport.Hooks{
		Attempt: func(ctx context.Context, a transport.Attempt) {
			l.InfoContext(ctx, "attempt", "number", a.Number, "token", a.Label, "url", a.URL)
		},
		Limit: func(ctx context.Context, e transport.Limit) {
			l.WarnContext(ctx, "limit", "token", e.Label, "status", e.Status, "class", e.Seen.Class)
		},
		Swap: func(ctx context.Context, s transport.Swap) {
			l.WarnContext(ctx, "swap", "from", s.Label, "because", s.Reason, "status", s.Status)
		},
		Wait: func(ctx context.Context, w transport.Wait) {
			l.WarnContext(ctx, "wait", "for", w.Resource, "at_least", time.Until(w.Until).Round(time.Second))
		},
		Done: func(ctx context.Context, d transport.Done) {
			l.InfoContext(ctx, "done", "attempts", d.Number, "token", d.Label, "status", d.Status)
		},
	}
}

// withoutTime leaves out when a line was written, so that every run prints the
// same.
func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		a = slog.Attr{}
	}
	return a
}

// simulated returns two tokens, one of which is spent, and a GitHub in memory.
func simulated() (alice, bob string, base http.RoundTripper) {
	alice, bob = "example-token-alice", "example-token-bob"
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{alice, bob},
		Users:  []fleettest.Owner{{Login: "octocat"}},
		Limit:  1,
		Window: 3 * time.Second,
	})
	sim.SetRemaining(alice, "core", 0)
	return alice, bob, sim
}
