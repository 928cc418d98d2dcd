package transport

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// retry decides whether to send the call again after a server error or a
// network error, and pauses before that. The answer is kept for the case that
// no token is free afterwards. No token is blamed for it.
func (c *call) retry(lease tokens.Lease, resp *http.Response, seen *ratelimit.Observation, sendErr error) (bool, error) {
	if sendErr == nil && seen.Class != ratelimit.ServerError || !c.mayRetry() {
		return false, sendErr
	}
	pause := ratelimit.GeneralBackoff().Delay(c.retries, rand.Float64())
	if sendErr == nil && resp.StatusCode == http.StatusServiceUnavailable {
		pause = seen.RetryAfter.Or(pause)
	}
	if !c.allows(pause) || !c.rewind() {
		return false, sendErr
	}
	if !c.transport.retries.take(c.transport.RetryBudget, time.Now()) {
		c.logUnretried(lease)
		return false, sendErr
	}
	c.retries++
	if sendErr == nil {
		c.keep(lease, resp, false)
		c.willRepeat(lease, resp.StatusCode, seen.Class, tokens.Available, true)
	} else {
		c.willRepeat(lease, 0, ratelimit.ServerError, tokens.Available, true)
	}
	until := time.Now().Add(pause)
	c.startWaiting()
	c.logRetry(lease, resp, until)
	if err := sleep(c.request.Context(), pause); err != nil {
		return false, err
	}
	return true, nil
}

// mayRetry reports whether the policy and the method allow another try: one
// that the host may have acted on is repeated only if that changes nothing (RFC
// 9110, section 9.2.2).
func (c *call) mayRetry() bool {
	if c.retries >= c.transport.Retries || c.attempts >= c.maxAttempts || c.request.Context().Err() != nil {
		return false
	}
	if !c.transport.breakers.closedUntil(c.host).IsZero() {
		return false
	}
	switch method(c.request) {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// allows reports whether neither the policy nor the context would cut the pause
// short.
func (c *call) allows(pause time.Duration) bool {
	most := c.maxWait()
	if most == 0 {
		most = tokens.DefaultMaxWait
	}
	deadline, ok := c.request.Context().Deadline()
	return pause <= most && (!ok || !time.Now().Add(pause).After(deadline))
}

// startWaiting begins to count towards MaxWait.
func (c *call) startWaiting() {
	if !c.waitEnd.IsZero() {
		return
	}
	most := c.mostWait
	if most == 0 {
		most = tokens.DefaultMaxWait
	}
	c.waitEnd = time.Now().Add(most)
}

// buffer reads a body that GetBody cannot give again into memory, up to
// MaxBodyBuffer, and goes on with a request that has GetBody. A longer one is
// sent as it comes.
func (c *call) buffer() error {
	r, most := c.request, c.transport.MaxBodyBuffer
	if most <= 0 || r.Body == nil || r.Body == http.NoBody || r.GetBody != nil || r.ContentLength > most {
		return nil
	}
	start, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return err
	}
	own := *r
	if int64(len(start)) > most {
		own.Body = peekedBody{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
		c.request = &own
		return nil
	}
	_ = r.Body.Close()
	own.ContentLength = int64(len(start))
	own.TransferEncoding = nil
	own.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(start)), nil }
	own.Body, _ = own.GetBody()
	if len(start) == 0 {
		own.Body = http.NoBody
	}
	c.request = &own
	return nil
}
