package fleettest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one request on its way through a simulator.
type call struct {
	r       *http.Request // the caller's, with a body of its own
	body    []byte
	arrived time.Time
	from    origin

	base string // what URLs in the answer begin with: "https://api.github.com"
	path string // without the prefix that is part of base
	// escaped is set if path is as it was sent.
	escaped bool
	query   url.Values
	entry   *Request

	account    *account    // nil until identified
	credential *credential // nil if there was no valid one
	resource   string
	cost       int     // units to take from the window
	numbers    numbers // of the window, once admitted
	skip       bool    // count the call but do not carry it out
}

// origin says how a request reached a simulator.
type origin struct {
	scheme string
	// anyName is set on a socket of the simulator's own, where every name
	// that leads there is right.
	anyName bool
	// wire is set if net/http wrote the request, so that what is not there
	// was not sent.
	wire bool
}

// exchange answers r. It returns an error only if there is no answer: the
// connection broke, the host is unknown, or the context ended.
func (h *host) exchange(r *http.Request, from origin) (*answer, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	c := h.arrive(r, body, from)
	defer h.depart(c)
	f := h.strike(c)
	a, err := h.handle(c, f)
	a, err = f.alter(a, err)
	if werr := wait(r.Context(), h.cfg.Latency+f.delay()); werr != nil {
		return nil, werr
	}
	if err != nil {
		return nil, err
	}
	a.header.Set("Date", time.Now().Add(h.cfg.ClockAhead).UTC().Format(http.TimeFormat))
	f.retouch(a)
	h.finish(c, a)
	return a, nil
}

// handle makes the answer as it is without f's changes.
func (h *host) handle(c *call, f *Fault) (*answer, error) {
	own := c.from.anyName || h.origins[c.base]
	if !own {
		h.recordLeaks(c)
	}
	if f != nil && f.Edge {
		return newAnswer(http.StatusOK), nil
	}
	if !own {
		return h.foreign(c)
	}
	c.skip = f != nil && f.Status != 0
	return h.reply(c), nil
}

// arrive enters a request in the log.
func (h *host) arrive(r *http.Request, body []byte, from origin) *call {
	name := strings.ToLower(hostName(r))
	c := &call{
		r: r.WithContext(r.Context()), body: body, arrived: time.Now(), from: from,
		base: from.scheme + "://" + name, path: r.URL.Path, query: r.URL.Query(),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c.entry = &Request{
		Time: c.arrived, Scheme: from.scheme, Host: name,
		Method: r.Method, URL: h.redact(r.URL.RequestURI()),
		Authorizations: len(r.Header["Authorization"]) + len(r.Header["Private-Token"]) + len(r.Header["Job-Token"]),
	}
	h.enter(c.entry)
	h.counts.Requests++
	h.inFlight++
	h.counts.MaxInFlight = max(h.counts.MaxInFlight, h.inFlight)
	return c
}

// depart ends what arrive and identify began.
func (h *host) depart(c *call) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inFlight--
	if c.account != nil {
		c.account.inFlight--
	}
}

// finish enters the answer in the log.
func (h *host) finish(c *call, a *answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.entry.Status, c.entry.Resource = a.status, c.resource
	if a.status == http.StatusNotModified {
		h.note(c, func(n *Counts) { n.NotModified++ })
	}
}

// bodied returns the caller's request with a body that reads from the start.
func (c *call) bodied() *http.Request {
	r := c.r.WithContext(c.r.Context())
	r.Body = io.NopCloser(bytes.NewReader(c.body))
	r.Host = c.entry.Host
	return r
}

// readBody reads and closes the body, on every path.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("fleettest: read request body: %w", err)
	}
	return body, nil
}

// hostName returns the host a request is for, without the usual ports.
func hostName(r *http.Request) string {
	name := r.URL.Host
	if name == "" {
		name = r.Host
	}
	name = strings.TrimSuffix(name, ":443")
	return strings.TrimSuffix(name, ":80")
}

// wait waits for d, or less if the context ends.
func wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// noSuchHost is the error of a resolver that does not know the name.
func noSuchHost(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}
