package fleettest

import (
	"iter"
	"net/http"
	"slices"
	"strings"
)

// credentialHeaders carry credentials at one host or another.
var credentialHeaders = []string{"Authorization", "Proxy-Authorization", "Private-Token", "Job-Token", "Deploy-Token", "Cookie"}

// credentialParams carry credentials in a URL.
var credentialParams = []string{"access_token", "private_token", "job_token"}

// notInTokens are the bytes that end a token in a URL or a header.
const notInTokens = "/?&=:;, \"'%+"

// recordLeaks enters the credentials that c brought to a foreign host.
func (h *host) recordLeaks(c *call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range h.carriers(c) {
		h.leaks = append(h.leaks, Leak{Scheme: c.from.scheme, Host: c.entry.Host, Header: name})
	}
}

// carriers names the headers of c that hold a credential: those made for it,
// and any that holds a known token. h.mu must be held.
func (h *host) carriers(c *call) []string {
	var names []string
	for _, name := range credentialHeaders {
		if c.r.Header.Get(name) != "" {
			names = append(names, name)
		}
	}
	for name, values := range c.r.Header {
		known := slices.ContainsFunc(values, func(v string) bool { return h.redact(v) != v })
		if known && !slices.Contains(names, http.CanonicalHeaderKey(name)) {
			names = append(names, name)
		}
	}
	if h.urlCarries(c) {
		names = append(names, "URL")
	}
	return names
}

// urlCarries reports whether the URL holds a credential. h.mu must be held.
func (h *host) urlCarries(c *call) bool {
	for _, p := range credentialParams {
		if c.query.Has(p) {
			return true
		}
	}
	uri := c.r.URL.RequestURI()
	return c.r.URL.User != nil || h.redact(uri) != uri
}

// shortestSecret is the shortest token that is looked for inside other texts.
// Nobody's secret is shorter, and the "a" of an example is part of many words.
const shortestSecret = 8

// redact replaces the known tokens in s. h.mu must be held.
func (h *host) redact(s string) string {
	var out strings.Builder
	for word := range words(s) {
		if len(word) >= shortestSecret && h.fragments[digestOf(word)] {
			word = "REDACTED"
		}
		out.WriteString(word)
	}
	return out.String()
}

// words yields the parts of s that could be a token, and what is between them.
func words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for s != "" {
			n := strings.IndexAny(s, notInTokens)
			switch {
			case n < 0:
				n = len(s)
			case n == 0:
				n = 1
			}
			if !yield(s[:n]) {
				return
			}
			s = s[n:]
		}
	}
}
