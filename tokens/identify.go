package tokens

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Identify asks the hosts who the tokens are, all of them but [Opaque] ones if no
// ID is given. What
// they say is in [TokenInfo]: Identity, Expires and, unless it was declared,
// Account.
//
// Tokens that turn out to be of one account share its budgets from then on: what
// is known of both is put together, the calls that are under way included.
// GitHub and GitLab count users, so that all tokens of one user are one account,
// and GitHub installations of an app; Bitbucket Cloud counts users, but each
// access token and each OAuth consumer for itself. A declared [Token].Account
// decides for its tokens, whatever the host says of them: tokens that declare
// none join them.
//
// It sends one or two requests for each token, through [Config].Base or else
// [http.DefaultTransport]. They are counted and paced like any other; each waits
// 10 s at most for its turn and 10 s for its answer. A Bitbucket access token
// tells what it is by itself and is not asked about. The errors of all tokens are
// joined, each with the token's label; an ID that the manager does not have
// matches [ErrUnknownToken], and a token that is removed meanwhile is no error.
func (m *Manager) Identify(ctx context.Context, ids ...ID) error {
	all, errs := m.chosen(ids)
	failed := make([]error, len(all))
	atOnce(all, func(i int, e *entry) {
		s, err := e.host.identify(ctx, e)
		switch {
		case errors.Is(err, ErrUnknownToken): // it was removed meanwhile
		case err != nil:
			failed[i] = fmt.Errorf("gitfleet: token %q: identify: %w", *e.label.Load(), err)
		default:
			e.host.take(e, s)
		}
	})
	return errors.Join(append(errs, failed...)...)
}

// chosen returns the tokens with the IDs, all if there is none, and what is wrong
// with the IDs.
func (m *Manager) chosen(ids []ID) (all []*entry, errs []error) {
	if len(ids) == 0 {
		m.each("", func(e *entry, _ time.Time) {
			if !e.host.isService() {
				all = append(all, e)
			}
		})
	}
	for _, id := range ids {
		if err := m.with(id, func(e *entry, _ time.Time) { all = append(all, e) }); err != nil {
			errs = append(errs, err)
		}
	}
	return all, errs
}

// identify asks the host whose a token is.
func (h *Host) identify(ctx context.Context, e *entry) (sighting, error) {
	if h.isService() {
		return sighting{}, errors.New("it belongs to a service of the user's own, which is not asked")
	}
	if s := h.stateOf(e); s == Invalid || s == Expired || s == Disabled {
		return sighting{}, fmt.Errorf("it is %v", s)
	}
	kind, err := e.kind(ctx)
	if err != nil {
		return sighting{}, err
	}
	var s sighting
	switch h.dialect {
	case ratelimit.GitHub, ratelimit.GitHubEnterprise:
		s, err = h.identifyGitHub(ctx, e, kind)
	case ratelimit.GitLab:
		s, err = h.identifyGitLab(ctx, e, kind)
	case ratelimit.BitbucketCloud:
		s, err = h.identifyBitbucket(ctx, e, kind)
	default:
		s, err = h.identifyDataCenter(ctx, e)
	}
	s.At = time.Now()
	return s, err
}

// kind returns what can be seen of the secret alone.
func (e *entry) kind(ctx context.Context) (Kind, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	header := http.Header{}
	if err := e.authorize(ctx, func(c credential) { c.put(header) }); err != nil {
		return "", err
	}
	for secret := range secretsIn(header) {
		return kindOf(e.host.provider, secret, e.scheme()), nil
	}
	return "", nil
}

func (e *entry) scheme() Scheme {
	e.host.mu.Lock()
	defer e.host.mu.Unlock()
	return e.token.Scheme
}

// get asks for a path of the host's API.
func (h *Host) get(ctx context.Context, e *entry, path, query string) (reply, error) {
	u := h.apiURL(path)
	u.RawQuery = query
	return h.ask(ctx, e, ratelimit.Request{Method: http.MethodGet, URL: u})
}

// take books what the host said of a token.
func (h *Host) take(e *entry, s sighting) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.removed {
		return
	}
	now := time.Now()
	e.identity, e.counted = s.Identity, s.counted
	e.learnEnd(s.ends, now)
	h.group(e, s, now)
	h.tell(Event{Kind: TokenIdentified}, e)
}
