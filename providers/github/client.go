package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v66/github"
)

// NewClient returns go-github's client with rt below it, usually a
// [transport.Transport]. It sends nothing.
//
// The base is the host as tokens.Token.Host names it: empty for github.com,
// "https://acme.ghe.com" for a tenant of ghe.com, and the address of an
// Enterprise Server, with or without /api/v3, otherwise. Without a scheme https
// is meant.
//
// [transport.Transport]: https://pkg.go.dev/github.com/gitfleet/gitfleet/transport#Transport
func NewClient(rt http.RoundTripper, base string) (*github.Client, error) {
	api, uploads, err := endpoints(base)
	if err != nil {
		return nil, err
	}
	c := github.NewClient(&http.Client{Transport: rt})
	c.BaseURL, c.UploadURL = api, uploads
	return c, nil
}

// endpoints returns where the API and the uploads of a host are (GitHub Docs,
// "Getting started with the REST API"). go-github's WithEnterpriseURLs appends
// /api/v3/ to ghe.com as well, where there is no such path.
func endpoints(base string) (api, uploads *url.URL, err error) {
	switch {
	case base == "":
		base = "https://api.github.com"
	case !strings.Contains(base, "://"):
		base = "https://" + base
	}
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, nil, fmt.Errorf("gitfleet: github: base is not a URL: want for example https://git.example.com")
	}
	if domain, ok := cloud(u); ok {
		return &url.URL{Scheme: "https", Host: "api." + domain, Path: "/"},
			&url.URL{Scheme: "https", Host: "uploads." + domain, Path: "/"}, nil
	}
	root := strings.TrimSuffix(u.Path, "/")
	for _, suffix := range [...]string{"/api/v3", "/api/graphql", "/api"} {
		if cut, ok := strings.CutSuffix(root, suffix); ok {
			root = cut
			break
		}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: root + "/api/v3/"},
		&url.URL{Scheme: u.Scheme, Host: u.Host, Path: root + "/api/uploads/"}, nil
}

// cloud returns the domain of github.com or of a tenant of ghe.com, whose API
// and uploads have hosts of their own.
func cloud(u *url.URL) (domain string, ok bool) {
	domain = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(u.Host), "api."), "uploads.")
	tenant, isGHE := strings.CutSuffix(domain, ".ghe.com")
	ok = domain == "github.com" || isGHE && tenant != "" && !strings.Contains(tenant, ".")
	return domain, ok && u.Scheme == "https"
}
