package tokens

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// BenchmarkBesideLine measures a call that is served at once while others stand in
// line, none of which could use its token: each for a token of its own, each for an
// owner of its own, or all for a route on which every account rests.
func BenchmarkBesideLine(b *testing.B) {
	for _, n := range []int{1, 64, 1024, 10_000} {
		for _, of := range []string{"tokens", "owners", "route"} {
			b.Run(fmt.Sprintf("%s/calls=%d", of, n), func(b *testing.B) {
				m, h := spentHost(b, n)
				if of == "route" {
					_ = m.Close()
					m, h = heldHost(b, n, func(int, *Token) {})
				}
				defer m.Close()
				beside := Token{Provider: GitHub, Secret: Static(canary.Token("beside"))}
				if of == "owners" {
					nameOwners(b, m, h)
					beside.Owners = []string{"beside"} // else it could serve them
				}
				if err := m.Add(beside); err != nil {
					b.Fatal(err)
				}
				standInLine(b, h, of, n)
				last := h.entries.list()[n]
				r := Request{Draw: coreRead(), Token: last.id, MaxWait: -1}
				b.ResetTimer()
				for b.Loop() {
					l, err := h.Lease(context.Background(), r)
					if err != nil {
						b.Fatal(err)
					}
					l.Settle(ratelimit.Observation{
						Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
						Limit: ratelimit.Known[int64](5000), Remaining: ratelimit.Known[int64](4000), Reset: time.Now().Add(time.Hour),
					})
				}
			})
		}
	}
}

// nameOwners has each token name an owner of its own.
func nameOwners(b *testing.B, m *Manager, h *Host) {
	b.Helper()
	for i, e := range h.entries.list() {
		t := e.token
		t.Owners = []string{fmt.Sprint("owner", i)}
		if err := m.Replace(t); err != nil {
			b.Fatal(err)
		}
	}
}

// standInLine puts n calls in line.
func standInLine(b *testing.B, h *Host, of string, n int) {
	b.Helper()
	const route = 7
	all := h.entries.list()
	if of == "route" {
		for _, e := range all {
			e.account.restRoute(route, h.seq, &ratelimit.Observation{RetryAfter: ratelimit.Known(time.Hour)}, time.Now())
		}
	}
	for i, e := range all[:n] {
		r := Request{Draw: coreRead()}
		switch of {
		case "tokens":
			r.fixed = e
		case "owners":
			r.Owner = fmt.Sprint("owner", i)
		case "route":
			r.Draw.Route = route
		}
		var lease Lease
		if w, err := h.leaseOrEnter(b.Context(), &r, &lease); w == nil {
			b.Fatal("it is no waiter: ", err)
		}
	}
}
