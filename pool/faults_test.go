package pool_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestDo_a_call_that_is_to_blame_is_not_retried(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "a", "b"))
	apply(t, p, func(c *pool.PoolConfig) { c.RetryOnFailure, c.MaxRetries = true, 3 })
	refuse := map[string]error{"a": status(http.StatusNotFound), "b": status(http.StatusNotFound)}
	if _, err := pool.Do(t.Context(), p, a.ask(refuse)); !errors.Is(err, status(http.StatusNotFound)) || len(a.calls) != 1 {
		t.Errorf("%d calls, error %v, want the refusal of the first", len(a.calls), err)
	}
}

func TestDo_calls_that_take_too_long_ban_a_key(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, config(&api{}, "slow"))
		apply(t, p, func(c *pool.PoolConfig) { c.Timeout, c.BanThreshold = time.Second, 2 })
		for range 2 {
			_, err := pool.Do(t.Context(), p, func(ctx context.Context, _ *sdk) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		}
		if got := state(t, p, "slow"); got.State != tokens.Cooling {
			t.Errorf("after two timeouts the key is %v, want cooling", got)
		}
	})
}

// What began before a ban says nothing new: it must not make the ban longer.
func TestDo_a_failure_from_before_a_ban_does_not_ban_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, config(&api{}, "a"))
		apply(t, p, func(c *pool.PoolConfig) { c.Timeout, c.BanThreshold, c.BanDuration = 0, 1, 5*time.Minute })
		start := time.Now()
		fail := func(after time.Duration) {
			_, _ = pool.Do(t.Context(), p, func(context.Context, *sdk) (string, error) {
				time.Sleep(after) // in the bubble
				return "", errBroken
			})
		}
		go fail(time.Minute)
		fail(time.Second)
		until := state(t, p, "a").Until
		synctest.Wait()
		time.Sleep(2 * time.Minute)
		if got := state(t, p, "a").Until; !got.Equal(until) || until.Sub(start) > 5*time.Minute+3*time.Second {
			t.Errorf("banned until %v, then %v after the start", until.Sub(start), got.Sub(start))
		}
	})
}

func TestOpen_a_panic_leaves_nothing_behind(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "a")
	broken := true
	c.Open = func(ctx context.Context, k pool.Key) (*sdk, error) {
		if broken {
			panic("broken")
		}
		return a.open(ctx, k)
	}
	p := newPool(t, c)
	func() {
		defer func() {
			if v := recover(); v != "broken" {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = pool.Do(t.Context(), p, a.ask(nil))
	}()
	broken = false
	do(t, p, a.ask(nil))
	p.Remove(p.Keys()[0].ID, "")
	if want := []string{"a"}; !slices.Equal(a.closed, want) {
		t.Errorf("closed are the clients of %v, want %v", a.closed, want)
	}
}

func TestApply_concurrency_a_call_that_got_no_key_holds_no_place(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "a"))
		apply(t, p, func(c *pool.PoolConfig) { c.Concurrency = 1 })
		for range 3 {
			_, err := pool.Do(t.Context(), p, a.ask(map[string]error{"a": limitFor(time.Minute)}))
			exhausted(t, err)
		}
		time.Sleep(time.Minute + 2*time.Second) // in the bubble
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := pool.Do(ctx, p, a.ask(nil)); got != "a" || err != nil {
			t.Errorf("Do() = %q, %v", got, err)
		}
	})
}

func TestApply_of_a_wrong_configuration_leaves_concurrency_alone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, config(&api{}, "a"))
		if err := p.Apply(change(p, func(c *pool.PoolConfig) { c.Concurrency, c.MaxRetries = 1, -1 })); err == nil {
			t.Fatal("Apply() took a negative number")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := pool.Do(ctx, p, func(ctx context.Context, _ *sdk) (string, error) {
			return pool.Do(ctx, p, func(context.Context, *sdk) (string, error) { return "", nil })
		})
		if err != nil {
			t.Errorf("two calls at once: %v", err)
		}
	})
}
