// Package ratelimit reads what Git hosts say about their rate limits.
//
// It consists of pure functions and small values: a [Dialect] turns a request
// into a [Draw], which says what the request will cost and whom, and a response
// into an [Observation], which says what the host told in return. Nothing here
// keeps state, sends requests or looks at the clock; time comes in as a
// parameter. Package tokens keeps the budgets, package transport sends the
// requests.
//
// Most programs need neither: a transport calls both for each request. Use this
// package directly to read a response in code of one's own:
//
//	o := ratelimit.GitHub.Observe(
//		ratelimit.Request{Method: "GET", URL: u},
//		ratelimit.Response{Status: resp.StatusCode, Header: resp.Header, Body: peeked},
//		time.Now(),
//	)
//	if o.Class.Limit() {
//		pause, asked := o.Wait(time.Now())
//		if !asked {
//			pause = ratelimit.GitHub.Backoff(o.Class).Delay(failures, rand.Float64())
//		}
//		…
//	}
//
// A host's limits on speed, such as GitHub's points a minute, are a [Pace]; a
// [Sliding] counts over the minute that they speak of. [ReadQuotas] reads the
// body of GitHub's list of all budgets.
//
// # Unknown is not zero
//
// A number that a host did not send, or garbled, is unknown: an [Optional] that
// holds nothing. Reading it as 0 would rest a token that is full, and believing
// a default limit would overrun one that is empty.
//
// # What is read, and where it is described
//
// Headers are looked up by their canonical keys; of a repeated header the first
// line counts.
//
//   - GitHub: X-RateLimit-Limit, -Remaining, -Used, -Reset (epoch seconds) and
//     -Resource, and Retry-After, as described in "Rate limits for the REST API"
//     and "Rate limits and query limits for the GraphQL API". Refusals are told
//     apart by the members message, documentation_url and errors of a JSON body,
//     as "Troubleshooting the REST API" and "Best practices for using the REST
//     API" advise. GitHub-Authentication-Token-Expiration is described in
//     "Authenticating to the REST API". Enterprise Server may add gh-limited-by.
//   - GitLab: RateLimit-Limit, -Name, -Observed, -Remaining, -Reset (epoch
//     seconds) and -ResetTime, and Retry-After, as described in "User and IP rate
//     limits" and "Rate limits".
//   - Bitbucket Cloud: X-RateLimit-Limit and -Resource, as described in "API
//     request limits". It names neither what is left nor a reset.
//   - Bitbucket Data Center: X-RateLimit-Limit, -Remaining and Retry-After, as
//     described in "Improving instance stability with rate limiting".
//   - Azure DevOps: X-RateLimit-Limit, -Remaining, -Reset, -Resource and
//     Retry-After, as described in "Rate and usage limits".
//   - Any other host: the fields RateLimit and RateLimit-Policy of
//     draft-ietf-httpapi-ratelimit-headers-11, the RateLimit-* fields of its
//     drafts up to 06, X-RateLimit-*, and Retry-After (RFC 9110).
//
// # Numbers and times
//
// A number is written in ASCII digits; of a list such as "10, 10;w=1" the first
// member counts. A remaining number below zero is 0. A reset is epoch seconds,
// epoch milliseconds above 1e11, or seconds after the response's Date below
// 1e8; RFC 3339 and HTTP dates are read too, and 0 is unknown. Retry-After is a
// number of seconds up to ten years, or an HTTP date measured from the
// response's Date. Everything else is unknown.
package ratelimit
