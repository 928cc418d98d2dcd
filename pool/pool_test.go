package pool_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestNew_refuses_what_cannot_work(t *testing.T) {
	t.Parallel()
	a := &api{}
	for name, f := range map[string]func(*pool.Config[*sdk]){
		"no Open":            func(c *pool.Config[*sdk]) { c.Open = nil },
		"no provider":        func(c *pool.Config[*sdk]) { c.Provider = "" },
		"a Git host":         func(c *pool.Config[*sdk]) { c.Provider = tokens.GitHub },
		"a wrong PoolConfig": func(c *pool.Config[*sdk]) { c.Pool = &pool.PoolConfig{} },
		"no secret":          func(c *pool.Config[*sdk]) { c.Keys = []pool.Key{{ID: "x"}} },
	} {
		c := config(a, "k1")
		f(&c)
		if _, err := pool.New(c); err == nil || !strings.HasPrefix(err.Error(), "gitfleet: ") {
			t.Errorf("%s: New() = %v", name, err)
		}
	}
	refreshing := tokens.Refreshing("vault", func(context.Context) (string, time.Time, error) { return "", time.Time{}, nil })
	p := newPool(t, config(a))
	for _, k := range []pool.Key{{Secret: refreshing}, {Parts: map[string]tokens.Secret{"x": refreshing}}} {
		if err := p.Add(k); err == nil || !strings.Contains(err.Error(), "static") {
			t.Errorf("Add() = %v", err)
		}
	}
}

// Defect A-9: the ID of a key was the key.
func TestKey_has_an_ID_that_is_derived_from_all_its_parts(t *testing.T) {
	t.Parallel()
	secret := tokens.Static(canary.Token("parts"))
	ids := map[tokens.ID]bool{}
	p := newPool(t, config(&api{}))
	all := []pool.Key{
		{Secret: secret},
		{Parts: map[string]tokens.Secret{"a": secret}},
		{Parts: map[string]tokens.Secret{"b": secret}},
		{Secret: secret, Parts: map[string]tokens.Secret{"user": tokens.Static("u1")}},
		{Secret: secret, Parts: map[string]tokens.Secret{"user": tokens.Static("u2")}},
	}
	if err := p.Add(append(all, all...)...); err != nil {
		t.Fatal(err)
	}
	for _, k := range p.Keys() {
		ids[k.ID] = true
		if name, ok := strings.CutPrefix(string(k.ID), "acme/"); !ok || len(name) != 16 || k.Label != "acme-"+name[:6] {
			t.Errorf("ID %q, label %q", k.ID, k.Label)
		}
	}
	if len(ids) != len(all) || p.Len() != len(all) {
		t.Errorf("%d IDs of %d keys", len(ids), len(all))
	}
}

func TestPool_shares_a_manager_with_others_and_gives_its_name_back(t *testing.T) {
	t.Parallel()
	m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("shared"))})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	a, s := &api{}, &server{keys: keys("k2")}
	c := config(a, "k1")
	c.Manager = m
	for range 2 {
		p := newPool(t, c)
		sync := s.config()
		sync.Interval = -1
		if err := p.Sync(t.Context(), sync); err != nil || p.Len() != 2 {
			t.Fatalf("Sync() = %v, %d keys", err, p.Len())
		}
		if _, err := pool.New(c); err == nil {
			t.Error("two pools of one name")
		}
		do(t, p, a.ask(nil))
		do(t, p, a.ask(nil))
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Do(t.Context(), p, a.ask(nil)); !errors.Is(err, tokens.ErrClosed) {
			t.Errorf("Do() = %v after Close", err)
		}
		if err := errors.Join(p.Add(keys("k3")...)); !errors.Is(err, tokens.ErrClosed) {
			t.Errorf("Add() = %v after Close", err)
		}
	}
	equal(t, "opened", a.opened, []string{"k1", "k2", "k1", "k2"})
	if len(a.closed) != 4 || len(m.AllTokens("")) != 1 {
		t.Errorf("closed %q, the manager has %v", a.closed, m.AllTokens(""))
	}
}

func TestRemove_closes_the_client_when_the_last_call_on_it_is_over(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		p := newPool(t, config(a, "k1"))
		var calls sync.WaitGroup
		for range 2 {
			calls.Go(func() { do(t, p, slowly(a.ask(nil))) })
		}
		synctest.Wait()
		p.Remove("acme/k1", "gone")
		if n := a.count(&a.closed); n != 0 || p.Len() != 0 {
			t.Errorf("closed %d while in use", n)
		}
		calls.Wait()
		equal(t, "closed", a.closed, []string{"k1"})
		_, err := pool.Do(t.Context(), p, a.ask(nil))
		if e := exhausted(t, err); !errors.Is(err, tokens.ErrNoTokens) || e.Tokens != 0 {
			t.Errorf("Do() = %v", err)
		}
		if err := p.Add(keys("k1")...); err != nil {
			t.Fatal(err)
		}
		do(t, p, a.ask(nil))
	})
}

func TestOpen_runs_once_for_all_who_want_the_same_client(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1")
		c.Open = func(ctx context.Context, k pool.Key) (*sdk, error) {
			time.Sleep(time.Second)
			return a.open(ctx, k)
		}
		p := newPool(t, c)
		var calls sync.WaitGroup
		for range 20 {
			calls.Go(func() { do(t, p, a.ask(nil)) })
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := pool.Do(ctx, p, a.ask(nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do() = %v", err)
		}
		calls.Wait()
		equal(t, "opened", a.opened, []string{"k1"})
	})
}

func TestClose_reports_clients_that_cannot_be_closed_without_their_keys(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1")
	c.CloseClient = func(*sdk) error { return errors.New("stuck with " + keys("k1")[0].Secret.Reveal()) }
	p, err := pool.New(c)
	if err != nil {
		t.Fatal(err)
	}
	do(t, p, a.ask(nil))
	p.Remove("acme/k1", "gone")
	if len(a.errors) != 1 || !strings.Contains(a.errors[0].Error(), `"k1"`) {
		t.Errorf("%d errors", len(a.errors))
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
}

// Defect A-6: races between calls, limits and refreshes lost the real error.
func TestPool_is_safe_for_concurrent_use(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2", "k3")
	c.Probe = probing(map[string]error{"k2": status(401)})
	c.Pool.RetryOnFailure, c.Pool.MaxRetries, c.Pool.Concurrency = true, 2, 8
	p := newPool(t, c)
	s := &server{keys: keys("k4", "k5")}
	sc := s.config()
	sc.Interval = -1
	if err := p.Sync(t.Context(), sc); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 100 {
				switch i {
				case 0:
					p.Remove("acme/k1", "")
					_ = p.Add(keys("k1")...)
				case 1:
					_ = p.Refresh(t.Context())
				case 2:
					p.Check(t.Context())
				case 3:
					_ = p.Apply(change(p, func(c *pool.PoolConfig) { c.Concurrency, c.RateLimit = n%5, n%2*100 }))
				default:
					_, err := pool.Do(t.Context(), p, a.ask(map[string]error{"k2": status(401), "k3": errBroken}))
					if err != nil && !errors.Is(err, errBroken) && !errors.As(err, new(*tokens.ExhaustedError)) {
						t.Errorf("Do() = %v", err)
					}
				}
			}
		})
	}
	all.Wait()
}
