package batch

import (
	"iter"
	"time"
)

// Item is what came of one item.
type Item[K comparable, O any] struct {
	ID       K    // the item itself, as it was listed first
	Value    O    // what the function returned; the zero value if it failed
	Attempts int  // how often the function was called; 0 if the item was not run or resumed
	Resumed  bool // it was done before: Value comes from the checkpoint
}

// Result is what came of a batch. Succeeded plus Failed is Total, always.
type Result[K comparable, O any] struct {
	Total      int                  // items, each counted once
	Succeeded  int                  // items whose call returned no error, whatever it returned, and resumed ones
	Failed     int                  // items that failed after all attempts, or were not run
	Duplicates int                  // listings of an item beyond its first
	Resumed    int                  // succeeded items that the checkpoint already had
	Results    map[K]O              // of those that succeeded
	Errors     map[K]error          // of those that failed
	Banned     map[string]time.Time // who is banned until when, by the clock on the wall, in UTC; from Config.Banned
	Elapsed    time.Duration

	outcomes []outcome[K, O]
}

// SuccessRate returns the share of items that succeeded, 0 to 1. It is 0 for an
// empty batch.
func (r Result[K, O]) SuccessRate() float64 {
	if r.Total == 0 {
		return 0
	}
	return float64(r.Succeeded) / float64(r.Total)
}

// All returns the items in the order in which they were listed, each once, with
// its error.
func (r Result[K, O]) All() iter.Seq2[Item[K, O], error] {
	return func(yield func(Item[K, O], error) bool) {
		for _, o := range r.outcomes {
			if !yield(o.Item, o.err) {
				return
			}
		}
	}
}

// Progress is how far a batch is.
type Progress struct {
	Total      int // items, each counted once; for Stream those that were taken so far
	Succeeded  int
	Failed     int
	Duplicates int // for Stream those that were met so far
	Resumed    int // of those that succeeded
	Elapsed    time.Duration
}

// outcome is an Item with its error and its place among the items.
type outcome[K comparable, O any] struct {
	Item[K, O]
	err   error
	place int
}
