package tokens

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// Prime reads what every account has left of every resource where that is free
// of charge, so that the first calls go to the right tokens: at GitHub and
// Enterprise Server, through GET /rate_limit, once for each account that has a
// token which every filter wants. Accounts of
// other hosts, and those of which no token can be used, are left alone.
//
// It sends through [Config].Base or else [http.DefaultTransport]; each request
// takes 10 s at most. The errors of all accounts are joined, each with the label
// of the token that was used; the numbers of the others are taken over all the
// same. An Enterprise Server that does not limit calls is no error.
func (m *Manager) Prime(ctx context.Context, filters ...Filter) error {
	var all []*entry
	seen := map[*account]bool{}
	m.each("", func(e *entry, now time.Time) {
		a := e.account
		if d := a.host.dialect; d != ratelimit.GitHub && d != ratelimit.GitHubEnterprise || seen[a] {
			return
		}
		if len(filters) > 0 && !e.info(now).wanted(filters) {
			return
		}
		seen[a] = true
		if token := a.lead(); token != nil {
			all = append(all, token)
		}
	})
	errs := make([]error, len(all))
	atOnce(all, func(i int, e *entry) {
		if err := e.host.prime(ctx, e); err != nil {
			errs[i] = fmt.Errorf("gitfleet: token %q: reading its limits: %w", *e.label.Load(), err)
		}
	})
	return errors.Join(errs...)
}

// prime asks the host for all budgets of one token's account.
func (h *Host) prime(ctx context.Context, e *entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	u := h.probeURL("") // of GitHub, where it reads the limits
	lease := h.leaseFor(e, u)
	defer lease.Lost() // unless it is settled
	seen, body, err := h.probe(ctx, e, u, h.manager.config.base(nil))
	if err != nil {
		return err
	}
	seq := h.seqOf(lease)
	lease.Settle(seen)
	switch seen.Class {
	case ratelimit.OK:
	case ratelimit.NotFound:
		return nil // "Rate limiting is not enabled."
	default:
		return fmt.Errorf("the host answered %v: %s", seen.Class, seen.Message)
	}
	quotas, err := ratelimit.ReadQuotas(body)
	if err != nil {
		return err
	}
	h.takeOver(e, quotas, seq)
	return nil
}

// seqOf returns the number of a lease that is out.
func (h *Host) seqOf(l Lease) uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.leases.slot(l.slot).seq
}

// takeOver merges what a free answer to the lease seq told of all resources.
func (h *Host) takeOver(e *entry, quotas map[string]ratelimit.Quota, seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for name, q := range quotas {
		l := h.laneTold(name, now)
		if l == nil {
			continue
		}
		b := e.account.budget(l, now)
		in := reading{limit: q.Limit, remaining: q.Remaining, reset: q.Reset, ends: h.clock.local(q.Reset), seq: seq}
		b.observe(&in, now)
		b.relimit()
		if q.Remaining.Or(1) == 0 && now.Before(in.ends.Add(resetMargin)) {
			b.restUntil(in.ends)
		}
		b.lane.place(b, now)
	}
	h.serveLines(now)
	e.account.noticeAfter(e, now)
}
