// Batchorder asks the same of a service for several inputs at once and has the
// answers in the order of the inputs, whichever came first. A call that takes too
// long is cancelled.
//
//	go run ./examples/batchorder
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/gitfleet/gitfleet/batch"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// A query is what one call asks for. Two equal ones are the same item.
type query struct{ coin, currency string }

func run(ctx context.Context, stdout io.Writer) error {
	queries := []query{{"bitcoin", "usd"}, {"ethereum", "usd"}, {"solana", "eur"}, {"frozen", "usd"}}

	result, err := batch.Run(ctx, queries, price, batch.Config{
		Concurrency: 10,
		Timeout:     300 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	for item, err := range result.All() {
		if err != nil {
			fmt.Fprintf(stdout, "%s in %s: %v\n", item.ID.coin, item.ID.currency, err)
			continue
		}
		fmt.Fprintf(stdout, "%s in %s: %d\n", item.ID.coin, item.ID.currency, item.Value)
	}
	return nil
}

// price stands for a call of a client library. The first of the list is the
// slowest.
func price(ctx context.Context, q query) (int, error) {
	took := map[string]time.Duration{"bitcoin": 90, "ethereum": 60, "solana": 30, "frozen": 3_600_000}[q.coin]
	select {
	case <-time.After(took * time.Millisecond):
		return len(q.coin) * 1000, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
