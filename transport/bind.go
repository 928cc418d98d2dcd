package transport

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// Bind returns a RoundTripper that sends every request through t with ctx
// joined to the request's own context: the request ends when either of them
// does, its deadline is the earlier of both, and a value is looked for in its
// own context first and then in ctx. Reading the answer's body is bound as well.
//
// It is for client libraries that take no context or drop the one they are
// given, such as go-bitbucket up to v0.10.0: make a client for each call, on top
// of Bind. That costs little, because connections and limits stay with t. A nil
// ctx binds nothing.
func (t *Transport) Bind(ctx context.Context) http.RoundTripper { return Bind(ctx, t) }

// Bind is [Transport.Bind] for any RoundTripper, for example one that writes a
// log above a Transport. A nil rt means [http.DefaultTransport].
func Bind(ctx context.Context, rt http.RoundTripper) http.RoundTripper {
	if rt == nil {
		rt = http.DefaultTransport
	}
	if ctx == nil {
		ctx = context.Background()
	}
	return bound{ctx, rt}
}

// bound joins a context to every request.
type bound struct {
	ctx  context.Context
	base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (b bound) RoundTrip(req *http.Request) (*http.Response, error) {
	// Asked here, because a joined context learns of an end a moment later.
	if err := b.ctx.Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, release := join(req.Context(), b.ctx)
	joined := req.WithContext(ctx)
	resp, err := b.base.RoundTrip(joined)
	if resp != nil && resp.Request == joined {
		resp.Request = req
	}
	switch {
	case release == nil:
	case err != nil || resp == nil || resp.Body == nil:
		release()
	default:
		resp.Body = releasing(resp.Body, release)
	}
	return resp, err
}

// CloseIdleConnections closes the idle connections of what is below; it is what
// [http.Client.CloseIdleConnections] calls.
func (b bound) CloseIdleConnections() {
	if c, ok := b.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// join returns a context that ends when own or other does, and a function that
// gives back what it holds, nil if that is nothing.
func join(own, other context.Context) (context.Context, func()) {
	switch {
	case other.Done() == nil:
		return layered{own, own, other}, nil
	case own.Done() == nil: // so it is with libraries that know no context
		return layered{other, own, other}, nil
	}
	inner, cancel := context.WithCancelCause(own)
	deadline, timed := other.Deadline()
	end := func() { cancel(context.Canceled) }
	if timed {
		// A timer of its own, so that the error says what it was.
		inner, end = context.WithDeadline(inner, deadline)
	}
	stop := context.AfterFunc(other, func() {
		if !timed || time.Now().Before(deadline) {
			cancel(context.Cause(other))
		}
	})
	release := func() {
		stop()
		end()
		cancel(context.Canceled)
	}
	return layered{inner, inner, other}, release
}

// layered is a context with the values of two. Of those that contexts derived
// from it look for their parent by, the first always has the right one.
type layered struct {
	context.Context
	first, second context.Context
}

// Value implements [context.Context].
func (c layered) Value(key any) any {
	if v := c.first.Value(key); v != nil {
		return v
	}
	return c.second.Value(key)
}

// releasing returns body with release called when it is closed.
func releasing(body io.ReadCloser, release func()) io.ReadCloser {
	b := releasingBody{body, release}
	if w, ok := body.(io.Writer); ok { // of 101 Switching Protocols
		return struct {
			releasingBody
			io.Writer
		}{b, w}
	}
	return b
}

type releasingBody struct {
	io.ReadCloser
	release func()
}

// Close implements [io.Closer].
func (b releasingBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}

// leased implements leasedBody for an answer of a Transport.
func (b releasingBody) leased() (tokens.Lease, bool) {
	if l, ok := b.ReadCloser.(leasedBody); ok {
		return l.leased()
	}
	return tokens.Lease{}, false
}
