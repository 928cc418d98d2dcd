package transport

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

const (
	// DefaultBreakAfter is how many failures in a row stop a Transport from
	// sending to a host.
	DefaultBreakAfter = 20

	// breakPause is how long nothing is sent at first. It doubles with every
	// probe that fails, up to maxBreakPause.
	breakPause, maxBreakPause = 5 * time.Second, time.Minute

	// breakSources is of how many paths server errors must have come: what one
	// caller's own request provokes, again and again, must not stop the others.
	breakSources = 3
)

// ErrUnavailable is what an [UnavailableError] matches, with [errors.Is].
var ErrUnavailable = errors.New("gitfleet: host unavailable")

// UnavailableError says that nothing was sent because the host has failed many
// times in a row; see [Transport].BreakAfter.
type UnavailableError struct {
	Provider tokens.ProviderType
	Host     string    // base URL
	Until    time.Time // when a call is sent again, by the local clock
}

// Error reads such as "gitfleet: github: https://api.github.com keeps failing,
// not asked again until 2026-11-21T14:00:05Z".
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("gitfleet: %s: %s keeps failing, not asked again until %s", e.Provider, e.Host, e.Until.UTC().Format(time.RFC3339))
}

// Is reports whether target is [ErrUnavailable].
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// RetryAt returns Until, for callers that know the error by this method only.
func (e *UnavailableError) RetryAt() time.Time { return e.Until }

// breakers keeps the hosts that fail. While none does, a call costs three atomic
// reads.
type breakers struct {
	failing atomic.Int32 // len(hosts)

	mu    sync.Mutex
	hosts map[*tokens.Host]*breaker
}

// breaker is what is known of one host that fails. It is closed at first, which
// lets every call pass. Once open it lets one call pass at the end of each
// pause, as a probe.
type breaker struct {
	failures int      // in a row
	sources  int      // network errors, and different paths of server errors
	paths    []uint64 // those, hashed

	pause time.Duration // 0 while it is closed
	until time.Time     // end of the pause
	turn  uint64        // of the newest probe, from 1
}

// admit leases a token, unless the host fails. It asks before, so that nobody
// stands in line for nothing, and after, because the line may have been long.
func (c *call) admit() (tokens.Lease, error) {
	b := &c.transport.breakers
	if until := b.closedUntil(c.host); !until.IsZero() {
		return tokens.Lease{}, c.unavailable(until)
	}
	lease, err := c.lease()
	if err != nil {
		return lease, err
	}
	turn, until := b.enter(c.host)
	if !until.IsZero() {
		lease.Cancel()
		return tokens.Lease{}, c.unavailable(until)
	}
	c.turn = turn
	return lease, nil
}

func (c *call) unavailable(until time.Time) error {
	return &UnavailableError{Provider: c.host.Provider(), Host: c.host.URL(), Until: until}
}

// closedUntil returns until when nothing is sent to the host, or the zero time.
func (b *breakers) closedUntil(h *tokens.Host) time.Time {
	if b.failing.Load() == 0 {
		return time.Time{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.hosts[h]; s != nil && s.pause > 0 && time.Now().Before(s.until) {
		return s.until
	}
	return time.Time{}
}

// enter lets a call pass, as the probe of an open breaker whose pause has
// ended, or returns until when none may. A probe that is never heard of again
// holds nothing up: the next may pass a pause later.
func (b *breakers) enter(h *tokens.Host) (turn uint64, until time.Time) {
	if b.failing.Load() == 0 {
		return 0, time.Time{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s, now := b.hosts[h], time.Now()
	switch {
	case s == nil || s.pause == 0:
		return 0, time.Time{}
	case now.Before(s.until):
		return 0, s.until
	}
	s.turn++
	s.until = now.Add(s.pause)
	return s.turn, time.Time{}
}

// judge books what came of an attempt.
func (c *call) judge(resp *http.Response, seen *ratelimit.Observation, err error) {
	most := c.transport.breakAfter()
	if most < 0 {
		return
	}
	b := &c.transport.breakers
	switch {
	case err != nil && c.request.Context().Err() != nil: // the caller has ended it
	case err != nil || outage(resp.StatusCode):
		if until := b.failed(c, err != nil, most); !until.IsZero() {
			c.logBroken(until)
		}
	case seen.Class != ratelimit.ServerError: // 501 and 505 say nothing of the host's health
		if b.served(c.host) {
			c.logMended()
		}
	}
}

// outage reports whether a status says that the host is ill, rather than that
// it cannot do what was asked. 520 to 530 are Cloudflare's, which stands before
// gitlab.com (Cloudflare docs, "Cloudflare 5xx errors").
func outage(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return status >= 520 && status <= 530
}

// failed books a failure, and returns until when nothing is sent if that has
// opened the breaker or made it stay open for longer.
func (b *breakers) failed(c *call, network bool, most int) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.hosts[c.host]
	if s == nil {
		if b.hosts == nil {
			b.hosts = map[*tokens.Host]*breaker{}
		}
		s = &breaker{}
		b.hosts[c.host] = s
		b.failing.Add(1)
	}
	switch {
	case s.pause == 0:
		s.failures++
		s.add(network, c.request.URL.Path)
		if s.failures < most || s.sources < breakSources {
			return time.Time{}
		}
		s.pause = breakPause
	case c.turn != s.turn || c.turn == 0:
		return time.Time{} // it was under way when the breaker opened
	default:
		s.pause = min(2*s.pause, maxBreakPause)
	}
	s.until = time.Now().Add(s.pause)
	return s.until
}

var pathSeed = maphash.MakeSeed()

// add notes where the failure came from. A network error is nobody's request's
// fault, and so is a source of its own.
func (s *breaker) add(network bool, path string) {
	if !network {
		h := maphash.String(pathSeed, path)
		if s.sources >= breakSources || slices.Contains(s.paths, h) {
			return
		}
		s.paths = append(s.paths, h)
	}
	s.sources++
}

// served books an answer of a host that works, and reports whether that has
// closed an open breaker.
func (b *breakers) served(h *tokens.Host) (mended bool) {
	if b.failing.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.hosts[h]
	if s == nil {
		return false
	}
	delete(b.hosts, h)
	b.failing.Add(-1)
	return s.pause > 0
}

func (t *Transport) breakAfter() int {
	if t.BreakAfter == 0 {
		return DefaultBreakAfter
	}
	return t.BreakAfter
}
