package providers

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// FetchRepository returns a repository, named as [ParseName] reads it. One that
// was renamed or moved is found under its old name, too.
func (c *Client) FetchRepository(ctx context.Context, repository string, options ...Option) (Repository, error) {
	return one(ctx, c, OpRepository, repository, options, c.driver.Repository)
}

// FetchUser returns a user, or whatever else has that login.
func (c *Client) FetchUser(ctx context.Context, user string, options ...Option) (User, error) {
	q, err := query(OpUser, c.driver.Info().PageSize, options)
	if err != nil {
		return User{}, c.failure(OpUser, user, 0, invalid(err))
	}
	if err := login(user); err != nil {
		return User{}, c.failure(OpUser, user, 0, err)
	}
	u, err := c.driver.User(ctx, user, q)
	return u, c.failure(OpUser, user, 0, err)
}

// FetchCurrentUser returns the user whose token is used: that of
// transport.WithToken, else of the first token that was added. Tokens of
// installations, projects and workspaces have no user; they get [ErrUnsupported]
// or [ErrForbidden].
func (c *Client) FetchCurrentUser(ctx context.Context, options ...Option) (User, error) {
	q, err := query(OpCurrentUser, c.driver.Info().PageSize, options)
	if err != nil {
		return User{}, c.failure(OpCurrentUser, "", 0, invalid(err))
	}
	u, err := c.driver.User(ctx, "", q)
	return u, c.failure(OpCurrentUser, "", 0, err)
}

// FetchOrganization returns an organization, a group or a workspace.
func (c *Client) FetchOrganization(ctx context.Context, organization string, options ...Option) (Organization, error) {
	q, err := query(OpOrganization, c.driver.Info().PageSize, options)
	if err != nil {
		return Organization{}, c.failure(OpOrganization, organization, 0, invalid(err))
	}
	if err := login(organization); err != nil {
		return Organization{}, c.failure(OpOrganization, organization, 0, err)
	}
	o, err := c.driver.Organization(ctx, organization, q)
	return o, c.failure(OpOrganization, organization, 0, err)
}

// FetchContent returns a file of a repository with all of its data. [Ref] says
// as of when.
func (c *Client) FetchContent(ctx context.Context, repository, path string, options ...Option) (Content, error) {
	clean, err := cleanPath(path)
	if err == nil && clean == "" {
		err = errors.New("the path is empty: want a file; FetchTree lists directories")
	}
	if err != nil {
		return Content{}, c.failure(OpContent, repository, 0, invalid(err))
	}
	return one(ctx, c, OpContent, repository, options, func(ctx context.Context, n Name, q Query) (Content, error) {
		return c.driver.Content(ctx, n, clean, q)
	})
}

// FetchLanguages returns the languages of a repository, the largest first.
func (c *Client) FetchLanguages(ctx context.Context, repository string) ([]Language, error) {
	d, ok := c.driver.(LanguageDriver)
	if !ok {
		return nil, c.failure(OpLanguages, repository, 0, Unsupported(""))
	}
	return one(ctx, c, OpLanguages, repository, nil, func(ctx context.Context, n Name, _ Query) ([]Language, error) {
		return d.Languages(ctx, n)
	})
}

// one fetches a single record of a repository.
func one[T any](ctx context.Context, c *Client, op Op, of string, options []Option,
	fetch func(context.Context, Name, Query) (T, error),
) (T, error) {
	var none T
	n, err := repository(of)
	if err != nil {
		return none, c.failure(op, of, 0, err)
	}
	q, err := query(op, c.driver.Info().PageSize, options)
	if err != nil {
		return none, c.failure(op, of, 0, invalid(err))
	}
	got, err := fetch(ctx, n, q)
	if err != nil {
		return none, c.failure(op, n.String(), 0, err)
	}
	return got, nil
}

// cleanPath reads the path of a file. Slashes at its ends mean nothing.
func cleanPath(p string) (string, error) {
	p = strings.Trim(p, "/")
	if p == "" {
		return "", nil
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("%q is no path of a file in a repository", p)
		}
	}
	return p, nil
}
