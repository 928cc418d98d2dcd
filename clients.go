package gitfleet

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
)

// GitHub returns the portable client for github.com, always the same one.
// Without a token for it, calls fail with an error that names the variables
// that FromEnv reads.
func (f *Fleet) GitHub() *providers.Client { return f.GitHubAt("") }

// GitLab returns the portable client for gitlab.com, see [Fleet.GitHub].
func (f *Fleet) GitLab() *providers.Client { return f.GitLabAt("") }

// Bitbucket returns the portable client for Bitbucket Cloud, see [Fleet.GitHub].
func (f *Fleet) Bitbucket() *providers.Client { return f.BitbucketAt("") }

// GitHubAt returns the portable client for an Enterprise Server or a tenant of
// ghe.com, always the same one for a host, which is named as in [tokens.Token].
// A host that is no URL makes every call an error, and so does one without a
// token, unless Config.Anonymous is set.
func (f *Fleet) GitHubAt(host string) *providers.Client { return f.client(tokens.GitHub, host) }

// GitLabAt returns the portable client for another GitLab, see [Fleet.GitHubAt].
func (f *Fleet) GitLabAt(host string) *providers.Client { return f.client(tokens.GitLab, host) }

// BitbucketAt returns the portable client for what speaks as Bitbucket Cloud
// does at another address, see [Fleet.GitHubAt].
func (f *Fleet) BitbucketAt(host string) *providers.Client { return f.client(tokens.Bitbucket, host) }

// Client returns the portable client for a provider's host, always the same one.
// The host is named as in [tokens.Token]; the empty one is the provider's public
// cloud.
func (f *Fleet) Client(p tokens.ProviderType, host string) (*providers.Client, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{p, host}
	if c := f.clients[at]; c != nil {
		return c, nil
	}
	open := drivers[p]
	if open == nil {
		return nil, fmt.Errorf("gitfleet: unknown provider %q: want github, gitlab or bitbucket", p)
	}
	config := providers.Config{Manager: f.manager, Host: host, Transport: f.transports[p], UserAgent: f.userAgent, MaxAnswer: f.maxAnswer}
	c, err := open(config)
	if err != nil {
		return nil, err
	}
	if f.anonymous && len(f.manager.AllTokens(p, tokens.AtHost(c.Host()))) == 0 {
		config.Anonymous = true
		config.Transport = f.transports[p].Base
		if config.Transport == nil {
			config.Transport = http.DefaultTransport
		}
		if c, err = open(config); err != nil {
			return nil, err
		}
	}
	f.clients[at] = c
	return c, nil
}

// drivers make the client of each provider.
var drivers = map[tokens.ProviderType]func(providers.Config) (*providers.Client, error){
	tokens.GitHub:    github.New,
	tokens.GitLab:    gitlab.New,
	tokens.Bitbucket: bitbucket.New,
}

// place is a provider's host as it was asked for.
type place struct {
	provider tokens.ProviderType
	host     string
}

// client returns a client even if its host is none; then its calls fail.
func (f *Fleet) client(p tokens.ProviderType, host string) *providers.Client {
	c, err := f.Client(p, host)
	if err == nil {
		return c
	}
	invalid := &providers.Error{Kind: providers.ErrInvalid, Message: err.Error(), Err: err}
	c, err = drivers[p](providers.Config{Manager: f.manager, Transport: refusing{invalid}})
	if err != nil {
		panic(err) // the public cloud always has a client
	}
	return c
}

// Clients returns a portable client for every host that the manager has a token
// for, in the order in which the first token of each was added.
func (f *Fleet) Clients() []*providers.Client {
	var clients []*providers.Client
	seen := map[place]bool{}
	for _, t := range f.manager.AllTokens("") {
		at := place{t.Provider, t.Host}
		if !seen[at] {
			seen[at] = true
			clients = append(clients, f.client(t.Provider, t.Host))
		}
	}
	return clients
}

// Repositories returns the repositories of an owner at every host that the
// manager has a token for, as they come. An error is a [*providers.Error] that
// says which provider and host it is from, and ends that host's part only.
func (f *Fleet) Repositories(ctx context.Context, owner string, options ...providers.Option) iter.Seq2[providers.Repository, error] {
	return providers.Across(ctx, f.Clients(), func(ctx context.Context, c *providers.Client) iter.Seq2[providers.Repository, error] {
		return c.Repositories(ctx, owner, options...)
	})
}
