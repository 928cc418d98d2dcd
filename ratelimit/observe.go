package ratelimit

import (
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Observe reads what one response says about limits and about the credential
// that was sent. now is the local clock when the response arrived.
//
// A response that served its request is never a limit, whatever its numbers,
// except that GitHub refuses GraphQL requests with status 200.
func (d Dialect) Observe(req Request, resp Response, now time.Time) Observation {
	o := Observation{At: now, Date: httpDate(first(resp.Header, "Date"))}
	clock := o.Date
	if clock.IsZero() {
		clock = now.Round(0).UTC() // a reset is a wall clock's time
	}
	o.RetryAfter = retryAfter(first(resp.Header, "Retry-After"), clock)
	o.TokenExpiry = tokenExpiry(first(resp.Header, "Github-Authentication-Token-Expiration"))
	o.fill(d.numbers(resp.Header, clock))
	if o.Resource == "" && d.github() {
		o.Resource = githubResource(req)
	}
	w := &noWords
	if d.ReadsBody(req, resp) {
		w = new(d.words(resp))
	}
	o.Class = d.classify(resp, &o, w)
	o.Scope = scope(req, resp, &o, w)
	o.Validity = d.validity(req, resp, &o, w)
	o.Swap = swap(o.Class)
	o.Free = d.github() && resp.Status == http.StatusNotModified && !req.Anonymous
	o.Rests = d.rests(&o, w)
	if !resp.served() || o.Class.Limit() {
		o.Message = oneLine(w.text(), maxMessage)
	}
	return o
}

// noWords is what an answer says whose body is not looked at, as of nearly all.
var noWords = words{empty: true}

// ReadsBody reports whether Observe looks into the body of this response, of
// which only Status and Header must be set. It is false for whatever was
// served, except GitHub's answers to GraphQL requests, and for every refusal
// whose status alone says what it means.
func (d Dialect) ReadsBody(req Request, resp Response) bool {
	switch resp.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return req.method() != http.MethodHead
	case http.StatusNoContent, http.StatusResetContent:
		return false
	}
	return d.github() && resp.Status/100 == 2 && isGraphQL(req)
}

// fill takes over the numbers of the header, whatever the status: error pages
// of GitHub have good ones too.
func (o *Observation) fill(n numbers) {
	o.Limit, o.Remaining, o.Used = n.limit, n.remaining, n.used
	o.Reset, o.Resource = n.reset, n.resource
	if !n.used.known && n.limit.known && n.remaining.known {
		// GitLab rounds the limit to a minute, so that more may remain.
		o.Used = Known(max(0, n.limit.value-n.remaining.value))
	}
}

// numbered reports whether the answer has a number at all.
func (o *Observation) numbered() bool {
	return o.Limit.known || o.Remaining.known || o.Used.known || !o.Reset.IsZero()
}

// classify tells what an answer means.
func (d Dialect) classify(resp Response, o *Observation, w *words) Class {
	switch s := resp.Status; {
	case resp.served():
		// Words were read for GraphQL only; of none the class is OK.
		return graphqlClass(w)
	case s == http.StatusUnauthorized:
		return Unauthorized
	case s == http.StatusForbidden || s == http.StatusTooManyRequests:
		return d.refusal(resp, o, w)
	case s == http.StatusNotFound:
		return NotFound
	case s == http.StatusUnavailableForLegalReasons:
		// GitHub's answer for a repository taken down after a DMCA notice.
		return Forbidden
	case s/100 == 5:
		return ServerError
	}
	return Other
}

// refusal tells a limit from a lack of permission.
func (d Dialect) refusal(resp Response, o *Observation, w *words) Class {
	switch d {
	case GitHub, GitHubEnterprise:
		return githubRefusal(resp, o, w)
	case GitLab:
		return gitlabRefusal(resp, w)
	case BitbucketCloud, BitbucketDataCenter, AzureDevOps:
		return bitbucketRefusal(resp)
	}
	return genericRefusal(resp)
}

// scope tells whose numbers the answer has. On a 401 GitHub shows the 60 calls
// an hour of the sender's address, and GitLab counts a token that it does not
// know as anonymous: neither may be booked on the token.
func scope(req Request, resp Response, o *Observation, w *words) Scope {
	counted := o.numbered()
	switch {
	case req.Anonymous && (counted || o.Class.Limit()):
		// Without a credential only the address can have been limited.
		return IPNumbers
	case resp.Status == http.StatusUnauthorized && counted:
		return IPNumbers
	case strings.HasPrefix(o.Resource, "throttle_unauthenticated"):
		return IPNumbers
	case w.namesAddress():
		return IPNumbers
	case counted:
		return TokenNumbers
	}
	return NoNumbers
}

// validity tells what the answer proves about the credential. In doubt it
// proves nothing: a token that is wrongly retired is lost to its owner.
func (d Dialect) validity(req Request, resp Response, o *Observation, w *words) Validity {
	switch {
	case req.Anonymous || o.Class == ServerError || !fromHost(resp.Status):
		return Unproven
	case resp.Status == http.StatusUnauthorized:
		return d.unauthorized(resp.Header, w)
	case o.Scope == IPNumbers:
		// A credential was sent, and the host counted the address instead.
		return Unproven
	case resp.served():
		return Valid
	case resp.Status == http.StatusForbidden && w.saysNothingOfToken(o.Scope):
		return Unproven
	case o.Class.Limit() && o.Scope == NoNumbers && !d.namesAccount(w):
		// It may come from the edge, which has not looked at the credential.
		return Unproven
	}
	// Even a 404 or a lack of permission was decided for a known account.
	return Valid
}

// fromHost reports whether a status is one that a host answers with: a proxy
// asks for credentials of its own with 407, and some clients put 0 for none.
func fromHost(status int) bool {
	return status >= 200 && status < 600 && status != http.StatusProxyAuthRequired
}

// unauthorized tells whether a 401 proves the credential dead. It does not if a
// second factor or a CAPTCHA was asked for, or if the text has several causes.
func (d Dialect) unauthorized(h http.Header, w *words) Validity {
	otp := first(h, "X-Github-Otp") != "" || strings.Contains(strings.ToLower(w.text()), "two-factor")
	switch {
	case otp, w.saysCaptcha(h), d == BitbucketCloud && w.saysAnyOfThree():
		return Unproven
	}
	return Invalid
}

// saysNothingOfToken reports whether a 403 was sent before or without looking
// at the credential: by an edge, which does not answer in JSON, for a missing
// User-Agent, or while the account is locked after failed logins. Where there
// is no body at all, numbers of the token speak for it.
func (w *words) saysNothingOfToken(s Scope) bool {
	m := strings.ToLower(w.message)
	return !w.json && !(w.empty && s == TokenNumbers) ||
		strings.Contains(m, "number of login attempt") ||
		strings.Contains(m, "user agent string")
}

// namesAccount reports whether a limit without numbers says by its text that
// it counted an account, which the host must have known by the credential.
func (d Dialect) namesAccount(w *words) bool {
	switch d {
	case GitHub, GitHubEnterprise:
		return w.subject() != ""
	case GitLab:
		return w.saysApplicationLimit()
	case BitbucketCloud:
		return w.saysBitbucketLimit()
	}
	return false
}

// namesAddress reports whether a limit says that it counted an IP address,
// even though a credential was sent: the host did not honour it.
func (w *words) namesAddress() bool {
	who := w.subject()
	if who == "" {
		return false // the error that ParseAddr would make costs an allocation
	}
	_, err := netip.ParseAddr(who)
	return err == nil
}

// subject returns what a message says the limit was exceeded for: "user",
// "installation", a login or an address.
func (w *words) subject() string {
	if w.empty {
		return "" // as of nearly all answers
	}
	_, rest, _ := strings.Cut(strings.ToLower(w.said()), "exceeded for ")
	if fields := strings.Fields(rest); len(fields) > 0 {
		return strings.TrimRight(fields[0], ".,;")
	}
	return ""
}

// swap tells whether another token would help. GitHub documents neither whom a
// secondary limit counts nor that another token is welcome, so that the caller
// has to decide there.
func swap(c Class) Advice {
	switch c {
	case PrimaryLimit, Unauthorized:
		return SwapAlways
	case SecondaryLimit:
		return SwapByPolicy
	}
	return SwapNever
}
