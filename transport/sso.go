package transport

import (
	"net/http"
	"strings"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// swapForSSO decides whether a call goes to another account because the token's
// owner has not authorized it for the organization's single sign-on. It does so
// once, and does not wait for a token: an account that is busy may be one more
// that has not.
func (c *call) swapForSSO(lease tokens.Lease, resp *http.Response, seen *ratelimit.Observation) bool {
	if !c.transport.SwapSSO || c.signedOn || !wantsSSO(resp) || c.attempts >= c.maxAttempts || !c.rewind() {
		return false
	}
	c.signedOn = true
	c.waits = MaxWaits
	c.tried.Account(lease)
	c.keep(lease, resp, false)
	c.willRepeat(lease, resp.StatusCode, seen.Class, tokens.Available, false)
	return true
}

// wantsSSO reports whether the token lacks single sign-on. A list that is only
// shortened for that reason is a 200 with "partial-results" (GitHub Docs,
// "Authenticating to the REST API").
func wantsSSO(resp *http.Response) bool {
	return resp.StatusCode == http.StatusForbidden && hasPrefixFold(strings.TrimSpace(resp.Header.Get("X-Github-Sso")), "required")
}
