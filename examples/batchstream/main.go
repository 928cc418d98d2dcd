// Batchstream works through a long list in constant memory and keeps a
// checkpoint. It is stopped halfway, and started again: what is done is not asked
// for again.
//
//	go run ./examples/batchstream
package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/gitfleet/gitfleet/batch"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

const items = 10_000

func run(ctx context.Context, stdout io.Writer) error {
	folder, err := os.MkdirTemp("", "batchstream")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)

	var asked atomic.Int64
	ask := func(_ context.Context, n int) (int, error) {
		asked.Add(1)
		return n * n, nil
	}
	for _, until := range []int{items / 2, items} {
		var last batch.Progress
		stream := batch.Stream(ctx, numbers(), ask, batch.Config{
			Concurrency: 50,
			Ordered:     true,
			Checkpoint:  filepath.Join(folder, "squares"),
			Job:         "squares",
			OnProgress:  func(p batch.Progress) { last = p },
		})
		sum, next := 0, 0
		for item, err := range stream {
			if err != nil {
				return err
			}
			sum += item.Value
			if next++; next == until {
				break
			}
		}
		fmt.Fprintf(stdout, "%d items, sum %d; none twice: %v; gone on from a checkpoint: %v\n", next, sum, asked.Load() <= items, last.Resumed >= items/2)
	}
	fmt.Fprintf(stdout, "asked %d times for %d items\n", asked.Load(), items)
	return nil
}

// numbers stands for lines of a file or rows of a table: a sequence that need not
// be in memory.
func numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := range items {
			if !yield(n) {
				return
			}
		}
	}
}
