package tokens

import (
	"cmp"
	"context"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// identifyBitbucket asks Bitbucket Cloud for the user. An access token of a
// repository, project or workspace has none, and each has a budget of its own
// (Atlassian Support, "API request limits").
func (h *Host) identifyBitbucket(ctx context.Context, e *entry, kind Kind) (sighting, error) {
	if kind == KindAccessToken {
		return sighting{Identity: Identity{Kind: kind}}, nil
	}
	r, err := h.get(ctx, e, "/user", "")
	if err != nil {
		return sighting{}, err
	}
	var user struct{ UUID, Username, Nickname string }
	if err := r.into(&user); err != nil {
		return sighting{}, err
	}
	s := sighting{Identity: Identity{Login: cmp.Or(user.Username, user.Nickname), AccountID: user.UUID, Kind: kind}}
	if list, ok := r.header["X-Oauth-Scopes"]; ok {
		s.Scopes = splitScopes(list[0])
	}
	switch {
	case e.scheme() == Basic:
		s.countedAs(user.UUID)
	case kind == "":
		s.Kind = KindOAuth // its consumer is what is counted
	}
	return s, nil
}

// identifyDataCenter reads the headers that tell the user in every answer of
// Bitbucket Data Center.
func (h *Host) identifyDataCenter(ctx context.Context, e *entry) (sighting, error) {
	r, err := h.get(ctx, e, "/projects", "limit=1")
	if err != nil {
		return sighting{}, err
	}
	if r.seen.Class != ratelimit.OK {
		return sighting{}, r.refusal()
	}
	s := sighting{Identity: Identity{Login: r.header.Get("X-Ausername"), AccountID: r.header.Get("X-Auserid")}}
	if e.scheme() == Bearer {
		s.Kind = KindAccessToken
	}
	s.countedAs(cmp.Or(s.AccountID, s.Login))
	return s, nil
}
