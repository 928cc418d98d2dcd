package transport

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// Hooks are functions that are told what a [Transport] does, as it does it, in
// the calling goroutine, or with a [Cache] in one that sends for several callers
// with the values of the first one's context. Nil ones are skipped. They must not block, and may be
// called from many goroutines at once. What they are told holds no secret.
// Requests that go out without a token of the manager's are not told of.
type Hooks struct {
	Attempt func(context.Context, Attempt) // a request is about to be sent
	Answer  func(context.Context, Answer)  // it was answered, or failed
	Limit   func(context.Context, Limit)   // the answer refused it because of a limit
	Swap    func(context.Context, Swap)    // it was refused, and goes out again with another token
	Retry   func(context.Context, Retry)   // it goes out again for another reason, or with the same token
	Wait    func(context.Context, Wait)    // the call begins to wait for a token
	Done    func(context.Context, Done)    // the call is over
}

// Attempt is one sending of a request.
type Attempt struct {
	Method string
	URL    string // without user information and credentials in the query
	Number int    // of this attempt, from 1
	Token  tokens.ID
	Label  string // of the token
}

// Limit is an answer that refused an attempt because of a limit.
type Limit struct {
	Attempt
	Status int

	// Seen is what the answer said of the limit. Its Message is the host's.
	Seen ratelimit.Observation
}

// Answer is what came of an attempt. Every Attempt that is told of has one,
// unless the sending of it panics.
type Answer struct {
	Attempt
	Status   int           // 0 if there was no answer
	Duration time.Duration // until the answer's header was read and understood
	Bytes    int64         // of the body, as the header announces; -1 if it does not
	Resource string        // the budget that was drawn on

	// Seen is what the answer said of limits and of the token; zero if there
	// was none.
	Seen ratelimit.Observation

	Err error // nil if there was an answer
}

// Swap is the decision to go on with another token, told right before the next
// Attempt, so after the Wait if there is one.
type Swap struct {
	Attempt // the one that was refused
	Status  int

	// Reason is a limit, [ratelimit.Unauthorized], or for single sign-on
	// [ratelimit.Forbidden].
	Reason ratelimit.Class

	// State is the token's after a 401 was looked into: [tokens.Invalid] if it
	// is put aside.
	State tokens.State
}

// Retry is the decision to send a request again that is no Swap: after a failure
// of the host or the network, whichever token is next; after a wait that ended
// with the same token being free; and after a 401 with the token's refreshed
// secret. It is told right before the next Attempt.
type Retry struct {
	Attempt                 // the one before
	Status  int             // of its answer; 0 after a network error
	Reason  ratelimit.Class // [ratelimit.ServerError] after any failure
}

// Wait is the beginning of a wait for a token.
type Wait struct {
	Method, URL string
	Resource    string    // the budget that the call draws on
	Until       time.Time // when a token may be free at the earliest
}

// Done is the end of a call.
type Done struct {
	Attempt     // whose answer is returned, else the last one; Number is how many there were
	Status  int // of the answer that is returned; 0 if none is
	Err     error
}

func (c *call) attempt(l tokens.Lease) Attempt {
	return Attempt{
		Method: method(c.request),
		URL:    redactedURL(c.request.URL),
		Number: c.attempts,
		Token:  l.ID(),
		Label:  l.Label(),
	}
}

func (c *call) hookAttempt(l tokens.Lease) {
	c.tellRepeat(l)
	if hook := c.transport.Hooks.Attempt; hook != nil {
		hook(c.request.Context(), c.attempt(l))
	}
	if c.transport.Hooks.Answer != nil {
		c.sentAt = time.Now()
	}
}

func (c *call) hookAnswer(l tokens.Lease, resp *http.Response, seen *ratelimit.Observation, err error) {
	hook := c.transport.Hooks.Answer
	if hook == nil {
		return
	}
	a := Answer{
		Attempt:  c.attempt(l),
		Duration: time.Since(c.sentAt),
		Bytes:    -1,
		Resource: c.draw.Resource,
		Seen:     *seen,
		Err:      err,
	}
	if resp != nil {
		a.Status, a.Bytes = resp.StatusCode, resp.ContentLength
	}
	if seen.Resource != "" {
		a.Resource = seen.Resource
	}
	hook(c.request.Context(), a)
}

func (c *call) hookLimit(l tokens.Lease, resp *http.Response, seen *ratelimit.Observation) {
	if hook := c.transport.Hooks.Limit; hook != nil {
		hook(c.request.Context(), Limit{Attempt: c.attempt(l), Status: resp.StatusCode, Seen: *seen})
	}
}

func (c *call) hookSwap(r *repeat) {
	if hook := c.transport.Hooks.Swap; hook != nil {
		hook(c.request.Context(), Swap{Attempt: c.repeated(r), Status: r.status, Reason: r.class, State: r.state})
	}
}

func (c *call) hookRetry(r *repeat) {
	if hook := c.transport.Hooks.Retry; hook != nil {
		hook(c.request.Context(), Retry{Attempt: c.repeated(r), Status: r.status, Reason: r.class})
	}
}

func (c *call) repeated(r *repeat) Attempt {
	a := c.attempt(r.lease)
	a.Number = r.number
	return a
}

func (c *call) hookWait(until time.Time) {
	if hook := c.transport.Hooks.Wait; hook != nil {
		hook(c.request.Context(), Wait{
			Method:   method(c.request),
			URL:      redactedURL(c.request.URL),
			Resource: c.draw.Resource,
			Until:    until,
		})
	}
}

func (c *call) hookDone(resp *http.Response, err error) {
	if hook := c.transport.Hooks.Done; hook != nil {
		d := Done{Attempt: c.attempt(c.last), Err: err}
		if resp != nil {
			d.Status = resp.StatusCode
		}
		hook(c.request.Context(), d)
	}
}

// hookShared tells of the end of a call for which nothing was sent, because an
// equal one was under way.
func (t *Transport) hookShared(req *http.Request, l tokens.Lease, resp *http.Response, err error) {
	hook := t.Hooks.Done
	if hook == nil {
		return
	}
	d := Done{Attempt: Attempt{Method: method(req), URL: redactedURL(req.URL), Token: l.ID(), Label: l.Label()}, Err: err}
	if resp != nil {
		d.Status = resp.StatusCode
	}
	hook(req.Context(), d)
}

func method(r *http.Request) string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// redactedURL returns u without what may be a credential in it.
func redactedURL(u *url.URL) string {
	bare := *u
	bare.User, bare.Fragment, bare.RawFragment = nil, "", ""
	q, err := url.ParseQuery(bare.RawQuery)
	switch {
	case err != nil: // what cannot be read may be anything
		bare.RawQuery = url.QueryEscape(hiddenValue)
	case hide(q):
		bare.RawQuery = q.Encode()
	}
	return bare.String()
}

// hiddenValue stands for what may be a secret.
const hiddenValue = "[secret]"

// hide replaces the values of query parameters in which hosts accept secrets.
func hide(q url.Values) (changed bool) {
	for _, key := range [...]string{"access_token", "private_token", "job_token", "client_secret"} {
		if q.Has(key) {
			q.Set(key, hiddenValue)
			changed = true
		}
	}
	return changed
}
