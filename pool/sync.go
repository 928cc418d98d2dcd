package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// closePatience bounds how long Close waits for a listing that is under way (I16).
const closePatience = 5 * time.Second

// ErrUnchanged is what the functions of a [SyncConfig] may return in place of a
// list or configuration that is the same as before, for example after a 304.
var ErrUnchanged = errors.New("gitfleet: unchanged")

// SyncConfig configures [Pool.Sync]. At least one of Keys and Settings is
// required. The functions are called one at a time; they must not call Refresh, Sync
// or Close.
type SyncConfig struct {
	// Keys lists the keys, and Settings fetches how the pool is to behave. Their
	// errors must not contain a key.
	Keys     func(context.Context) ([]Key, error)
	Settings func(context.Context) (PoolConfig, error)

	// Interval is the time between two listings. Defaults to
	// [tokens.DefaultSyncInterval], a minute; negative lists only when Refresh is
	// called.
	Interval time.Duration

	// AllowEmpty has an empty list remove all keys that were listed before. By
	// default it removes none and is an error.
	AllowEmpty bool

	// StartEmpty lets Sync go on after a first listing that failed: OnError is
	// told of it. By default Sync returns its error.
	StartEmpty bool

	// OnChange, if not nil, is called after a listing that changed the keys. One
	// that panics harms nothing; OnError is told.
	OnChange func(tokens.SyncChange)
}

// Sync adds the keys that are listed now and takes over the settings, and from
// then on keeps in step with both, until the pool is closed. Ctx bounds the first
// listing only. A pool has one Sync at most.
//
// A listing that fails or is empty removes nothing, and one with a malformed key
// only adds the others. Settings that are wrong change nothing. Only keys that were
// listed are removed; one that was removed by hand does not come back. A key that
// stays in the list keeps its client, its limits and its ban; one whose parts have
// changed gets another client; one that returns has the limits that it left with.
func (p *Pool[C]) Sync(ctx context.Context, c SyncConfig) error {
	if c.Keys == nil && c.Settings == nil {
		return fmt.Errorf("gitfleet: pool %s: sync: neither Keys nor Settings is set", p.config.Provider)
	}
	s := &syncing[C]{pool: p, config: c}
	s.ctx, s.stop = context.WithCancel(context.Background())
	p.mu.Lock()
	if p.closed || p.syncer != nil {
		p.mu.Unlock()
		return fmt.Errorf("gitfleet: pool %s: sync: it is closed, or has a sync already", p.config.Provider)
	}
	p.syncer = s
	p.mu.Unlock()
	err := s.start(ctx)
	if err != nil {
		s.stop()
		p.mu.Lock()
		p.syncer = nil
		p.mu.Unlock()
	}
	return err
}

// Refresh lists now and waits until the pool is as the list says.
func (p *Pool[C]) Refresh(ctx context.Context) error {
	p.mu.RLock()
	s := p.syncer
	p.mu.RUnlock()
	if s == nil {
		return fmt.Errorf("gitfleet: pool %s: refresh: it has no sync", p.config.Provider)
	}
	return s.refresh(ctx)
}

// syncing is the source of a pool's keys as the manager's Syncer sees it.
type syncing[C any] struct {
	pool   *Pool[C]
	config SyncConfig
	ctx    context.Context // ends with close
	stop   context.CancelFunc

	// Of who has the Syncer's turn.
	later  bool // the first listing is over
	listed []tokens.Token

	mu     sync.Mutex // guards what follows
	syncer *tokens.Syncer
	wrong  error // with the last listing, though its keys were taken over
}

// start begins to list.
func (s *syncing[C]) start(ctx context.Context) error {
	syncer, err := s.pool.manager.Sync(ctx, s, tokens.SyncConfig{
		Interval:   s.config.Interval,
		AllowEmpty: true, // list has looked
		OnChange:   s.changed,
		OnError:    s.pool.report,
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.syncer = syncer
	wrong := s.wrong
	s.mu.Unlock()
	if wrong == nil && s.ctx.Err() != nil {
		wrong = tokens.ErrClosed
	}
	if wrong != nil {
		_ = s.close() // the error that matters is the other
	}
	return wrong
}

func (s *syncing[C]) refresh(ctx context.Context) error {
	s.mu.Lock()
	syncer := s.syncer
	s.mu.Unlock()
	if syncer == nil {
		return fmt.Errorf("gitfleet: pool %s: refresh: its sync has not started yet", s.pool.config.Provider)
	}
	if err := syncer.Refresh(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// close ends the listing and takes the listed keys out, in a way that lets another
// Sync bring them back.
func (s *syncing[C]) close() error {
	s.stop()
	s.mu.Lock()
	syncer := s.syncer
	s.mu.Unlock()
	if syncer == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	_ = syncer.Refresh(ctx) // Close names what hinders it
	return syncer.Close()
}

// Tokens implements [tokens.Source].
func (s *syncing[C]) Tokens(ctx context.Context) ([]tokens.Token, error) {
	if s.ctx.Err() != nil {
		return nil, nil // all of them go
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	ts, wrong, err := s.list(ctx)
	wrong = errors.Join(wrong, s.fetchSettings(ctx))
	first := !s.later
	s.later = true
	if first && s.config.StartEmpty {
		s.pool.report(errors.Join(err, wrong))
		return ts, nil
	}
	if !first {
		s.pool.report(wrong)
	}
	s.mu.Lock()
	s.wrong = wrong
	s.mu.Unlock()
	return ts, err
}

// list returns the tokens of the keys that are listed now. If one of them is
// malformed, which is the error wrong, nothing that was listed before is left out.
func (s *syncing[C]) list(ctx context.Context) (ts []tokens.Token, wrong, err error) {
	if s.config.Keys == nil {
		return nil, nil, nil
	}
	p := s.pool
	keys, err := s.config.Keys(ctx)
	switch {
	case errors.Is(err, ErrUnchanged):
		return s.listed, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("gitfleet: pool %s: sync: %w", p.config.Provider, p.veiled(err))
	case len(keys) == 0 && len(s.listed) > 0 && !s.config.AllowEmpty:
		return nil, nil, fmt.Errorf("gitfleet: pool %s: sync: the list is empty, its %d keys stay: set AllowEmpty if this is right", p.config.Provider, len(s.listed))
	}
	good := make([]Key, 0, len(keys))
	for i, k := range keys {
		t, err := k.token(p.config.Provider)
		if err != nil {
			wrong = cmp.Or(wrong, fmt.Errorf("%w (key %d of %d in the list)", err, i+1, len(keys)))
			continue
		}
		ts, good = append(ts, t), append(good, k)
	}
	p.prune()
	if err := p.join(ts, good); err != nil {
		return nil, nil, err
	}
	if wrong != nil {
		ts = withMissing(ts, s.listed)
	}
	s.listed = ts
	return ts, wrong, nil
}

// withMissing returns the tokens of a list, and those of the list before that are
// not in it.
func withMissing(ts, before []tokens.Token) []tokens.Token {
	there := make(map[tokens.ID]bool, len(ts))
	for _, t := range ts {
		there[t.ID] = true
	}
	for _, t := range before {
		if !there[t.ID] {
			ts = append(ts, t)
		}
	}
	return ts
}

// prune forgets keys that were listed and that the manager did not take, because
// they had been removed by hand.
func (p *Pool[C]) prune() {
	p.mu.RLock()
	var ids []tokens.ID
	for id := range p.members {
		if _, ok := p.manager.Lookup(id); !ok {
			ids = append(ids, id)
		}
	}
	p.mu.RUnlock()
	for _, id := range ids {
		p.forget(id)
	}
}

// fetchSettings takes over the settings as they are now.
func (s *syncing[C]) fetchSettings(ctx context.Context) error {
	if s.config.Settings == nil {
		return nil
	}
	c, err := s.config.Settings(ctx)
	switch {
	case errors.Is(err, ErrUnchanged):
		return nil
	case err != nil:
		return fmt.Errorf("gitfleet: pool %s: sync: settings: %w", s.pool.config.Provider, s.pool.veiled(err))
	}
	return s.pool.Apply(c)
}

// changed lets go of keys that are listed no longer, and tells the user.
func (s *syncing[C]) changed(change tokens.SyncChange) {
	for _, id := range change.Removed {
		s.pool.forget(id)
	}
	if s.config.OnChange == nil || s.ctx.Err() != nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			s.pool.report(fmt.Errorf("gitfleet: pool %s: sync: OnChange panicked: %s", s.pool.config.Provider, s.pool.veil(fmt.Sprint(v))))
		}
	}()
	s.config.OnChange(change)
}
