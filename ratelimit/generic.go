package ratelimit

import (
	"net/http"
	"time"
)

// numbers is what the header tells of one budget, before it is known whose
// budget that is.
type numbers struct {
	limit, remaining, used Optional[int64]
	reset                  time.Time
	resource               string
}

// any reports whether there is at least one number.
func (n numbers) any() bool {
	return n.limit.known || n.remaining.known || n.used.known || !n.reset.IsZero()
}

// numbers reads the family of headers that the dialect's host sends. The
// others are left alone: next to GitHub's they come from a proxy, and count
// something else.
func (d Dialect) numbers(h http.Header, clock time.Time) numbers {
	switch d {
	case GitLab:
		return draftNumbers(h, clock)
	case Generic:
		return anyNumbers(h, clock)
	}
	return vendorNumbers(h, clock)
}

// vendorNumbers reads X-RateLimit-*, which GitHub, Bitbucket, Azure DevOps and
// many proxies send.
func vendorNumbers(h http.Header, clock time.Time) numbers {
	return numbers{
		limit:     amount(first(h, "X-Ratelimit-Limit")),
		remaining: left(first(h, "X-Ratelimit-Remaining")),
		used:      amount(first(h, "X-Ratelimit-Used")),
		reset:     reset(first(h, "X-Ratelimit-Reset"), clock),
		resource:  resourceName(h, "X-Ratelimit-Resource"),
	}
}

// draftNumbers reads RateLimit-*, the form of the IETF drafts up to 06. GitLab
// took the names, but sends an epoch as reset, and adds Observed, Name and the
// date ResetTime.
func draftNumbers(h http.Header, clock time.Time) numbers {
	n := numbers{
		limit:     amount(first(h, "Ratelimit-Limit")),
		remaining: left(first(h, "Ratelimit-Remaining")),
		used:      amount(first(h, "Ratelimit-Observed")),
		reset:     reset(first(h, "Ratelimit-Reset"), clock),
		resource:  resourceName(h, "Ratelimit-Name"),
	}
	if n.reset.IsZero() {
		n.reset = reset(first(h, "Ratelimit-Resettime"), clock)
	}
	return n
}

// anyNumbers reads whatever a host of unknown kind sends. Families are not
// mixed, since they may describe two budgets: the first that tells how much is
// left is taken, or else the first that tells anything.
func anyNumbers(h http.Header, clock time.Time) numbers {
	structured, draft, vendor := structuredNumbers(h, clock), draftNumbers(h, clock), vendorNumbers(h, clock)
	switch {
	case structured.remaining.known:
		return structured
	case draft.remaining.known:
		return draft
	case vendor.remaining.known:
		return vendor
	case structured.any():
		return structured
	case draft.any():
		return draft
	}
	return vendor
}

// genericRefusal tells what a 403 or 429 of an unknown host means. With rate
// headers somebody counts a budget; without, for example from the proxy in
// front of a Gitea, nobody says what was too much.
func genericRefusal(resp Response) Class {
	switch {
	case resp.Status != http.StatusTooManyRequests:
		return Forbidden
	case hasPrefixed(resp.Header, "X-Ratelimit-"),
		hasPrefixed(resp.Header, "Ratelimit-"),
		first(resp.Header, "Ratelimit") != "":
		return PrimaryLimit
	}
	return SecondaryLimit
}
