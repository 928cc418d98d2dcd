package providers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// credentialed lets no request for the API of a host pass that no token may be
// sent with. A transport sends such requests without one, since it cannot know
// whether they are meant to go to the host of a token.
type credentialed struct {
	base     http.RoundTripper
	manager  *tokens.Manager
	provider tokens.ProviderType
	host     string // as hostName has it
}

// RoundTrip implements [http.RoundTripper].
func (c *credentialed) RoundTrip(req *http.Request) (*http.Response, error) {
	if c.guards(req.URL) {
		if _, ok := c.manager.Host(c.provider, req.URL); !ok {
			if req.Body != nil {
				_ = req.Body.Close()
			}
			return nil, &Error{
				Kind:    ErrUnauthorized,
				Message: "no token may be sent to the API of " + c.host + ": add one with that Host, or ask for Anonymous",
				Err:     tokens.ErrNoTokens,
			}
		}
	}
	return c.base.RoundTrip(req)
}

// guards reports whether u is of the host's API. Downloads lie elsewhere and take
// no token.
func (c *credentialed) guards(u *url.URL) bool {
	if hostName(u.Host) != c.host {
		return false
	}
	return strings.HasPrefix(strings.ToLower(u.Host), "api.") || strings.Contains(u.Path, "/api/") || strings.Contains(u.Path, "/2.0/")
}

// hasToken reports whether a manager has a token for the host.
func (c Config) hasToken(m *tokens.Manager, p tokens.ProviderType) bool {
	host := hostName(cmp.Or(c.Host, publicHosts[p]))
	return slices.ContainsFunc(m.AllTokens(p), func(t tokens.TokenInfo) bool { return hostName(t.Host) == host })
}

// publicHosts are the hosts of the providers' public clouds.
var publicHosts = map[tokens.ProviderType]string{
	tokens.GitHub: "github.com", tokens.GitLab: "gitlab.com", tokens.Bitbucket: "bitbucket.org",
}

// hostName returns the name, and port, of a host of which a base URL or a part of
// one is known, in the way in which people name it.
func hostName(base string) string {
	_, rest, found := strings.Cut(base, "://")
	if !found {
		rest = base
	}
	name, _, _ := strings.Cut(rest, "/")
	name = strings.TrimSuffix(strings.ToLower(name), ":443")
	return strings.TrimPrefix(strings.TrimPrefix(name, "api."), "uploads.")
}
