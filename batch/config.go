package batch

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Defaults of the zero [Config].
const (
	DefaultConcurrency = 16
	DefaultBackoff     = time.Second
	DefaultMaxBackoff  = time.Minute
)

// Config says how a batch runs. The zero Config is usable: 16 calls at once, each
// item tried once, waits as long as limits and the context's deadline say, all
// items run whatever fails. A Config is not changed and may be used again. Its
// functions are called from several goroutines.
type Config struct {
	// Concurrency is how many calls are under way at once. 0 means
	// DefaultConcurrency.
	Concurrency int

	// Timeout ends the context of each attempt. An attempt that succeeds all the
	// same has succeeded. 0 means none besides that of the batch's context.
	Timeout time.Duration

	// MaxRetries is how often an item is tried again after an error that is
	// Retryable. Waits until a RetryAt are not counted. 0 means never.
	MaxRetries int

	// Retryable tells which errors may go away by trying again. It is not asked
	// about panics, nor about errors with a RetryAt. Nil means all of them.
	Retryable func(error) bool

	// Backoff is the pause before the first retry. It doubles up to MaxBackoff,
	// and up to a quarter is added at random. 0 means DefaultBackoff.
	Backoff time.Duration

	// MaxBackoff is the longest pause before a retry. 0 means DefaultMaxBackoff,
	// or Backoff if that is longer.
	MaxBackoff time.Duration

	// MaxWait is how long one item may wait in all until the RetryAt of its
	// errors. A wait that would be longer, or that would end after the context's
	// deadline, is not begun: the item fails at once. An item waits 100 times at
	// most. 0 means as long as the context allows, negative never waits.
	MaxWait time.Duration

	// StopOnError ends the batch with the first item that fails: calls under way
	// are cancelled, no further one begins. Otherwise all items run.
	StopOnError bool

	// Ordered makes Stream hand results out in the order of the items. At most
	// four times Concurrency items are then between being taken and handed out.
	// Run's result can be read in that order in any case.
	Ordered bool

	// OnProgress is called after each item, one call at a time, and once at the
	// end. The batch waits for it. Nil means nobody is told.
	OnProgress func(Progress)

	// Banned is asked at the end of Run who was banned until when; the answer
	// becomes Result.Banned. It is meant for what knows keys, such as a pool.
	Banned func() map[string]time.Time

	// Checkpoint is the file that keeps results, so that a batch that was stopped
	// in any way goes on where it was. Empty means none. See the package's guide,
	// docs/batch.md.
	Checkpoint string

	// Job says what the batch does. A checkpoint of another job is refused.
	Job string
}

// withDefaults returns c with defaults filled in, or an error that lists all
// that is wrong.
func (c Config) withDefaults() (Config, error) {
	var faults []string
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"Concurrency", int64(c.Concurrency)},
		{"Timeout", int64(c.Timeout)},
		{"MaxRetries", int64(c.MaxRetries)},
		{"Backoff", int64(c.Backoff)},
		{"MaxBackoff", int64(c.MaxBackoff)},
	} {
		if field.value < 0 {
			faults = append(faults, fmt.Sprintf("%s is negative (%d)", field.name, field.value))
		}
	}
	if c.Job != "" && c.Checkpoint == "" {
		faults = append(faults, "Job is set without Checkpoint")
	}
	if faults != nil {
		return c, errors.New("batch: config: " + strings.Join(faults, "; "))
	}
	if c.Concurrency == 0 {
		c.Concurrency = DefaultConcurrency
	}
	if c.Backoff == 0 {
		c.Backoff = DefaultBackoff
	}
	if c.MaxBackoff == 0 {
		c.MaxBackoff = max(DefaultMaxBackoff, c.Backoff)
	}
	return c, nil
}
