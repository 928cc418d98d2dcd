package transport

import (
	"errors"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// giveUp ends a call that is not sent, or not again: with the refusal it met,
// if any, else with the reason.
func (c *call) giveUp(err error) (*http.Response, error) {
	if c.attempts == 0 {
		closeBody(c.request)
	}
	readyAt, ok := comeAgain(err)
	if !ok {
		return nil, err
	}
	policy := c.transport.Exhausted
	if c.refusal != nil && (policy != ReturnError || !c.refusal.limit) {
		c.last = c.refusal.lease
		return c.handBack(readyAt), nil
	}
	var exhausted *tokens.ExhaustedError
	if c.attempts == 0 && policy == MakeRefusal && errors.As(err, &exhausted) && !readyAt.IsZero() {
		return c.makeRefusal(exhausted), nil
	}
	return nil, err
}

// comeAgain returns when a call that failed with err can be served, zero for
// never. ok is false if err is not about that.
func comeAgain(err error) (at time.Time, ok bool) {
	var exhausted *tokens.ExhaustedError
	var unavailable *UnavailableError
	switch {
	case errors.As(err, &exhausted):
		return exhausted.ReadyAt, true
	case errors.As(err, &unavailable):
		return unavailable.Until, true
	}
	return time.Time{}, false
}
