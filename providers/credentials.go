package providers

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// RateLimit is what is known of one budget of a token's account.
type RateLimit struct {
	Origin

	Token tokens.ID `json:"token"`
	Label string    `json:"label"`

	Resource  string    `json:"resource"`
	Limit     *int64    `json:"limit,omitempty"`
	Remaining *int64    `json:"remaining,omitempty"` // nil also after a reset, until the next answer
	Used      *int64    `json:"used,omitempty"`
	Reset     time.Time `json:"reset,omitzero"` // by the local clock
}

// FetchRateLimits returns every budget of the tokens with the given IDs, or of
// all that the client has. Where the host tells them free of charge, which is at
// GitHub, it is asked first; elsewhere they are what the last answers said. An
// error comes together with what is known all the same. No token loses its turn
// by it.
func (c *Client) FetchRateLimits(ctx context.Context, ids ...tokens.ID) ([]RateLimit, error) {
	filters, err := c.filters(ids)
	if err != nil {
		return nil, c.failure(OpRateLimits, "", 0, err)
	}
	err = c.manager.Prime(ctx, filters...)
	limits := []RateLimit{}
	for _, t := range c.manager.AllTokens(c.Provider(), filters...) {
		limits = append(limits, c.rateLimits(t)...)
	}
	return limits, c.failure(OpRateLimits, "", 0, err)
}

// rateLimits returns the budgets of a token by name.
func (c *Client) rateLimits(t tokens.TokenInfo) []RateLimit {
	var limits []RateLimit
	for _, name := range slices.Sorted(maps.Keys(t.Status.Budgets)) {
		b := t.Status.Budgets[name]
		l := RateLimit{Origin: NewOrigin(c.driver.Info(), nil), Token: t.ID, Label: t.Label, Resource: name, Reset: b.Reset}
		limit, limited := b.Limit.Get()
		if limited {
			l.Limit = &limit
		}
		if left, ok := b.Remaining.Get(); ok {
			l.Remaining = &left
			if limited {
				l.Used = new(max(0, limit-left))
			}
		}
		limits = append(limits, l)
	}
	return limits
}

// Credential is what the host says of a token.
type Credential struct {
	Origin

	Token tokens.ID `json:"token"`
	Label string    `json:"label"`

	// Valid is nil if the host could not be asked.
	Valid *bool        `json:"valid,omitempty"`
	State tokens.State `json:"state"`

	Login   string      `json:"login,omitempty"`
	Kind    tokens.Kind `json:"kind,omitempty"`
	Scopes  []string    `json:"scopes,omitempty"` // nil if the host does not say
	Expires time.Time   `json:"expires,omitzero"`

	Limits []RateLimit `json:"limits,omitempty"`

	// Err says why the host could not be asked, or not about everything.
	Err error `json:"-"`
}

// ValidateCredentials asks the host about the tokens with the given IDs, or
// about all that the client has: whether they are valid, whose they are, and
// what is left of every resource. Each has an error of its own; the one that is
// returned joins them. No token loses its turn by it.
func (c *Client) ValidateCredentials(ctx context.Context, ids ...tokens.ID) ([]Credential, error) {
	filters, err := c.filters(ids)
	if err != nil {
		return nil, c.failure(OpValidate, "", 0, err)
	}
	all := []Credential{}
	var errs []error
	for _, r := range c.manager.RevalidateAll(ctx, c.Provider(), filters...) {
		cr := Credential{Origin: NewOrigin(c.driver.Info(), nil), Token: r.ID, Label: r.Label, State: r.State, Err: r.Err}
		if r.Err == nil {
			cr.Valid = new(r.State != tokens.Invalid && r.State != tokens.Expired)
		}
		all = append(all, cr)
	}
	for i := range all {
		if err := c.describe(ctx, &all[i]); err != nil {
			errs = append(errs, err)
		}
	}
	return all, c.failure(OpValidate, "", 0, errors.Join(errs...))
}

// describe asks who a valid token is.
func (c *Client) describe(ctx context.Context, cr *Credential) error {
	if cr.Valid != nil && *cr.Valid {
		cr.Err = c.manager.Identify(ctx, cr.Token)
	}
	t, ok := c.manager.Lookup(cr.Token)
	if !ok {
		return cr.Err
	}
	cr.Login, cr.Kind, cr.Scopes, cr.Expires = t.Identity.Login, t.Identity.Kind, t.Identity.Scopes, t.Expires
	cr.Limits = c.rateLimits(t)
	return cr.Err
}

// filters choose the client's tokens among the manager's.
func (c *Client) filters(ids []tokens.ID) ([]tokens.Filter, error) {
	if c.manager == nil {
		return nil, Unsupported("the client has no token manager")
	}
	for _, id := range ids {
		t, ok := c.manager.Lookup(id)
		if !ok || t.Provider != c.Provider() || t.Host != c.Host() {
			return nil, &Error{Kind: ErrInvalid, Message: "no token of this host has the ID " + string(id), Err: tokens.ErrUnknownToken}
		}
	}
	wanted := func(t tokens.TokenInfo) bool {
		return t.Provider == c.Provider() && (len(ids) == 0 || slices.Contains(ids, t.ID))
	}
	return []tokens.Filter{tokens.AtHost(c.Host()), wanted}, nil
}
