package usage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/usage"
)

// apiError is what an SDK returns for a status.
type apiError int

func (e apiError) Error() string   { return fmt.Sprintf("status %d", int(e)) }
func (e apiError) StatusCode() int { return int(e) }

func TestPool_records_what_came_of_every_attempt(t *testing.T) {
	t.Parallel()
	fails := func(err error) func(context.Context) error {
		return func(context.Context) error {
			time.Sleep(80 * time.Millisecond)
			return err
		}
	}
	for _, tt := range []struct {
		name   string
		opened error
		result func(context.Context) error
		want   string
	}{
		{"succeeded", nil, fails(nil), "success none 80ms"},
		{"limited", nil, fails(apiError(429)), "reach_limit primary_limit 80ms"},
		{"dead", nil, fails(apiError(401)), "failed unauthorized 80ms"},
		{"refused", nil, fails(apiError(422)), "failed client 80ms"},
		{"failed", nil, fails(errors.New("broken")), "failed none 80ms"},
		{"unopened", errors.New("no route"), fails(nil), "failed none 0s"},
		{"timed out", nil, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, "failed timeout 30s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := attempt(t, t.Context(), tt.opened, tt.result)
				if got := fmt.Sprintf("%v %v %v", e.Outcome, e.Cause, e.Latency); got != tt.want {
					t.Errorf("recorded %q, want %q", got, tt.want)
				}
				want := usage.Series{Provider: "acme", Token: "acme/k1", Label: "k1", Route: "price"}
				if e.Series != want || e.Status != 0 || e.Bytes != -1 || !e.At.Equal(time.Now()) {
					t.Errorf("recorded %+v, want %+v now, without status and bytes", e, want)
				}
			})
		})
	}
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			e := attempt(t, ctx, nil, func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})
			if e.Outcome != usage.Failed || e.Cause != usage.CauseCanceled || e.Latency != time.Second {
				t.Errorf("recorded %+v, want canceled after 1s", e)
			}
		})
	})
}

// attempt makes a call of a pool with one key, and returns the one event that is
// recorded.
func attempt(t *testing.T, ctx context.Context, opened error, result func(context.Context) error) usage.Event {
	t.Helper()
	store := usage.NewMemory(0)
	rec := usage.NewRecorder(store, usage.Config{})
	p, err := pool.New(pool.Config[string]{
		Provider: "acme", MaxWait: -1, Answer: rec.Pool,
		Keys: []pool.Key{{ID: "k1", Secret: tokens.Static(canary.Token("k1"))}},
		Open: func(context.Context, pool.Key) (string, error) { return "", opened },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = pool.DoWith(ctx, p, pool.Call[string]{Operation: "price"}, func(ctx context.Context, _ string) (string, error) {
		return "", result(ctx)
	})
	closed(t, rec)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	events, _, err := store.Events(t.Context(), usage.Query{}, "", 10)
	if err != nil || len(events) != 1 {
		t.Fatalf("recorded %d events, %v, want 1", len(events), err)
	}
	if strings.Contains(fmt.Sprintf("%+v", events), canary.Mark) {
		t.Error("I1: the event holds the key")
	}
	return events[0]
}
