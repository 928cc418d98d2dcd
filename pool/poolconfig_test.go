package pool_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gitfleet/gitfleet/pool"
)

func TestPoolConfig_missing_and_null_fields_take_the_documented_defaults(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{}`, `{"timeout":null,"reach_limit_exception":null,"batch_max_retries":null,"custom":null,"newer":1}`} {
		got := pool.PoolConfig{Timeout: 1, MaxRetries: 7}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(pool.DefaultPoolConfig(), got); diff != "" {
			t.Errorf("%s differs from the defaults:\n%s", text, diff)
		}
	}
	text, err := json.Marshal(pool.DefaultPoolConfig())
	const want = `{"concurrency":0,"timeout":30,"rate_limit":0,"rate_limit_interval":60,"retry_on_failure":false,"max_retries":0,` +
		`"custom":{},"batch_retry_on_failure":null,"batch_max_retries":null,"ban_threshold":3,"ban_duration":300,` +
		`"reach_limit_exception":null,"rotation_strategy":"random","client_type":""}`
	if err != nil || string(text) != want {
		t.Errorf("the defaults are\n%s, %v, want\n%s", text, err, want)
	}
}

func TestPoolConfig_reads_and_writes_every_field(t *testing.T) {
	t.Parallel()
	const text = `{"concurrency":4,"timeout":1.5,"rate_limit":10,"rate_limit_interval":30,"retry_on_failure":true,"max_retries":2,` +
		`"custom":{"n":[1],"region":"eu"},"batch_retry_on_failure":false,"batch_max_retries":0,"ban_threshold":5,"ban_duration":0.25,` +
		`"reach_limit_exception":"sdk.RateLimitError","rotation_strategy":"lru","client_type":"generic"}`
	var got pool.PoolConfig
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := pool.PoolConfig{
		Concurrency: 4, Timeout: 1500 * time.Millisecond, RateLimit: 10, RateLimitInterval: 30 * time.Second,
		RetryOnFailure: true, MaxRetries: 2, BatchRetryOnFailure: new(false), BatchMaxRetries: new(0),
		BanThreshold: 5, BanDuration: 250 * time.Millisecond, ReachLimitException: "sdk.RateLimitError",
		RotationStrategy: "lru", ClientType: "generic",
		Custom: map[string]json.RawMessage{"region": json.RawMessage(`"eu"`), "n": json.RawMessage(`[1]`)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if back, err := json.Marshal(got); err != nil || string(back) != text {
		t.Errorf("written:\n%s, %v", back, err)
	}
	for _, bad := range []string{`{"timeout":1e300}`, `{"ban_duration":-1e12}`, `{"timeout":"30"}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestApply_refuses_a_wrong_configuration_as_a_whole_and_names_all_that_is_wrong(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1")
	c.Matchers = map[string]pool.Matcher{"limit": func(error) (time.Time, bool) { return time.Time{}, true }}
	c.ClientType = "acme-v2"
	p := newPool(t, c)
	before := p.Config()
	for name, f := range map[string]func(*pool.PoolConfig){
		"concurrency":           func(c *pool.PoolConfig) { c.Concurrency = -1 },
		"timeout":               func(c *pool.PoolConfig) { c.Timeout = -1 },
		"rate_limit":            func(c *pool.PoolConfig) { c.RateLimit = -1 },
		"rate_limit_interval":   func(c *pool.PoolConfig) { c.RateLimit, c.RateLimitInterval = 1, 0 },
		"max_retries":           func(c *pool.PoolConfig) { c.MaxRetries = -1 },
		"batch_max_retries":     func(c *pool.PoolConfig) { c.BatchMaxRetries = new(-1) },
		"ban_threshold":         func(c *pool.PoolConfig) { c.BanThreshold = -1 },
		"ban_duration":          func(c *pool.PoolConfig) { c.BanDuration = 0 },
		"reach_limit_exception": func(c *pool.PoolConfig) { c.ReachLimitException = "os.Exit" },
		"rotation_strategy":     func(c *pool.PoolConfig) { c.RotationStrategy = "best" },
		"client_type":           func(c *pool.PoolConfig) { c.ClientType = "acme-v1" },
	} {
		err := p.Apply(change(p, func(c *pool.PoolConfig) { c.Custom = map[string]json.RawMessage{"x": nil}; f(c) }))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: Apply() = %v", name, err)
		}
	}
	err := p.Apply(change(p, func(c *pool.PoolConfig) { c.MaxRetries, c.RotationStrategy, c.ClientType = -1, "best", "x" }))
	for _, name := range []string{"max_retries", "rotation_strategy", "client_type"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, p.Config()); diff != "" {
		t.Errorf("it changed all the same:\n%s", diff)
	}
	apply(t, p, func(c *pool.PoolConfig) { c.ClientType, c.ReachLimitException = "acme-v2", "limit" })
}

func TestConfig_returns_a_copy_with_custom_values_as_they_were(t *testing.T) {
	t.Parallel()
	p := newPool(t, config(&api{}, "k1"))
	mine := change(p, func(c *pool.PoolConfig) {
		c.Custom, c.BatchMaxRetries = map[string]json.RawMessage{"region": json.RawMessage(`"eu"`)}, new(1)
	})
	if err := p.Apply(mine); err != nil {
		t.Fatal(err)
	}
	mine.Custom["region"], *mine.BatchMaxRetries = nil, 8
	got := p.Config()
	got.Custom["region"], *got.BatchMaxRetries = nil, 9
	if c := p.Config(); string(c.Custom["region"]) != `"eu"` || *c.BatchMaxRetries != 1 {
		t.Errorf("Config() = %+v", c)
	}
}

// Rows 233 and 274: concurrency was a bound of one batch only.
func TestApply_concurrency_bounds_all_calls_of_the_pool_and_changes_while_they_run(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1", "k2")
		c.Pool.Concurrency = 2
		p := newPool(t, c)
		var running, most atomic.Int32
		call := func(ctx context.Context, _ *sdk) (string, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Second)
			return "", nil
		}
		calls := func(n int) time.Duration {
			most.Store(0)
			start := time.Now()
			var all sync.WaitGroup
			for range n {
				all.Go(func() { _, _ = pool.Do(t.Context(), p, call) })
			}
			all.Wait()
			return time.Since(start)
		}
		if took := calls(10); most.Load() != 2 || took != 5*time.Second {
			t.Errorf("%d ran at once, 10 calls took %v", most.Load(), took)
		}
		go func() {
			time.Sleep(1500 * time.Millisecond)
			apply(t, p, func(c *pool.PoolConfig) { c.Concurrency = 8 })
		}()
		if took := calls(10); most.Load() != 8 || took != 2500*time.Millisecond {
			t.Errorf("%d ran at once after the change, 10 calls took %v", most.Load(), took)
		}
		apply(t, p, func(c *pool.PoolConfig) { c.Concurrency = 0 })
		if took := calls(1000); most.Load() != 1000 || took != time.Second {
			t.Errorf("%d ran at once without a bound, took %v", most.Load(), took)
		}
		apply(t, p, func(c *pool.PoolConfig) { c.Concurrency = 1 })
		go func() { _, _ = pool.Do(t.Context(), p, call) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := pool.Do(ctx, p, call); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call in line: %v", err)
		}
		time.Sleep(2 * time.Second)
		do(t, p, a.ask(nil))
	})
}

// Row 276: rate_limit had no reader.
func TestApply_rate_limit_bounds_each_key_in_any_interval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1", "k2")
		c.Pool.RateLimit, c.Pool.RateLimitInterval = 3, 10*time.Second
		p := newPool(t, c)
		for range 6 {
			do(t, p, a.ask(nil))
		}
		_, err := pool.Do(t.Context(), p, a.ask(nil))
		if wait := time.Until(exhausted(t, err).ReadyAt); wait < 10*time.Second || wait > 10*time.Second+10*time.Second/60 {
			t.Errorf("ready in %v, want 10 s and a sixtieth at most", wait)
		}
		got, err := pool.DoWith(t.Context(), p, pool.Call[string]{MaxWait: time.Minute}, a.ask(nil))
		if got == "" || err != nil {
			t.Errorf("a call that waits: %q, %v", got, err)
		}
		apply(t, p, func(c *pool.PoolConfig) { c.RateLimit = 0 })
		for range 50 {
			do(t, p, a.ask(nil))
		}
	})
}

// Row 278: rotation_strategy was never read.
func TestApply_rotation_strategy_takes_effect_at_once(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2", "k3")
	c.Keys[2].Weight, c.Keys[0].Weight, c.Keys[1].Weight = 1_000_000_000, 1, 1
	p := newPool(t, c)
	for range 4 {
		do(t, p, a.ask(nil))
	}
	apply(t, p, func(c *pool.PoolConfig) { c.RotationStrategy = "weighted" })
	for range 4 {
		do(t, p, a.ask(nil))
	}
	apply(t, p, func(c *pool.PoolConfig) { c.RotationStrategy = "least_used" })
	for range 3 {
		do(t, p, a.ask(nil))
	}
	equal(t, "calls", a.calls, []string{"k1", "k2", "k3", "k1", "k3", "k3", "k3", "k3", "k2", "k1", "k2"})
}

// Row 222: the first class stuck for ever.
func TestApply_the_matcher_by_name_takes_effect_with_every_change(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2")
	c.Pool.BanThreshold = 0
	is := func(target error) pool.Matcher {
		return func(err error) (time.Time, bool) { return time.Time{}, errors.Is(err, target) }
	}
	c.Matchers = map[string]pool.Matcher{"a": is(status(418)), "b": is(errBroken)}
	p := newPool(t, c)
	for _, step := range []struct {
		matcher string
		err     error
		want    string
	}{
		{"a", status(418), "limited"}, {"b", status(418), "refused"}, {"b", errBroken, "limited"}, {"", errBroken, "failed"},
	} {
		apply(t, p, func(c *pool.PoolConfig) { c.ReachLimitException = step.matcher })
		err := p.Add(keys("new" + step.matcher + step.want)...) // one that no limit has met yet
		if err != nil {
			t.Fatal(err)
		}
		a.outcomes()
		_, _ = pool.Do(t.Context(), p, func(context.Context, *sdk) (string, error) { return "", step.err })
		if got := a.outcomes(); len(got) == 0 || !strings.HasSuffix(got[0], " "+step.want) {
			t.Errorf("with matcher %q %v is %q, want %s", step.matcher, step.err, got, step.want)
		}
	}
}

func TestApply_is_atomic_while_calls_run(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "k1", "k2"))
	apply(t, p, func(c *pool.PoolConfig) { c.MaxRetries, c.BanThreshold = 0, 0 })
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, _ = pool.Do(t.Context(), p, a.ask(map[string]error{"k1": errBroken}))
				if c := p.Config(); c.MaxRetries != c.BanThreshold {
					t.Errorf("Config() = %+v, half of one and half of another", c)
				}
			}
		})
	}
	for i := range 200 {
		apply(t, p, func(c *pool.PoolConfig) {
			c.MaxRetries, c.BanThreshold, c.Concurrency, c.RateLimit = i, i, i%3, i%2*1000
		})
	}
	close(stop)
	all.Wait()
}
