package transport

import (
	"io"
	"net/http"

	"github.com/gitfleet/gitfleet/tokens"
)

// TokenOf returns the token that the answer was made for, also for a refusal
// that is handed back. ok is false for an answer that did not need one, such as
// that of a download server at the end of a redirect, and for one that does not
// come from a [Transport].
//
// It is the answer's Body that knows, so that neither the header nor the
// request is changed. A client library that replaces Body, as go-github does
// with errors, and [http.Client].Timeout, which wraps it, hide the token; the
// Done hook tells of it in every case.
func TokenOf(resp *http.Response) (id tokens.ID, label string, ok bool) {
	if resp == nil {
		return "", "", false
	}
	body, ok := resp.Body.(leasedBody)
	if !ok {
		return "", "", false
	}
	lease, ok := body.leased()
	return lease.ID(), lease.Label(), ok
}

// leasedBody is a body that knows the lease of its request.
type leasedBody interface {
	leased() (tokens.Lease, bool)
}

// answerBody is the body of an answer to a leased request.
type answerBody struct {
	io.ReadCloser
	lease tokens.Lease
}

func (b *answerBody) leased() (tokens.Lease, bool) { return b.lease, b.lease.ID() != "" }

// sign makes the answer's body know the lease of the last attempt.
func (c *call) sign(resp *http.Response) {
	body := &c.sent.answer
	*body = answerBody{resp.Body, c.last}
	if resp.StatusCode == http.StatusSwitchingProtocols { // whose body can be written to
		if w, ok := resp.Body.(io.Writer); ok {
			resp.Body = struct {
				*answerBody
				io.Writer
			}{body, w}
			return
		}
	}
	resp.Body = body
}
