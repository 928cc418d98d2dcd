package pool

import (
	"errors"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// Verdict is what an error says of the key that a call ran on.
type Verdict struct {
	// Outcome is Failed, Limited, Dead or Refused. Any other counts as Failed.
	Outcome Outcome

	// Reset is when a key that is Limited can be used again. Zero means that
	// nobody knows: then it rests 1 s, doubled with each limit in a row, up to a
	// quarter of it besides, and 60 s at most. A second is waited after every rest,
	// since clocks differ.
	Reset time.Time
}

// Matcher tells limits from other errors: limited is whether err is one, and reset
// when it ends, zero if nobody knows.
type Matcher func(err error) (reset time.Time, limited bool)

// Classify is what a [Pool] without [Config].Classify does. It finds out by what
// the error, or one that it wraps, can be asked, without knowing its type:
//
//   - one that matches [tokens.ErrRateLimited], or that has a RetryAt() time.Time
//     that is not zero, is a limit until then;
//   - one that has a StatusCode() int or an HTTPStatusCode() int says what
//     [ClassifyStatus] makes of it, and of its ResponseHeader() http.Header if it
//     has one;
//   - any other has Failed.
func Classify(err error) Verdict {
	var later interface{ RetryAt() time.Time }
	if errors.As(err, &later) && !later.RetryAt().IsZero() {
		return Verdict{Outcome: Limited, Reset: later.RetryAt()}
	}
	if errors.Is(err, tokens.ErrRateLimited) {
		return Verdict{Outcome: Limited}
	}
	if status := statusOf(err); status != 0 {
		var header http.Header
		var headed interface{ ResponseHeader() http.Header }
		if errors.As(err, &headed) {
			header = headed.ResponseHeader()
		}
		return ClassifyStatus(status, header)
	}
	return Verdict{}
}

func statusOf(err error) int {
	var plain interface{ StatusCode() int }
	if errors.As(err, &plain) {
		return plain.StatusCode()
	}
	var long interface{ HTTPStatusCode() int }
	if errors.As(err, &long) {
		return long.HTTPStatusCode()
	}
	return 0
}

// ClassifyStatus says what an HTTP answer means for the key, for Classify
// functions of SDKs whose errors have the status in a field: 429 is a limit until
// its Retry-After or the reset of its rate headers (see [ratelimit.Generic]), 401
// a dead key; 408, 425 and 5xx have Failed, and so have those below 400, which are
// not errors of the API; other 4xx are Refused. A 403 or 503 with Retry-After is a
// limit as well. The header may be nil.
func ClassifyStatus(status int, header http.Header) Verdict {
	now := time.Now()
	seen := ratelimit.Generic.Observe(ratelimit.Request{}, ratelimit.Response{Status: status, Header: header}, now)
	wait, asked := seen.Wait(now)
	_, retryAfter := seen.RetryAfter.Get()
	switch {
	case status == http.StatusTooManyRequests,
		retryAfter && (status == http.StatusForbidden || status == http.StatusServiceUnavailable):
		v := Verdict{Outcome: Limited}
		if asked {
			v.Reset = now.Add(wait)
		}
		return v
	case status == http.StatusUnauthorized:
		return Verdict{Outcome: Dead}
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status < 400, status >= 500:
		return Verdict{Outcome: Failed}
	}
	return Verdict{Outcome: Refused}
}
