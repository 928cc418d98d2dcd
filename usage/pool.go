package usage

import (
	"context"

	"github.com/gitfleet/gitfleet/pool"
)

// Pool records what came of an attempt of a pool's call. It is for
// [pool.Config].Answer. The operation becomes the route.
func (r *Recorder) Pool(_ context.Context, a pool.Answer) {
	outcome, cause := judgeAttempt(a.Outcome)
	r.Record(Event{
		Series:  Series{Provider: a.Provider, Token: a.Token, Label: a.Label, Route: a.Operation},
		At:      a.Time,
		Outcome: outcome,
		Cause:   cause,
		Latency: a.Duration,
		Bytes:   -1,
	})
}

// judgeAttempt returns what the outcome of an attempt means. A pool does not know
// why a function failed otherwise.
func judgeAttempt(o pool.Outcome) (Outcome, Cause) {
	switch o {
	case pool.Succeeded:
		return Success, CauseNone
	case pool.Limited:
		return ReachLimit, CausePrimaryLimit
	case pool.Dead:
		return Failed, CauseUnauthorized
	case pool.Refused:
		return Failed, CauseClient
	case pool.TimedOut:
		return Failed, CauseTimeout
	case pool.Canceled:
		return Failed, CauseCanceled
	}
	return Failed, CauseNone
}
