package tokens

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// place is where a token may be sent: a provider's API at one base URL.
type place struct {
	provider ProviderType
	base     string // canonical; equal bases are the same place
	dialect  ratelimit.Dialect
	root     string // the path of base, "" or "/gitlab"
	origins  []origin
}

// origin is a part of the URL space that belongs to a place. Scheme, host,
// port and path prefix must match exactly (invariant I2): credentials have
// leaked through suffix matches such as "evil-github.com".
type origin struct {
	scheme string
	host   string // lower case, without the scheme's default port
	prefix string // "" or a path that begins and ends with a slash
}

// contains reports whether u lies in o.
func (o *origin) contains(u *url.URL) bool {
	if u.Scheme != o.scheme || !equalHost(o.host, u.Host, u.Scheme) || u.Opaque != "" {
		return false
	}
	if o.prefix == "" {
		return true
	}
	// A path with dot segments may name something outside of the prefix.
	return strings.HasPrefix(u.Path, o.prefix) &&
		(!strings.Contains(u.Path, "/.") || strings.HasPrefix(path.Clean(u.Path)+"/", o.prefix))
}

func equalHost(want, got, scheme string) bool {
	if want == got {
		return true
	}
	got = withoutDefaultPort(got, scheme)
	// Folding would take the Kelvin sign, three bytes, for a k.
	return len(got) == len(want) && strings.EqualFold(want, got)
}

func withoutDefaultPort(host, scheme string) string {
	host = strings.TrimSuffix(host, ":")
	switch scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return host
}

// parsePlace finds the place that a provider and a base URL name. The base may
// be the host's web address or its API address.
func parsePlace(p ProviderType, base string) (place, error) {
	if _, err := ParseProviderType(string(p)); err != nil {
		return place{}, err
	}
	if base == "" {
		base = publicBase(p)
	}
	u, err := parseBase(base)
	if err != nil {
		return place{}, err
	}
	if u.Scheme == "http" && isPublicCloud(u.Host) {
		return place{}, fmt.Errorf("host %s is reached by https only: want https://%s", u.Host, u.Host)
	}
	switch p {
	case GitHub:
		return gitHubPlace(u), nil
	case GitLab:
		return newPlace(p, ratelimit.GitLab, trimmed(u, "/api/v4", "/api/graphql", "/api"), "/api/"), nil
	default:
		return bitbucketPlace(u), nil
	}
}

func publicBase(p ProviderType) string {
	switch p {
	case GitHub:
		return "https://api.github.com"
	case GitLab:
		return "https://gitlab.com"
	default:
		return "https://api.bitbucket.org"
	}
}

// isPublicCloud reports whether a host is one of those that everybody can use.
// None of them answers over plain http, and a token sent there would be readable
// on its way.
func isPublicCloud(host string) bool {
	domain, _ := gitHubCloud(&url.URL{Scheme: "https", Host: host})
	switch {
	case domain == "github.com", strings.HasSuffix(domain, ".ghe.com"):
		return true
	}
	return host == "gitlab.com" || host == "bitbucket.org" || host == "api.bitbucket.org"
}

func parseBase(base string) (*url.URL, error) {
	if !strings.Contains(base, "://") {
		base = "https://" + base
	}
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, errors.New("host is not a URL: want for example https://git.example.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("host must not hold a user, query or fragment: want for example https://git.example.com")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("host has scheme %q: want https", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("host is empty: want for example https://git.example.com")
	}
	return &url.URL{
		Scheme: u.Scheme,
		Host:   withoutDefaultPort(strings.ToLower(u.Host), u.Scheme),
		Path:   strings.TrimSuffix(path.Clean("/"+u.Path), "/"),
	}, nil
}

// gitHubPlace knows three shapes: github.com and ghe.com, whose API and uploads
// have hosts of their own, and Enterprise Server, whose API is below /api/
// (GitHub Docs, "Getting started with the REST API").
func gitHubPlace(u *url.URL) place {
	domain, cloud := gitHubCloud(u)
	if !cloud {
		return newPlace(GitHub, ratelimit.GitHubEnterprise, trimmed(u, "/api/v3", "/api/graphql", "/api"), "/api/")
	}
	return place{
		provider: GitHub,
		base:     "https://api." + domain,
		dialect:  ratelimit.GitHub,
		origins: []origin{
			{scheme: "https", host: "api." + domain},
			{scheme: "https", host: "uploads." + domain},
		},
	}
}

func gitHubCloud(u *url.URL) (domain string, ok bool) {
	if u.Scheme != "https" {
		return "", false
	}
	domain = strings.TrimPrefix(strings.TrimPrefix(u.Host, "api."), "uploads.")
	tenant, isGHE := strings.CutSuffix(domain, ".ghe.com")
	return domain, domain == "github.com" || isGHE && tenant != "" && !strings.Contains(tenant, ".")
}

func bitbucketPlace(u *url.URL) place {
	if u.Scheme == "https" && (u.Host == "api.bitbucket.org" || u.Host == "bitbucket.org") {
		return place{
			provider: Bitbucket,
			base:     "https://api.bitbucket.org",
			dialect:  ratelimit.BitbucketCloud,
			origins:  []origin{{scheme: "https", host: "api.bitbucket.org"}},
		}
	}
	if strings.HasSuffix(u.Path, "/2.0") { // only Cloud's API has that, here behind a proxy
		base := u.String()
		p := newPlace(Bitbucket, ratelimit.BitbucketCloud, trimmed(u, "/2.0"), "/2.0/")
		p.base = base // without its path it would name a Data Center
		return p
	}
	return newPlace(Bitbucket, ratelimit.BitbucketDataCenter, trimmed(u, "/rest/api/1.0", "/rest/api/latest", "/rest"), "/rest/")
}

// trimmed removes the first of the suffixes that u's path has.
func trimmed(u *url.URL, suffixes ...string) *url.URL {
	for _, s := range suffixes {
		if p, ok := strings.CutSuffix(u.Path, s); ok {
			u.Path = p
			return u
		}
	}
	return u
}

func newPlace(p ProviderType, d ratelimit.Dialect, base *url.URL, prefix string) place {
	return place{
		provider: p,
		base:     base.String(),
		root:     base.Path,
		dialect:  d,
		origins:  []origin{{scheme: base.Scheme, host: base.Host, prefix: base.Path + prefix}},
	}
}

func (p *place) contains(u *url.URL) bool {
	for i := range p.origins {
		if p.origins[i].contains(u) {
			return true
		}
	}
	return false
}

func (p place) defaultScheme(hasUser bool) Scheme {
	switch {
	case hasUser:
		return Basic
	case p.provider == GitLab:
		return PrivateToken
	default:
		return Bearer
	}
}

// probeURL is the cheapest address that answers 401 to a dead token and only to
// a dead one. GitHub's is free of charge (GitHub Docs, "Rate limits for the
// REST API"); Bitbucket's wants no scope of its own.
//
// A path of the user's own stands in its place, if there is one. A service has
// none: nil.
func (p place) probeURL(own string) *url.URL {
	if p.isService() {
		return nil
	}
	if own != "" {
		u, err := p.below(own)
		if err == nil { // it was checked when the token was added
			return u
		}
	}
	switch p.dialect {
	case ratelimit.GitHub, ratelimit.GitHubEnterprise:
		return p.apiURL("/rate_limit")
	case ratelimit.GitLab, ratelimit.BitbucketCloud:
		return p.apiURL("/user")
	default:
		u := p.apiURL("/projects")
		u.RawQuery = "limit=1"
		return u
	}
}

// apiURL returns the address of a path of the REST API.
func (p place) apiURL(path string) *url.URL {
	switch p.dialect {
	case ratelimit.GitHub:
		return p.url(path)
	case ratelimit.GitHubEnterprise:
		return p.url("/api/v3" + path)
	case ratelimit.GitLab:
		return p.url("/api/v4" + path)
	case ratelimit.BitbucketCloud:
		return p.url("/2.0" + path)
	default:
		return p.url("/rest/api/1.0" + path)
	}
}

// graphQLURL returns the address of GitHub's GraphQL API.
func (p place) graphQLURL() *url.URL {
	if p.dialect == ratelimit.GitHubEnterprise {
		return p.url("/api/graphql")
	}
	return p.url("/graphql")
}

// mainResource is the budget that a status shows as the token's own.
func (p place) mainResource() string {
	if p.isService() {
		return ""
	}
	return p.dialect.Draw(ratelimit.Request{URL: p.url("")}).Resource
}

// below returns the address that a user's path and query name, which must be
// part of the host's API.
func (p place) below(path string) (*url.URL, error) {
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || u.Fragment != "" {
		return nil, errors.New(`probe path is not a path: want for example "/api/v3/meta"`)
	}
	below := p.url(u.Path)
	below.RawPath, below.RawQuery = "", u.RawQuery
	if !p.contains(below) || strings.Contains(below.Path, "/.") {
		return nil, errors.New("probe path is not a path of the host's API")
	}
	return below, nil
}

// url returns the address of a path below the base.
func (p place) url(below string) *url.URL {
	o := p.origins[0]
	return &url.URL{Scheme: o.scheme, Host: o.host, Path: p.root + below}
}
