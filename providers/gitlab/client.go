//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"context"
	"net/http"
	"strings"

	"github.com/xanzy/go-gitlab"
)

// NewClient returns go-gitlab's client with rt below it, usually a
// [transport.Transport]. It sends nothing.
//
// The base is the host as tokens.Token.Host names it: empty for gitlab.com,
// otherwise the address of the instance with its relative URL root, if it has
// one, such as "https://git.example.com/gitlab", with or without /api/v4.
// Without a scheme https is meant.
//
// The options are go-gitlab's, for example a user agent by WithRequestOptions.
// They come last, so that one of them may set up again what this function has.
//
// [transport.Transport]: https://pkg.go.dev/github.com/gitfleet/gitfleet/transport#Transport
func NewClient(rt http.RoundTripper, base string, options ...gitlab.ClientOptionFunc) (*gitlab.Client, error) {
	switch {
	case base == "":
		base = "https://gitlab.com"
	case !strings.Contains(base, "://"):
		base = "https://" + base
	}
	quiet := []gitlab.ClientOptionFunc{
		gitlab.WithBaseURL(base),
		// No Timeout: it would count the time that a call waits for a token.
		gitlab.WithHTTPClient(&http.Client{Transport: rt}),
		gitlab.WithCustomLimiter(unlimited{}),
		gitlab.WithoutRetries(),
	}
	return gitlab.NewClient("", append(quiet, options...)...)
}

// unlimited is a [gitlab.RateLimiter] that never waits.
type unlimited struct{}

// Wait implements [gitlab.RateLimiter].
func (unlimited) Wait(context.Context) error { return nil }
