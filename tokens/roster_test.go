package tokens

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// kindHost returns a host with n tokens and a pace.
func kindHost(tb testing.TB, pace ratelimit.Pace, n int, declare func(i int, t *Token)) (*Manager, *Host) {
	tb.Helper()
	ts := make([]Token, n)
	for i := range ts {
		ts[i] = Token{Provider: GitHub, Label: fmt.Sprint("k", i), Secret: Static(canary.Token(fmt.Sprint("kind", i)))}
		if declare != nil {
			declare(i, &ts[i])
		}
	}
	m, err := NewManager(Config{Pace: &pace}, ts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = m.Close() })
	h, _ := m.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
	return m, h
}

// callWith leases and settles, and returns the label of the token.
func callWith(tb testing.TB, h *Host, r Request, o ratelimit.Observation) string {
	tb.Helper()
	r.MaxWait = -1
	l, err := h.Lease(context.Background(), r)
	if err != nil {
		tb.Fatal(err)
	}
	l.Settle(o)
	return l.Label()
}

// refusedUntil wants the call to find nobody, and returns when somebody could serve it.
func refusedUntil(tb testing.TB, h *Host, r Request) time.Time {
	tb.Helper()
	r.MaxWait = -1
	var refused *ExhaustedError
	if l, err := h.Lease(context.Background(), r); !errors.As(err, &refused) {
		tb.Fatalf("Lease() = %q, %v, want that nobody is free", l.Label(), err)
	}
	return refused.ReadyAt
}

func wantRoster(tb testing.TB, c *crowd, d ratelimit.Draw, able, resting, blocked int) {
	tb.Helper()
	for _, ro := range c.rosters {
		if ro.draw.Points == d.Points && ro.draw.Units == d.Units && ro.draw.Creates == d.Creates {
			if got := [...]int{len(ro.able), len(ro.resting.dates), len(ro.blocked)}; got != [...]int{able, resting, blocked} {
				tb.Fatalf("%v are able, rest and are blocked, want %v", got, [...]int{able, resting, blocked})
			}
			return
		}
	}
	tb.Fatalf("there is no roster for %+v", d)
}

func TestRoster_a_write_looks_no_more_at_those_who_have_just_written(t *testing.T) {
	t.Parallel()
	const n = 100
	m, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	write := Request{Draw: coreWrite()}
	for range n - 1 {
		callWith(t, h, write, hasRoom())
	}
	for range 3 * n {
		callWith(t, h, Request{Draw: coreRead()}, hasRoom()) // so that the one has another turn
	}
	last := callWith(t, h, write, hasRoom())
	refusedUntil(t, h, write)
	l := h.lanes["core"]
	wantRoster(t, &l.common, coreWrite(), 0, n, 0)
	for e := range h.entries.all() {
		if e.token.Label == last {
			e.account.mayWrite()
		}
	}
	wantRoster(t, &l.common, coreWrite(), 1, n-1, 0)
	if got := callWith(t, h, write, hasRoom()); got != last {
		t.Errorf("%s writes, want %s", got, last)
	}
	if err := m.Disable(h.entries.list()[0].id, ""); err != nil {
		t.Fatal(err)
	}
	refusedUntil(t, h, write)
	wantRoster(t, &l.common, coreWrite(), 0, n-1, 0)
}

func TestRoster_who_is_able_no_more_is_put_aside_by_the_search_that_comes_upon_it(t *testing.T) {
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
	l := h.lanes["core"]
	wantRoster(t, &l.common, coreWrite(), n, 0, 0)
	for range n {
		callWith(t, h, write, seen)
	}
	wantRoster(t, &l.common, coreWrite(), n, 0, 0)
	refusedUntil(t, h, write)
	wantRoster(t, &l.common, coreWrite(), 0, n, 0)
}

func TestRoster_none_is_made_where_one_of_the_first_can_serve(t *testing.T) {
	t.Parallel()
	_, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, 50, nil)
	for range 40 {
		callWith(t, h, Request{Draw: coreWrite()}, hasRoom())
	}
	if n := len(h.lanes["core"].common.rosters); n > 0 {
		t.Errorf("%d rosters were made for calls that found the first budget able", n)
	}
}

func TestI9_Writes_in_line_go_one_by_one_as_each_account_may_write_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 40
		_, h := kindHost(t, ratelimit.Pace{WriteGap: time.Minute}, n, nil)
		start := time.Now()
		for i := range int64(n) {
			o := hasRoom()
			o.Remaining = ratelimit.Known(100_000 + 20_000*i) // who may write first is not the first to be used
			callWith(t, h, Request{Draw: coreWrite()}, o)
			time.Sleep(time.Second)
		}
		var mu sync.Mutex
		served := map[time.Duration]int{}
		var wg sync.WaitGroup
		for range 2 * n {
			wg.Go(func() {
				l, err := h.Lease(context.Background(), Request{Draw: coreWrite()})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				served[time.Since(start)]++
				mu.Unlock()
				l.Cancel()
			})
			synctest.Wait()
		}
		wg.Wait()
		for i := range n {
			for _, round := range [...]time.Duration{time.Minute, 2 * time.Minute} {
				if at := round + time.Duration(i)*time.Second; served[at] != 1 {
					t.Errorf("%d writes were served after %v, want 1", served[at], at)
				}
			}
		}
	})
}

func TestRoster_points_that_a_call_of_another_resource_gives_back_let_writes_go(t *testing.T) {
	t.Parallel()
	_, h := kindHost(t, ratelimit.Pace{PointsPerMinute: 8}, 5, nil)
	write, search := Request{Draw: coreWrite()}, Request{Draw: oneRead, MaxWait: -1}
	search.Draw.Resource = "search"
	var out []Lease
	for range 5 * 4 { // of each account
		l, err := h.Lease(context.Background(), search)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	refusedUntil(t, h, write)
	wantRoster(t, &h.lanes["core"].common, coreWrite(), 0, 0, 5)
	out[7].Cancel()
	if got, want := callWith(t, h, write, hasRoom()), out[7].Label(); got != want {
		t.Errorf("%s writes, want %s", got, want)
	}
}

func TestRoster_a_call_that_makes_it_unknown_when_there_is_room_says_so(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := kindHost(t, ratelimit.Pace{PointsPerMinute: 8}, 4, nil)
		for range 4 {
			callWith(t, h, Request{Draw: coreWrite()}, hasRoom())
		}
		if at := refusedUntil(t, h, Request{Draw: coreWrite()}); time.Until(at) < time.Minute {
			t.Errorf("a write can go in %v, want a minute", time.Until(at))
		}
		read := Request{Draw: coreRead(), MaxWait: -1}
		for range 3 * 4 {
			if _, err := h.Lease(context.Background(), read); err != nil {
				t.Fatal(err)
			}
		}
		at := refusedUntil(t, h, Request{Draw: coreWrite()})
		h.mu.Lock()
		defer h.mu.Unlock()
		var want time.Time
		for b := range h.lanes["core"].budgets.all() {
			free, _ := b.readyAt(&Request{Draw: coreWrite()}, time.Now())
			want = sooner(want, free)
		}
		if !at.Equal(want) {
			t.Errorf("a write can go in %v, want %v", time.Until(at), time.Until(want))
		}
	})
}

func TestRoster_a_call_for_an_owner_looks_at_those_of_its_circle_who_may_write(t *testing.T) {
	t.Parallel()
	const n = 60
	m, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, func(i int, t *Token) {
		t.Owners = []string{[]string{"acme", "beta"}[i%2]}
	})
	write := Request{Draw: coreWrite(), Owner: "acme"}
	for range n / 2 {
		callWith(t, h, write, hasRoom())
	}
	refusedUntil(t, h, write)
	l := h.lanes["core"]
	wantRoster(t, &l.circles["acme"].crowd, coreWrite(), 0, n/2, 0)
	callWith(t, h, Request{Draw: coreWrite(), Owner: "beta"}, hasRoom())
	if err := m.Add(Token{Provider: GitHub, Label: "new", Owners: []string{"acme"}, Secret: Static(canary.Token("new"))}); err != nil {
		t.Fatal(err)
	}
	if got := callWith(t, h, write, hasRoom()); got != "new" {
		t.Errorf("%s writes for the owner, want the token that has come", got)
	}
	wantRoster(t, &l.circles["acme"].crowd, coreWrite(), 0, n/2+1, 0)
}

func TestRoster_is_made_in_slices_while_tokens_come_and_go(t *testing.T) {
	t.Parallel()
	const n = 3*batch + 10
	m, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	for range n {
		callWith(t, h, Request{Draw: coreWrite()}, hasRoom())
	}
	all := h.entries.list()
	l := h.lanes["core"]
	look := func() (cut bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		l.cut = false
		if b, _ := l.search(&Request{Draw: coreWrite()}, time.Now()); b != nil {
			t.Error("somebody may write")
		}
		return l.cut
	}
	slices := 1
	for ; look() && !t.Failed(); slices++ {
		m.Remove(all[slices].id, "")
		m.Remove(all[n-1-slices].id, "")
		_ = m.Disable(all[n/2+slices].id, "")
		token := Token{Provider: GitHub, Label: fmt.Sprint("new", slices), Secret: Static(canary.Token(fmt.Sprint("new", slices)))}
		if err := m.Add(token); err != nil {
			t.Fatal(err)
		}
		if got := callWith(t, h, Request{Draw: coreWrite()}, hasRoom()); got != token.Label {
			t.Fatalf("%s writes, want %s", got, token.Label)
		}
	}
	if slices < 4 {
		t.Errorf("the roster was made in %d slices, want 4 at least", slices)
	}
	come := slices - 1
	wantRoster(t, &l.common, coreWrite(), 0, n-2*come, 0) // those who are disabled are nowhere
	for _, e := range h.entries.list()[n-2*come:] {
		e.account.mayWrite()
	}
	wantRoster(t, &l.common, coreWrite(), come, n-3*come, 0)
}

func TestI13_Nobody_is_refused_before_the_last_slice_has_been_looked_at(t *testing.T) {
	t.Parallel()
	const n = 3 * batch
	m, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	var last string
	for range n {
		last = callWith(t, h, Request{Draw: coreWrite()}, hasRoom())
	}
	e := h.entries.list()[n-1]
	if e.token.Label != last {
		t.Fatalf("%s wrote last, want %s", last, e.token.Label)
	}
	e.account.mayWrite()
	if at, ok := h.ReadyFor(Request{Draw: coreWrite()}); !ok || time.Until(at) > 0 {
		t.Errorf("a write can go in %v, want now", time.Until(at))
	}
	l := h.lanes["core"]
	l.common.rosters[0].dropped, l.common.rosters = true, nil
	h.mu.Lock()
	now := time.Now()
	b, _ := l.search(&Request{Draw: coreWrite()}, now)
	if at, ok := l.earliest(&Request{Draw: coreWrite()}, now); b != nil || !l.cut || !ok || !at.Equal(now) {
		t.Errorf("after one slice a write can go in %v, want now", at.Sub(now))
	}
	h.mu.Unlock()
	if got := callWith(t, h, Request{Draw: coreWrite()}, hasRoom()); got != last {
		t.Errorf("%s writes, want %s", got, last)
	}
	refusedUntil(t, h, Request{Draw: ratelimit.Draw{Resource: "core", Units: 1, Points: 6}})
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

func TestRoster_calls_wait_for_no_slice_of_another_kind(t *testing.T) {
	t.Parallel()
	const n = 4 * batch
	_, h := kindHost(t, ratelimit.Pace{WriteGap: time.Hour}, n, nil)
	for range n {
		callWith(t, h, Request{Draw: coreWrite()}, hasRoom())
	}
	l := h.lanes["core"]
	h.mu.Lock()
	l.search(&Request{Draw: coreWrite()}, time.Now())
	h.mu.Unlock()
	next := l.common.rosters[0].next
	callWith(t, h, Request{Draw: coreRead()}, hasRoom())
	if got := l.common.rosters[0].next; got != next {
		t.Errorf("a read went on with the roster for writes from %d to %d", next, got)
	}
}

func TestRoster_the_kind_that_nobody_has_asked_for_longest_gives_way(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := kindHost(t, ratelimit.Pace{PointsPerMinute: 100}, 5, nil)
		for range 5 {
			r := Request{Draw: coreRead()}
			r.Draw.Points = 99
			callWith(t, h, r, hasRoom())
		}
		of := func(points int64) Request {
			r := Request{Draw: coreRead()}
			r.Draw.Points = points
			return r
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { _, _ = h.Lease(ctx, of(50)) })
		synctest.Wait()
		for points := range int64(3 * maxRosters) {
			refusedUntil(t, h, of(2+points%(2*maxRosters)))
		}
		c := &h.lanes["core"].common
		if len(c.rosters) != maxRosters || c.rosterOf(kind{units: 1, points: 50}) == nil {
			t.Errorf("there are %d rosters, and the one that a call in line waits for has gone", len(c.rosters))
		}
		for b := range h.lanes["core"].budgets.all() {
			if b.spots > maxRosters+1 {
				t.Errorf("a budget has %d spots", b.spots)
			}
		}
		cancel()
	})
}

func TestRoster_kinds_that_find_no_room_are_searched_for_as_ever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := kindHost(t, ratelimit.Pace{PointsPerMinute: 100}, 5, nil)
		start := time.Now()
		of := func(points int64) Request {
			r := Request{Draw: coreRead()}
			r.Draw.Points = points
			return r
		}
		for range 5 {
			callWith(t, h, of(99), hasRoom())
		}
		var wg sync.WaitGroup
		for points := range int64(2 * maxRosters) {
			wg.Go(func() {
				l, err := h.Lease(context.Background(), of(2+points))
				if err != nil {
					t.Error(err)
					return
				}
				l.Settle(hasRoom())
				if got := time.Since(start); got > 3*time.Minute {
					t.Errorf("a call of %d points waited %v", 2+points, got)
				}
			})
			synctest.Wait()
		}
		if n := len(h.lanes["core"].common.rosters); n != maxRosters {
			t.Errorf("there are %d rosters, want %d", n, maxRosters)
		}
		h.mu.Lock()
		l := h.lanes["core"]
		if l.searches++; l.dropRoster(&l.common) {
			t.Error("a roster has gone that a call in line waits for")
		}
		h.mu.Unlock()
		wg.Wait()
	})
}

func TestI8_A_limit_on_one_route_leaves_calls_of_the_others_plain(t *testing.T) {
	t.Parallel()
	_, h := kindHost(t, ratelimit.Pace{}, 2, nil)
	along := func(route uint64) Request {
		r := Request{Draw: coreRead()}
		r.Draw.Route = route
		return r
	}
	callWith(t, h, along(1), ratelimit.Observation{Class: ratelimit.SecondaryLimit, Rests: ratelimit.OneRoute, RetryAfter: ratelimit.Known(time.Duration(0))})
	for route, want := range map[uint64]kind{1: {units: 1, points: 1, route: 1}, 2: {}} {
		r := along(route)
		if got := h.kindOf(&r.Draw); got != want {
			t.Errorf("a call of route %d is of kind %+v, want %+v", route, got, want)
		}
	}
	for e := range h.entries.all() {
		e.account.routeServed(1, h.seq+1)
	}
	if r := along(1); h.kindOf(&r.Draw) != (kind{}) {
		t.Error("a call is not plain though its route has served again")
	}
}

func TestRoster_a_lease_of_a_kind_allocates_nothing(t *testing.T) {
	const n = 50
	m, h := writtenHost(t, n, func(int, *Token) {})
	defer m.Close()
	last, seen := h.entries.list()[n-1].account, hasRoom()
	if got := testing.AllocsPerRun(1000, func() {
		last.mayWrite()
		l, err := h.Lease(t.Context(), Request{Draw: coreWrite(), MaxWait: -1})
		if err != nil {
			t.Fatal(err)
		}
		l.Settle(seen)
	}); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}
