package tokens

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// stand puts n calls in line and returns them.
func stand(t *testing.T, h *Host, n int, r Request) []*waiter {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	l := h.lane("core", now)
	ws := make([]*waiter, n)
	for i := range ws {
		each := r
		h.admit(&each)
		w, err := l.enter(t.Context(), &each, now)
		if err != nil {
			t.Fatal(err)
		}
		ws[i] = w
	}
	return ws
}

func TestI9_Calls_whom_nobody_can_serve_any_more_are_sent_away_however_many_there_are(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := spentHost(t, 1)
		defer m.Close()
		r := Request{Draw: coreRead(), Pin: new(Pin)}
		ws := stand(t, h, 3*sweepSlice, r)
		r.Draw.Points = 5 // a queue of its own, which nobody looked at yet
		ws = append(ws, stand(t, h, sweepSlice+1, r)...)
		if err := m.Disable(h.entries.list()[0].id, "for the test"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(time.Nanosecond) // the timer goes on
		synctest.Wait()
		for i, w := range ws {
			select {
			case turn := <-w.turn:
				var exhausted *ExhaustedError
				if !errors.As(turn.err, &exhausted) || !exhausted.ReadyAt.IsZero() {
					t.Fatalf("call %d ended with %v", i, turn.err)
				}
			default:
				t.Fatalf("call %d of %d still waits", i, len(ws))
			}
		}
	})
}

func TestI9_A_call_behind_more_than_a_slice_comes_to_whoever_may_serve_it_now(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := spentHost(t, 2)
		defer m.Close()
		first, second := h.entries.list()[0], h.entries.list()[1]
		stand(t, h, 2*sweepSlice, Request{Draw: coreRead(), fixed: second})
		last := stand(t, h, 1, Request{Draw: coreRead(), Pin: new(Pin)})[0]
		if err := m.Disable(first.id, "for the test"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Nanosecond) // the timer goes on
		synctest.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		if last.audience.account != second.account {
			t.Errorf("it waits for %v, want the second token", last.audience)
		}
	})
}

func TestI9_A_call_that_leaves_while_the_line_is_gone_through_hides_nobody_behind_it(t *testing.T) {
	t.Parallel()
	m, h := spentHost(t, 2)
	defer m.Close()
	bound := h.entries.list()[1]
	own := bound.token
	own.Owners = []string{"acme"}
	if err := m.Replace(own); err != nil {
		t.Fatal(err)
	}
	ws := stand(t, h, 2*sweepSlice+2, Request{Draw: coreRead(), Owner: "acme"})
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lane("core", time.Now())
	h.entries.list()[1].disabled = true // so that acme is nobody's
	h.entries.list()[1].restate()
	h.readmit()
	if l.sweep() {
		t.Fatal("one slice was enough")
	}
	l.line.remove(ws[sweepSlice])
	for !l.sweep() {
	}
	for i, w := range ws {
		if w.inLine && w.audience != (audience{}) {
			t.Fatalf("call %d of %d waits for %v, want anybody", i, len(ws), w.audience)
		}
	}
}

// twoKinds returns a host with a token that is spent and one that has three calls left,
// of which one is out, and a call in line that wants all three.
func twoKinds(t *testing.T, refused int) (m *Manager, h *Host, out Lease, first, dear *waiter) {
	t.Helper()
	m, h = spentHost(t, 1)
	if err := m.Add(Token{Provider: GitHub, Secret: Static(canary.Token("first"))}); err != nil {
		t.Fatal(err)
	}
	lease := func() Lease {
		l, err := h.Lease(t.Context(), Request{Draw: coreRead(), MaxWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	lease().Settle(ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](5000), Remaining: ratelimit.Known[int64](3), Reset: time.Now().Add(time.Hour),
	})
	out = lease()
	for i := range refused { // before it, by the token that has some left
		r := Request{Draw: coreRead(), Tried: new(Tried)}
		r.Tried.accounts = append(r.Tried.accounts, h.entries.list()[1])
		if w := stand(t, h, 1, r)[0]; i == 0 {
			first = w
		}
	}
	r := Request{Draw: coreRead()}
	r.Draw.Units = 3
	return m, h, out, first, stand(t, h, 1, r)[0]
}

func TestI9_Any_number_of_calls_that_were_refused_keep_nobody_behind_them_waiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _, out, _, dear := twoKinds(t, slice+1)
		defer m.Close()
		out.Cancel()
		select {
		case turn := <-dear.turn:
			if turn.err != nil {
				t.Fatal(turn.err)
			}
		default:
			t.Fatal("the call behind them got nothing")
		}
	})
}

func TestI9_A_strategy_that_panics_keeps_nobody_from_a_token_that_comes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h, out, first, _ := twoKinds(t, 1)
		defer m.Close()
		panics := true
		h.SetStrategy(StrategyFunc(func(time.Time, []Candidate) int {
			if panics {
				panic("a fault of the strategy")
			}
			return 0
		}))
		func() {
			defer func() {
				if recover() == nil {
					t.Fatal("nobody was looked at")
				}
			}()
			out.Cancel()
		}()
		panics = false
		if err := m.Add(Token{Provider: GitHub, Secret: Static(canary.Token("second"))}); err != nil {
			t.Fatal(err)
		}
		select {
		case turn := <-first.turn:
			if turn.err != nil {
				t.Fatal(turn.err)
			}
		default:
			t.Fatal("the call that stood aside got nothing")
		}
	})
}
