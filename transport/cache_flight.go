package transport

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// flight is one request on behalf of all callers that ask for the same at the
// same time. It has a goroutine of its own if the first caller may leave, and
// outlives him as long as another one waits.
type flight struct {
	cache    *Cache
	purpose  purpose
	resource digest
	request  *http.Request // the first caller's, with a context that ends with cancel
	deadline time.Time     // of that context; zero for none
	cancel   context.CancelFunc
	landed   chan struct{} // closed when the outcome stands

	// Guarded by cache.mu.
	next    *flight // of the same resource
	waiting int     // callers that want the answer
	led     bool    // the first of them does
	over    bool    // the outcome stands, or is about to

	outcome
}

// outcome is what came of a flight. It does not change once it stands.
type outcome struct {
	resp     *http.Response // nil if there is none
	lease    tokens.Lease   // that it answers
	text     []byte         // its body, if shared
	shared   bool           // everybody can have it; else only the first caller
	hit      bool           // it is what was kept
	err      error
	panicked any
}

// purpose is what must be equal, besides URL and header, for two requests to be
// the same one.
type purpose struct {
	transport *Transport
	host      *tokens.Host
	override  override
	writes    uint64 // requests that were over when it began, and may have changed something
}

// maxJoins is how many flights a caller waits for that bring him nothing, before
// he asks alone: else the last of many would wait for the failures of all.
const maxJoins = 2

// share sends the request, or waits for the answer to an equal one.
func (c *Cache) share(t *Transport, host *tokens.Host, req *http.Request) (*http.Response, error) {
	resource := resourceKey(host, req.URL)
	p := purpose{t, host, overrideOf(req.Context()), c.writes.Load()}
	for range maxJoins {
		if err := req.Context().Err(); err != nil {
			t.hookShared(req, tokens.Lease{}, nil, err)
			return nil, err
		}
		f, leads := c.join(p, resource, req)
		switch {
		case !leads:
		case req.Context().Done() == nil: // he will not leave
			f.fly()
		default:
			go func() { deepen(); f.fly() }()
		}
		resp, done, err := f.wait(req, leads)
		switch {
		case leads:
			return resp, err
		case err != nil: // he has left
			t.hookShared(req, tokens.Lease{}, nil, err)
			return nil, err
		case done:
			t.hookShared(req, f.lease, resp, nil)
			return resp, nil
		case f.resp != nil: // its body was not for two, and another's would not be
			return t.carry(host, req, c.lookUp(t, host, resource, req))
		}
	}
	return t.carry(host, req, c.lookUp(t, host, resource, req))
}

// join finds the flight of an equal request, or makes one. Who cannot wait as
// long as the first caller has one of his own: a wait that is too long for him
// must not begin (I9).
func (c *Cache) join(p purpose, resource digest, req *http.Request) (f *flight, leads bool) {
	deadline, _ := req.Context().Deadline()
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := c.flights[resource]; f != nil; f = f.next {
		inTime := deadline.IsZero() || !f.deadline.IsZero() && !deadline.Before(f.deadline)
		if f.purpose == p && inTime && sameFields(f.request.Header, req.Header) {
			f.waiting++
			return f, false
		}
	}
	f = &flight{
		cache: c, purpose: p, resource: resource, deadline: deadline,
		landed: make(chan struct{}), waiting: 1, led: true,
	}
	f.request = f.own(req)
	if c.flights == nil {
		c.flights = map[digest]*flight{}
	}
	f.next, c.flights[resource] = c.flights[resource], f
	return f, true
}

// own returns a copy of the first caller's request, who may change his as soon as
// he has left.
func (f *flight) own(req *http.Request) *http.Request {
	if req.Context().Done() == nil {
		f.cancel = func() {}
		return req
	}
	ctx := context.WithoutCancel(req.Context())
	if f.deadline.IsZero() {
		ctx, f.cancel = context.WithCancel(ctx)
	} else {
		ctx, f.cancel = context.WithDeadline(ctx, f.deadline)
	}
	r := req.WithContext(ctx)
	r.URL = new(*req.URL)
	r.Header = req.Header.Clone()
	return r
}

// sameFields reports whether two requests have the same header but for the
// credentials, which leases replace.
func sameFields(a, b http.Header) bool {
	return maps.EqualFunc(a, b, slices.Equal[[]string]) || maps.EqualFunc(bare(a), bare(b), slices.Equal[[]string])
}

func bare(h http.Header) http.Header {
	h = maps.Clone(h)
	tokens.StripCredentials(h)
	return h
}

// errGone is the outcome of a flight whose goroutine was ended by what it called.
var errGone = errors.New("gitfleet: transport: Base ended the goroutine that it was called in")

// deepen makes room on the stack of a new goroutine. A stack begins with 2 KiB
// and doubles when it is full, which moves all that stands on it: beneath a dozen
// calls that costs as much as all else that is done for a hit.
//
//go:noinline
func deepen() {
	var room [4 << 10]byte
	runtime.KeepAlive(&room)
}

// fly sends the request.
func (f *flight) fly() {
	f.err = errGone
	defer f.land()
	t, host := f.purpose.transport, f.purpose.host
	kept := f.cache.lookUp(t, host, f.resource, f.request)
	resp, err := t.carry(host, f.request, kept)
	f.resp, f.hit = resp, kept.hit
	if f.close() && resp != nil { // the answer is for all who wait by now
		f.gather()
	}
	f.err = err
}
