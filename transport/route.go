package transport

import (
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/tokens"
)

// route works out which tokens may serve the call.
func (c *call) route(o override) {
	c.owner, c.token, c.walk = o.owner, o.token, o.walk
	if c.owner == "" {
		c.owner = c.host.Owner(c.request.URL, c.walk)
	}
	if c.host.Dialect().Identity(c.request.URL) {
		c.pin = &c.transport.pin
	}
}

// ask is what the call asks a host for, but for what changes from one attempt to
// the next.
func (c *call) ask() tokens.Request {
	r := tokens.Request{Draw: c.draw, Owner: c.owner, Token: c.token, Pin: c.pin, Walk: c.walk}
	if c.kept != nil {
		r.Prefer = c.kept.prefer
	}
	return r
}

// learn tells the host who owns what the answer links or redirects to: GitHub and
// GitLab name owners and repositories by number there.
func (c *call) learn(resp *http.Response) {
	if c.owner == "" {
		return
	}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		c.learnAt(resp.Header.Get("Location"))
	}
	for _, links := range resp.Header["Link"] {
		for links != "" {
			var link string
			_, links, _ = strings.Cut(links, "<")
			link, links, _ = strings.Cut(links, ">")
			c.learnAt(link)
		}
	}
}

// learnAt tells the host that what a link names is the owner's whom the call is
// about.
func (c *call) learnAt(link string) {
	if link == "" {
		return
	}
	if u, err := c.request.URL.Parse(link); err == nil {
		c.host.Learn(u, c.owner)
	}
}
