package tokens

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// ErrUnknownToken is what an error matches that says that the manager has no
// token of an ID.
var ErrUnknownToken = errors.New("unknown token")

// Lookup returns a copy of what is known of one token. ok is false if the
// manager does not have it.
func (m *Manager) Lookup(id ID) (info TokenInfo, ok bool) {
	err := m.with(id, func(e *entry, now time.Time) { info = e.info(now) })
	return info, err == nil
}

// Disable puts a token aside by hand: it is not used until [Manager.Enable]. The
// reason shows in its status. Leases that are out may still be settled, and
// what is learned about its limits is kept.
func (m *Manager) Disable(id ID, reason string) error {
	return m.with(id, func(e *entry, now time.Time) {
		e.disabled, e.disabledFor = true, reason
		e.changed(now)
	})
}

// Enable ends what [Manager.Disable] did. A token that is enabled changes
// nothing.
func (m *Manager) Enable(id ID) error {
	return m.with(id, func(e *entry, now time.Time) {
		e.disabled, e.disabledFor = false, ""
		e.changed(now)
	})
}

// MarkInvalid puts a token aside as dead, for example because another program
// has learned so. Only [Manager.Revalidate] and [Manager.MarkValid] bring it back.
func (m *Manager) MarkInvalid(id ID, reason string) error {
	return m.with(id, func(e *entry, now time.Time) {
		e.state, e.reason = Invalid, reason
		e.changed(now)
	})
}

// MarkValid says that a token is alive, for callers who have asked the host
// themselves: a suspect or invalid one is used again.
func (m *Manager) MarkValid(id ID) error {
	return m.with(id, func(e *entry, now time.Time) {
		e.state, e.reason = Available, ""
		e.changed(now)
	})
}

// Rotate gives a token a new secret. Its ID and what is known of its account are
// kept, its state is unknown again, as is when it ends, and requests that are under
// way end with the secret that they were sent with. A refreshing token cannot be rotated.
func (m *Manager) Rotate(id ID, secret Secret) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byID[id]
	if e == nil {
		return fmt.Errorf("gitfleet: %w: no token has the ID %q", ErrUnknownToken, id)
	}
	if e.host.isService() {
		return errOwnService(e)
	}
	if e.minter != nil || secret.source != nil {
		return fmt.Errorf("gitfleet: token %q: rotate: want static secrets, a refreshing one changes by itself", *e.label.Load())
	}
	text, err := cleanSecret(secret.Reveal())
	if err != nil {
		return fmt.Errorf("gitfleet: token %q: rotate: %w", e.token.Label, err)
	}
	m.secrets[sha256.Sum256([]byte(text))] = struct{}{}
	h := e.host
	h.mu.Lock()
	defer h.mu.Unlock()
	e.token.Secret = Static(text)
	e.auth.Store(new(newCredential(e.token)))
	e.state, e.reason, e.rotated = Unknown, "", h.seq
	e.forgetEnd()
	h.tell(Event{Kind: TokenRotated}, e)
	e.changed(time.Now())
	return nil
}

// Revalidate asks the host whether a token is alive, whatever is known of it,
// and returns the state that follows: an invalid or suspect token that the host
// honours is used again, one that it refuses is invalid. It sends one small
// request, through [Config].Base or else [http.DefaultTransport], and takes 10 s
// at most. If the host could not be asked, the error says why and the state stays.
func (m *Manager) Revalidate(ctx context.Context, id ID) (State, error) {
	var e *entry
	if err := m.with(id, func(found *entry, _ time.Time) { e = found }); err != nil {
		return Unknown, err
	}
	return e.host.revalidate(ctx, e)
}

func (h *Host) revalidate(ctx context.Context, e *entry) (State, error) {
	if h.isService() {
		return h.stateOf(e), errOwnService(e)
	}
	u := e.probe.Load()
	lease := h.leaseFor(e, u)
	defer lease.Lost() // unless it is settled
	seen, _, err := h.probe(ctx, e, u, h.manager.config.base(nil))
	if err != nil {
		return h.stateOf(e), fmt.Errorf("gitfleet: token %q: asking the host: %w", e.token.Label, err)
	}
	if seen.Class == ratelimit.Unauthorized && seen.Validity == ratelimit.Invalid {
		h.change(e, Invalid, seen.Message) // before those in line are served
	}
	lease.Settle(seen)
	if seen.Validity == ratelimit.Valid {
		h.change(e, Available, "")
	}
	return h.stateOf(e), nil
}

// change books what is known of the token itself.
func (h *Host) change(e *entry, s State, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.state, e.reason = s, reason
	e.changed(time.Now())
}

// leaseFor takes a lease for a request of the manager's own with one token,
// whether or not its account has anything left.
func (h *Host) leaseFor(e *entry, u *url.URL) Lease {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	d := h.dialect.Draw(ratelimit.Request{Method: http.MethodGet, URL: u})
	return h.grantOwn(e.account.budget(h.lane(d.Resource, now), now), e, &d, now)
}

func (h *Host) stateOf(e *entry) State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return e.stateFor(h.main, time.Now())
}

// changed lets a change of the token itself have its effect: on where its
// account's budgets stand, and on those in line.
func (e *entry) changed(now time.Time) {
	e.restate()
	e.account.relist(now)
	h := e.host
	h.readmit()
	h.serveLines(now)
	for _, l := range h.lanes {
		l.doubt(e, now)
	}
	e.account.noticeAfter(e, now)
}

// with calls do with the token of an ID, its host locked.
func (m *Manager) with(id ID, do func(e *entry, now time.Time)) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	e := m.byID[id]
	if e == nil {
		return fmt.Errorf("gitfleet: %w: no token has the ID %q", ErrUnknownToken, id)
	}
	h := e.host
	h.mu.Lock()
	defer h.mu.Unlock()
	do(e, time.Now())
	return nil
}

// CountAvailable returns how many of the provider's tokens can serve a call now,
// as far as is known: a call that draws on each of the given resources or, if
// none is given, on the host's main one. The empty provider means all. Each token is
// looked at by itself, while others are used.
func (m *Manager) CountAvailable(p ProviderType, resources ...string) int {
	n := 0
	m.each(p, func(e *entry, now time.Time) {
		if s := e.worstState(resources, now); s == Available || s == Unknown {
			n++
		}
	})
	return n
}

// worstState returns the state for calls on all of the resources.
func (e *entry) worstState(resources []string, now time.Time) State {
	if len(resources) == 0 {
		return e.stateFor(e.host.main, now)
	}
	worst := Unknown
	for _, r := range resources {
		worst = max(worst, e.stateFor(r, now))
	}
	return worst
}

// NextReset returns when the first of the provider's tokens that a limit keeps
// from being used can be used again, for the given resources or, if none is
// given, the host's main one, by the local clock. ok is false if no token is
// limited. The empty provider means all. Each token is looked at by itself, while
// others are used.
func (m *Manager) NextReset(p ProviderType, resources ...string) (at time.Time, ok bool) {
	m.each(p, func(e *entry, now time.Time) {
		if s := e.worstState(resources, now); s != Limited && s != Cooling {
			return
		}
		names := resources
		if len(names) == 0 {
			names = []string{e.host.main}
		}
		var until time.Time // of this token: when the last of the resources is free
		for _, r := range names {
			until = later(until, e.account.limitedUntil(r, now))
		}
		if !ok || until.Before(at) {
			at, ok = until, true
		}
	})
	return at, ok
}

// each calls do with every token of a provider, its host locked.
func (m *Manager) each(p ProviderType, do func(e *entry, now time.Time)) {
	for _, e := range m.of(p) {
		e.look(func(now time.Time) { do(e, now) })
	}
}

// of returns the tokens that a provider has now.
func (m *Manager) of(p ProviderType) []*entry {
	m.mu.RLock()
	all := m.entries.list()
	m.mu.RUnlock()
	if p == "" {
		return all
	}
	return slices.DeleteFunc(all, func(e *entry) bool { return e.host.provider != p })
}

// look calls do with the token's host locked, and reports whether the token was
// still there. Whoever looks at all of thousands locks the host for each anew, so
// that calls get at it in between.
func (e *entry) look(do func(now time.Time)) bool {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	if e.removed {
		return false
	}
	do(time.Now())
	return true
}

// Filter tells which tokens are wanted.
type Filter func(TokenInfo) bool

// InState wants tokens in one of the states.
func InState(states ...State) Filter {
	return func(t TokenInfo) bool { return slices.Contains(states, t.Status.State) }
}

// OfAccount wants tokens of an account, by its name as [TokenInfo] has it.
func OfAccount(name string) Filter {
	return func(t TokenInfo) bool { return t.Account == name }
}

// AtHost wants tokens of one host, by its base URL as [TokenInfo] has it.
func AtHost(base string) Filter {
	return func(t TokenInfo) bool { return t.Host == base }
}

// WithTag wants tokens that carry the tag.
func WithTag(tag string) Filter {
	return func(t TokenInfo) bool { return slices.Contains(t.Tags, tag) }
}
