package ratelimit

import (
	"net/http"
	"strings"
)

// bitbucketRefusal tells what a 403 or 429 of Bitbucket Cloud, Bitbucket Data
// Center or Azure DevOps means: each counts per account and refuses with 429
// only. See "API request limits" (Bitbucket Cloud), "Improving instance
// stability with rate limiting" (Data Center) and "Rate and usage limits"
// (Azure DevOps).
func bitbucketRefusal(resp Response) Class {
	if resp.Status == http.StatusTooManyRequests {
		return PrimaryLimit
	}
	return Forbidden
}

// saysBitbucketLimit reports whether the body is Bitbucket Cloud's own refusal.
// It comes without numbers, but from behind the check of the credential: a
// token that Bitbucket does not know gets a 401. An edge would use other words,
// mostly in HTML.
func (w *words) saysBitbucketLimit() bool {
	m := strings.ToLower(w.text())
	return strings.Contains(m, "rate limit for this resource has been exceeded")
}

// saysAnyOfThree reports whether the body of a 401 is the text that Bitbucket
// Cloud has for three causes, one of which is a live token without the scope.
func (w *words) saysAnyOfThree() bool {
	m := strings.ToLower(w.text())
	return strings.Contains(m, "not supported for this endpoint")
}

// saysCaptcha reports whether an account is locked until somebody solves a
// CAPTCHA in a browser. Bitbucket Data Center then refuses live tokens too.
func (w *words) saysCaptcha(h http.Header) bool {
	return strings.Contains(strings.ToLower(w.text()), "captcha") ||
		strings.Contains(first(h, "X-Authentication-Denied-Reason"), "CAPTCHA")
}
