// Pool runs calls of any API on keys that take turns: here a price service with an
// SDK of its own, whose three keys have different luck.
//
//	go run ./examples/pool
//
// Nothing leaves the machine: the SDK is made up. In a program of yours open
// returns a client of a real one.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// client is what the SDK of a price service might look like.
type client struct {
	key   string
	quota int
}

// rateLimitError is the SDK's own error.
type rateLimitError struct{ reset time.Time }

func (rateLimitError) Error() string { return "quota exceeded" }

func (c *client) Price(_ context.Context, id string) (string, error) {
	if c.key == "" {
		return "", errors.New("401: no such key")
	}
	if c.quota--; c.quota < 0 {
		return "", rateLimitError{time.Now().Add(24 * time.Hour)}
	}
	return "price of " + id, nil
}

// Ping is what the service can be asked without costs.
func (c *client) Ping(context.Context) error { return nil }

func open(_ context.Context, k pool.Key) (*client, error) {
	return &client{key: k.Secret.Reveal(), quota: 2}, nil
}

// reached tells the SDK's limits from its other errors.
func reached(err error) (reset time.Time, limited bool) {
	var e rateLimitError
	return e.reset, errors.As(err, &e)
}

func run(ctx context.Context, stdout io.Writer) error {
	settings := pool.DefaultPoolConfig()
	settings.RotationStrategy = "round_robin"
	settings.ReachLimitException = "RateLimitError"
	p, err := pool.New(pool.Config[*client]{
		Provider: "prices",
		Keys: []pool.Key{
			{ID: "key1", Secret: tokens.Static("example-key-1")},
			{ID: "key2", Secret: tokens.Static("example-key-2")},
			{ID: "key3", Secret: tokens.Static("example-key-3")},
		},
		Open:     open,
		Probe:    func(ctx context.Context, c *client) error { return c.Ping(ctx) },
		Matchers: map[string]pool.Matcher{"RateLimitError": reached},
		Pool:     &settings,
		MaxWait:  -1, // fail at once when no key is left
		Answer: func(_ context.Context, a pool.Answer) {
			if a.Operation != "check" {
				fmt.Fprintf(stdout, "  %s %s\n", a.Label, a.Outcome)
			}
		},
	})
	if err != nil {
		return err
	}
	defer p.Close()

	for _, r := range p.Check(ctx) {
		fmt.Fprintf(stdout, "%s: %v\n", r.Label, r.State)
	}
	return buy(ctx, stdout, p)
}

// buy asks until no key is left.
func buy(ctx context.Context, stdout io.Writer, p *pool.Pool[*client]) error {
	for {
		price, err := pool.Do(ctx, p, func(ctx context.Context, c *client) (string, error) {
			return c.Price(ctx, "bitcoin")
		})
		var none *tokens.ExhaustedError
		if errors.As(err, &none) {
			fmt.Fprintf(stdout, "%d of %d keys are limited, the first is back in %v\n",
				none.States[tokens.Limited], none.Tokens, time.Until(none.RetryAt()).Round(time.Hour))
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, price)
	}
}
