package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

// slowly has fn take a second.
func slowly(fn func(context.Context, *sdk) (string, error)) func(context.Context, *sdk) (string, error) {
	return func(ctx context.Context, s *sdk) (string, error) {
		time.Sleep(time.Second)
		return fn(ctx, s)
	}
}

// probing returns a Probe that says of each key what the map says.
func probing(says map[string]error) func(context.Context, *sdk) error {
	return func(_ context.Context, s *sdk) error { return says[s.key] }
}

// Defect A-7: check_usable failed when the bad key was not the last; A-21: without
// a check every key was valid, and 401 as well.
func TestCheck_asks_about_every_key_and_reports_in_order(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2", "k3", "k4")
	says := map[string]error{"k1": status(401), "k3": errBroken}
	c.Probe = probing(says)
	c.Open = func(ctx context.Context, k pool.Key) (*sdk, error) {
		if k.ID == "k4" {
			return nil, errors.New("cannot use " + k.Secret.Reveal())
		}
		return a.open(ctx, k)
	}
	p := newPool(t, c)
	report := p.Check(t.Context())
	for i, want := range []struct {
		label string
		state tokens.State
		fails bool
	}{{"k1", tokens.Invalid, false}, {"k2", tokens.Available, false}, {"k3", tokens.Unknown, true}, {"k4", tokens.Unknown, true}} {
		if got := report[i]; got.Label != want.label || got.State != want.state || (got.Err != nil) != want.fails {
			t.Errorf("report %d: %+v, want %+v", i, got, want)
		}
		for _, text := range printed(report[i].Err) {
			if strings.Contains(text, canary.Mark) {
				t.Error("the report holds a key")
			}
		}
	}
	if n := len(a.answers); n != 4 || a.answers[0].Operation != "check" {
		t.Errorf("%d answers", n)
	}
	delete(says, "k1")
	if got := p.Check(t.Context())[0]; got.State != tokens.Available {
		t.Errorf("k1 did not come back: %+v", got)
	}
}

func TestI12_Do_a_dead_key_is_confirmed_by_the_probe_and_another_serves_the_call(t *testing.T) {
	t.Parallel()
	a := &api{}
	c := config(a, "k1", "k2", "k3")
	c.Probe = probing(map[string]error{"k1": status(401)})
	p := newPool(t, c)
	if got := do(t, p, a.ask(map[string]error{"k1": status(401), "k2": status(401)})); got != "k3" {
		t.Errorf("Do ran on %q", got)
	}
	if one, two := state(t, p, "k1"), state(t, p, "k2"); one.State != tokens.Invalid || one.Reason != "status 401" || two.State != tokens.Available {
		t.Errorf("k1 is %v, k2 is %v", one, two)
	}
}

func TestI12_Do_without_a_probe_it_takes_two_calls_to_put_a_key_aside(t *testing.T) {
	t.Parallel()
	a := &api{}
	p := newPool(t, config(a, "k1"))
	dead := a.ask(map[string]error{"k1": status(401)})
	for _, want := range []tokens.State{tokens.Suspect, tokens.Available, tokens.Suspect, tokens.Invalid} {
		if want == tokens.Available {
			do(t, p, a.ask(nil))
		} else if _, err := pool.Do(t.Context(), p, dead); !errors.Is(err, status(401)) {
			t.Errorf("Do() = %v", err)
		}
		if got := state(t, p, "k1").State; got != want {
			t.Errorf("k1 is %v, want %v", got, want)
		}
	}
	if _, err := pool.Do(t.Context(), p, a.ask(nil)); exhausted(t, err).States[tokens.Invalid] != 1 {
		t.Errorf("Do() = %v", err)
	}
}

func TestI12_Do_a_probe_without_an_answer_leaves_a_key_suspect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &api{}
		c := config(a, "k1")
		c.Probe = func(ctx context.Context, _ *sdk) error {
			<-ctx.Done()
			return ctx.Err()
		}
		p := newPool(t, c)
		start := time.Now()
		_, _ = pool.Do(t.Context(), p, a.ask(map[string]error{"k1": status(401)}))
		if s := state(t, p, "k1").State; s != tokens.Suspect || time.Since(start) != 10*time.Second {
			t.Errorf("k1 is %v after %v, want suspect after 10 s", s, time.Since(start))
		}
	})
}
