// Batchkeys fetches many prices with several keys: each coin once, at most 20
// calls at a time, every attempt with another key, and where the service says
// when to come back, it is waited for.
//
//	go run ./examples/batchkeys
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/batch"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	service := &service{left: 100, reset: time.Now().Add(time.Second)}
	keys := []string{"key-1", "key-2", "key-3"}

	result, err := batch.Run(ctx, coins(200), func(ctx context.Context, coin string) (int, error) {
		return service.price(keys[batch.Attempt(ctx)%len(keys)], coin)
	}, batch.Config{
		Concurrency: 20,
		Timeout:     10 * time.Second,
		MaxRetries:  3,
		Backoff:     10 * time.Millisecond,
		Retryable:   func(err error) bool { return !errors.Is(err, errNoCoin) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "success: %d/%d (%.1f %%)\n", result.Succeeded, result.Total, 100*result.SuccessRate())
	for coin, err := range result.Errors {
		fmt.Fprintf(stdout, "%s: %v\n", coin, err)
	}
	fmt.Fprintln(stdout, "coin-042:", result.Results["coin-042"])
	return nil
}

// coins returns n names, one of which no service knows, and each of them twice.
func coins(n int) []string {
	names := []string{"coin-none"}
	for i := range n {
		name := fmt.Sprintf("coin-%03d", i)
		names = append(names, name, name)
	}
	return names
}

// service stands for an API that allows 100 calls a second.
type service struct {
	mu    sync.Mutex
	left  int
	reset time.Time
}

var errNoCoin = errors.New("no such coin")

// limitError says when the limit ends, which is all that package batch needs.
type limitError struct{ reset time.Time }

func (e *limitError) Error() string      { return "limit reached" }
func (e *limitError) RetryAt() time.Time { return e.reset }

func (s *service) price(key, coin string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.reset) {
		s.left, s.reset = 100, now.Add(time.Second)
	}
	switch {
	case s.left == 0:
		return 0, &limitError{s.reset}
	case coin == "coin-none":
		return 0, errNoCoin
	case key == "key-1" && coin[len(coin)-1] == '2': // a key that fails now and then
		return 0, errors.New("internal error")
	}
	s.left--
	return 1000 + len(coin), nil
}
