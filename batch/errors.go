package batch

import (
	"errors"
	"fmt"
)

var (
	// ErrNotRun is matched by the errors of items that were not begun because the
	// batch ended before. The error also matches what ended it.
	ErrNotRun = errors.New("not run")

	// ErrStopped is matched by the error with which a batch ends before all is
	// done. The error also matches the reason: the context's cause, the error of
	// the item that StopOnError stopped at, or what befell the checkpoint.
	ErrStopped = errors.New("stopped")

	// ErrGoexit is the error of an item whose function called [runtime.Goexit], as
	// FailNow of package testing does.
	ErrGoexit = errors.New("batch: the function left by runtime.Goexit")
)

// PanicError is a panic turned into an error.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked
}

// Error returns what was given to panic, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("batch: panic: %v", e.Value) }

// Unwrap returns what was given to panic if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func stopped(cause error) error { return fmt.Errorf("batch: %w: %w", ErrStopped, cause) }
