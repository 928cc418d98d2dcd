package bitbucket

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/ktrysmt/go-bitbucket"
)

// New returns a portable client for Bitbucket Cloud. It sends nothing. An error
// says what is wrong with c.
//
// Its As sets a **bitbucket.Client of go-bitbucket, a new one each time, over the
// same transport. That one is bound to no context; [NewClient] binds one. The As
// of a record sets a json.RawMessage, all that Bitbucket said of it, which must
// not be modified; files have none.
func New(c providers.Config) (*providers.Client, error) {
	api, err := endpoint(c.Host)
	if err != nil {
		return nil, err
	}
	c.Host = hostOf(api)
	rt, m, err := c.Open(tokens.Bitbucket)
	if err != nil {
		return nil, err
	}
	d := &driver{
		info: providers.Info{Provider: tokens.Bitbucket, Host: c.Host, PageSize: pageLength},
		api:  api, transport: rt, agent: cmp.Or(c.UserAgent, providers.DefaultUserAgent),
		most: cmp.Or(c.MaxAnswer, providers.DefaultMaxAnswer),
	}
	// No Timeout: it would count the time that a call waits for a token.
	d.records = &http.Client{Transport: rt, CheckRedirect: stay}
	d.files = &http.Client{Transport: rt, CheckRedirect: leave}
	return providers.NewClient(d, m), nil
}

// hostOf names a host as the manager does: behind another address only the path
// tells Cloud from a Data Center.
func hostOf(api string) string {
	if api == "https://api.bitbucket.org/2.0" {
		return "https://api.bitbucket.org"
	}
	return api
}

// driver is Bitbucket Cloud. It makes its own requests: go-bitbucket drops
// contexts, and records that it cannot decode.
type driver struct {
	info      providers.Info
	api       string // base URL, with /2.0
	transport http.RoundTripper
	agent     string
	most      int64 // bytes of an answer that is decoded

	records *http.Client // follows redirects on the same host
	files   *http.Client // follows them to where files are kept, too
}

var _ providers.Driver = (*driver)(nil)

// Info implements [providers.Driver].
func (d *driver) Info() providers.Info { return d.info }

// As implements [providers.Driver].
func (d *driver) As(target any) bool {
	to, ok := target.(**bitbucket.Client)
	if !ok || to == nil {
		return false
	}
	c, err := NewClient(context.Background(), d.transport, d.api)
	if err != nil {
		return false
	}
	*to = c
	return true
}

// origin is where a record came from.
func (d *driver) origin(raw json.RawMessage, q providers.Query) providers.Origin {
	o := providers.NewOrigin(d.info, raw)
	if q.Raw {
		o.Raw = slices.Clone(raw)
	}
	return o
}

// within is the origin of a part of a record.
func (d *driver) within() providers.Origin { return providers.NewOrigin(d.info, nil) }
