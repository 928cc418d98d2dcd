package providers

import (
	"context"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// owner finds out whether an owner is a token's own account, since hosts list
// what is private to its own token only, and has that token used. If the owner is
// a person, tokens whose account is neither declared nor known are asked who they
// are, once.
func (c *Client) owner(ctx context.Context, login string) (context.Context, Owner, error) {
	whose := Owner{Login: login, Self: login == ""}
	if whose.Self || c.manager == nil {
		return ctx, whose, nil
	}
	t, ok := c.tokenOf(ctx, login)
	if !ok {
		asked, err := c.askWhoTheyAre(ctx, login)
		if err != nil {
			return ctx, whose, err
		}
		if asked {
			t, ok = c.tokenOf(ctx, login)
		}
	}
	if !ok {
		return ctx, whose, nil
	}
	whose.Self = true
	return transport.WithToken(ctx, t.ID), whose, nil
}

// askWhoTheyAre has the host asked who the tokens are that a person might own,
// and reports whether anybody was asked.
func (c *Client) askWhoTheyAre(ctx context.Context, login string) (bool, error) {
	d, ok := c.driver.(PersonDriver)
	if !ok {
		return false, nil
	}
	ids := c.strangers(ctx)
	if len(ids) == 0 {
		return false, nil
	}
	if person, err := d.IsPerson(ctx, login); err != nil || !person {
		return false, err
	}
	c.asking.Lock() // so that those who come meanwhile wait for what the first finds out
	defer c.asking.Unlock()
	if ids = c.strangers(ctx); len(ids) == 0 {
		return true, nil
	}
	_ = c.manager.Identify(ctx, ids...) // whoever cannot be asked owns nothing
	for _, id := range ids {
		c.asked.Store(id, true)
	}
	return true, ctx.Err()
}

// strangers returns the tokens that nobody has said the account of, and that have
// not been asked.
func (c *Client) strangers(ctx context.Context) []tokens.ID {
	var ids []tokens.ID
	for _, t := range c.candidates(ctx) {
		if _, asked := c.asked.Load(t.ID); !asked && t.Account == "" && t.Identity.At.IsZero() && canServe(t.Status.State) {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// candidates returns the tokens that may serve: the one that the context names,
// or all of the host.
func (c *Client) candidates(ctx context.Context) []tokens.TokenInfo {
	fixed, ok := transport.FixedToken(ctx)
	return c.manager.AllTokens(c.Provider(), tokens.AtHost(c.Host()), func(t tokens.TokenInfo) bool {
		return !ok || t.ID == fixed
	})
}

// tokenOf returns a token that is an owner's own.
func (c *Client) tokenOf(ctx context.Context, owner string) (tokens.TokenInfo, bool) {
	all := c.candidates(ctx)
	i := slices.IndexFunc(all, func(t tokens.TokenInfo) bool {
		login := t.Identity.Login
		if login == "" {
			login = t.Account
		}
		return strings.EqualFold(login, owner) && t.Identity.Owner == "" && canServe(t.Status.State)
	})
	if i < 0 {
		return tokens.TokenInfo{}, false
	}
	return all[i], true
}

// canServe reports whether a token in the state can serve now or after a rest.
func canServe(s tokens.State) bool {
	return s != tokens.Invalid && s != tokens.Expired && s != tokens.Disabled
}
