package pool

import (
	"context"
	"errors"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// end settles the lease for an outcome and tells of it. Until is when a key that
// is limited can be used again, zero if nobody knows.
func (r *run[C]) end(ctx context.Context, o Outcome, until time.Time) {
	now := time.Now()
	seen := ratelimit.Observation{At: now}
	switch {
	case o == Succeeded:
		r.member.succeeded()
		seen.Class, seen.Validity = ratelimit.OK, ratelimit.Valid
	case o == Limited:
		seen.Class, seen.Rests = ratelimit.PrimaryLimit, ratelimit.OneBudget
		if !until.IsZero() {
			seen.RetryAfter = ratelimit.Known(max(0, until.Sub(now)))
		}
	case o == Dead:
		seen.Class = ratelimit.Unauthorized
	case o.countsAgainst() && r.member.failed(r.began, r.banThreshold, r.banDuration):
		seen.Class, seen.Rests = ratelimit.SecondaryLimit, ratelimit.OneAccount
		seen.RetryAfter = ratelimit.Known(r.banDuration)
	}
	r.lease.Settle(seen)
	a := Answer{
		Token:     r.member.id,
		Label:     r.member.label,
		Operation: r.operation,
		Number:    r.number,
		Outcome:   o,
		Duration:  now.Sub(r.began),
	}
	if seen.Class.Limit() {
		a.Until, _ = r.pool.restsUntil(r.member.id)
	}
	r.pool.answered(ctx, a)
}

// restsUntil returns when a key can be used again.
func (p *Pool[C]) restsUntil(id tokens.ID) (time.Time, bool) {
	info, ok := p.manager.Lookup(id)
	return info.Status.Until, ok
}

// failed books an error of the function and reports whether the call goes on.
func (r *run[C]) failed(ctx, limited context.Context, client C, err error) (again bool) {
	r.lastErr = err
	v := r.verdict(ctx, limited, err)
	r.end(ctx, v.Outcome, v.Reset)
	switch v.Outcome {
	case Refused, Canceled:
		return false
	case Limited:
		r.spent.Account(r.lease)
		r.tried.Account(r.lease)
		return true
	case Dead:
		r.spent.Token(r.lease)
		r.tried.Token(r.lease)
		r.pool.bury(ctx, r.member, client, err)
		return true
	}
	r.tried.Token(r.lease)
	r.retries--
	return r.retries >= 0
}

// unopened books an error of Open and reports whether the call goes on: with each
// key at most once, since no function has run.
func (r *run[C]) unopened(ctx context.Context, err error) (again bool) {
	r.spent.Token(r.lease)
	r.tried.Token(r.lease)
	switch {
	case errors.Is(err, errLeft):
		r.lease.Cancel()
		r.number--
		return true
	case ctx.Err() != nil:
		r.end(ctx, Canceled, time.Time{})
		return false
	}
	r.lastErr = err
	r.end(ctx, Unopened, time.Time{})
	return true
}

// unwantedResult books a result that RetryIf does not want and reports whether the
// call goes on.
func (r *run[C]) unwantedResult(ctx context.Context) (again bool) {
	r.end(ctx, Unwanted, time.Time{})
	r.tried.Token(r.lease)
	r.unwanted--
	return r.unwanted >= 0
}

// verdict says what an error means for the key.
func (r *run[C]) verdict(ctx, limited context.Context, err error) Verdict {
	if ctx.Err() != nil {
		return Verdict{Outcome: Canceled}
	}
	v := r.settings.verdict(err, r.pool.config.Classify)
	if v.Outcome == Failed && limited.Err() != nil {
		v.Outcome = TimedOut
	}
	return v
}

// verdict asks the matcher and then the pool's Classify.
func (s *settings) verdict(err error, classify func(error) Verdict) Verdict {
	if s.matcher != nil {
		if reset, ok := s.matcher(err); ok {
			return Verdict{Outcome: Limited, Reset: reset}
		}
	}
	v := classify(err)
	switch v.Outcome {
	case Limited, Dead, Refused:
		return v
	}
	return Verdict{Outcome: Failed}
}
