package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Config configures a [Pool] whose clients are of type C. Provider and Open are
// required. Its functions may be called from many goroutines at once.
type Config[C any] struct {
	// Provider is the caller's own name for the API, such as "acme": see
	// [tokens.Manager.Service] for its form. A manager can have one pool of a name.
	Provider tokens.ProviderType

	// Manager holds the keys beside the tokens and keys of others. Defaults to a
	// manager of the pool's own.
	Manager *tokens.Manager

	// Keys are added at once. See also [Pool.Add] and [Pool.Sync].
	Keys []Key

	// Open makes the client of a key, when the key is first used and, after an
	// error, when it is used again. Calls that need the same client wait for it. The
	// context is that of the call, with its timeout, and ends with the attempt. An
	// error moves the call on to another key and counts as a failure of this one.
	Open func(ctx context.Context, k Key) (C, error)

	// CloseClient ends a client after its key has left the pool and the last
	// function that it is used by has returned. Defaults to the client's Close
	// method if it is an [io.Closer].
	CloseClient func(C) error

	// Probe asks whether the key of a client is alive; nil means that it is, and
	// Classify says what an error means. It decides about a key that a call found
	// dead, and is what [Pool.Check] calls. Without a Probe a key is put aside when
	// two calls in a row find it dead, and is used last in between.
	Probe func(ctx context.Context, client C) error

	// Classify says what an error means for the key. Defaults to [Classify].
	Classify func(error) Verdict

	// Matchers are what [PoolConfig].ReachLimitException may name.
	Matchers map[string]Matcher

	// ClientType, if not empty, is the only client type whose PoolConfig is taken.
	ClientType string

	// Pool is how the pool behaves at first. Defaults to [DefaultPoolConfig].
	Pool *PoolConfig

	// MaxWait bounds the wait for a key when none can serve. 0 means
	// [tokens.DefaultMaxWait], negative never waits.
	MaxWait time.Duration

	// Answer, if not nil, is told what came of every attempt, in the goroutine
	// that called. It must not block.
	Answer func(context.Context, Answer)

	// OnError, if not nil, is told of errors that nobody waits for: of listings
	// after the first, and of clients that could not be closed.
	OnError func(error)
}

// Pool runs functions on keys that take turns; see [Do]. It is safe for concurrent
// use. It starts no goroutine but for [Pool.Sync] and while [Pool.Check] runs, and
// sends nothing by itself.
type Pool[C any] struct {
	config  Config[C]
	manager *tokens.Manager
	own     bool // the manager is the pool's
	host    *tokens.Host
	gate    gate

	applying sync.Mutex // held while the settings change
	settings atomic.Pointer[settings]

	mu      sync.RWMutex // guards what follows
	members map[tokens.ID]*member[C]
	syncer  *syncing[C] // nil until Sync
	closed  bool
}

// New returns a pool. It calls nothing but, without a Manager, makes one.
func New[C any](c Config[C]) (*Pool[C], error) {
	if c.Open == nil {
		return nil, fmt.Errorf("gitfleet: pool %s: Open is nil", c.Provider)
	}
	if c.Classify == nil {
		c.Classify = Classify
	}
	p := &Pool[C]{config: c, manager: c.Manager, members: map[tokens.ID]*member[C]{}}
	if p.manager == nil {
		m, err := tokens.NewManager(tokens.Config{})
		if err != nil {
			return nil, err
		}
		p.manager, p.own = m, true
	}
	var err error
	if p.host, err = p.manager.Service(c.Provider); err != nil {
		return nil, err
	}
	if len(p.manager.AllTokens(c.Provider)) > 0 {
		return nil, fmt.Errorf("gitfleet: pool %s: the manager has keys of another pool of that name", c.Provider)
	}
	first := DefaultPoolConfig()
	if c.Pool != nil {
		first = *c.Pool
	}
	if err := p.Apply(first); err != nil {
		return nil, err
	}
	return p, p.Add(c.Keys...)
}

// Format implements [fmt.Formatter]: a Pool prints as its name and the number of
// its keys with every verb.
func (p *Pool[C]) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "pool %s (%d keys)", p.config.Provider, p.Len())
}

// Add adds keys. One of an ID that the pool has already changes nothing but, if its
// parts are others now, the key: the next call opens a new client. If any
// key is malformed none is added.
func (p *Pool[C]) Add(keys ...Key) error {
	ts := make([]tokens.Token, len(keys))
	for i, k := range keys {
		t, err := k.token(p.config.Provider)
		if err != nil {
			return fmt.Errorf("%w (key %d of %d)", err, i+1, len(keys))
		}
		ts[i] = t
	}
	err := p.join(ts, keys) // first, so that whoever leases a key finds it
	if err == nil {
		err = p.manager.Add(ts...)
	}
	if err == nil {
		err = p.join(ts, keys) // again: a Remove may have come between
	}
	if err != nil {
		for _, t := range ts {
			p.manager.Remove(t.ID, "its pool is closed")
		}
	}
	return err
}

// join makes the keys of tokens members of the pool, if they are not, or not with
// these parts.
func (p *Pool[C]) join(ts []tokens.Token, keys []Key) error {
	var left []*member[C]
	defer func() {
		for _, m := range left {
			_ = p.manager.MarkValid(m.id) // it is another key now
			p.report(m.leave())
		}
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return tokens.ErrClosed
	}
	for i, t := range ts {
		m := newMember(p, t.ID, t.Label, keys[i])
		was := p.members[t.ID]
		if was != nil && was.print == m.print {
			continue
		}
		if was != nil {
			left = append(left, was)
		}
		p.members[t.ID] = m
	}
	return nil
}

// Remove takes a key out of use, for a reason that [tokens.Manager.Archived]
// shows, and reports whether there was one. Functions that run go on; their client
// is closed after the last. A key that is added again goes on with its limits.
func (p *Pool[C]) Remove(id tokens.ID, reason string) bool {
	if p.member(id) == nil || !p.manager.Remove(id, reason) {
		return false
	}
	p.forget(id)
	return true
}

// Len returns the number of keys.
func (p *Pool[C]) Len() int { return len(p.Keys()) }

// Keys returns a copy of what is known of each key, in the order in which they were
// added. A banned key is [tokens.Cooling], one that has reached a limit
// [tokens.Limited]: Status.Until says how long.
func (p *Pool[C]) Keys() []tokens.TokenInfo { return p.manager.AllTokens(p.config.Provider) }

// Close ends [Pool.Sync], removes the keys and refuses new calls. Clients that are
// not in use are closed, and those that are when they are not any more. It may be
// called more than once. A manager of the pool's own is closed, too; one that is
// shared stays, and the same name can be used again.
//
// A function of the user's that is listing keys sees its context end; one that has
// not returned after 5 s is named in the error.
func (p *Pool[C]) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	s := p.syncer
	members := p.members
	p.members = map[tokens.ID]*member[C]{}
	p.mu.Unlock()
	var errs []error
	if s != nil {
		errs = append(errs, s.close())
	}
	for id, m := range members {
		p.manager.Remove(id, "its pool was closed")
		errs = append(errs, m.leave())
	}
	if p.own {
		errs = append(errs, p.manager.Close())
	}
	return errors.Join(errs...)
}

func (p *Pool[C]) isClosed() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.closed
}

// member returns the member of an ID, or nil.
func (p *Pool[C]) member(id tokens.ID) *member[C] {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.members[id]
}

// forget lets go of a key that the manager has no longer.
func (p *Pool[C]) forget(id tokens.ID) {
	p.mu.Lock()
	m := p.members[id]
	if _, back := p.manager.Lookup(id); back {
		m = nil // it has been added again meanwhile
	} else {
		delete(p.members, id)
	}
	p.mu.Unlock()
	if m != nil {
		p.report(m.leave())
	}
}

func (p *Pool[C]) report(err error) {
	if err != nil && p.config.OnError != nil {
		p.config.OnError(err)
	}
}

// closeClient ends a client as the configuration says.
func (p *Pool[C]) closeClient(m *member[C], client C) error {
	var err error
	if p.config.CloseClient != nil {
		err = p.config.CloseClient(client)
	} else if c, ok := any(client).(io.Closer); ok {
		err = c.Close()
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("gitfleet: pool %s: closing the client of key %q: %w", p.config.Provider, m.label, p.veiled(err))
}
