package github

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/google/go-github/v66/github"
)

// New returns a portable client for GitHub, an Enterprise Server or a tenant of
// ghe.com, as c.Host says in the way of [NewClient]. It sends nothing.
//
// [providers.Client.As] reaches go-github's *github.Client, and the As method of
// a record go-github's record.
func New(c providers.Config) (*providers.Client, error) {
	rt, m, err := c.Open(tokens.GitHub)
	if err != nil {
		return nil, err
	}
	lib, err := NewClient(rt, c.Host)
	if err != nil {
		return nil, err
	}
	lib.UserAgent = cmp.Or(c.UserAgent, providers.DefaultUserAgent)
	d := newDriver(lib)
	d.most = cmp.Or(c.MaxAnswer, providers.DefaultMaxAnswer)
	return providers.NewClient(d, m), nil
}

// driver implements [providers.Driver] and all that only some hosts have.
type driver struct {
	lib    *github.Client
	http   *http.Client // for the caller's own calls
	strict *http.Client // stays at the host
	info   providers.Info
	most   int64 // bytes of an answer that is decoded
	kinds  kinds
}

var (
	_ providers.Driver            = (*driver)(nil)
	_ providers.ContributorDriver = (*driver)(nil)
	_ providers.IssueDriver       = (*driver)(nil)
	_ providers.ReleaseDriver     = (*driver)(nil)
	_ providers.LanguageDriver    = (*driver)(nil)
	_ providers.GraphQLDriver     = (*driver)(nil)
)

// maxPage is the most that per_page may be (GitHub Docs, "Using pagination in
// the REST API").
const maxPage = 100

func newDriver(lib *github.Client) *driver {
	base := *lib.BaseURL
	base.Host = strings.ToLower(base.Host)
	d := &driver{
		lib:    lib,
		http:   lib.Client(),
		strict: lib.Client(),
		most:   providers.DefaultMaxAnswer,
		info: providers.Info{
			Provider: tokens.GitHub,
			Host:     strings.TrimSuffix(strings.TrimSuffix(base.String(), "/"), "/api/v3"),
			PageSize: maxPage,
		},
	}
	d.strict.CheckRedirect = d.stay
	return d
}

// maxRedirects is how many redirects are followed, as by [http.Client].
const maxRedirects = 10

// stay follows redirects below the API's base only, as from a repository's old
// name to its id. An answer from elsewhere would be taken for the host's own.
func (d *driver) stay(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects || !d.owns(req.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

func (d *driver) Info() providers.Info { return d.info }

// As sets a **github.Client.
func (d *driver) As(target any) bool {
	to, ok := target.(**github.Client)
	if ok && to != nil {
		*to = d.lib
	}
	return ok && to != nil
}
