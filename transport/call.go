package transport

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// call is one call of RoundTrip: one request of the caller's, sent as often as
// it takes.
type call struct {
	transport *Transport
	host      *tokens.Host
	request   *http.Request // the caller's, or a copy whose body can be read again
	draw      ratelimit.Draw
	sent      *sent // by the first attempt

	owner string       // whose things it is about; empty if unknown
	token tokens.ID    // the only one that may serve; empty for any
	walk  *tokens.Walk // nil for none
	pin   *tokens.Pin  // nil if who asks makes no difference
	kept  *lookup      // nil without a Cache

	maxAttempts int           // as the policy or the context says
	mostWait    time.Duration // likewise; 0 is the default

	attempts    int
	retries     int          // of the attempts: after a server error or network error
	last        tokens.Lease // of the last attempt, or of the answer to hand back
	tried       tokens.Tried
	secondaries int       // refusals for a secondary limit since the last wait
	waits       int       // times it has waited for a token
	waitEnd     time.Time // when MaxWait is used up; zero before the first wait
	refusal     *refusal  // the answer to hand back if nothing better comes

	repeat   *repeat   // the attempt before, until it is told of
	turn     uint64    // as a breaker's probe; 0 if the attempt is none
	signedOn bool      // another account was asked because of single sign-on
	sentAt   time.Time // of the attempt, for Hooks.Answer

	// seen is what the last attempt's answer told; zero if there was none. It is
	// large, and handed on by reference.
	seen ratelimit.Observation

	// replay is the body for the next attempt; nil means the request's own.
	replay io.ReadCloser

	waiting func(time.Time) // onWait
}

// sent is what of a call may outlive it: net/http may still be reading the
// request when the caller has the answer, and the caller has the body.
type sent struct {
	request http.Request
	answer  answerBody
}

// calls are those that are over. A call is large and has many fields that stay
// zero when all goes well.
var calls = sync.Pool{New: func() any {
	c := new(call)
	c.waiting = c.onWait
	return c
}}

func newCall(t *Transport, h *tokens.Host, req *http.Request) *call {
	c := calls.Get().(*call)
	c.transport, c.host, c.request, c.sent = t, h, req, new(sent)
	return c
}

// free gives the call back. Nothing may have kept it.
func (c *call) free() {
	*c = call{waiting: c.waiting}
	calls.Put(c)
}

// run sends the request until an answer may be returned.
func (c *call) run() (*http.Response, error) {
	caller := c.request
	o := overrideOf(caller.Context())
	c.mostWait, c.maxAttempts = c.transport.bounds(o)
	c.route(o)
	if err := c.buffer(); err != nil {
		closeBody(caller)
		c.hookDone(nil, err)
		return nil, err
	}
	c.logReplaced()
	c.draw = c.host.Dialect().Draw(c.ratelimitRequest())
	resp, err := c.send()
	if c.replay != nil { // made ready for an attempt that did not come
		_ = c.replay.Close()
	}
	if resp != nil {
		resp.Request = caller
		c.sign(resp)
	}
	c.hookDone(resp, err)
	return resp, err
}

func (c *call) send() (*http.Response, error) {
	for {
		lease, err := c.admit()
		if err != nil {
			return c.giveUp(err)
		}
		resp, seen, err := c.exchange(lease)
		c.settled(lease, resp, seen, err)
		again, err := c.retry(lease, resp, seen, err)
		if err != nil {
			return nil, err
		}
		if again {
			continue
		}
		again, err = c.sendAgain(lease, resp, seen)
		if err != nil {
			return nil, err
		}
		if !again {
			if c.kept != nil {
				resp = c.kept.answered(lease, resp)
			}
			return c.deliver(resp, seen), nil
		}
	}
}

func (c *call) ratelimitRequest() ratelimit.Request {
	return ratelimit.Request{Method: c.request.Method, URL: c.request.URL, Body: c.peekRequest()}
}

// lease takes a token that has not refused the call yet, waiting for one if the
// policy allows.
func (c *call) lease() (tokens.Lease, error) {
	r := c.ask()
	r.Tried, r.MaxWait, r.OnWait = &c.tried, c.maxWait(), c.waiting
	return c.host.Lease(c.request.Context(), r)
}

func (c *call) maxWait() time.Duration {
	switch {
	case c.waits >= MaxWaits:
		return -1
	case c.waitEnd.IsZero():
		return c.mostWait
	}
	if left := time.Until(c.waitEnd); left > 0 {
		return left
	}
	return -1
}

// onWait is called before the call begins to wait.
func (c *call) onWait(until time.Time) {
	c.startWaiting()
	c.waits++
	c.secondaries = 0
	c.logWait(until)
	c.hookWait(until)
}

// exchange sends a copy of the request with the leased token and settles the
// lease with the answer, or as lost if there is none, even in a panic.
func (c *call) exchange(lease tokens.Lease) (*http.Response, *ratelimit.Observation, error) {
	answered := false
	defer func() {
		if !answered {
			lease.Lost()
		}
	}()
	req := c.copy(lease)
	c.attempts++
	c.last = lease
	c.hookAttempt(lease)
	resp, err := c.transport.attend(req)
	if err == nil && resp == nil {
		err = errors.New("gitfleet: transport: Base returned neither an answer nor an error")
	}
	if err != nil {
		c.seen = ratelimit.Observation{}
		return nil, &c.seen, err
	}
	complete(resp, c.request)
	c.learn(resp)
	c.observe(lease, resp)
	answered = true
	return resp, &c.seen, nil
}

// copy returns a copy of the request for the next attempt, with the leased token.
// The first stands beside the answer's body, which spares an allocation; the
// others are on their own, because net/http may still be reading an earlier one.
func (c *call) copy(lease tokens.Lease) *http.Request {
	req := &c.sent.request
	if c.attempts > 0 {
		req = new(http.Request)
	}
	*req = *c.request
	if c.replay != nil {
		req.Body, c.replay = c.replay, nil
	}
	req.Header = lease.Authorized(c.request.Header)
	if c.kept != nil {
		c.kept.condition(lease, req.Header)
	}
	return req
}

// complete makes up for what RoundTrippers in tests leave out, and puts the
// caller's request where our copy stands, which holds the token.
func complete(resp *http.Response, req *http.Request) {
	resp.Request = req
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
}

// sendAgain decides whether the call is to be sent with another token, and
// keeps the answer for the case that there is none.
func (c *call) sendAgain(lease tokens.Lease, resp *http.Response, seen *ratelimit.Observation) (bool, error) {
	limit := seen.Class.Limit()
	if limit {
		if seen.Resource != "" && seen.Scope != ratelimit.IPNumbers {
			c.draw.Resource = seen.Resource // whatever the path let us expect
		} // else: the address's budget is not what the next token draws on
		c.hookLimit(lease, resp, seen)
	}
	if !limit && seen.Class != ratelimit.Unauthorized {
		return c.swapForSSO(lease, resp, seen), nil
	}
	again := c.attempts < c.maxAttempts && c.rewind()
	state := tokens.Available
	switch {
	case seen.Class == ratelimit.Unauthorized:
		c.tried.Token(lease)
		if again {
			c.keep(lease, resp, limit) // first, because the probe may need its connection
		}
		state = lease.Confirm(c.request.Context(), c.transport.base())
		c.logAside(lease, state)
	case !again:
	case seen.Class == ratelimit.SecondaryLimit && (c.secondaries > 0 || c.transport.Secondary == WaitOut):
		c.willRepeat(lease, resp.StatusCode, seen.Class, state, false)
		return c.waitOut(resp, seen.RetryAfter.Or(ratelimit.SecondaryBackoff().Min))
	default:
		if seen.Class == ratelimit.SecondaryLimit {
			c.secondaries++
		}
		c.tried.Account(lease)
		c.keep(lease, resp, limit)
	}
	if again {
		c.willRepeat(lease, resp.StatusCode, seen.Class, state, false)
	}
	return again, nil
}

// waitOut pauses the call after a second secondary limit, which ends the
// swapping: GitHub warns that going on "may result in the banning of your
// integration" (Rate limits for the REST API). It does not begin a pause that
// the policy or the context would cut short; then the answer may be returned.
func (c *call) waitOut(resp *http.Response, pause time.Duration) (bool, error) {
	if !c.allows(pause) {
		return false, nil
	}
	until := time.Now().Add(pause)
	discard(resp)
	c.onWait(until)
	if err := sleep(c.request.Context(), pause); err != nil {
		return false, err
	}
	c.tried.Reset()
	return true, nil
}

// rewind makes ready to send the request's body once more and reports whether
// that is possible.
func (c *call) rewind() bool {
	r := c.request
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	if r.GetBody == nil {
		return false
	}
	if c.replay == nil {
		c.replay, _ = r.GetBody()
	}
	return c.replay != nil
}
