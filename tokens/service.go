package tokens

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// ownName is the form of the names of services. It leaves out the slash, which
// ends the name in the IDs of their tokens.
var ownName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,63}$`)

// Service returns the host that stands for a service of the user's own, which is
// no Git host: any API that has keys, HTTP or not. Package pool is how to use it.
//
// Its tokens are [Opaque]. No URL belongs to it, so that none of them goes into a
// request by itself, and nothing is sent to ask about them. It has no limits but
// those that observations tell and that [Host.SetRate] sets: any number of calls
// may be under way. The name has up to 64 small letters, digits, dots, underscores
// and hyphens, and begins with a letter; those of Git hosts are an error.
func (m *Manager) Service(name ProviderType) (*Host, error) {
	p, err := servicePlace(name)
	if err != nil {
		return nil, fmt.Errorf("gitfleet: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	return m.hostAt(p), nil
}

func servicePlace(name ProviderType) (place, error) {
	if _, err := ParseProviderType(string(name)); err == nil {
		return place{}, fmt.Errorf("service %q: the name is that of a Git host", name)
	}
	if !ownName.MatchString(string(name)) {
		return place{}, fmt.Errorf("service %q: want a name of up to 64 small letters, digits, dots, underscores and hyphens that begins with a letter", name)
	}
	return place{provider: name, dialect: ratelimit.Generic}, nil
}

// isService reports whether p stands for a service of the user's own.
func (p *place) isService() bool { return len(p.origins) == 0 }

// opaque is resolved for a token of a service.
func (t Token) opaque() (Token, ID, place, error) {
	p, err := servicePlace(t.Provider)
	if err != nil {
		return Token{}, "", place{}, err
	}
	name, ok := strings.CutPrefix(string(t.ID), string(t.Provider)+"/")
	switch {
	case !ok || name == "":
		return Token{}, "", place{}, fmt.Errorf("want an ID of the form \"%s/name\"", t.Provider)
	case !t.Secret.IsZero() || t.Host != "" || t.User != "" || t.ProbePath != "":
		return Token{}, "", place{}, errors.New("an opaque token has no secret, host, user and probe path")
	}
	if t.Label == "" {
		t.Label = name
	}
	if err := checkLabel(t.Label, ""); err != nil {
		return Token{}, "", place{}, err
	}
	if err := t.Floor.check(); err != nil {
		return Token{}, "", place{}, err
	}
	if t.Owners, err = t.cleanOwners(); err != nil {
		return Token{}, "", place{}, err
	}
	return t, t.ID, p, nil
}

// errOwnService says that a token of a service is not asked about.
func errOwnService(e *entry) error {
	return fmt.Errorf("gitfleet: token %q belongs to a service of the user's own: its manager has no secret and sends nothing", *e.label.Load())
}

// SetRate bounds the calls of each account of a service to so many in any span of
// time, from now on; 0 calls are no bound. A call counts from its lease until a
// span after it has ended, at most a sixtieth of the span longer. Calls that wait
// are served as the new bound allows. Calls that were made before the span was
// changed count from the change, and those before the first bound only if they are
// still under way. Hosts that are no services keep to [Config].Pace: for them
// SetRate does nothing.
//
// Each account is looked at by itself, while others are used. Calls that begin before
// SetRate returns may keep to either bound.
func (h *Host) SetRate(calls int64, span time.Duration) {
	all := h.setRate(calls, span)
	if len(all) == 0 {
		return
	}
	for _, e := range all {
		e.look(func(now time.Time) { e.account.rate(now) })
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serveLines(time.Now())
}

// setRate sets the bound, and returns the tokens whose accounts are to keep to it.
func (h *Host) setRate(calls int64, span time.Duration) []*entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isService() || calls > 0 && span <= 0 {
		return nil
	}
	h.pace.PointsPerMinute, h.span, h.paced = calls, span, calls > 0
	h.rates++
	return h.entries.list()
}

// rate has the account keep to the bound that the host has now, unless it does. It is
// so small that it costs calls nothing.
func (a *account) rate(now time.Time) {
	if a.rated != a.host.rates {
		a.rerate(now)
	}
}

func (a *account) rerate(now time.Time) {
	a.rated = a.host.rates
	a.resetPace(now)
	a.relist(now)
}

// resetPace makes the account's window one of the host's span and bound, with the
// points of its calls that are under way.
func (a *account) resetPace(now time.Time) {
	p, limit := a.points("")
	was := p.window
	p.full = false
	switch {
	case limit == 0:
		p.window = nil
		return
	case was == nil || was.Span != a.host.span:
		p.window = &ratelimit.Sliding{Span: a.host.span}
		p.window.Take(a.underWay)
		if was != nil {
			old := was.Held(now) - a.underWay
			p.window.Take(old)
			p.window.Answered(old, now)
		}
	}
	p.full = !p.window.Room(1, limit, now)
}
