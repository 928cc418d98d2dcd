package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

// sdk is a client of an API that is no Git host.
type sdk struct {
	api *api
	key string // its label
}

func (c *sdk) Close() error {
	c.api.mu.Lock()
	defer c.api.mu.Unlock()
	c.api.closed = append(c.api.closed, c.key)
	return nil
}

// api stands for the service, and writes down what happens.
type api struct {
	mu      sync.Mutex
	opened  []string
	closed  []string
	calls   []string
	answers []pool.Answer
	errors  []error
}

func (a *api) open(_ context.Context, k pool.Key) (*sdk, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opened = append(a.opened, k.ID)
	return &sdk{api: a, key: k.ID}, nil
}

func (a *api) answer(_ context.Context, got pool.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers = append(a.answers, got)
}

func (a *api) onError(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errors = append(a.errors, err)
}

// ask returns a function for Do that is refused as the map says by key.
func (a *api) ask(refuse map[string]error) func(context.Context, *sdk) (string, error) {
	return func(_ context.Context, c *sdk) (string, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.calls = append(a.calls, c.key)
		return c.key, refuse[c.key]
	}
}

// outcomes returns "key outcome" of each attempt and forgets them.
func (a *api) outcomes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []string
	for _, got := range a.answers {
		all = append(all, got.Label+" "+got.Outcome.String())
	}
	a.answers = nil
	return all
}

func (a *api) count(list *[]string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(*list)
}

// keys returns keys of the names, which are also their IDs.
func keys(names ...string) []pool.Key {
	all := make([]pool.Key, len(names))
	for i, name := range names {
		all[i] = pool.Key{ID: name, Secret: tokens.Static(canary.Token(name + "-key"))}
	}
	return all
}

// config returns what newPool makes a pool of: keys that take turns in their order.
func config(a *api, names ...string) pool.Config[*sdk] {
	c := pool.DefaultPoolConfig()
	c.RotationStrategy = "round_robin"
	return pool.Config[*sdk]{
		Provider: "acme", Keys: keys(names...), Open: a.open, Pool: &c, Answer: a.answer, OnError: a.onError, MaxWait: -1,
	}
}

func newPool(t testing.TB, c pool.Config[*sdk]) *pool.Pool[*sdk] {
	t.Helper()
	p, err := pool.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// do calls and returns the key that served the call.
func do(t testing.TB, p *pool.Pool[*sdk], fn func(context.Context, *sdk) (string, error)) string {
	t.Helper()
	got, err := pool.Do(t.Context(), p, fn)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// limit is an error that says until when a limit lasts.
type limit struct{ at time.Time }

func (e limit) Error() string      { return "slow down" }
func (e limit) RetryAt() time.Time { return e.at }

func limitFor(d time.Duration) error { return limit{time.Now().Add(d)} }

// status is an error with an HTTP status.
type status int

func (s status) Error() string   { return fmt.Sprintf("status %d", int(s)) }
func (s status) StatusCode() int { return int(s) }

var errBroken = errors.New("broken")

func equal(t testing.TB, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// exhausted returns err as what it must be.
func exhausted(t testing.TB, err error) *tokens.ExhaustedError {
	t.Helper()
	var e *tokens.ExhaustedError
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want an ExhaustedError", err)
	}
	return e
}

// change returns the configuration of p, changed.
func change(p *pool.Pool[*sdk], f func(*pool.PoolConfig)) pool.PoolConfig {
	c := p.Config()
	f(&c)
	return c
}

func apply(t testing.TB, p *pool.Pool[*sdk], f func(*pool.PoolConfig)) {
	t.Helper()
	if err := p.Apply(change(p, f)); err != nil {
		t.Fatal(err)
	}
}

// state returns the state of a key and until when it lasts.
func state(t testing.TB, p *pool.Pool[*sdk], name string) tokens.TokenStatus {
	t.Helper()
	for _, k := range p.Keys() {
		if k.Label == name {
			return k.Status
		}
	}
	t.Fatalf("there is no key %q", name)
	return tokens.TokenStatus{}
}
