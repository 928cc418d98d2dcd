package tokens_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// addressLimit is a refusal that counts the IP address.
func addressLimit(d time.Duration) ratelimit.Observation {
	o := after(refused(ratelimit.SecondaryLimit), d)
	o.Rests = ratelimit.WholeHost
	return o
}

func TestI8_A_limit_of_the_address_rests_every_token_and_leaves_what_is_known_of_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, gitHubs(3)...)
		tell(t, h, "core", left(5000, 4000, time.Hour))
		tell(t, h, "core", spent(5000, time.Hour))
		if err := m.Disable(m.AllTokens("")[2].ID, "by hand"); err != nil {
			t.Fatal(err)
		}
		tell(t, h, "core", addressLimit(10*time.Minute))
		e := exhausted(t, h, on("core"))
		if want := time.Now().Add(10*time.Minute + time.Second); !e.ReadyAt.Equal(want) {
			t.Errorf("ready at %v, want %v", e.ReadyAt, want)
		}
		if got, want := fmt.Sprint(e.States), "map[cooling:2 disabled:1]"; got != want {
			t.Errorf("states: %s, want %s", got, want)
		}
		if n := m.CountAvailable(tokens.GitHub); n != 0 {
			t.Errorf("%d tokens are available", n)
		}
		for _, info := range m.AllTokens("")[:2] {
			if info.Status.State != tokens.Cooling {
				t.Errorf("%s is %v, want cooling", info.Label, info.Status)
			}
		}
		time.Sleep(10*time.Minute + time.Second)
		if n := m.CountAvailable(tokens.GitHub); n != 1 {
			t.Errorf("%d tokens are available after the limit, want 1", n)
		}
		e = exhausted(t, h, tokens.Request{Draw: on("core").Draw, MaxWait: -1, Token: m.AllTokens("")[1].ID})
		if got, want := fmt.Sprint(e.States), "map[available:1 limited:1 disabled:1]"; got != want {
			t.Errorf("states after the limit: %s, want %s", got, want)
		}
	})
}

func TestI9_A_limit_of_the_address_keeps_those_in_line_of_every_resource_until_it_is_over(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, h := gitHubHost(t, gitHubs(2)...)
		for _, resource := range []string{"core", "search"} {
			tell(t, h, resource, spent(5000, 2*time.Minute))
			tell(t, h, resource, spent(5000, time.Hour))
		}
		late := lease(t, h, on("graphql"))
		start := time.Now()
		var wg sync.WaitGroup
		for resource, want := range map[string]time.Duration{"core": 5 * time.Minute, "search": 5 * time.Minute} {
			wg.Go(func() { wantWait(t, h, waiting(resource), want+time.Second) })
		}
		synctest.Wait()
		late.Settle(addressLimit(4 * time.Minute))
		again := lease(t, h, tokens.Request{Draw: ratelimit.Draw{Resource: "core"}}) // free calls never wait
		time.Sleep(time.Minute)
		again.Settle(addressLimit(4 * time.Minute))
		wg.Wait()
		if got := time.Since(start); got != 5*time.Minute+time.Second {
			t.Errorf("the limit lasted %v", got)
		}
	})
}

func TestEvents_of_a_limit_of_the_address_reach_observers_for_every_token(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 400 // more than a slice
		m, h := gitHubHost(t, gitHubs(n)...)
		var mu sync.Mutex
		heard := map[tokens.State]map[tokens.ID]time.Time{}
		m.Subscribe(func(ev tokens.Event) {
			mu.Lock()
			defer mu.Unlock()
			if heard[ev.State] == nil {
				heard[ev.State] = map[tokens.ID]time.Time{}
			}
			heard[ev.State][ev.ID] = ev.Time
		})
		start := time.Now()
		tell(t, h, "core", addressLimit(time.Minute))
		synctest.Wait()
		if got := len(heard[tokens.Cooling]); got != n {
			t.Fatalf("%d tokens were told to be cooling, want %d", got, n)
		}
		m.Remove(m.AllTokens("")[0].ID, "test")
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if got := len(heard[tokens.Unknown]); got < n-1 {
			t.Fatalf("%d tokens were told to be unknown again, want %d", got, n-1)
		}
		for id, at := range heard[tokens.Unknown] {
			if d := at.Sub(start); d != 0 && d != time.Minute+time.Second {
				t.Errorf("the end for %s was told after %v", id, d)
			}
		}
	})
}
