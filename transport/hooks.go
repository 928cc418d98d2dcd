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
// the calling goroutine. Nil ones are skipped. They must not block, and may be
// called from many goroutines at once. What they are told holds no secret.
// Requests that go out without a token of the manager's are not told of.
type Hooks struct {
	Attempt func(context.Context, Attempt) // a request is about to be sent
	Limit   func(context.Context, Limit)   // an answer refused it because of a limit
	Swap    func(context.Context, Swap)    // another token is about to be asked for
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

// Swap is the decision to go on with another token.
type Swap struct {
	Attempt // the one that was refused
	Status  int
	Reason  ratelimit.Class // a limit or [ratelimit.Unauthorized]

	// State is the token's after a 401 was looked into: [tokens.Invalid] if it
	// is put aside.
	State tokens.State
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
	if hook := c.transport.Hooks.Attempt; hook != nil {
		hook(c.request.Context(), c.attempt(l))
	}
}

func (c *call) hookLimit(l tokens.Lease, resp *http.Response, seen ratelimit.Observation) {
	if hook := c.transport.Hooks.Limit; hook != nil {
		hook(c.request.Context(), Limit{Attempt: c.attempt(l), Status: resp.StatusCode, Seen: seen})
	}
}

func (c *call) hookSwap(l tokens.Lease, status int, seen ratelimit.Observation, state tokens.State) {
	if hook := c.transport.Hooks.Swap; hook != nil {
		hook(c.request.Context(), Swap{Attempt: c.attempt(l), Status: status, Reason: seen.Class, State: state})
	}
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
