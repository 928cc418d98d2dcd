package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// place is a provider's host. The empty host is the provider's public cloud.
type place struct {
	provider tokens.ProviderType
	host     string
}

// publicHosts are the web addresses of the public clouds.
var publicHosts = map[string]tokens.ProviderType{
	"github.com":        tokens.GitHub,
	"api.github.com":    tokens.GitHub,
	"gitlab.com":        tokens.GitLab,
	"bitbucket.org":     tokens.Bitbucket,
	"api.bitbucket.org": tokens.Bitbucket,
}

// repository returns the client and the name of a repository that is named by
// owner/name, an address, or as scp has it.
func (s *session) repository(target string) (*providers.Client, string, error) {
	if !isAddress(target) {
		n, err := providers.ParseName(target)
		if err != nil {
			return nil, "", &usageError{err: err}
		}
		c, err := s.client()
		return c, n.String(), err
	}
	r, err := providers.ParseRemote(target)
	if err != nil {
		return nil, "", &usageError{err: err}
	}
	c, root, err := s.clientAt(addressOf(target, r.Host))
	if err != nil {
		return nil, "", err
	}
	return c, below(r.Name.String(), root), nil
}

// owner returns the client and the login of an account that is named by its
// login or an address. The empty target is the token's own account.
func (s *session) owner(target string) (*providers.Client, string, error) {
	c, login, err := s.account(target)
	if err != nil {
		return nil, "", err
	}
	if strings.Contains(login, "/") && c.Provider() != tokens.GitLab {
		return nil, "", &usageError{err: fmt.Errorf("%s names a repository: want an owner such as %s",
			quoted(login), quoted(login[:strings.IndexByte(login, '/')]))}
	}
	return c, login, nil
}

func (s *session) account(target string) (*providers.Client, string, error) {
	if !isAddress(target) {
		c, err := s.client()
		return c, target, err
	}
	if !strings.Contains(target, "://") { // as scp has it: always a repository
		_, name, err := s.repository(target)
		if err == nil {
			err = &usageError{err: fmt.Errorf("%s names a repository: want an owner", quoted(name))}
		}
		return nil, "", err
	}
	u, err := url.Parse(target)
	if err != nil || u.Hostname() == "" {
		return nil, "", &usageError{err: errors.New("the address is no URL: want for example https://github.com/acme")}
	}
	c, root, err := s.clientAt(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path})
	if err != nil {
		return nil, "", err
	}
	login, _, _ := strings.Cut(u.Path, "/-/")
	login = below(strings.Trim(login, "/"), root)
	login = strings.TrimPrefix(strings.TrimPrefix(login, "orgs/"), "groups/")
	if login == "" {
		return nil, "", &usageError{err: errors.New("the address names no owner: want for example https://github.com/acme")}
	}
	return c, login, nil
}

func isAddress(target string) bool {
	return strings.Contains(target, "://") || strings.Contains(target, "@") && strings.Contains(target, ":")
}

// addressOf returns where the API of a remote's host is to be looked for.
func addressOf(target, host string) *url.URL {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return &url.URL{Scheme: "https", Host: host}
	}
	return &url.URL{Scheme: u.Scheme, Host: host, Path: u.Path}
}

// below cuts the path that a self-managed host lies at off a name.
func below(name, root string) string {
	if root == "" {
		return name
	}
	return strings.TrimPrefix(name, root+"/")
}

// clientAt returns the client of the host that an address is of, and the path
// that the host lies at.
func (s *session) clientAt(u *url.URL) (c *providers.Client, root string, err error) {
	at, root, err := s.placeOf(u)
	if err != nil {
		return nil, "", err
	}
	if wanted := s.tool.flags.provider; wanted != "" && wanted != string(at.provider) {
		return nil, "", &usageError{err: fmt.Errorf("--provider is %s, but %s is at %s", quoted(wanted), u.Host, at.provider)}
	}
	c, err = s.Client(at.provider, at.host)
	return c, root, err
}

// placeOf finds out whose host an address is of: a public cloud, one that there
// is a token for, or what --provider says.
func (s *session) placeOf(u *url.URL) (at place, root string, err error) {
	name := strings.ToLower(u.Hostname())
	if p, ok := publicHosts[name]; ok {
		return place{provider: p}, "", nil
	}
	if strings.HasSuffix(name, ".ghe.com") {
		return place{tokens.GitHub, "https://" + name}, "", nil
	}
	for _, t := range s.Manager().AllTokens("") {
		host, err := url.Parse(t.Host)
		if err != nil || !strings.EqualFold(host.Host, u.Host) && !strings.EqualFold(host.Hostname(), u.Host) {
			continue
		}
		root := strings.Trim(host.Path, "/")
		if root == "" || u.Path == "" || strings.HasPrefix(strings.Trim(u.Path, "/")+"/", root+"/") {
			return place{t.Provider, t.Host}, root, nil
		}
	}
	if s.tool.flags.provider == "" {
		return place{}, "", &usageError{err: fmt.Errorf("there is no token for %s: say with --provider whether it is a github, gitlab or bitbucket", quoted(u.Host))}
	}
	p, err := s.tool.providerFlag()
	return place{p, (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()}, "", err
}

// client returns the client where the target does not say whose: that of
// --provider and --host, of the configuration, or of the only provider that
// there are tokens for.
func (s *session) client() (*providers.Client, error) {
	at, err := s.defaultPlace()
	if err != nil {
		return nil, err
	}
	c, err := s.Client(at.provider, at.host)
	if err != nil {
		return nil, &usageError{err: err}
	}
	return c, nil
}

func (s *session) defaultPlace() (place, error) {
	p, err := s.tool.providerFlag()
	if err != nil {
		return place{}, err
	}
	host := s.tool.flags.host
	if p == "" && host != "" {
		return s.hostPlace(host)
	}
	if p == "" {
		p = s.config.provider
	}
	having := s.having(p)
	switch {
	case host != "":
		return place{p, host}, nil
	case p != "" && len(having) == 1:
		return having[0], nil // a self-managed host, if that is all there are tokens for
	case p != "":
		return place{provider: p}, nil
	case len(having) == 1:
		return having[0], nil
	case len(having) == 0:
		return place{}, &usageError{err: fmt.Errorf("%w, and no --provider: %s", tokens.ErrNoTokens, s.tool.hintNoToken(""))}
	}
	return place{}, &usageError{err: fmt.Errorf("there are tokens for %s: say which with --provider or --host, or by the full address", names(having))}
}

// hostPlace finds the provider of --host.
func (s *session) hostPlace(host string) (place, error) {
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	u, err := url.Parse(host)
	if err != nil || u.Hostname() == "" {
		return place{}, &usageError{err: errors.New("--host is no URL: want for example https://git.example.com")}
	}
	at, _, err := s.placeOf(u)
	return at, err
}

// having returns the hosts that there are tokens for, in the order of the tokens.
func (s *session) having(p tokens.ProviderType) []place {
	var places []place
	for _, t := range s.Manager().AllTokens(p) {
		if at := (place{t.Provider, t.Host}); !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	return places
}

func names(places []place) string {
	var all []string
	for _, p := range places {
		all = append(all, fmt.Sprintf("%s at %s", p.provider, p.host))
	}
	return strings.Join(all, " and ")
}

func (t *tool) providerFlag() (tokens.ProviderType, error) {
	if t.flags.provider == "" {
		return "", nil
	}
	p, err := tokens.ParseProviderType(t.flags.provider)
	if err != nil {
		return "", &usageError{err: fmt.Errorf("--provider is %s: want github, gitlab or bitbucket", quoted(t.flags.provider))}
	}
	return p, nil
}
