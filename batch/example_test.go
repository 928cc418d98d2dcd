package batch_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/batch"
)

// Any function will do. What failed is in Errors; the batch itself has not.
func ExampleRun() {
	ctx := context.Background()
	size := func(_ context.Context, word string) (int, error) {
		if word == "" {
			return 0, errors.New("no word")
		}
		return len(word), nil
	}
	result, err := batch.Run(ctx, []string{"one", "three", "one", ""}, size, batch.Config{Concurrency: 20})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d, %.0f %%, %d listed again\n", result.Succeeded, result.Total, 100*result.SuccessRate(), result.Duplicates)
	fmt.Println(result.Results["three"], result.Errors[""])
	for item, err := range result.All() { // in the order of the list
		fmt.Printf("%q %d %v\n", item.ID, item.Value, err)
	}
	// Output:
	// 2 of 3, 67 %, 1 listed again
	// 5 no word
	// "one" 3 <nil>
	// "three" 5 <nil>
	// "" 0 no word
}

// A stream takes a sequence of any length and hands out each item when it is
// done, here in the order of the sequence.
func ExampleStream() {
	ctx := context.Background()
	square := func(_ context.Context, n int) (int, error) { return n * n, nil }
	numbers := func(yield func(int) bool) { // without an end
		for n := 1; yield(n); n++ {
		}
	}
	for item, err := range batch.Stream(ctx, numbers, square, batch.Config{Ordered: true}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(item.ID, item.Value)
		if item.ID == 3 {
			break // what is under way is cancelled
		}
	}
	// Output:
	// 1 1
	// 2 4
	// 3 9
}

// The errors of a stream are those of its items, but for the last one, which
// tells why the batch ended early.
func ExampleStream_stopped() {
	ctx, cancel := context.WithCancel(context.Background())
	fn := func(_ context.Context, n int) (int, error) {
		if n == 2 {
			cancel()
		}
		return n, nil
	}
	for item, err := range batch.Stream(ctx, slices.Values([]int{1, 2, 3}), fn, batch.Config{Concurrency: 1}) {
		if errors.Is(err, batch.ErrStopped) {
			fmt.Println(err)
			break
		}
		fmt.Println(item.ID, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// batch: stopped: context canceled
}

// A function with several keys takes another one for each attempt.
func ExampleAttempt() {
	ctx := context.Background()
	keys := []string{"a", "b", "c"}
	ask := func(ctx context.Context, id string) (string, error) {
		key := keys[batch.Attempt(ctx)%len(keys)]
		if key == "a" {
			return "", errors.New("a is revoked")
		}
		return id + " by " + key, nil
	}
	result, err := batch.Run(ctx, []string{"x"}, ask, batch.Config{MaxRetries: 2, Backoff: time.Millisecond})
	fmt.Println(result.Results["x"], err)
	// Output: x by b <nil>
}

// Settings fall back from what is given here to what a pool or a file says, and
// from there to the defaults, since 0 is each field's default.
func ExampleConfig() {
	var pool struct{ concurrency, maxRetries int }
	pool.maxRetries = 3
	given := struct{ concurrency, maxRetries int }{}

	c := batch.Config{
		Concurrency: cmp.Or(given.concurrency, pool.concurrency), // 16, if neither says
		MaxRetries:  cmp.Or(given.maxRetries, pool.maxRetries),
	}
	fmt.Println(c.Concurrency, c.MaxRetries)
	// Output: 0 3
}

// With a checkpoint a batch goes on where it was, however it was stopped.
func ExampleConfig_checkpoint() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	config := batch.Config{Checkpoint: filepath.Join(folder, "capitals"), Job: "capitals"}

	capitals := func(_ context.Context, word string) (string, error) {
		fmt.Println("asking for", word)
		return strings.ToUpper(word), nil
	}
	for _, words := range [][]string{{"a"}, {"a", "b"}} { // stopped after a, and started again
		result, err := batch.Run(context.Background(), words, capitals, config)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Results, result.Resumed, "resumed")
	}
	// Output:
	// asking for a
	// map[a:A] 0 resumed
	// asking for b
	// map[a:A b:B] 1 resumed
}
