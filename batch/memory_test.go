package batch_test

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/batch"
)

// long is a sequence of n long IDs.
func long(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("%s/%07d", strings.Repeat("owner", 20), i)) {
				return
			}
		}
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// stream returns how much the heap grew until the last of n items was there.
func stream(t *testing.T, n int, c batch.Config) (grown int64) {
	t.Helper()
	before, seen := heap(), 0
	for item, err := range batch.Stream(t.Context(), long(n), func(_ context.Context, id string) ([]byte, error) {
		return make([]byte, 1000), nil
	}, c) {
		if err != nil || len(item.Value) != 1000 {
			t.Fatal(err)
		}
		if seen++; seen == n {
			grown = heap() - before
		}
	}
	return grown
}

// No other test may run meanwhile, so that this one is not parallel.
func TestStream_memory_grows_by_32_bytes_an_ID_at_most(t *testing.T) {
	const n, fixed = 100_000, 200_000
	for name, c := range map[string]batch.Config{
		"as it comes": {},
		"in order":    {Ordered: true},
	} {
		if grown := stream(t, n, c); grown > 32*n+fixed {
			t.Errorf("%s: the heap grew by %d bytes, %d for each of %d IDs", name, grown, grown/n, n)
		} else {
			t.Logf("%s: %.1f bytes an ID", name, float64(grown)/n)
		}
	}
}

func TestStream_memory_with_a_checkpoint_is_the_same(t *testing.T) {
	const n, fixed = 10_000, 200_000
	c := batch.Config{Checkpoint: filepath.Join(t.TempDir(), "checkpoint")}
	for _, name := range []string{"first run", "resumed"} {
		if grown := stream(t, n, c); grown > 32*n+fixed {
			t.Errorf("%s: the heap grew by %d bytes, %d for each of %d IDs", name, grown, grown/n, n)
		} else {
			t.Logf("%s: %.1f bytes an ID", name, float64(grown)/n)
		}
	}
}
