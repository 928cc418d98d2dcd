package fleettest

import (
	"net/http"
	"net/url"
	"strings"
)

// endpoint carries out a call that was admitted to the host H.
type endpoint[H any] func(H, *call) *answer

// route is a method and a path; segments in braces stand for any,
// one that ends in three dots for all that follow.
type route[H any] struct {
	method   string
	path     string
	segments []string
	endpoint endpoint[H]
}

// name is how a route is called in limits: "GET /projects/{id}".
func (r route[H]) name() string { return r.method + " " + r.path }

// routes are looked through in order.
type routes[H any] []route[H]

// on makes a route.
func on[H any](method, path string, e func(H, *call) *answer) route[H] {
	return route[H]{method, path, strings.Split(path, "/"), e}
}

// match returns the route for a path. HEAD is GET.
func (rs routes[H]) match(method, path string) (r route[H], ok bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(path, "/")
	for _, r := range rs {
		if r.method == method && fits(r.segments, segments) {
			return r, true
		}
	}
	return r, false
}

// segment returns the nth part of the path, from 0.
func (c *call) segment(n int) string {
	parts := strings.Split(c.path, "/")
	if n+1 < len(parts) {
		return parts[n+1]
	}
	return ""
}

// after returns what comes behind the nth part of the path, from 0, unescaped
// if the path is still escaped.
func (c *call) after(n int) string {
	parts := strings.SplitN(c.path, "/", n+3)
	if len(parts) < n+3 {
		return ""
	}
	if rest, err := url.PathUnescape(parts[n+2]); err == nil && c.escaped {
		return rest
	}
	return parts[n+2]
}

// lastSegment returns the last part of the path.
func (c *call) lastSegment() string { return c.path[strings.LastIndex(c.path, "/")+1:] }

// param returns the nth part of a path that is still escaped, from 0. So a
// name with a slash in it, such as acme%2Frepo-0001, is one part.
func (c *call) param(n int) string {
	escaped := c.segment(n)
	if part, err := url.PathUnescape(escaped); err == nil {
		return part
	}
	return escaped
}
