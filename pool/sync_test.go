package pool_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

// server lists keys and settings as its fields say.
type server struct {
	mu       sync.Mutex // guards what follows
	keys     []pool.Key
	err      error
	settings *pool.PoolConfig
	wrong    error
	asked    int
	changes  []tokens.SyncChange
}

func (s *server) config() pool.SyncConfig {
	return pool.SyncConfig{
		Keys: func(context.Context) ([]pool.Key, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked++
			return s.keys, s.err
		},
		Settings: func(context.Context) (pool.PoolConfig, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			switch {
			case s.wrong != nil:
				return pool.PoolConfig{}, s.wrong
			case s.settings == nil:
				return pool.PoolConfig{}, pool.ErrUnchanged
			}
			return *s.settings, nil
		},
		OnChange: func(c tokens.SyncChange) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changes = append(s.changes, c)
		},
	}
}

// set changes what is listed.
func (s *server) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func ids(ts []tokens.TokenInfo) (all []string) {
	for _, k := range ts {
		all = append(all, string(k.ID))
	}
	return all
}

func TestSync_follows_the_list_every_minute_and_opens_only_what_is_new(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := &api{}, &server{keys: keys("k1", "k2")}
		p := newPool(t, config(a))
		if err := p.Sync(t.Context(), s.config()); err != nil {
			t.Fatal(err)
		}
		do(t, p, a.ask(nil))
		do(t, p, a.ask(nil))
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if s.asked != 4 || len(s.changes) != 1 {
			t.Errorf("asked %d times, changes %v", s.asked, s.changes)
		}
		equal(t, "opened", a.opened, []string{"k1", "k2"}) // defect A-4: each refresh opened every client
		s.set(func() { s.keys = keys("k2", "k3") })
		if err := p.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, "keys", ids(p.Keys()), []string{"acme/k2", "acme/k3"})
		equal(t, "closed", a.closed, []string{"k1"})
		last := s.changes[len(s.changes)-1]
		if !slices.Equal(last.Added, []tokens.ID{"acme/k3"}) || !slices.Equal(last.Removed, []tokens.ID{"acme/k1"}) {
			t.Errorf("change: %+v", last)
		}
		s.set(func() { s.keys = keys("k1", "k2", "k3") })
		if err := p.Refresh(t.Context()); err != nil || p.Len() != 3 {
			t.Errorf("%d keys, %v", p.Len(), err)
		}
		if last := s.changes[len(s.changes)-1]; !slices.Equal(last.Restored, []tokens.ID{"acme/k1"}) {
			t.Errorf("change: %+v", last)
		}
	})
}

// Defects: a refresh revived limited keys, and an empty list drained the pool.
func TestSync_a_limit_outlasts_a_listing_and_an_empty_or_failed_list_removes_nothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := &api{}, &server{keys: keys("k1")}
		p := newPool(t, config(a))
		c := s.config()
		c.Interval = -1
		if err := p.Sync(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		_, _ = pool.Do(t.Context(), p, a.ask(map[string]error{"k1": limitFor(time.Hour)}))
		for _, list := range [][]pool.Key{s.keys, {}, s.keys} {
			s.set(func() { s.keys = list })
			_ = p.Refresh(t.Context())
			if got := state(t, p, "k1"); got.State != tokens.Limited {
				t.Errorf("k1 is %v", got)
			}
		}
		s.set(func() { s.keys = nil })
		if err := p.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "AllowEmpty") || p.Len() != 1 {
			t.Errorf("an empty list: %v, %d keys", err, p.Len())
		}
		s.set(func() { s.err = errors.New("down: " + keys("k1")[0].Secret.Reveal()) })
		if err := p.Refresh(t.Context()); err == nil || strings.Contains(err.Error(), canary.Mark) || p.Len() != 1 {
			t.Errorf("a list that failed: %d keys", p.Len())
		}
		s.set(func() { s.err = pool.ErrUnchanged })
		if err := p.Refresh(t.Context()); err != nil || p.Len() != 1 {
			t.Errorf("an unchanged list: %v, %d keys", err, p.Len())
		}
		s.set(func() { s.keys, s.err = append(keys("k2"), pool.Key{ID: "bad"}), nil })
		if err := p.Refresh(t.Context()); err == nil || p.Len() != 2 {
			t.Errorf("a list with a malformed key: %v, %d keys", err, p.Len())
		}
		if len(a.errors) == 0 {
			t.Error("OnError was not told")
		}
	})
}

func TestSync_AllowEmpty_and_a_key_removed_by_hand(t *testing.T) {
	t.Parallel()
	a, s := &api{}, &server{keys: keys("k1", "k2")}
	p := newPool(t, config(a, "mine"))
	c := s.config()
	c.Interval, c.AllowEmpty = -1, true
	if err := p.Sync(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if !p.Remove("acme/k1", "by hand") || p.Remove("acme/k1", "again") {
		t.Error("Remove is wrong")
	}
	if err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "keys", ids(p.Keys()), []string{"acme/mine", "acme/k2"})
	s.set(func() { s.keys = nil })
	if err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	equal(t, "keys", ids(p.Keys()), []string{"acme/mine"})
	if err := p.Sync(t.Context(), c); err == nil {
		t.Error("a second sync")
	}
}

func TestSync_a_first_listing_that_fails_is_an_error_or_an_empty_pool_by_choice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := &api{}, &server{keys: keys("k1"), err: errBroken}
		p := newPool(t, config(a))
		if err := p.Refresh(t.Context()); err == nil {
			t.Error("Refresh without Sync")
		}
		if err := p.Sync(t.Context(), s.config()); !errors.Is(err, errBroken) {
			t.Errorf("Sync() = %v", err)
		}
		if err := p.Sync(t.Context(), pool.SyncConfig{}); err == nil {
			t.Error("Sync of nothing")
		}
		c := s.config()
		c.StartEmpty = true
		if err := p.Sync(t.Context(), c); err != nil || p.Len() != 0 || len(a.errors) != 1 || !errors.Is(a.errors[0], errBroken) {
			t.Errorf("Sync() = %v, %d keys, errors %v", err, p.Len(), a.errors)
		}
		s.set(func() { s.err = nil })
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if p.Len() != 1 {
			t.Errorf("%d keys after a minute", p.Len())
		}
	})
}

func TestSync_takes_over_settings_in_the_same_cycle_and_wrong_ones_change_nothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, s := &api{}, &server{keys: keys("k1"), wrong: errBroken}
		p := newPool(t, config(a))
		if err := p.Sync(t.Context(), s.config()); !errors.Is(err, errBroken) || p.Len() != 0 {
			t.Errorf("Sync() = %v, %d keys", err, p.Len())
		}
		seven := change(p, func(c *pool.PoolConfig) { c.Concurrency = 7 })
		s.set(func() { s.wrong, s.settings = nil, &seven })
		if err := p.Sync(t.Context(), s.config()); err != nil || p.Config().Concurrency != 7 {
			t.Errorf("Sync() = %v, %+v", err, p.Config())
		}
		s.set(func() { s.settings.MaxRetries, s.settings.Concurrency = -1, 8 })
		s.set(func() { s.keys = keys("k1", "k2") })
		if err := p.Refresh(t.Context()); err == nil || p.Config().Concurrency != 7 || p.Len() != 2 {
			t.Errorf("Refresh() = %v, %+v, %d keys", err, p.Config(), p.Len())
		}
		s.set(func() { s.settings.MaxRetries = 0 })
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if p.Config().Concurrency != 8 {
			t.Errorf("%+v", p.Config())
		}
	})
}

func TestSync_a_key_with_other_parts_gets_another_client(t *testing.T) {
	t.Parallel()
	a, s := &api{}, &server{keys: keys("k1")}
	p := newPool(t, config(a))
	c := s.config()
	c.Interval = -1
	if err := p.Sync(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	dead := a.ask(map[string]error{"k1": status(401)})
	for range 2 {
		_, _ = pool.Do(t.Context(), p, dead)
	}
	s.set(func() {
		s.keys = []pool.Key{{ID: "k1", Parts: map[string]tokens.Secret{"user": tokens.Static("u"), "password": tokens.Static(canary.Token("rotated"))}}}
	})
	if err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, p, a.ask(nil))
	equal(t, "opened", a.opened, []string{"k1", "k1"})
	equal(t, "closed", a.closed, []string{"k1"})
}

func TestSync_a_callback_that_panics_breaks_nothing(t *testing.T) {
	t.Parallel()
	a, s := &api{}, &server{keys: keys("k1")}
	p := newPool(t, config(a))
	c := s.config()
	c.OnChange = func(tokens.SyncChange) { panic("oh") }
	if err := p.Sync(t.Context(), c); err != nil || len(a.errors) != 1 {
		t.Errorf("Sync() = %v, errors %v", err, a.errors)
	}
	do(t, p, a.ask(nil))
}

func TestI16_Close_ends_the_sync_and_names_a_listing_that_hangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, err := pool.New(config(&api{}))
		if err != nil {
			t.Fatal(err)
		}
		hang := make(chan struct{})
		n := 0
		err = p.Sync(t.Context(), pool.SyncConfig{Keys: func(context.Context) ([]pool.Key, error) {
			if n++; n > 1 {
				<-hang
			}
			return keys("k1"), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Second)
		synctest.Wait()
		if err := p.Close(); err == nil || !strings.Contains(err.Error(), "sync") {
			t.Errorf("Close() = %v", err)
		}
		close(hang)
	})
}
