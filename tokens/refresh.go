package tokens

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

const (
	// mintTimeout bounds one call of a refreshing secret's function.
	mintTimeout = 30 * time.Second

	// earlyRefresh is how long before its end a secret is refreshed at most.
	earlyRefresh = time.Minute

	// freshFor is how long after it was minted a secret that meets a 401 is
	// tried again as it is, after freshPause: hosts need a moment to make a new
	// token known everywhere, and another would be just as new.
	freshFor   = time.Minute
	freshPause = time.Second
)

// Refreshing returns a secret whose text comes from mint, with the time at which
// it ends; the zero time means never. The name says where it comes from, such as
// "app 12 installation 34". It must not be secret, and is what the ID of the
// token is made of, together with provider, host and user.
//
// Mint is first called when a lease needs the secret, by one goroutine at a time
// and in one of its own. All who need the secret wait for that one call, each no
// longer than its own context allows. The context of mint ends after 30 s or
// with [Manager.Close].
//
// A minute before the secret ends, or when a tenth of its life is left if that
// is less, a lease has it refreshed without waiting. If that fails the old one
// serves until its end. After failures mint is called again after a pause that
// grows from 1 s to 60 s, when a lease needs it; meanwhile other tokens serve
// first. If no token can serve the call, the error is in [ExhaustedError].Cause.
//
// When the host answers 401, the secret is refreshed and tried once more before
// the token becomes [Suspect].
//
// Errors of mint must not contain a secret.
func Refreshing(name string, mint func(context.Context) (secret string, expires time.Time, err error)) Secret {
	return Secret{source: &mintSource{name: strings.TrimSpace(name), mint: mint}}
}

// mintSource is what makes a refreshing secret. It has no state: that belongs
// to the Manager, since it ends with it.
type mintSource struct {
	name string
	mint func(context.Context) (string, time.Time, error)
}

func (s *mintSource) check() error {
	switch {
	case s.name == "":
		return errors.New("its refreshing secret has no name")
	case s.mint == nil:
		return errors.New("its refreshing secret has no function or source")
	}
	return nil
}

// minter keeps the secret of one refreshing token of a Manager.
type minter struct {
	entry   *entry
	manager *Manager

	mu       sync.Mutex // guards what follows; never held while a Host's is taken
	current  *minted    // nil if there is none, or the host refused it
	flight   *flight    // the call of the function that is under way
	failures int        // in a row
	retryAt  time.Time  // the function is not called before
	err      error      // of the last failure
	hashes   [2][sha256.Size]byte

	// refused says that a 401 was put down to the secret, and by which lease at
	// the latest it was met; nothing has been honoured since.
	refused    bool
	refusedSeq uint64
}

// minted is one text of a refreshing secret.
type minted struct {
	minter  *minter
	auth    credential
	at      time.Time
	due     time.Time // when to refresh it; zero means never
	expires time.Time // zero means never
	resume  time.Time // it is not sent before
}

func (m *minted) usable(now time.Time) bool {
	return m != nil && (m.expires.IsZero() || now.Before(m.expires))
}

func (m *minted) isDue(now time.Time) bool { return !m.due.IsZero() && !now.Before(m.due) }

// flight is one call of a secret's function, for all who wait for it.
type flight struct {
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when what follows is set
	minted *minted
	err    error
}

// withSecret sees to it that the lease of a refreshing token has a secret that
// can be sent, or gets another lease.
func (h *Host) withSecret(ctx context.Context, r Request, lease Lease) (Lease, error) {
	if r.Tried == nil {
		r.Tried = new(Tried)
	}
	end := time.Now().Add(r.maxWait())
	for {
		secret, err := lease.entry.minter.secret(ctx)
		if err == nil {
			lease.secret = secret
			return lease, nil
		}
		lease.Cancel()
		if ended := ctx.Err(); ended != nil {
			return Lease{}, ended
		}
		r.Tried.tokens = append(r.Tried.tokens, lease.entry)
		if r.MaxWait >= 0 {
			if r.MaxWait = time.Until(end); r.MaxWait <= 0 {
				r.MaxWait = -1
			}
		}
		lease = Lease{}
		other := h.lease(ctx, &r, &lease)
		var exhausted *ExhaustedError
		if errors.As(other, &exhausted) {
			exhausted.Cause = err
		}
		if other != nil || lease.entry.minter == nil {
			return lease, other
		}
	}
}

// secret returns a secret that can be sent now, and waits for it if need be.
func (s *minter) secret(ctx context.Context) (*minted, error) {
	m, f, err := s.look(time.Now())
	if f != nil {
		m, err = f.wait(ctx)
	}
	switch {
	case err == nil:
		return m, s.pause(ctx, m)
	case errors.Is(err, ErrClosed), ctx.Err() != nil:
		return nil, err
	}
	s.entry.rank()
	return nil, fmt.Errorf("token %q: refresh: %w", *s.entry.label.Load(), err)
}

// look returns the secret if there is a usable one, or else the call to wait
// for, or the error of the last one. It begins a call if one is due.
func (s *minter) look(now time.Time) (*minted, *flight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	usable := s.current.usable(now)
	if usable && !s.current.isDue(now) {
		return s.current, nil, nil
	}
	if s.flight == nil && !now.Before(s.retryAt) {
		if err := s.begin(); err != nil && !usable {
			return nil, nil, err
		}
	}
	switch {
	case usable:
		return s.current, nil, nil
	case s.flight != nil:
		return nil, s.flight, nil
	}
	return nil, nil, s.err
}

// pause waits until a secret that a host did not know yet may be sent again.
func (s *minter) pause(ctx context.Context, m *minted) error {
	s.mu.Lock()
	d := time.Until(m.resume)
	s.mu.Unlock()
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *minter) begin() error {
	f := &flight{done: make(chan struct{})}
	f.ctx, f.cancel = context.WithTimeout(s.manager.background.ctx, mintTimeout)
	_, err := s.manager.background.start(fmt.Sprintf("refresh of token %q", *s.entry.label.Load()), func() { s.fly(f) })
	if err != nil {
		f.cancel()
		return err
	}
	s.flight = f
	return nil
}

// fly calls the function.
func (s *minter) fly(f *flight) {
	defer f.cancel()
	var text string
	var expires time.Time
	err := errors.New("the function did not return")
	defer func() { s.land(f, text, expires, err) }() // also after runtime.Goexit
	text, expires, err = s.entry.source.mint(f.ctx)
}

// land books what came of a call and tells those who wait for it.
func (s *minter) land(f *flight, text string, expires time.Time, err error) {
	now := time.Now()
	if err != nil {
		if ended := f.overdue(); ended != nil {
			err = ended
		}
	} else {
		f.minted, err = s.newMinted(text, expires, now)
	}
	f.err = err
	s.mu.Lock()
	s.flight = nil
	if err == nil {
		s.current, s.failures, s.retryAt, s.err = f.minted, 0, time.Time{}, nil
	} else {
		s.retryAt = now.Add(ratelimit.GeneralBackoff().Delay(s.failures, rand.Float64()))
		s.failures++
		s.err = err
	}
	s.mu.Unlock()
	s.entry.rank()
	close(f.done)
}

func (s *minter) newMinted(text string, expires, now time.Time) (*minted, error) {
	text, err := cleanSecret(text)
	if err != nil {
		return nil, err
	}
	m := &minted{minter: s, auth: s.entry.credentialOf(text), at: now, expires: expires}
	if !expires.IsZero() {
		life := expires.Sub(now)
		if life <= 0 {
			return nil, fmt.Errorf("the new secret has ended at %s already", expires.UTC().Format(time.RFC3339))
		}
		m.due = expires.Add(-min(earlyRefresh, life/10))
	}
	s.manager.holdMinted(&s.hashes, sha256.Sum256([]byte(text)))
	return m, nil
}

// credentialOf returns what sends text as the token's secret.
func (e *entry) credentialOf(text string) credential {
	e.host.mu.Lock()
	t := e.token
	e.host.mu.Unlock()
	t.Secret = Static(text)
	return newCredential(t)
}

// overdue returns the error of a call that was not answered in time, or nil.
func (f *flight) overdue() error {
	switch f.ctx.Err() {
	case nil:
		return nil
	case context.Canceled:
		return ErrClosed
	}
	return fmt.Errorf("no answer within %v", mintTimeout)
}

// wait waits for the end of the call, or of ctx.
func (f *flight) wait(ctx context.Context) (*minted, error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.ctx.Done():
		select {
		case <-f.done:
		default:
			return nil, f.overdue() // the function ignores its context
		}
	}
	return f.minted, f.err
}

// rank has other tokens serve first while e has no secret because its source
// fails.
func (e *entry) rank() {
	h, now := e.host, time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	e.failure = e.minter.failure(now)
	if failing := e.failure != ""; failing != e.failing {
		e.failing = failing
		e.restate()
		e.account.relist(now)
	}
}

// failure says why there is no secret; empty if there is one, or if nobody has
// needed one yet.
func (s *minter) failure(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	if s.flight != nil && s.flight.ctx.Err() != nil {
		err = s.flight.overdue()
	}
	if err == nil || s.current.usable(now) {
		return ""
	}
	return err.Error()
}

// judge books what an answer to the lease seq, with newest the newest lease,
// says of the secret, and reports whether a 401 is to be put down to it alone.
func (m *minted) judge(o *ratelimit.Observation, seq, newest uint64, now time.Time) (stale bool) {
	if m == nil {
		return false
	}
	s := m.minter
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case o.Class != ratelimit.Unauthorized:
		if o.Validity == ratelimit.Valid {
			s.refused = false
		}
		return false
	case m != s.current, s.refused && seq <= s.refusedSeq:
		return true // it was refreshed meanwhile, or is of the same burst
	case s.refused:
		return false
	}
	s.refused, s.refusedSeq = true, newest
	if now.Sub(m.at) < freshFor {
		m.resume = now.Add(freshPause)
	} else {
		s.current = nil
	}
	return true
}

// trust books that the host has honoured the secret after all.
func (s *minter) trust() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = false
}

// authorize writes the credential for one of the manager's own requests.
func (e *entry) authorize(ctx context.Context, put func(credential)) error {
	if e.minter == nil {
		put(*e.auth.Load())
		return nil
	}
	m, err := e.minter.secret(ctx)
	if err != nil {
		return err
	}
	put(m.auth)
	return nil
}

// mayRetry reports whether the token of a lease that met a 401 is worth another
// attempt, because it has a new secret or will get one.
func (l Lease) mayRetry() bool {
	if l.secret == nil {
		return false
	}
	l.host.mu.Lock()
	defer l.host.mu.Unlock()
	return l.entry.state != Suspect && l.entry.state != Invalid
}

// holdMinted makes Holds know a new secret and the one before it, and forget
// the one before that.
func (m *Manager) holdMinted(hashes *[2][sha256.Size]byte, hash [sha256.Size]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if hashes[0] == hash {
		return
	}
	if hashes[1] != hash {
		delete(m.secrets, hashes[1])
	}
	hashes[0], hashes[1] = hash, hashes[0]
	m.secrets[hash] = struct{}{}
}
