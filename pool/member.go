package pool

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// member is a key of a pool with its client.
type member[C any] struct {
	pool  *Pool[C]
	id    tokens.ID
	label string
	key   Key
	print [sha256.Size]byte // of the key's parts

	probing sync.Mutex // held while the key is asked about

	mu       sync.Mutex // guards what follows
	client   C
	open     bool
	opening  chan struct{} // closed when Open has returned; nil while it does not run
	users    int           // functions that use the client, or are about to
	left     bool          // the key is in the pool no longer
	failures int           // in a row
	deaths   int           // in a row
	banned   time.Time     // what began before is not counted any more
}

func newMember[C any](p *Pool[C], id tokens.ID, label string, k Key) *member[C] {
	return &member[C]{pool: p, id: id, label: label, key: k, print: k.print(p.config.Provider)}
}

// errLeft says that the key left the pool after it was leased.
var errLeft = errors.New("the key has left the pool")

// use returns the client, and makes it if need be. Unless it returns an error
// release must follow.
func (m *member[C]) use(ctx context.Context) (client C, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.left && !m.open && m.opening != nil {
		opened := m.opening
		m.mu.Unlock()
		select {
		case <-opened:
			m.mu.Lock()
		case <-ctx.Done():
			m.mu.Lock()
			return client, ctx.Err()
		}
	}
	if m.left {
		return client, errLeft
	}
	m.users++
	if !m.open {
		if err := m.openNow(ctx); err != nil {
			return client, err
		}
	}
	return m.client, nil
}

// openNow makes the client, with the lock released meanwhile, for one user; without
// a client, also if Open panics, that is one user less.
func (m *member[C]) openNow(ctx context.Context) error {
	m.opening = make(chan struct{})
	m.mu.Unlock()
	var client C
	err := errors.New("the function Open did not return") // unless it does
	defer func() {
		m.mu.Lock()
		close(m.opening)
		m.opening = nil
		if err != nil {
			m.users--
			return
		}
		m.client, m.open = client, true
	}()
	client, err = m.pool.config.Open(ctx, m.key)
	return err
}

// release ends what use began, and closes the client of a key that has left.
func (m *member[C]) release() {
	m.mu.Lock()
	m.users--
	err := m.closeIfIdle()
	m.pool.report(err)
}

// leave closes the client as soon as nobody uses it.
func (m *member[C]) leave() error {
	m.mu.Lock()
	m.left = true
	return m.closeIfIdle()
}

// closeIfIdle releases the lock.
func (m *member[C]) closeIfIdle() error {
	if !m.left || m.users > 0 || !m.open {
		m.mu.Unlock()
		return nil
	}
	client := m.client
	var none C
	m.client, m.open = none, false
	m.mu.Unlock()
	return m.pool.closeClient(m, client)
}

// succeeded ends the rows of failures and of deaths.
func (m *member[C]) succeeded() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failures, m.deaths = 0, 0
}

// failed counts a failure of an attempt that began at the given time, and reports
// whether it is the one that bans the key.
func (m *member[C]) failed(began time.Time, threshold int, ban time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if threshold == 0 || began.Before(m.banned) {
		return false
	}
	if m.failures++; m.failures < threshold {
		return false
	}
	m.failures = 0
	m.banned = time.Now().Add(ban)
	return true
}

// died counts an attempt that found the key dead, and returns how many did in a row.
func (m *member[C]) died() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deaths++
	return m.deaths
}

// veiled returns err with a text that holds no part of a key of the pool.
func (p *Pool[C]) veiled(err error) error { return &veiledError{text: p.veil(err.Error()), err: err} }

func (p *Pool[C]) veil(text string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, m := range p.members {
		parts, _ := m.key.parts()
		for _, part := range parts {
			text = strings.ReplaceAll(text, part, m.key.Secret.String())
		}
	}
	return text
}

// veiledError is a user's error whose text may be printed (I1).
type veiledError struct {
	text string
	err  error
}

// Format implements [fmt.Formatter]: it prints as its text with every verb.
func (e *veiledError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.text) }

func (e *veiledError) Error() string { return e.text }
func (e *veiledError) Unwrap() error { return e.err }
