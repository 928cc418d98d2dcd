package transport

import (
	"net/http"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// repeat is an attempt after which the call is to be sent again. It is told of
// when the next token is known, because only then is it known whether that is
// another one, and whether there is one at all.
type repeat struct {
	lease  tokens.Lease
	number int // of the attempt
	status int // 0 for a network error
	class  ratelimit.Class
	state  tokens.State // of the token, after a 401 was looked into
	failed bool         // it was not refused, but the host or the network failed
}

func (c *call) willRepeat(l tokens.Lease, status int, class ratelimit.Class, state tokens.State, failed bool) {
	c.repeat = &repeat{l, c.attempts, status, class, state, failed}
}

// tellRepeat tells of the attempt before the one that is about to be sent with
// next.
func (c *call) tellRepeat(next tokens.Lease) {
	r := c.repeat
	if r == nil {
		return
	}
	c.repeat = nil
	if !r.failed && next.ID() != r.lease.ID() {
		c.logSwap(r)
		c.hookSwap(r)
		return
	}
	c.logRepeat(r)
	c.hookRetry(r)
}

// settled sees what came of an attempt whose lease is settled.
func (c *call) settled(l tokens.Lease, resp *http.Response, seen *ratelimit.Observation, err error) {
	t := c.transport
	if c.attempts == 1 && t.Retries > 0 {
		t.retries.calls.Add(1)
	}
	c.hookAnswer(l, resp, seen, err)
	c.judge(resp, seen, err)
}
