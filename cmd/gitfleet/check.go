package main

import (
	"context"
	"fmt"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// ask learns what the hosts tell. With --check it returns what they say of each
// token, and an error if one of them is not accepted.
func (s *session) ask(ctx context.Context, filter tokens.Filter, o tokensOptions) (map[tokens.ID]*bool, error) {
	if o.check {
		return s.check(ctx, filter)
	}
	if !o.offline {
		if err := s.Manager().Prime(ctx, filter); err != nil && ctx.Err() == nil {
			fmt.Fprintln(s.tool.err, line(err))
		}
	}
	return nil, nil
}

// check asks the hosts about each token. It goes on after a failure.
func (s *session) check(ctx context.Context, filter tokens.Filter) (map[tokens.ID]*bool, error) {
	valid := map[tokens.ID]*bool{}
	var refused, unknown int
	for _, c := range s.Clients() {
		for _, found := range s.credentials(ctx, c, filter) {
			if found.Err != nil {
				fmt.Fprintf(s.tool.err, "gitfleet: %s: %s\n", cell(found.Label), trimmed(found.Err))
			}
			valid[found.Token] = found.Valid
			switch {
			case found.Valid == nil:
				unknown++
			case !*found.Valid:
				refused++
			}
		}
	}
	switch {
	case refused > 0:
		return valid, fmt.Errorf("%d of the tokens are not accepted", refused)
	case unknown > 0:
		return valid, fmt.Errorf("%d of the tokens could not be checked", unknown)
	}
	return valid, nil
}

// credentials returns what a host says of those of its tokens that are wanted.
// What went wrong is in each of them.
func (s *session) credentials(ctx context.Context, c *providers.Client, filter tokens.Filter) []providers.Credential {
	var ids []tokens.ID
	for _, info := range s.Manager().AllTokens(c.Provider(), filter, tokens.AtHost(c.Host())) {
		ids = append(ids, info.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	all, _ := c.ValidateCredentials(ctx, ids...) // its error joins theirs
	return all
}
