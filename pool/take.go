package pool

import (
	"context"
	"errors"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// oneCall is what each attempt draws.
var oneCall = ratelimit.Draw{Units: 1, Points: 1}

// take leases a key and a place among those that may run. No place is held by a
// call that waits for a key, and no key by one that waits for a place.
func (r *run[C]) take(ctx context.Context) error {
	for {
		if err := r.pool.gate.enter(ctx); err != nil {
			return err
		}
		lease, err := r.leaseNow(ctx)
		if err != nil {
			r.pool.gate.leave()
			if lease, err = r.leaseLater(ctx, err); err != nil {
				return err
			}
			if !r.pool.gate.tryEnter() {
				lease.Cancel()
				continue
			}
		}
		if r.accept(lease) {
			return nil
		}
	}
}

// leaseNow leases a key without waiting: one that has not failed the call, or else
// one that no limit keeps from it.
func (r *run[C]) leaseNow(ctx context.Context) (tokens.Lease, error) {
	request := tokens.Request{Draw: oneCall, Tried: &r.tried, MaxWait: -1}
	lease, err := r.pool.host.Lease(ctx, request)
	if err == nil || !errors.As(err, new(*tokens.ExhaustedError)) {
		return lease, err
	}
	request.Tried = &r.spent
	return r.pool.host.Lease(ctx, request)
}

// leaseLater waits in line for a key after err, if it says that one will be free.
func (r *run[C]) leaseLater(ctx context.Context, err error) (tokens.Lease, error) {
	if !errors.Is(err, tokens.ErrRateLimited) || r.maxWait < 0 || r.waits == maxWaits {
		return tokens.Lease{}, err
	}
	r.tried.Reset()
	return r.pool.host.Lease(ctx, tokens.Request{
		Draw:    oneCall,
		Tried:   &r.spent,
		MaxWait: r.maxWait,
		OnWait:  func(time.Time) { r.waits++ },
	})
}

// accept makes the lease that of the attempt, unless its key has just left.
func (r *run[C]) accept(lease tokens.Lease) bool {
	m := r.pool.member(lease.ID())
	if m == nil {
		lease.Cancel()
		r.pool.gate.leave()
		r.spent.Token(lease)
		r.tried.Token(lease)
		return false
	}
	r.lease, r.member = lease, m
	r.number++
	return true
}

// drop gives back what take took. A lease that was not settled, because a function
// of the user's panicked, counts as used.
func (r *run[C]) drop() {
	r.lease.Lost()
	r.pool.gate.leave()
	r.lease = tokens.Lease{}
}
