package chaos_test

import (
	"cmp"
	"slices"
	"time"
)

// happening is what happens to an account during a run.
type happening string

const (
	otherSpends happening = "spend" // another program spends on the account
	revoked     happening = "revoke"
	restored    happening = "restore"
	expires     happening = "expire" // a moment later
)

// event happens at a time from the beginning of the run.
type event struct {
	Kind    happening
	At      time.Duration
	Account int
	Amount  int
}

func drawEvents(r dice, p plan) []event {
	all := make([]event, r.IntN(5))
	for i := range all {
		all[i] = event{
			Kind:    pick(r, otherSpends, otherSpends, revoked, restored, expires),
			At:      time.Duration(r.IntN(int(p.Window))),
			Account: r.IntN(len(p.Accounts)),
			Amount:  1 + r.IntN(10),
		}
		if !p.Way.virtual() {
			all[i].At %= 20 * time.Millisecond
		}
	}
	slices.SortFunc(all, func(a, b event) int { return cmp.Compare(a.At, b.At) })
	return all
}

// play has the events of a plan happen.
func (w *world) play(done <-chan struct{}) {
	start := time.Now()
	for _, e := range w.plan.Events {
		timer := time.NewTimer(e.At - time.Since(start))
		select {
		case <-timer.C:
			w.happen(e)
		case <-done:
			timer.Stop()
			return
		}
	}
}

func (w *world) happen(e event) {
	token := w.tokens[e.Account][0]
	for _, s := range w.host.regions {
		switch e.Kind {
		case otherSpends:
			s.Spend(token, "", e.Amount)
		case revoked:
			s.Revoke(token)
		case restored:
			s.Restore(token)
		case expires:
			s.Expire(token, time.Now().Add(time.Duration(e.Amount)*w.plan.Latency))
		}
	}
}
