package providers

import (
	"errors"
	"sync"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// Client is a portable client for one host. The packages providers/github,
// /gitlab and /bitbucket make them, as does a gitfleet.Fleet. A Client is safe
// for concurrent use.
type Client struct {
	driver  Driver
	manager *tokens.Manager

	asking sync.Mutex // held while tokens are asked who they are
	asked  sync.Map   // of tokens.ID: those that were
}

// NewClient returns a client of a driver. The manager is the one whose tokens
// the driver's requests are sent with; it may be nil, if there is none.
func NewClient(d Driver, m *tokens.Manager) *Client { return &Client{driver: d, manager: m} }

// Provider returns the kind of host.
func (c *Client) Provider() tokens.ProviderType { return c.driver.Info().Provider }

// Host returns the base URL, such as "https://api.github.com".
func (c *Client) Host() string { return c.driver.Info().Host }

// String returns the base URL.
func (c *Client) String() string { return c.Host() }

// As sets target, a pointer, to the client of the library below, for example a
// **github.Client of go-github, and reports whether it is of that type.
func (c *Client) As(target any) bool { return c.driver.As(target) }

// dialect returns how a host speaks of its limits.
func dialect(i Info) ratelimit.Dialect {
	switch i.Provider {
	case tokens.GitHub:
		return ratelimit.GitHub
	case tokens.GitLab:
		return ratelimit.GitLab
	case tokens.Bitbucket:
		return ratelimit.BitbucketCloud
	}
	return ratelimit.Generic
}

// repository reads the name of a repository.
func repository(s string) (Name, error) {
	n, err := ParseName(s)
	if err != nil {
		return n, invalid(err)
	}
	return n, nil
}

// login reads the name of an account.
func login(s string) error {
	if s == "" {
		return invalid(errors.New("the login is empty"))
	}
	if err := checkPath(s); err != nil {
		return invalid(err)
	}
	return nil
}
