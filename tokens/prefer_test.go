package tokens_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// preferring is a request for one call that prefers the tokens with these labels.
func preferring(t testing.TB, m *tokens.Manager, labels ...string) tokens.Request {
	t.Helper()
	r := on("core")
	for _, label := range labels {
		r.Prefer = append(r.Prefer, idOf(t, m, label))
	}
	return r
}

func TestPrefer_names_who_serves_whatever_the_strategy(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"most_remaining", "round_robin", "random", "least_used"} {
		m, h := gitHubHost(t, gitHubs(4)...)
		s, err := tokens.ParseStrategy(strategy)
		if err != nil {
			t.Fatal(err)
		}
		m.SetStrategy(s)
		r := preferring(t, m, "t2", "t1")
		r.Prefer = append([]tokens.ID{"nobody"}, r.Prefer...)
		if got := serving(t, h, r); got != "t2" {
			t.Errorf("%s: served by %s, want t2 each time", strategy, got)
		}
	}
}

// A preference is soft: whoever may not serve the call now does not.
func TestPrefer_gives_way_to_what_keeps_a_token_from_serving(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		a    tokens.Token
		do   func(*tokens.Manager, *tokens.Host, tokens.ID, *tokens.Request)
	}{
		{"I4 a spent budget", gitHub("a", ""), func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, _ *tokens.Request) {
			settleWith(t, h, a, spent(5000, time.Hour))
		}},
		{"I5 all that is left is out", gitHub("a", ""), func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, _ *tokens.Request) {
			settleWith(t, h, a, left(5000, 1, time.Hour))
			r := on("core")
			r.Token = a
			lease(t, h, r)
		}},
		{"a floor", tokens.Token{Provider: tokens.GitHub, Label: "a", Floor: tokens.Floor{Calls: 100}, Secret: gitHub("a", "").Secret},
			func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, _ *tokens.Request) {
				settleWith(t, h, a, left(5000, 100, time.Hour))
			}},
		{"I8 a secondary limit", gitHub("a", ""), func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, _ *tokens.Request) {
			settleWith(t, h, a, after(refused(ratelimit.SecondaryLimit), time.Minute))
		}},
		{"I8 an account that has refused this call", gitHub("a", ""), func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, r *tokens.Request) {
			r.Tried = new(tokens.Tried)
			r.Tried.Account(settleWith(t, h, a, left(5000, 10, time.Hour)))
		}},
		{"I8 a token that has refused this call", gitHub("a", ""), func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, r *tokens.Request) {
			r.Tried = new(tokens.Tried)
			r.Tried.Token(settleWith(t, h, a, left(5000, 10, time.Hour)))
		}},
		{"I12 a suspect token", gitHub("a", ""), func(_ *tokens.Manager, h *tokens.Host, a tokens.ID, _ *tokens.Request) {
			settleWith(t, h, a, unauthorized("Bad credentials"))
		}},
		{"a disabled token", gitHub("a", ""), func(m *tokens.Manager, _ *tokens.Host, a tokens.ID, _ *tokens.Request) {
			_ = m.Disable(a, "test")
		}},
		{"a removed token", gitHub("a", ""), func(m *tokens.Manager, _ *tokens.Host, a tokens.ID, _ *tokens.Request) {
			_ = m.Remove(a, "test")
		}},
		{"another owner", seeing("a", "beta"), func(_ *tokens.Manager, _ *tokens.Host, _ tokens.ID, r *tokens.Request) {
			r.Owner = "acme"
		}},
		{"a fixed token", gitHub("a", ""), func(m *tokens.Manager, _ *tokens.Host, _ tokens.ID, r *tokens.Request) {
			r.Token = idOf(t, m, "b")
		}},
		{"a higher priority", gitHub("a", ""), func(m *tokens.Manager, _ *tokens.Host, _ tokens.ID, _ *tokens.Request) {
			b := seeing("b", "acme")
			b.Priority = 1
			_ = m.Replace(b)
		}},
		{"a walk", gitHub("a", ""), func(m *tokens.Manager, h *tokens.Host, _ tokens.ID, r *tokens.Request) {
			r.Walk = new(tokens.Walk)
			first := *r
			first.Token, first.Prefer = idOf(t, m, "b"), nil
			lease(t, h, first).Cancel()
		}},
		{"I9 a pin", gitHub("a", ""), func(m *tokens.Manager, h *tokens.Host, a tokens.ID, r *tokens.Request) {
			r.Pin = new(tokens.Pin)
			_ = m.Disable(a, "test")
			lease(t, h, tokens.Request{Draw: r.Draw, Pin: r.Pin}).Cancel()
			_ = m.Enable(a)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, h := gitHubHost(t, tt.a, seeing("b", "acme"))
			r := preferring(t, m, "a")
			tt.do(m, h, r.Prefer[0], &r)
			for range 3 {
				l := lease(t, h, r)
				if l.Label() != "b" {
					t.Fatalf("served by %s, want b", l)
				}
				l.Cancel()
			}
		})
	}
}

// settleWith makes one call with the token and settles it.
func settleWith(t testing.TB, h *tokens.Host, id tokens.ID, o ratelimit.Observation) tokens.Lease {
	t.Helper()
	r := on("core")
	r.Token = id
	l := lease(t, h, r)
	l.Settle(o)
	return l
}

// A token that is preferred is as good as any of its own priority.
func TestPrefer_holds_among_those_of_one_priority(t *testing.T) {
	t.Parallel()
	ts := gitHubs(4)
	for i := range ts {
		ts[i].Priority = i / 2 // t2 and t3 come first
	}
	m, h := gitHubHost(t, ts...)
	for _, tt := range []struct{ prefers, want string }{{"t3", "t3"}, {"t2", "t2"}, {"t0", "t2 t3"}} {
		got := map[string]bool{}
		for range 6 {
			l := lease(t, h, preferring(t, m, tt.prefers))
			got[l.Label()] = true
			l.Cancel()
		}
		want := map[string]bool{}
		for i := range 4 {
			if name := fmt.Sprint("t", i); tt.want == name || tt.want == "t2 t3" && i >= 2 {
				want[name] = true
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("prefers %s: served by %v, want %v", tt.prefers, got, want)
		}
	}
}
