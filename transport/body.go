package transport

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

const (
	// maxPeek is how much of an answer's body is looked into, and how much of a
	// refusal's is kept.
	maxPeek = 64 << 10

	// maxDrain is how much of a discarded body is read so that its connection
	// can be used again; what is longer closes the connection.
	maxDrain = 256 << 10
)

// observe settles the lease with what the answer says of limits, and keeps that
// in c.seen. The body still reads from its first byte afterwards.
func (c *call) observe(lease tokens.Lease, resp *http.Response) {
	d := c.host.Dialect()
	req := ratelimit.Request{Method: c.request.Method, URL: c.request.URL}
	seen := ratelimit.Response{Status: resp.StatusCode, Header: resp.Header}
	if d.ReadsBody(req, seen) {
		seen.Body = plain(resp.Header, peek(resp))
	}
	c.seen = lease.Answered(req, seen)
}

// peek returns the beginning of the body and puts it back.
func peek(resp *http.Response) []byte {
	if resp.Body == nil || resp.Body == http.NoBody {
		return nil
	}
	start, err := io.ReadAll(io.LimitReader(resp.Body, maxPeek))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failingReader{err}
	}
	resp.Body = peekedBody{io.MultiReader(bytes.NewReader(start), rest), resp.Body}
	return start
}

// peekedBody reads what was looked into and then the rest, and closes the
// original.
type peekedBody struct {
	io.Reader
	io.Closer
}

type failingReader struct{ err error }

// Read implements [io.Reader].
func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// plain undoes the compression that a caller asked for by an Accept-Encoding of
// its own; otherwise net/http has undone it. A bad or cut stream yields what
// could be read of it.
func plain(h http.Header, body []byte) []byte {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(z, maxPeek))
	return text
}

// peekRequest returns the beginning of a GraphQL document, which tells a query
// from a mutation, from a second reader of the body.
func (c *call) peekRequest() []byte {
	r := c.request
	if r.Method != http.MethodPost || r.GetBody == nil || !strings.HasSuffix(r.URL.Path, "/graphql") {
		return nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil
	}
	defer body.Close()
	start, _ := io.ReadAll(io.LimitReader(body, maxPeek))
	return start
}

// discard drains and closes the body of an answer that nobody will read.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)
	_ = resp.Body.Close()
}

// refusal is an answer that refused the call, kept without its connection in
// case that nothing better comes.
type refusal struct {
	resp  *http.Response
	lease tokens.Lease // that it answered
	limit bool
}

// keep holds an answer back. A limit refusal is kept rather than a 401, because
// client libraries make their own error of it.
func (c *call) keep(lease tokens.Lease, resp *http.Response, limit bool) {
	if c.refusal != nil && c.refusal.limit && !limit {
		discard(resp)
		return
	}
	kept, _ := io.ReadAll(io.LimitReader(resp.Body, maxPeek))
	discard(resp)
	resp.Body = io.NopCloser(bytes.NewReader(kept))
	if resp.ContentLength > int64(len(kept)) && c.request.Method != http.MethodHead {
		resp.ContentLength = -1
	}
	c.refusal = &refusal{resp, lease, limit}
}
