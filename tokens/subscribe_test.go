package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// heard collects events in a bubble.
type heard struct {
	mu  sync.Mutex
	all []tokens.Event
}

func (h *heard) observe(ev tokens.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, ev)
}

// take returns what was heard since the last time, a line for each event.
func (h *heard) take() []string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for _, ev := range h.all {
		line := ev.Label + " " + string(ev.Kind)
		if ev.Kind == tokens.TokenStateChanged {
			line = fmt.Sprintf("%s %v>%v", ev.Label, ev.Was, ev.State)
		}
		for _, part := range []string{ev.Resource, ev.Reason} {
			if part != "" {
				line += " " + part
			}
		}
		if !ev.Until.IsZero() {
			line += " until " + ev.Until.Sub(ev.Time).String()
		}
		lines = append(lines, line)
	}
	h.all = nil
	return lines
}

func (h *heard) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if got := h.take(); !slices.Equal(got, want) {
		t.Errorf("%s: heard %q, want %q", what, got, want)
	}
}

// listening has all events of the manager heard.
func listening(t *testing.T, m *tokens.Manager) *heard {
	t.Helper()
	h := &heard{}
	t.Cleanup(m.Subscribe(h.observe))
	return h
}

func TestSubscribe_tells_of_every_change_of_state(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, labelled("a", ""))
		id := idOf(t, m, "a")
		heard := listening(t, m)
		tell(t, h, "core", left(5000, 4000, time.Hour))
		heard.want(t, "first answer", "a unknown>available")
		tell(t, h, "search", spent(30, time.Minute))
		heard.want(t, "search is spent", "a available>limited search until 1m1s")
		time.Sleep(2 * time.Minute)
		heard.want(t, "its reset", "a limited>available search")
		tell(t, h, "core", after(refused(ratelimit.SecondaryLimit), 5*time.Minute))
		heard.want(t, "a secondary limit", "a available>cooling until 5m1s")
		time.Sleep(6 * time.Minute)
		heard.want(t, "its end", "a cooling>available")
		suspect(t, h)
		heard.want(t, "a 401", "a available>suspect Bad credentials")
		if err := m.MarkInvalid(id, "revoked"); err != nil {
			t.Fatal(err)
		}
		heard.want(t, "dead", "a suspect>invalid revoked")
		if err := m.Disable(id, "holiday"); err != nil {
			t.Fatal(err)
		}
		heard.want(t, "disabled", "a invalid>disabled holiday")
		if err := m.Enable(id); err != nil {
			t.Fatal(err)
		}
		heard.want(t, "enabled", "a disabled>invalid revoked")
		if err := m.Rotate(id, tokens.Static(canary.Token("new"))); err != nil {
			t.Fatal(err)
		}
		heard.want(t, "rotated", "a rotated", "a invalid>unknown")
		if err := m.Add(labelled("b", "")); err != nil {
			t.Fatal(err)
		}
		token := labelled("b", "")
		token.Label = "bob"
		if err := m.Replace(token); err != nil {
			t.Fatal(err)
		}
		m.Remove(idOf(t, m, "bob"), "left")
		heard.want(t, "others", "b added", "bob replaced", "bob removed left")
	})
}

func TestSubscribe_tells_of_a_limit_that_ends_though_nobody_calls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, labelled("a", "x"), labelled("b", "x"))
		tell(t, h, "core", left(5000, 3000, time.Hour))
		tell(t, h, "search", spent(30, time.Minute))
		heard := listening(t, m) // what was before it is known, and no event
		heard.want(t, "nothing yet")
		start := time.Now()
		tell(t, h, "core", spent(5000, 30*time.Minute))
		heard.want(t, "core is spent", "a available>limited core until 30m1s", "b available>limited core until 30m1s")
		time.Sleep(90 * time.Second)
		heard.want(t, "the reset of search", "a limited>available search", "b limited>available search")
		time.Sleep(time.Hour)
		synctest.Wait()
		heard.mu.Lock()
		at := heard.all[0].Time.Sub(start)
		heard.mu.Unlock()
		if at != 30*time.Minute+time.Second {
			t.Errorf("the reset of core was told after %v", at)
		}
		heard.want(t, "the reset of core", "a limited>available core", "b limited>available core")
	})
}

func TestSubscribe_tells_of_the_end_a_week_before_it_and_when_it_has_come(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, ending("long", 30*day), ending("short", 3*day))
		heard := listening(t, m)
		heard.want(t, "near already", "short expires_soon until 72h0m0s")
		cancel := m.Subscribe(func(tokens.Event) {})
		cancel()
		heard.want(t, "another one listens")
		time.Sleep(3*day + time.Second)
		heard.want(t, "the end of short", "short unknown>expired")
		time.Sleep(20*day - 2*time.Second)
		heard.want(t, "before the last week")
		time.Sleep(time.Second)
		heard.want(t, "the last week", "long expires_soon until 168h0m0s")
		o := served()
		o.TokenExpiry = time.Now().Add(2 * day) // the host knows better
		tell(t, h, "core", o)
		heard.want(t, "told by the host", "long expires_soon until 48h0m0s", "long unknown>available")
		time.Sleep(2*day + time.Second)
		heard.want(t, "the end", "long available>expired")
	})
}

func TestSubscribe_tells_who_tokens_are_and_that_accounts_were_merged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{
			{Login: "octocat", Tokens: []string{canary.Token("a"), canary.Token("b")}},
		}})
		m := manager(t, tokens.Config{Base: sim}, letters(2)...)
		heard := listening(t, m)
		identify(t, m, idOf(t, m, "a"))
		heard.want(t, "a", "a unknown>available", "a identified")
		identify(t, m, idOf(t, m, "b"))
		synctest.Wait()
		if last := heard.all[len(heard.all)-1]; last.Account != "octocat" || last.Provider != tokens.GitHub || last.Host != "https://api.github.com" || last.ID != idOf(t, m, "b") {
			t.Errorf("the last event is %+v", last)
		}
		heard.want(t, "b", "b unknown>available", "b accounts_merged", "b identified")
	})
}

func TestI1_No_event_holds_a_secret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, letters(3)...)
		heard := listening(t, m)
		suspect(t, h)
		tell(t, h, "core", spent(5000, time.Hour))
		for _, info := range m.AllTokens("") {
			_ = m.Rotate(info.ID, tokens.Static(canary.Token("r"+info.Label)))
			m.Remove(info.ID, "tested")
		}
		synctest.Wait()
		if len(heard.all) < 8 {
			t.Fatalf("%d events were heard", len(heard.all))
		}
		if holdsSecret(fmt.Sprintf("%+v %#v", heard.all, heard.all)) {
			t.Error("an event holds a secret")
		}
	})
}

func TestSubscribe_an_observer_that_blocks_holds_nobody_up_and_hears_what_it_missed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t, labelled("a", ""))
		id := idOf(t, m, "a")
		release := make(chan struct{})
		var got []tokens.Event
		defer m.Subscribe(func(ev tokens.Event) {
			got = append(got, ev)
			<-release
		})()
		other := listening(t, m)
		for range 1000 {
			_ = m.Disable(id, "")
			_ = m.Enable(id)
			synctest.Wait()
		}
		if n := len(other.take()); n != 2000 {
			t.Errorf("the other observer heard %d events, want all 2,000", n)
		}
		close(release)
		synctest.Wait()
		_ = m.Disable(id, "")
		synctest.Wait()
		if len(got) != 1026 || got[1025].Dropped != 2001-1026 {
			t.Errorf("%d events were heard, the last after %d that were dropped", len(got), got[len(got)-1].Dropped)
		}
		for i, ev := range got[:1024] {
			if want := []tokens.State{tokens.Disabled, tokens.Unknown}[i%2]; ev.State != want || ev.Dropped != 0 {
				t.Fatalf("event %d is of %v, want %v: the order is lost", i, ev.State, want)
			}
		}
	})
}

func TestSubscribe_an_observer_may_use_the_manager_and_cancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t, letters(2)...)
		calls := 0
		var cancel func()
		cancel = m.Subscribe(func(ev tokens.Event) {
			calls++
			if _, ok := m.Lookup(ev.ID); !ok {
				t.Errorf("there is no token of the event %+v", ev)
			}
			_ = m.Disable(idOf(t, m, "b"), "")
			cancel()
			cancel()
		})
		for range 3 {
			_ = m.Disable(idOf(t, m, "a"), "")
			_ = m.Enable(idOf(t, m, "a"))
		}
		synctest.Wait()
		if calls != 1 {
			t.Errorf("the observer was called %d times, want once before it cancelled", calls)
		}
	})
}

func TestI16_Close_ends_the_observers_and_names_one_that_does_not_return(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t, ending("a", time.Hour))
		heard := listening(t, m)
		heard.take()
		if err := m.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		_ = m.Disable(idOf(t, m, "a"), "")
		time.Sleep(2 * time.Hour)
		heard.want(t, "after Close")
	})
	synctest.Test(t, func(t *testing.T) {
		m, _ := gitHubHost(t, labelled("a", ""))
		ctx, release := context.WithCancel(t.Context())
		defer release()
		calls := 0
		m.Subscribe(func(tokens.Event) {
			calls++
			<-ctx.Done()
		})
		_ = m.Disable(idOf(t, m, "a"), "")
		_ = m.Enable(idOf(t, m, "a"))
		synctest.Wait()
		if err := m.Close(); err == nil || !strings.Contains(err.Error(), "observer of token events") {
			t.Errorf("Close() = %v, want it to name the observer", err)
		}
		release()
		synctest.Wait()
		if calls != 1 {
			t.Errorf("the observer was called %d times, want no more after Close", calls)
		}
	})
}

func TestI16_Without_observers_nothing_runs_and_nothing_is_paid(t *testing.T) {
	m, h := gitHubHost(t, labelled("a", ""))
	m.Subscribe(func(tokens.Event) {})()
	o, r := left(5000, 4000, time.Hour), on("core")
	call := func() {
		l, err := h.Lease(context.Background(), r)
		if err != nil && !errors.Is(err, tokens.ErrRateLimited) {
			t.Fatal(err)
		}
		l.Settle(o)
	}
	call()
	if got := testing.AllocsPerRun(100, call); got != 0 {
		t.Errorf("a lease allocates %v times, want not at all", got)
	}
}
