//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/xanzy/go-gitlab"
)

// New returns a portable client for gitlab.com, or for the GitLab at c.Host,
// which may lie below a path. It sends nothing.
func New(c providers.Config) (*providers.Client, error) {
	root, err := webRoot(c.Host)
	if err != nil {
		return nil, err
	}
	rt, m, err := c.Open(tokens.GitLab)
	if err != nil {
		return nil, err
	}
	library, err := NewClient(rt, root)
	if err != nil {
		return nil, err
	}
	library.UserAgent = cmp.Or(c.UserAgent, providers.DefaultUserAgent)
	base := library.BaseURL()
	d := &driver{
		info:    providers.Info{Provider: tokens.GitLab, Host: strings.TrimSuffix(base.String(), "/api/v4/"), PageSize: 100},
		library: library,
		base:    base,
		most:    cmp.Or(c.MaxAnswer, providers.DefaultMaxAnswer),
		loose:   &http.Client{Transport: rt},
	}
	d.strict = &http.Client{Transport: rt, CheckRedirect: d.stay}
	return providers.NewClient(d, m), nil
}

// webRoot returns an address as package tokens spells that of its host, without
// what leads to the API.
func webRoot(host string) (string, error) {
	if host == "" {
		return "", nil
	}
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	u, err := url.Parse(host)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && u.Scheme != "http" {
		// The text may hold a password.
		return "", errors.New("gitfleet: config: Host is not the address of a GitLab: want for example https://git.example.com/gitlab")
	}
	u.Path = strings.TrimSuffix(path.Clean("/"+u.Path), "/")
	for _, end := range []string{"/api/v4", "/api/graphql", "/api"} {
		if rest, ok := strings.CutSuffix(u.Path, end); ok {
			u.Path = rest
			break
		}
	}
	port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	u.Host, u.RawPath = strings.TrimSuffix(strings.ToLower(u.Host), port), ""
	return u.String(), nil
}

// driver is a GitLab behind a [providers.Client]. It sends its requests itself:
// the library's Do drops the text of every 404 and leaves answers open that come
// when the call has ended.
type driver struct {
	info    providers.Info
	library *gitlab.Client
	base    *url.URL     // of the API; ends with a slash
	most    int64        // bytes of an answer that is decoded
	strict  *http.Client // follows redirects within the host
	loose   *http.Client // follows them anywhere, as downloads need it; the transport keeps the credential back
}

var (
	_ providers.Driver            = (*driver)(nil)
	_ providers.ContributorDriver = (*driver)(nil)
	_ providers.IssueDriver       = (*driver)(nil)
	_ providers.ReleaseDriver     = (*driver)(nil)
	_ providers.LanguageDriver    = (*driver)(nil)
	_ providers.GraphQLDriver     = (*driver)(nil)
)

// Info implements [providers.Driver].
func (d *driver) Info() providers.Info { return d.info }

// As implements [providers.Driver] for a **gitlab.Client.
func (d *driver) As(target any) bool {
	library, ok := target.(**gitlab.Client)
	if ok && library != nil {
		*library = d.library
	}
	return ok && library != nil
}

// url returns the address of an endpoint. Each part is one segment of the path,
// whatever is in it.
func (d *driver) url(query url.Values, parts ...string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(d.base.String(), "/"))
	for _, part := range parts {
		// Dots are escaped, too: GitLab takes what follows one for a format.
		b.WriteString("/" + gitlab.PathEscape(part))
	}
	if len(query) > 0 {
		b.WriteString("?" + query.Encode())
	}
	return b.String()
}

// ours reports whether u is below the API's base.
func (d *driver) ours(u *url.URL) bool {
	return d.sameHost(u) && strings.HasPrefix(u.Path, d.base.Path)
}

func (d *driver) sameHost(u *url.URL) bool {
	return u.Scheme == d.base.Scheme && strings.EqualFold(u.Host, d.base.Host) && u.User == nil
}

// origin returns where a record came from.
func (d *driver) origin(native any, raw []byte) providers.Origin {
	o := providers.NewOrigin(d.info, native)
	o.Raw = raw
	return o
}
