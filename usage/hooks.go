package usage

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// Hooks returns hooks that record what a [transport.Transport] does: one event
// for every attempt, and one without a token for a call that got none. Their
// other fields are nil and can be set; to do more on Answer or Done, call these
// from a function of your own.
func (r *Recorder) Hooks() transport.Hooks {
	return transport.Hooks{Answer: r.answer, Done: r.over}
}

func (r *Recorder) answer(_ context.Context, a transport.Answer) {
	outcome, cause := judge(a)
	r.record(pending{
		Event: Event{
			Series:  Series{Token: a.Token, Label: a.Label, Resource: a.Resource},
			At:      time.Now(),
			Outcome: outcome,
			Cause:   cause,
			Status:  a.Status,
			Latency: a.Duration,
			Bytes:   a.Bytes,
		},
		method: a.Method,
		url:    a.URL,
	})
}

// over records calls for which nothing was sent.
func (r *Recorder) over(_ context.Context, d transport.Done) {
	if d.Number > 0 || d.Err == nil && d.Status == 0 {
		return
	}
	e := Event{At: time.Now(), Outcome: ReachLimit, Cause: CauseExhausted, Status: d.Status, Latency: -1, Bytes: -1}
	if d.Err != nil && !errors.Is(d.Err, tokens.ErrRateLimited) {
		e.Outcome, e.Cause = Failed, failure(d.Err)
	}
	r.record(pending{Event: e, method: d.Method, url: d.URL})
}

// judge returns what an answer means.
func judge(a transport.Answer) (Outcome, Cause) {
	if a.Err != nil || a.Status == 0 {
		return Failed, failure(a.Err)
	}
	switch a.Seen.Class.String() {
	case "primary_limit":
		return ReachLimit, CausePrimaryLimit
	case "secondary_limit":
		return ReachLimit, CauseSecondaryLimit
	case "unauthorized":
		return Failed, CauseUnauthorized
	case "forbidden":
		return Failed, CauseForbidden
	}
	switch {
	case a.Status < 400:
		return Success, CauseNone
	case a.Status >= 500:
		return Failed, CauseServer
	case a.Status == http.StatusNotFound:
		return Failed, CauseNotFound
	}
	return Failed, CauseClient
}

// failure returns the cause of an error that came in place of an answer.
func failure(err error) Cause {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return CauseCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return CauseTimeout
	}
	return CauseNetwork
}
