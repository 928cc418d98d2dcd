package tokens

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultSyncInterval is how often a [Syncer] asks its source.
	DefaultSyncInterval = time.Minute

	// syncTimeout bounds one listing that nobody but the Syncer waits for.
	syncTimeout = time.Minute
)

// SyncConfig configures [Manager.Sync]. The zero SyncConfig is ready to use. The
// functions are called one at a time; they must not call the Syncer.
type SyncConfig struct {
	// Interval is the time between two listings. Defaults to
	// [DefaultSyncInterval]; negative lists only when Refresh is called.
	Interval time.Duration

	// AllowEmpty has a list without tokens, or an error that matches
	// [ErrNoTokens], remove all tokens of the source. By default it removes
	// none and is an error, because it is more often a fault of the source.
	AllowEmpty bool

	// OnChange, if not nil, is called after a listing that changed something.
	OnChange func(SyncChange)

	// OnError, if not nil, is called with the error of each listing that failed
	// after the first, whose error Sync returns.
	OnError func(error)
}

// SyncChange says what a listing has changed, by ID.
type SyncChange struct {
	Added    []ID // new to the manager
	Removed  []ID // no longer listed; see [Manager.Archived]
	Restored []ID // listed again, with the limits they had
}

func (c SyncChange) empty() bool { return len(c.Added)+len(c.Removed)+len(c.Restored) == 0 }

// Syncer keeps the tokens of a Manager the same as those that a source lists.
// It is safe for concurrent use.
type Syncer struct {
	manager *Manager
	source  Source
	config  SyncConfig
	ctx     context.Context // ends with Close and with the Manager's
	stop    context.CancelFunc
	job     *job // nil if it lists only when told to

	turn chan struct{}   // holds a value while nobody lists
	own  map[ID]struct{} // tokens that came from the source; of who has the turn

	mu  sync.Mutex // guards err
	err error
}

// Sync adds the tokens that src lists now, and from then on adds, removes and
// restores tokens as its list changes, until the Syncer or the Manager is closed.
// Ctx bounds the first listing only; if that fails, Sync returns its error.
//
// A listing that fails or is empty removes nothing, nor does one with a
// malformed token, whose other tokens are added. Only tokens that came from src
// are removed. One that was removed by hand does not come back. Tokens that stay
// in the list are not touched, even if their labels change; those that return
// have the limits that they left with.
func (m *Manager) Sync(ctx context.Context, src Source, c SyncConfig) (*Syncer, error) {
	if src == nil {
		return nil, errors.New("gitfleet: sync: the source is nil")
	}
	if c.Interval == 0 {
		c.Interval = DefaultSyncInterval
	}
	s := &Syncer{manager: m, source: src, config: c, turn: make(chan struct{}, 1), own: map[ID]struct{}{}}
	s.ctx, s.stop = context.WithCancel(m.background.ctx)
	s.turn <- struct{}{}
	if err := s.refresh(ctx, nil); err != nil {
		s.stop()
		return nil, err
	}
	if c.Interval < 0 {
		return s, nil
	}
	var err error
	s.job, err = m.background.start(fmt.Sprintf("sync of %T", src), s.run)
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *Syncer) run() {
	ticker := time.NewTicker(s.config.Interval)
	defer ticker.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-ticker.C:
			ctx, cancel := context.WithTimeout(s.ctx, syncTimeout)
			_ = s.Refresh(ctx) // Err and OnError have it
			cancel()
		}
	}
}

// Refresh lists now and waits until the tokens are as the list says. Listings
// take turns; Refresh leaves when ctx ends.
func (s *Syncer) Refresh(ctx context.Context) error {
	return s.refresh(ctx, s.config.OnError)
}

func (s *Syncer) refresh(ctx context.Context, onError func(error)) error {
	if s.ctx.Err() != nil {
		return s.ended(nil)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	select {
	case <-s.turn:
	case <-ctx.Done():
		return s.ended(ctx.Err())
	}
	defer func() { s.turn <- struct{}{} }()
	change, err := s.list(ctx)
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	if !change.empty() && s.config.OnChange != nil {
		s.config.OnChange(change)
	}
	if err != nil && s.ctx.Err() == nil && onError != nil {
		onError(err)
	}
	return err
}

var errSyncClosed = errors.New("gitfleet: sync is closed")

// ended returns err, or what tells that Close was its cause.
func (s *Syncer) ended(err error) error {
	switch {
	case s.manager.background.ctx.Err() != nil:
		return ErrClosed
	case s.ctx.Err() != nil:
		return errSyncClosed
	}
	return err
}

// Err returns the error of the last listing, nil if it went well.
func (s *Syncer) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close ends the listing. The tokens stay. It may be called more than once. If
// the source is being asked, its context ends, and Close waits until it has
// returned; one that has not after 5 s is named in the error.
func (s *Syncer) Close() error {
	s.stop()
	if s.job == nil {
		return nil
	}
	return await(s.job)
}

func (s *Syncer) list(ctx context.Context) (SyncChange, error) {
	ts, err := s.source.Tokens(ctx)
	switch {
	case errors.Is(err, ErrNoTokens) && s.config.AllowEmpty:
		ts = nil
	case err != nil && ctx.Err() != nil:
		return SyncChange{}, s.ended(err)
	case err != nil:
		return SyncChange{}, named(err)
	case ctx.Err() != nil:
		return SyncChange{}, s.ended(ctx.Err())
	}
	if len(ts) == 0 && len(s.own) > 0 && !s.config.AllowEmpty {
		return SyncChange{}, fmt.Errorf("gitfleet: sync: the list is empty, its %d tokens stay: set AllowEmpty if this is right", len(s.own))
	}
	return s.apply(ts)
}

// named says whose error it is, unless it does so itself.
func named(err error) error {
	if strings.HasPrefix(err.Error(), "gitfleet: ") {
		return err
	}
	return fmt.Errorf("gitfleet: sync: %w", err)
}

// apply makes the manager's tokens those of the list. It adds before it removes,
// so that those who wait for a token find the new ones.
func (s *Syncer) apply(ts []Token) (SyncChange, error) {
	var malformed error // the first
	var all []checkedToken
	listed := map[ID]bool{}
	for i, t := range ts {
		c, err := t.checked()
		if err != nil {
			malformed = cmp.Or(malformed, fmt.Errorf("%w (token %d of %d in the list)", err, i+1, len(ts)))
			continue
		}
		all = append(all, c)
		listed[c.id] = true
	}
	change, err := s.manager.insert(all, s, false)
	if err != nil {
		return SyncChange{}, err
	}
	for _, ids := range [][]ID{change.Added, change.Restored} {
		for _, id := range ids {
			s.own[id] = struct{}{}
		}
	}
	if malformed != nil {
		return change, malformed
	}
	for id := range s.own {
		if listed[id] {
			continue
		}
		delete(s.own, id)
		if s.manager.remove(id, "its source no longer lists it", s) {
			change.Removed = append(change.Removed, id)
		}
	}
	slices.Sort(change.Removed)
	return change, nil
}
