package tokens

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
)

// stopper is what the checks need of a test or of the model.
type stopper interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkAgendas wants every budget where its dates say.
func checkAgendas(t stopper, l *lane) {
	t.Helper()
	checkAgenda(t, l, &l.sleeping, func(b *budget) *date[*budget] { return &b.changes })
	checkAgenda(t, l, &l.resting, func(b *budget) *date[*budget] { return freesUnless(b, b.bound) })
	checkAgenda(t, l, &l.bound, func(b *budget) *date[*budget] { return freesUnless(b, !b.bound) })
}

// freesUnless returns when a budget can serve again, or no time if it belongs in another agenda.
func freesUnless(b *budget, elsewhere bool) *date[*budget] {
	if elsewhere {
		return &date[*budget]{}
	}
	return &b.frees
}

func checkAgenda(t stopper, l *lane, g *agenda[*budget], dateOf func(*budget) *date[*budget]) {
	t.Helper()
	dated := 0
	for b := range l.budgets.all() {
		d := dateOf(b)
		if d.at.IsZero() {
			continue
		}
		dated++
		if g.dates[d.index] != d || d.of != b || d.at.Before(g.next()) {
			t.Fatalf("%s is not at %d of its agenda", b.resource, d.index)
		}
	}
	if dated != len(g.dates) {
		t.Fatalf("%d budgets in an agenda, want %d", len(g.dates), dated)
	}
}

// checkOutlook wants what the lane knows of all budgets together to be what a look
// at every one of them finds.
func checkOutlook(t stopper, l *lane, r *Request) {
	t.Helper()
	now := time.Now()
	if !l.wakeUp(now) {
		t.Fatalf("the lane is not awake after a slice")
	}
	at, ok := l.earliest(r, now)
	var wantAt time.Time
	wantOK := false
	for b := range l.budgets.all() {
		if t, can := b.readyAt(r, now); can && (!wantOK || t.Before(wantAt)) {
			wantAt, wantOK = t, true
		}
	}
	if ok != wantOK || ok && !at.Equal(wantAt) {
		t.Fatalf("%s: earliest() = in %v, %t, but a look at every budget finds %v, %t", l.resource, at.Sub(now), ok, wantAt.Sub(now), wantOK)
	}
	var got, want tally
	for s, n := range l.states { // before stateFor places the budgets
		got[l.host.outward(State(s), now)] += n
	}
	for e := range l.host.entries.all() {
		want[e.stateFor(l.resource, now)]++
	}
	if got != want {
		t.Fatalf("%s: tokens by state: %v, but a look at every token finds %v", l.resource, got, want)
	}
}

// outlookRun makes random calls on few tokens, of which nearly everything that can
// keep one from serving befalls each.
type outlookRun struct {
	t    *testing.T
	rnd  *rand.Rand
	m    *Manager
	h    *Host
	out  []Lease
	made int
}

func (o *outlookRun) step() {
	switch n := o.rnd.IntN(100); {
	case n < 45:
		o.lease()
	case n < 75:
		o.settle()
	case n < 79:
		o.manage()
	case n < 80:
		o.add()
	case n < 98:
		time.Sleep(time.Duration(o.rnd.IntN(8000)) * time.Millisecond)
	default:
		time.Sleep(time.Duration(o.rnd.IntN(30)) * time.Minute)
	}
}

func (o *outlookRun) lease() {
	d := ratelimit.Draw{
		Resource: []string{"core", "search", "graphql"}[o.rnd.IntN(3)],
		Units:    []int64{1, 1, 1, 0, 2}[o.rnd.IntN(5)],
		Points:   []int64{1, 1, 5}[o.rnd.IntN(3)],
	}
	d.Creates = d.Writes() && o.rnd.IntN(2) == 0
	if l, err := o.h.Lease(context.Background(), Request{Draw: d, MaxWait: -1}); err == nil {
		o.out = append(o.out, l)
	}
}

func (o *outlookRun) settle() {
	if len(o.out) == 0 {
		return
	}
	i := o.rnd.IntN(len(o.out))
	l := o.out[i]
	o.out = append(o.out[:i], o.out[i+1:]...)
	left := max(0, o.rnd.Int64N(8)-2)
	seen := ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](9), Remaining: ratelimit.Known(left),
		Reset: time.Now().Add(time.Duration(o.rnd.IntN(90)-5) * time.Second),
	}
	switch n := o.rnd.IntN(20); {
	case n < 9:
		l.Settle(seen)
	case n < 11:
		l.Settle(ratelimit.Observation{Class: ratelimit.OK, Validity: ratelimit.Valid})
	case n < 12:
		l.Cancel()
	case n < 13:
		l.Lost()
	case n < 15:
		seen.Class, seen.Remaining = ratelimit.PrimaryLimit, ratelimit.Known[int64](0)
		l.Settle(seen)
	case n < 17:
		l.Settle(ratelimit.Observation{Class: ratelimit.SecondaryLimit, RetryAfter: ratelimit.Known(time.Duration(o.rnd.IntN(60)) * time.Second)})
	case n < 18:
		l.Settle(ratelimit.Observation{Class: ratelimit.SecondaryLimit, Rests: ratelimit.WholeHost, RetryAfter: ratelimit.Known(5 * time.Second)})
	default:
		l.Settle(ratelimit.Observation{Class: ratelimit.Unauthorized, Validity: ratelimit.Invalid})
	}
}

func (o *outlookRun) manage() {
	e := o.h.entries.list()[o.rnd.IntN(o.h.entries.count)]
	switch o.rnd.IntN(8) {
	case 0, 1, 2:
		_ = o.m.Disable(e.id, "test")
	case 3:
		_ = o.m.MarkInvalid(e.id, "test")
	case 4:
		_ = o.m.Rotate(e.id, Static(canary.Token(fmt.Sprint("rotated", o.made))))
	case 5:
		if o.h.entries.count > 3 {
			o.m.Remove(e.id, "test")
		}
	default:
		for e := range o.h.entries.all() {
			_ = o.m.Enable(e.id)
		}
	}
}

func (o *outlookRun) add() {
	o.made++
	name := fmt.Sprintf("o%d", o.made)
	token := Token{
		Provider: GitHub, Label: name, Secret: Static(canary.Token(name)),
		Account: []string{"", "", "shared", "other"}[o.rnd.IntN(4)],
		Floor:   Floor{Percent: []int{0, 0, 30}[o.rnd.IntN(3)]},
	}
	if o.rnd.IntN(4) == 0 {
		token.Expires = time.Now().Add(time.Hour)
	}
	if err := o.m.Add(token); err != nil {
		o.t.Fatal(err)
	}
}

func (o *outlookRun) check() {
	o.h.mu.Lock()
	defer o.h.mu.Unlock()
	tried := &Tried{}
	for e := range o.h.entries.all() {
		switch o.rnd.IntN(8) {
		case 0:
			tried.accounts = append(tried.accounts, e)
		case 1:
			tried.tokens = append(tried.tokens, e)
		}
	}
	for _, resource := range []string{"core", "search", "graphql"} {
		l := o.h.lane(resource, time.Now())
		checkOutlook(o.t, l, &Request{Draw: oneRead})
		checkOutlook(o.t, l, &Request{Draw: oneRead, Tried: tried})
		checkOutlook(o.t, l, &Request{Draw: ratelimit.Draw{Units: 1, Points: 5}, Tried: tried})
		checkAgendas(o.t, l)
		checkSums(o.t, l, time.Now())
	}
}

func TestI9_I13_What_a_lane_knows_of_all_its_budgets_agrees_with_a_look_at_every_one(t *testing.T) {
	t.Parallel()
	const seeds, steps = 40, 600
	for seed := range uint64(seeds) {
		synctest.Test(t, func(t *testing.T) {
			m, err := NewManager(Config{MaxInFlight: 4, Pace: &ratelimit.Pace{
				PointsPerMinute: 12, GraphQLPointsPerMinute: 9, CreationsPerMinute: 2, CreationsPerHour: 20, WriteGap: time.Second,
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			o := &outlookRun{t: t, rnd: rand.New(rand.NewPCG(seed, 11)), m: m}
			o.h, _ = m.Host(GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/"})
			for range 2 + seed%5 {
				o.add()
			}
			for step := range steps {
				o.step()
				o.check()
				if t.Failed() {
					t.Logf("seed %d, step %d", seed, step)
				}
			}
		})
		if t.Failed() {
			return
		}
	}
}
