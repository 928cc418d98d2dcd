package pool_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestDo_runs_on_keys_in_turn_and_opens_each_client_once(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "k1", "k2"))
	if len(a.opened) > 0 {
		t.Errorf("New opened %q", a.opened)
	}
	for _, want := range []string{"k1", "k2", "k1", "k2"} {
		if got := do(t, p, a.ask(nil)); got != want {
			t.Errorf("Do ran on %q, want %q", got, want)
		}
	}
	equal(t, "opened", a.opened, []string{"k1", "k2"})
}

func TestDo_a_limit_moves_to_another_key_within_the_call_whatever_the_retries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1", "k2", "k3"))
		refuse := map[string]error{"k1": limitFor(time.Minute), "k2": limitFor(2 * time.Minute)}
		if got := do(t, p, a.ask(refuse)); got != "k3" {
			t.Errorf("Do ran on %q, want k3", got)
		}
		equal(t, "attempts", a.outcomes(), []string{"k1 limited", "k2 limited", "k3 succeeded"})
		if got := do(t, p, a.ask(nil)); got != "k3" {
			t.Errorf("a limited key served: %q", got)
		}
		if s := state(t, p, "k1"); s.State != tokens.Limited || !s.Until.Equal(time.Now().Add(time.Minute+time.Second)) {
			t.Errorf("k1 is %v, want limited for a minute and a second", s)
		}
	})
}

// Defect A-2: a limited key never came back.
func TestDo_a_limited_key_comes_back_at_its_reset_and_a_second(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1"))
		_, err := pool.Do(t.Context(), p, a.ask(map[string]error{"k1": limitFor(time.Minute)}))
		ready := time.Now().Add(time.Minute + time.Second)
		if e := exhausted(t, err); !e.ReadyAt.Equal(ready) || !e.RetryAt().Equal(ready) || e.Tokens != 1 || e.States[tokens.Limited] != 1 {
			t.Errorf("Do() = %+v, want one limited key that is ready at %v", e, ready)
		}
		if !errors.As(err, new(limit)) || !errors.Is(err, tokens.ErrRateLimited) || !strings.Contains(err.Error(), "slow down") {
			t.Errorf("Do() = %v, want the last error below it", err)
		}
		time.Sleep(time.Until(ready) - time.Nanosecond)
		if _, err := pool.Do(t.Context(), p, a.ask(nil)); err == nil {
			t.Error("the key served too early")
		}
		time.Sleep(time.Nanosecond)
		if got := do(t, p, a.ask(nil)); got != "k1" {
			t.Errorf("Do ran on %q", got)
		}
	})
}

func TestDo_waits_for_the_first_key_if_it_may(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1", "k2")
		c.MaxWait = 0
		p := newPool(t, c)
		refuse := map[string]error{"k1": limitFor(time.Minute), "k2": limitFor(3 * time.Minute)}
		start, n := time.Now(), 0
		got, err := pool.Do(t.Context(), p, func(ctx context.Context, s *sdk) (string, error) {
			if n++; n > 2 {
				return s.key, nil
			}
			return a.ask(refuse)(ctx, s)
		})
		if waited := time.Since(start); err != nil || got != "k1" || waited != time.Minute+time.Second {
			t.Errorf("Do() = %q, %v after %v, want k1 after a minute and a second", got, err, waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err = pool.Do(ctx, p, a.ask(map[string]error{"k1": limitFor(time.Hour)}))
		if exhausted(t, err); time.Since(start) != 0 {
			t.Errorf("Do waited %v although the deadline is earlier", time.Since(start))
		}
	})
}

func TestI9_Do_waits_five_times_at_most(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1")
		c.MaxWait = 0
		p := newPool(t, c)
		_, err := pool.Do(t.Context(), p, func(context.Context, *sdk) (string, error) {
			a.calls = append(a.calls, "k1")
			return "", limitFor(time.Minute)
		})
		if exhausted(t, err); len(a.calls) != 6 {
			t.Errorf("the function ran %d times, want 6", len(a.calls))
		}
	})
}

func TestDo_a_limit_without_a_time_rests_longer_each_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1"))
		last := time.Duration(0)
		for range 4 {
			_, err := pool.Do(t.Context(), p, a.ask(map[string]error{"k1": status(429)}))
			rest := time.Until(exhausted(t, err).ReadyAt)
			if rest <= last || rest > time.Minute+time.Second {
				t.Errorf("the key rests %v after %v", rest, last)
			}
			last = rest
			time.Sleep(rest)
		}
	})
}

// Defect A-1: by default every error archived a key.
func TestDo_an_error_that_is_no_limit_is_returned_and_the_key_stays(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "k1", "k2"))
	for _, err := range []error{errBroken, status(404), status(422)} {
		if _, got := pool.Do(t.Context(), p, a.ask(map[string]error{"k1": err, "k2": err})); !errors.Is(got, err) {
			t.Errorf("Do() = %v, want %v", got, err)
		}
	}
	equal(t, "attempts", a.outcomes(), []string{"k1 failed", "k2 refused", "k1 refused"})
	if p.Len() != 2 || state(t, p, "k1").State.String() == "cooling" {
		t.Errorf("keys: %v", p.Keys())
	}
}

func TestDo_what_the_call_is_to_blame_for_bans_no_key(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "k1"))
	for range 5 {
		_, err := pool.Do(t.Context(), p, a.ask(map[string]error{"k1": status(400)}))
		if !errors.Is(err, status(400)) {
			t.Fatalf("Do() = %v", err)
		}
	}
}

func TestDo_retry_on_failure_goes_on_with_keys_not_tried_and_then_with_any(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2")
	c.Pool.RetryOnFailure, c.Pool.MaxRetries, c.Pool.BanThreshold = true, 2, 0
	p := newPool(t, c)
	broken := map[string]error{"k1": errBroken, "k2": errBroken}
	if _, err := pool.Do(t.Context(), p, a.ask(broken)); !errors.Is(err, errBroken) {
		t.Errorf("Do() = %v", err)
	}
	equal(t, "attempts", a.outcomes(), []string{"k1 failed", "k2 failed", "k1 failed"})
	if got := do(t, p, a.ask(map[string]error{"k2": errBroken})); got != "k1" {
		t.Errorf("Do ran on %q at last", got)
	}
	a.outcomes()
	apply(t, p, func(c *pool.PoolConfig) { c.RetryOnFailure = false })
	_, err := pool.Do(t.Context(), p, a.ask(broken))
	if equal(t, "attempts", a.outcomes(), []string{"k2 failed"}); !errors.Is(err, errBroken) {
		t.Errorf("Do() = %v", err)
	}
}

func TestDo_a_retry_prefers_a_key_not_tried_whatever_the_strategy(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2")
	c.Pool.RetryOnFailure, c.Pool.MaxRetries, c.Pool.RotationStrategy = true, 1, "weighted"
	c.Keys[0].Weight = 1_000_000_000
	p := newPool(t, c)
	if got := do(t, p, a.ask(map[string]error{"k1": errBroken})); got != "k2" {
		t.Errorf("Do ran on %q", got)
	}
}

func TestDoWith_batch_calls_have_retries_of_their_own_or_fall_back(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		set          func(*pool.PoolConfig)
		call         pool.Call[string]
		wantAttempts int
	}{
		{"fall back", func(c *pool.PoolConfig) { c.RetryOnFailure, c.MaxRetries = true, 2 }, pool.Call[string]{Batch: true}, 3},
		{"own number", func(c *pool.PoolConfig) { c.RetryOnFailure, c.MaxRetries, c.BatchMaxRetries = true, 2, new(4) }, pool.Call[string]{Batch: true}, 5},
		{"own switch", func(c *pool.PoolConfig) { c.MaxRetries, c.BatchRetryOnFailure = 1, new(true) }, pool.Call[string]{Batch: true}, 2},
		{"own switch off", func(c *pool.PoolConfig) { c.RetryOnFailure, c.MaxRetries, c.BatchRetryOnFailure = true, 1, new(false) }, pool.Call[string]{Batch: true}, 1},
		{"no batch", func(c *pool.PoolConfig) { c.MaxRetries, c.BatchRetryOnFailure = 1, new(true) }, pool.Call[string]{}, 1},
		{"the call says so", func(*pool.PoolConfig) {}, pool.Call[string]{RetryOnFailure: new(true), MaxRetries: new(3)}, 4},
		{"the batch call says so", func(c *pool.PoolConfig) { c.BatchMaxRetries = new(9) }, pool.Call[string]{Batch: true, RetryOnFailure: new(true), MaxRetries: new(3)}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &api{}
			c := config(a, "k1")
			c.Pool.BanThreshold = 0
			tt.set(c.Pool)
			p := newPool(t, c)
			_, _ = pool.DoWith(t.Context(), p, tt.call, a.ask(map[string]error{"k1": errBroken}))
			if len(a.calls) != tt.wantAttempts {
				t.Errorf("the function ran %d times, want %d", len(a.calls), tt.wantAttempts)
			}
		})
	}
}

// Defect A-5: None, False and "" were asked for again, on the same client.
func TestDo_an_empty_result_never_runs_again_unless_RetryIf_asks(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2", "k3")
	c.Pool.RetryOnFailure, c.Pool.MaxRetries = true, 5
	p := newPool(t, c)
	empty := func(_ context.Context, s *sdk) (string, error) {
		a.calls = append(a.calls, s.key)
		return "", nil
	}
	if got, err := pool.Do(t.Context(), p, empty); got != "" || err != nil || len(a.calls) != 1 {
		t.Errorf("Do() = %q, %v after %d calls", got, err, len(a.calls))
	}
	a.outcomes()
	none := func(s string) bool { return s == "" }
	got, err := pool.DoWith(t.Context(), p, pool.Call[string]{RetryIf: none, MaxRetries: new(2), RetryOnFailure: new(false)}, empty)
	if got != "" || err != nil {
		t.Errorf("DoWith() = %q, %v", got, err)
	}
	equal(t, "attempts", a.outcomes(), []string{"k2 unwanted", "k3 unwanted", "k1 unwanted"})
}

func TestDo_bans_after_failures_in_a_row_for_a_duration_and_a_success_clears(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1"))
		fail := func() error {
			_, err := pool.Do(t.Context(), p, a.ask(map[string]error{"k1": errBroken}))
			return err
		}
		fail()
		fail()
		do(t, p, a.ask(nil)) // clears
		fail()
		fail()
		if s := state(t, p, "k1").State; s == tokens.Cooling {
			t.Error("banned although a success came between")
		}
		fail()
		if s := state(t, p, "k1"); s.State != tokens.Cooling || !s.Until.Equal(time.Now().Add(301*time.Second)) {
			t.Errorf("k1 is %v, want banned for 300 s and a second", s)
		}
		last := a.answers[len(a.answers)-1]
		if last.Outcome != pool.Failed || !last.Until.Equal(time.Now().Add(301*time.Second)) {
			t.Errorf("the last answer is %+v", last)
		}
		if e := exhausted(t, fail()); e.States[tokens.Cooling] != 1 || time.Until(e.ReadyAt) != 301*time.Second {
			t.Errorf("Do() = %+v", e)
		}
		time.Sleep(301 * time.Second)
		fail()
		fail()
		if s := state(t, p, "k1").State; s == tokens.Cooling {
			t.Error("the ban did not start the count anew")
		}
		if got := do(t, p, a.ask(nil)); got != "k1" {
			t.Errorf("Do ran on %q", got)
		}
	})
}

func TestDoWith_a_call_has_a_ban_of_its_own(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1"))
		_, _ = pool.DoWith(t.Context(), p, pool.Call[string]{BanThreshold: new(1), BanDuration: new(time.Minute)},
			a.ask(map[string]error{"k1": errBroken}))
		if s := state(t, p, "k1"); !s.Until.Equal(time.Now().Add(61 * time.Second)) {
			t.Errorf("k1 is %v", s)
		}
		if _, err := pool.DoWith(t.Context(), p, pool.Call[string]{MaxRetries: new(-1)}, a.ask(nil)); err == nil {
			t.Error("a negative number was taken")
		}
	})
}

func TestDo_the_timeout_ends_each_attempt_and_counts_as_a_failure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1", "k2")
		c.Pool.RetryOnFailure, c.Pool.MaxRetries = true, 1
		p := newPool(t, c)
		start := time.Now()
		hang := func(ctx context.Context, _ *sdk) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}
		_, err := pool.Do(t.Context(), p, hang)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Do() = %v after %v, want two timeouts of 30 s", err, time.Since(start))
		}
		equal(t, "attempts", a.outcomes(), []string{"k1 timed_out", "k2 timed_out"})
		start = time.Now()
		_, _ = pool.DoWith(t.Context(), p, pool.Call[string]{Timeout: new(time.Second), MaxRetries: new(0)}, hang)
		if time.Since(start) != time.Second {
			t.Errorf("the call's own timeout took %v", time.Since(start))
		}
	})
}

func TestDo_a_caller_who_leaves_blames_no_key(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1", "k2")
		c.Pool.BanThreshold, c.Pool.RetryOnFailure, c.Pool.MaxRetries = 1, true, 3
		p := newPool(t, c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := pool.Do(ctx, p, func(ctx context.Context, _ *sdk) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do() = %v", err)
		}
		equal(t, "attempts", a.outcomes(), []string{"k1 canceled"})
		if s := state(t, p, "k1").State; s == tokens.Cooling {
			t.Error("the key is banned for it")
		}
	})
}

func TestI7_Do_gives_everything_back_when_the_function_panics(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1")
	c.Pool.Concurrency = 1
	p := newPool(t, c)
	func() {
		defer func() { _ = recover() }()
		_, _ = pool.Do(t.Context(), p, func(context.Context, *sdk) (string, error) { panic("oh") })
	}()
	if s := state(t, p, "k1"); s.InFlight != 0 {
		t.Errorf("%d calls are under way", s.InFlight)
	}
	if got := do(t, p, a.ask(nil)); got != "k1" {
		t.Errorf("Do ran on %q", got)
	}
}

// Row 227: a constructor that fails does not stop the others.
func TestDo_a_client_that_does_not_open_moves_the_call_on(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2")
	var tries atomic.Int32
	c.Open = func(ctx context.Context, k pool.Key) (*sdk, error) {
		if k.ID == "k1" && tries.Add(1) == 1 {
			return nil, errors.New("no route with " + k.Secret.Reveal())
		}
		return a.open(ctx, k)
	}
	p := newPool(t, c)
	if got := do(t, p, a.ask(nil)); got != "k2" {
		t.Errorf("Do ran on %q", got)
	}
	equal(t, "attempts", a.outcomes(), []string{"k1 unopened", "k2 succeeded"})
	if got := do(t, p, a.ask(nil)); got != "k1" {
		t.Errorf("the client was not opened again: %q", got)
	}
}

// leaky is an error of an SDK that shows the key.
type leaky struct{ text string }

func (e leaky) Error() string { return e.text }

func TestI1_Nothing_that_a_pool_tells_holds_a_part_of_a_key(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1")
	c.Open = func(_ context.Context, k pool.Key) (*sdk, error) {
		return nil, leaky{"refused " + k.Secret.Reveal()}
	}
	p := newPool(t, c)
	_, err := pool.Do(t.Context(), p, a.ask(nil))
	k := keys("k1")[0]
	for _, text := range printed(err, exhausted(t, err).Cause, p, p.Keys(), k, []pool.Key{k}, &k, a.answers, c.Keys) {
		if strings.Contains(text, canary.Mark) {
			t.Errorf("a key shows in %s", strings.ReplaceAll(text, canary.Mark, "…"))
		}
	}
	if !strings.Contains(err.Error(), "refused [secret]") {
		t.Errorf("Do() = %v", err)
	}
	for _, k := range []pool.Key{
		{ID: k.Secret.Reveal(), Secret: k.Secret}, {Label: k.Secret.Reveal(), Secret: k.Secret},
		{ID: "x", Tags: []string{k.Secret.Reveal()}, Secret: k.Secret}, {ID: "x", Description: k.Secret.Reveal(), Secret: k.Secret},
		{ID: "user:" + k.Secret.Reveal(), Parts: map[string]tokens.Secret{"password": k.Secret}},
	} {
		err := p.Add(k)
		if err == nil || strings.Contains(err.Error(), canary.Mark) {
			t.Errorf("Add took an ID, label, tag or description with the key in it, or says so with the key")
		}
	}
}
