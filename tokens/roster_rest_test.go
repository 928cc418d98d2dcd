package tokens

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestRoster_alone_tells_when_those_who_rest_can_serve_again(t *testing.T) {
	t.Parallel()
	const n = 50
	h := createdHost(t, n, spentFor(20*time.Minute))
	want := refusedUntil(t, h, Request{Draw: creation()})
	l := h.lanes["core"]
	wantRoster(t, &l.common, creation(), 0, n, 0)

	_, other := kindHost(t, ratelimit.Pace{}, 1, nil)
	callWith(t, other, Request{Draw: coreRead()}, hasRoom())
	h.mu.Lock()
	for b := range other.lanes["core"].budgets.all() { // whoever looks there finds one who can serve now
		l.resting.dates[0] = &date[*budget]{at: time.Now(), of: b}
	}
	h.mu.Unlock()
	if got := refusedUntil(t, h, Request{Draw: creation()}); !got.Equal(want) || time.Until(want) < 50*time.Minute {
		t.Errorf("the call can be served in %v, want in %v, an hour or so", time.Until(got), time.Until(want))
	}
}

func TestRoster_tells_when_the_pace_lets_calls_in_line_go(t *testing.T) {
	t.Parallel()
	const n = 50
	_, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	for range n {
		callWith(t, h, Request{Draw: coreWrite()}, hasRoom())
	}
	want := refusedUntil(t, h, Request{Draw: coreWrite()})
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.lanes["core"]
	l.shelves = nil // whoever looks there finds nobody
	if got := l.pacedFor(&Request{Draw: coreWrite()}, time.Now()); !got.Equal(want) {
		t.Errorf("a write can go in %v, want %v", time.Until(got), time.Until(want))
	}
}

func TestRoster_is_not_asked_how_long_the_host_rests_if_one_of_the_first_can_serve_then(t *testing.T) {
	t.Parallel()
	const n = 50
	_, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	write := Request{Draw: coreWrite()}
	for range n {
		callWith(t, h, write, hasRoom())
	}
	refusedUntil(t, h, write)
	for e := range h.entries.all() {
		e.account.mayWrite()
	}
	restsFor(t, h, 10*time.Minute)
	h.mu.Lock()
	defer h.mu.Unlock()
	l, now := h.lanes["core"], time.Now()
	l.common.rosters[0].able = []*spot{{}} // a look at which panics
	want := h.restingUntil(now)
	l.cut = false
	if b, _ := l.best(&write, now); b != nil || l.cut {
		t.Error("a write goes, or waits for more to be looked at")
	}
	if at, ok := l.earliest(&write, now); !ok || !at.Equal(want) {
		t.Errorf("a write can go in %v, want %v", at.Sub(now), want.Sub(now))
	}
	if at := l.pacedFor(&write, now); !at.Equal(want) {
		t.Errorf("the pace lets a write go in %v, want %v", at.Sub(now), want.Sub(now))
	}
}

func TestRoster_has_nobody_on_it_without_hope(t *testing.T) {
	t.Parallel()
	const n = 10
	h := createdHost(t, n, spentFor(20*time.Minute))
	refusedUntil(t, h, Request{Draw: creation()})
	m, c := h.manager, &h.lanes["core"].common
	for i, e := range h.entries.list()[:3] {
		if err := m.Disable(e.id, ""); err != nil {
			t.Fatal(err)
		}
		wantRoster(t, c, creation(), 0, n-1-i, 0)
	}
	for i, e := range h.entries.list()[:3] {
		if err := m.Enable(e.id); err != nil {
			t.Fatal(err)
		}
		wantRoster(t, c, creation(), 0, n-2+i, 0)
	}
}

func TestRoster_of_an_owner_has_those_on_it_whose_token_for_the_owner_is_of_use(t *testing.T) {
	t.Parallel()
	const n = 5
	m, h := kindHost(t, ratelimit.Pace{CreationsPerHour: 1}, 2*n, func(i int, t *Token) {
		t.Account = fmt.Sprint("account", i/2) // each with a token for either owner
		t.Owners = []string{[]string{"acme", "beta"}[i%2]}
	})
	for range n {
		callWith(t, h, Request{Draw: creation()}, spentFor(20*time.Minute))
	}
	acme := Request{Draw: creation(), Owner: "acme"}
	refusedUntil(t, h, acme)
	c := &h.lanes["core"].circles["acme"].crowd
	wantRoster(t, c, creation(), 0, n, 0)
	e := h.entries.list()[0]
	if err := m.Disable(e.id, ""); err != nil {
		t.Fatal(err)
	}
	wantRoster(t, c, creation(), 0, n-1, 0)
	if err := m.Enable(e.id); err != nil {
		t.Fatal(err)
	}
	wantRoster(t, c, creation(), 0, n, 0)
}

func TestRoster_is_made_in_slices_for_those_who_ask_how_long(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]time.Duration{"all budgets rest": 0, "the host rests": 10 * time.Minute} {
		const n = 3*batch + 10
		seen := spentFor(20 * time.Minute)
		if rest > 0 {
			seen = hasRoom()
		}
		h := createdHost(t, n, seen)
		l := h.lanes["core"]
		for _, c := range []*crowd{&l.common, &l.owned} { // what the creations have left
			for _, ro := range c.rosters {
				ro.dropped = true
			}
			c.rosters = nil
		}
		if rest > 0 {
			restsFor(t, h, rest)
		}
		slices := 1
		for look := true; look; slices++ {
			h.mu.Lock()
			l.cut = false
			if b, _ := l.best(&Request{Draw: creation()}, time.Now()); b != nil {
				t.Errorf("%s: somebody serves", name)
			}
			look = l.cut
			h.mu.Unlock()
		}
		if slices--; slices != 4 {
			t.Errorf("%s: the roster was made in %d slices, want 4", name, slices)
		}
		wantRoster(t, &l.common, creation(), 0, n, 0)
	}
}

func TestRoster_who_is_able_no_more_is_put_aside_while_the_host_rests(t *testing.T) {
	t.Parallel()
	const n = 100
	_, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	write, seen := Request{Draw: coreWrite()}, hasRoom()
	for range n {
		callWith(t, h, write, seen)
	}
	refusedUntil(t, h, write)
	for e := range h.entries.all() {
		e.account.mayWrite()
	}
	for range n {
		callWith(t, h, write, seen)
	}
	restsFor(t, h, 10*time.Minute)
	c := &h.lanes["core"].common
	wantRoster(t, c, coreWrite(), n, 0, 0)
	if at := refusedUntil(t, h, write); time.Until(at) < 50*time.Minute {
		t.Errorf("a write can go in %v, want in an hour or so", time.Until(at))
	}
	wantRoster(t, c, coreWrite(), 0, n, 0)
}

func TestRoster_none_is_made_of_as_few_as_a_glance_takes_in(t *testing.T) {
	t.Parallel()
	h := createdHost(t, glance, spentFor(20*time.Minute))
	refusedUntil(t, h, Request{Draw: creation()})
	restsFor(t, h, 10*time.Minute)
	refusedUntil(t, h, Request{Draw: creation()})
	wantNoRoster(t, h)
}

func TestRoster_none_is_made_where_one_of_the_first_can_serve_after_the_rest_of_the_host(t *testing.T) {
	t.Parallel()
	_, h := kindHost(t, ratelimit.Pace{CreationsPerHour: 1}, 50, nil)
	callWith(t, h, Request{Draw: creation()}, hasRoom())
	restsFor(t, h, 10*time.Minute)
	refusedUntil(t, h, Request{Draw: creation()})
	wantNoRoster(t, h)
}

func TestRoster_none_is_made_for_calls_that_cost_nothing(t *testing.T) {
	t.Parallel()
	free := Request{Draw: creation()}
	free.Draw.Units = 0
	h := createdHost(t, 50, spentFor(20*time.Minute))
	callWith(t, h, free, spentFor(20*time.Minute))
	wantNoRoster(t, h)
	h = createdHost(t, 50, hasRoom())
	restsFor(t, h, 10*time.Minute)
	callWith(t, h, free, hasRoom())
	wantNoRoster(t, h)
}

func wantNoRoster(tb testing.TB, h *Host) {
	tb.Helper()
	if n := len(h.lanes["core"].common.rosters); n > 0 {
		tb.Errorf("%d rosters were made, want none", n)
	}
}

func TestRoster_those_in_no_list_do_not_have_the_ends_of_other_calls_look_at_them(t *testing.T) {
	t.Parallel()
	const n = 5
	_, h := kindHost(t, ratelimit.Pace{}, n, nil)
	dear := Request{Draw: coreRead(), MaxWait: -1}
	dear.Draw.Units = 3
	left := func(units int64) ratelimit.Observation {
		o := hasRoom()
		o.Remaining = ratelimit.Known(units)
		return o
	}
	all := func(units int64) {
		for range n {
			callWith(t, h, Request{Draw: coreRead()}, left(units))
		}
	}
	want := func(resting, blocked int, hanging int32) {
		t.Helper()
		wantRoster(t, &h.lanes["core"].common, dear.Draw, 0, resting, blocked)
		for e := range h.entries.all() {
			hanging -= e.account.hanging
		}
		if hanging != 0 {
			t.Errorf("%d budgets fewer hang than are to", hanging)
		}
	}
	all(3)
	var out []Lease
	for range n {
		l, err := h.Lease(context.Background(), dear)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	refusedUntil(t, h, dear)
	want(0, n, 0) // their own calls alone can free them
	for _, l := range out {
		l.Settle(left(2))
	}
	want(n, 0, n) // they can serve reads, the answers to which may tell of more units
	all(0)
	want(n, 0, 0)
}
