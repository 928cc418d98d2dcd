package providertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// contexts checks that every method ends with its context, at once.
func (s suite) contexts(t *testing.T) {
	t.Run("over_before_it_began", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			b.wire.begin(nil)
			_, err := o.run(ctx, b.Harness)
			wantKind(t, err, providers.ErrCanceled, context.Canceled)
			if n := len(b.wire.asked()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	})
	t.Run("canceled_during_any_request", func(t *testing.T) { s.each(t, nil, cancelDuring) })
	t.Run("deadline_during_a_request", func(t *testing.T) {
		s.each(t, nil, func(t *testing.T, b *bench, o operation) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			b.wire.begin(hang(1, func() {}))
			_, err := o.run(ctx, b.Harness)
			wantKind(t, err, providers.ErrTimeout, context.DeadlineExceeded)
		})
	})
	t.Run("canceled_while_waiting_for_a_token", func(t *testing.T) { s.each(t, nil, cancelWaiting) })
	t.Run("canceled_between_pages", func(t *testing.T) { s.each(t, lists, cancelBetween) })
}

// cancelDuring cancels while the first request is under way, the second, and so
// on.
func cancelDuring(t *testing.T, b *bench, o operation) {
	all, requests := b.normally(o, small(o)...)
	for n := 1; n <= min(requests, 5); n++ {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		b.wire.begin(hang(n, func() { time.AfterFunc(5*time.Second, cancel) }))
		got, err := o.run(ctx, b.Harness, small(o)...)
		if err == nil && len(b.wire.asked()) < n {
			cancel()
			break // what the driver keeps saved it a request
		}
		if wantKind(t, err, providers.ErrCanceled, context.Canceled); time.Since(start) != 5*time.Second {
			t.Errorf("request %d: it took %v to end, want 5s", n, time.Since(start))
		}
		wantBeginning(t, got, all)
		if more := len(b.wire.asked()) - n; more > 0 {
			t.Errorf("request %d: %d requests were sent after the end", n, more)
		}
		cancel()
	}
}

func cancelWaiting(t *testing.T, b *bench, o operation) {
	if b.Exhaust == nil {
		t.Skip("the harness cannot exhaust the tokens")
	}
	b.Exhaust()
	for range 2 { // the first call may have to be refused to know
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		time.AfterFunc(5*time.Second, cancel)
		_, err := o.run(ctx, b.Harness)
		wantKind(t, err, providers.ErrCanceled, context.Canceled)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %v to end, want 5s", took)
		}
		cancel()
	}
}

// cancelBetween cancels in the loop. What was read is handed out; nothing more is
// asked for.
func cancelBetween(t *testing.T, b *bench, o operation) {
	all, _ := b.normally(o, small(o)...)
	if len(all) < 3 {
		t.Skip("the list has one page")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.wire.begin(nil)
	var got []item
	var failed error
	var asked int
	for i, err := range o.walk(ctx, b.Harness, small(o)...) {
		if err != nil {
			failed = err
			break
		}
		got = append(got, i)
		if len(got) == 1 {
			asked = len(b.wire.asked())
			cancel()
		}
	}
	if len(got) == len(all) && failed == nil {
		return // the host has no pages of this list
	}
	wantKind(t, failed, providers.ErrCanceled, context.Canceled)
	wantBeginning(t, got, all)
	if more := len(b.wire.asked()) - asked; more > 0 {
		t.Errorf("%d requests were sent after the end", more)
	}
}

// wantKind checks that err is a client's, of one kind and with what is below it.
func wantKind(t *testing.T, err, kind, below error) {
	t.Helper()
	var e *providers.Error
	if !errors.As(err, &e) {
		t.Errorf("the error is %T (%v), want a *providers.Error", err, err)
		return
	}
	if !errors.Is(err, kind) {
		t.Errorf("the error is %q, want one that is %q", err, kind)
	}
	if below != nil && !errors.Is(err, below) {
		t.Errorf("the error %q does not lead to %q", err, below)
	}
}

// wantBeginning checks that what came before a failure is how the list begins.
func wantBeginning(t *testing.T, got, all []item) {
	t.Helper()
	if len(got) > len(all) {
		t.Errorf("%d items came, of %d", len(got), len(all))
		return
	}
	for i := range got {
		if got[i].json != all[i].json {
			t.Errorf("item %d is not that of the whole list", i+1)
		}
	}
}
