package fleettest

import (
	"net/http"
	"time"
)

// GitLabLacksScope is GitLab's refusal of a token that lacks a scope, such as
// "api". It says so under "error", where most of its errors have "message".
func GitLabLacksScope(scope string) Fault {
	return Fault{Status: http.StatusForbidden, Body: string(marshal(map[string]string{
		"error":             "insufficient_scope",
		"error_description": "The request requires higher privileges than provided by the access token.",
		"scope":             scope,
	}))}
}

// GitLabTooManyRequests is the refusal of one of GitLab's application limits,
// which rests for retryAfter; some rest for a day. The RateLimit headers are
// those of the throttle, and look healthy.
func GitLabTooManyRequests(retryAfter time.Duration) Fault {
	now := time.Time{}
	return Fault{
		Status: http.StatusTooManyRequests, Body: string(marshal(gitlabTooManyBody)),
		Header: http.Header{"Retry-After": {secondsUntil(now, now.Add(retryAfter))}},
	}
}

// BitbucketLacksScope is Bitbucket's refusal of a token that has the scopes
// granted, and would need those required.
func BitbucketLacksScope(required, granted []string) Fault {
	detail := map[string][]string{"required": append([]string{}, required...), "granted": append([]string{}, granted...)}
	return Fault{Status: http.StatusForbidden, Body: string(marshal(bitbucketProblem{"error", bitbucketProblemText{
		Message: "Your credentials lack one or more required privilege scopes.", Detail: marshal(detail),
	}}))}
}
