// Batchpool fetches 10,000 prices on a pool of keys: each coin once, at most 20
// calls at a time, failed ones again on another key. A key that fails again and
// again is banned, for the next batch as well, and where every key has reached its
// limit the pool waits for the first that is back.
//
//	go run ./examples/batchpool
//
// Nothing leaves the machine: the API is made up.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/batch"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// settings are what a server would keep for all who use the pool.
const settings = `{
	"concurrency": 20, "timeout": 10, "rotation_strategy": "round_robin",
	"batch_retry_on_failure": true, "batch_max_retries": 3,
	"ban_threshold": 3, "ban_duration": 300
}`

func run(ctx context.Context, stdout io.Writer) error {
	var config pool.PoolConfig
	if err := json.Unmarshal([]byte(settings), &config); err != nil {
		return err
	}
	p, err := pool.New(pool.Config[*client]{
		Provider: "prices",
		Keys: []pool.Key{
			{ID: "key-1", Secret: tokens.Static("example-1")},
			{ID: "key-2", Secret: tokens.Static("example-2")},
			{ID: "key-3", Secret: tokens.Static("example-3")},
			{ID: "key-4", Secret: tokens.Static("example-broken")},
		},
		Open: open,
		Pool: &config,
	})
	if err != nil {
		return err
	}
	defer p.Close()

	if err := fetch(ctx, stdout, p, coins(0, 10_000)); err != nil {
		return err
	}
	return fetch(ctx, stdout, p, coins(10_000, 10_100)) // key-4 is still banned
}

// fetch is a batch with the pool's settings.
func fetch(ctx context.Context, stdout io.Writer, p *pool.Pool[*client], ids []string) error {
	result, err := batch.Run(ctx, ids, func(ctx context.Context, coin string) (int, error) {
		return pool.DoWith(ctx, p, pool.Call[int]{Operation: "price", Batch: true}, func(ctx context.Context, c *client) (int, error) {
			return c.Price(ctx, coin)
		})
	}, batch.Config{
		Concurrency: p.Config().Concurrency,
		Banned:      func() map[string]time.Time { return banned(p) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "success: %d/%d (%.1f %%)\n", result.Succeeded, result.Total, 100*result.SuccessRate())
	fmt.Fprintln(stdout, "failed items:", slices.Sorted(maps.Keys(result.Errors)))
	fmt.Fprintln(stdout, "banned keys:", slices.Sorted(maps.Keys(result.Banned)))
	fmt.Fprintln(stdout, ids[42]+":", result.Results[ids[42]])
	return nil
}

// banned returns until when which keys are put aside for their failures.
func banned(p *pool.Pool[*client]) map[string]time.Time {
	until := map[string]time.Time{}
	for _, k := range p.Keys() {
		if k.Status.State == tokens.Cooling {
			until[k.Label] = k.Status.Until
		}
	}
	return until
}

func coins(from, to int) []string {
	var names []string
	for n := from; n < to; n++ {
		names = append(names, fmt.Sprintf("coin-%05d", n))
	}
	return names
}

// client is what the SDK of a price service might look like: 3,000 calls in two
// seconds with each key, and one key that the service fails on.
type client struct {
	broken bool
	calls  chan int // holds how many are left, for whoever is next
	reset  time.Time
}

func open(_ context.Context, k pool.Key) (*client, error) {
	c := &client{broken: k.Secret.Reveal() == "example-broken", calls: make(chan int, 1)}
	c.calls <- 0
	return c, nil
}

// limitError is the SDK's own error. The pool and the batch ask it for RetryAt.
type limitError struct{ reset time.Time }

func (limitError) Error() string        { return "limit reached" }
func (e limitError) RetryAt() time.Time { return e.reset }

// Price returns the price of a coin.
func (c *client) Price(_ context.Context, coin string) (int, error) {
	if c.broken {
		return 0, errors.New("internal error")
	}
	left := <-c.calls
	defer func() { c.calls <- left }()
	if now := time.Now(); !now.Before(c.reset) {
		left, c.reset = 3000, now.Add(2*time.Second)
	}
	if left == 0 {
		return 0, limitError{c.reset}
	}
	left--
	return 1000 + len(coin), nil
}
