package bitbucket

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gitfleet/gitfleet/transport"
	"github.com/ktrysmt/go-bitbucket"
)

// pageLength is the most items that Bitbucket puts on a page (Atlassian
// developer, "The Bitbucket Cloud REST API", section "Pagination").
const pageLength = 100

// NewClient returns go-bitbucket's client with rt below it, usually a
// [transport.Transport]. Each of its requests ends when ctx does, also between
// the pages of a list and while it waits for a token. A JSON answer of more than
// [providers.DefaultMaxAnswer] bytes is an error. It sends nothing.
//
// The base is the host as tokens.Token.Host names it, with or without /2.0:
// empty for Bitbucket Cloud. Without a scheme https is meant.
func NewClient(ctx context.Context, rt http.RoundTripper, base string) (*bitbucket.Client, error) {
	api, err := endpoint(base)
	if err != nil {
		return nil, err
	}
	// An empty Bearer sets no Authorization header at all.
	c, err := bitbucket.NewOAuthbearerTokenWithBaseUrlStr("", api)
	if err != nil {
		return nil, err
	}
	// No Timeout: it would count the time that a call waits for a token.
	c.HttpClient = &http.Client{Transport: whole{transport.Bind(ctx, rt)}}
	c.Pagelen = pageLength
	return c, nil
}

func endpoint(base string) (string, error) {
	switch {
	case base == "":
		base = "https://api.bitbucket.org"
	case !strings.Contains(base, "://"):
		base = "https://" + base
	}
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errors.New("gitfleet: bitbucket: base is not a URL: want for example https://api.bitbucket.org")
	}
	if strings.EqualFold(u.Host, "bitbucket.org") {
		u.Host = "api.bitbucket.org" // the website, as Token.Host may name it
	}
	root := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/2.0")
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: root + "/2.0"}).String(), nil
}
