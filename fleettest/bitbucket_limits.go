package fleettest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// bitbucketAPI is Bitbucket's name of the budget that most of its endpoints
// draw on.
const bitbucketAPI = "api"

// bitbucketResources are Bitbucket's budgets. Atlassian support, "API request
// limits".
var bitbucketResources = map[string]resource{
	bitbucketAPI: {limit: 1000, anonymous: 60},
}

// bitbucketCredential returns the token that r carries: an access token as a
// Bearer, or an API token as the password of its user. Atlassian developer,
// "Authentication methods" of the Bitbucket Cloud REST API.
func bitbucketCredential(r *http.Request) (token string, bearer, given bool) {
	value := r.Header.Get("Authorization")
	if value == "" {
		return "", false, false
	}
	scheme, rest, _ := strings.Cut(value, " ")
	if strings.EqualFold(scheme, "bearer") {
		return strings.TrimSpace(rest), true, true
	}
	_, password, _ := r.BasicAuth()
	return password, false, true
}

// admit takes the call from the account's hour, or refuses it. A refusal says
// nothing else.
func (b *Bitbucket) admit(c *call) *answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	hour := b.budget(c.account, c.resource)
	ok := hour.take(c.arrived, 1)
	c.numbers = hour.read(c.arrived, c.resource)
	if ok {
		return nil
	}
	b.note(c, func(n *Counts) { n.RefusedPrimary++ })
	a := newAnswer(http.StatusTooManyRequests)
	a.header.Set("Content-Type", "text/plain")
	a.body = []byte("Rate limit for this resource has been exceeded")
	return a
}

// nearLimit is the share of its calls, in per cent, that an access token has
// left when X-RateLimit-NearLimit becomes true. Atlassian does not document
// it; third-party pages say so.
const nearLimit = 20

// dress puts the headers on that Bitbucket sends with its answers. Only an
// access token is told its limit.
func (b *Bitbucket) dress(c *call, a *answer, accessToken bool) *answer {
	b.mu.Lock()
	b.serial++
	serial := b.serial
	b.mu.Unlock()
	h := a.header
	h.Set("Server", "AtlassianEdge")
	h.Set("X-Request-Id", fmt.Sprintf("%032x", serial))
	h.Set("X-Request-Count", strconv.FormatUint(serial%997, 10)) // of one of many processes: it says nothing
	h.Set("Vary", "Authorization, Origin, Accept-Encoding")
	h.Set("Cache-Control", "no-cache, no-store, must-revalidate, max-age=0")
	if cred := c.credential; cred != nil && cred.account.scopes != "" {
		h.Set("X-Oauth-Scopes", cred.account.scopes)
	}
	if n := c.numbers; accessToken && n.limited {
		h.Set("X-Ratelimit-Limit", strconv.Itoa(n.limit))
		h.Set("X-Ratelimit-Resource", n.resource)
		h.Set("X-Ratelimit-Nearlimit", strconv.FormatBool(n.remaining*100 < n.limit*nearLimit))
	}
	revalidate(c, a)
	return a
}

// bitbucketProblem is the body of Bitbucket's errors.
type bitbucketProblem struct {
	Type  string               `json:"type"`
	Error bitbucketProblemText `json:"error"`
}

// bitbucketProblemText is what is wrong.
type bitbucketProblemText struct {
	Message string          `json:"message"`
	Detail  json.RawMessage `json:"detail,omitempty"`
}

// bitbucketJSON returns an answer with v as its body. Bitbucket names no
// character set.
func bitbucketJSON(status int, v any) *answer {
	a := newJSON(status, v)
	a.header.Set("Content-Type", "application/json")
	return a
}

// bitbucketError is an error in Bitbucket's form.
func bitbucketError(status int, message string) *answer {
	return bitbucketJSON(status, bitbucketProblem{"error", bitbucketProblemText{Message: message}})
}

// unauthorized refuses a token that is not accepted.
func (b *Bitbucket) unauthorized(c *call) *answer {
	b.mu.Lock()
	b.note(c, func(n *Counts) { n.Unauthorized++ })
	b.mu.Unlock()
	return unsupportedToken()
}

// unsupportedToken says the one thing that Bitbucket says for three causes.
func unsupportedToken() *answer {
	return bitbucketError(http.StatusUnauthorized, "Token is invalid, expired, or not supported for this endpoint.")
}
