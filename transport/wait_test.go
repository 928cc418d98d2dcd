package transport_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// spentUntil answers 403 until then and 200 from then on; each token has a
// reset of its own.
func spentUntil(resets map[string]time.Time) *wire {
	return &wire{answer: func(s sent) (*http.Response, error) {
		if reset := resets[s.Token]; time.Now().Before(reset) {
			return primary(403, reset, "core")(), nil
		}
		return ok(rate(5000, 4999, time.Now().Add(time.Hour), "core")...)(), nil
	}}
}

func TestI9_RoundTrip_waits_for_the_first_reset_and_a_second(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := spentUntil(map[string]time.Time{
			"a": start.Add(40 * time.Minute), "b": start.Add(5 * time.Minute), "c": start.Add(59 * time.Minute),
		})
		var seen events
		tr := over(w, manager(t, "a", "b", "c"))
		tr.Hooks = seen.hooks()
		resp, _ := send(t, tr, get(t))
		if got, want := time.Since(start), 5*time.Minute+time.Second; resp.StatusCode != 200 || got != want {
			t.Errorf("answer %d after %v, want 200 after %v", resp.StatusCode, got, want)
		}
		if w.tokens() != "a b c b" {
			t.Errorf("sent %s, want a b c b", w.tokens())
		}
		for _, v := range seen.all {
			if wait, ok := v.(transport.Wait); ok && (wait.Until.Sub(start) != 5*time.Minute+time.Second || wait.Method != "GET" || wait.URL != userURL || wait.Resource != "core") {
				t.Errorf("Wait %+v", wait)
			}
		}
	})
}

func TestI9_RoundTrip_does_not_begin_a_wait_that_would_be_cut_short(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		maxWait  time.Duration
		deadline time.Duration // of the context
		timeout  time.Duration // of the http.Client
	}{
		{"negative MaxWait", -1, 0, 0},
		{"MaxWait ends before", 10 * time.Minute, 0, 0},
		{"the deadline comes before", 0, 10 * time.Minute, 0},
		{"the client's Timeout comes before", 0, 0, 10 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				reset := start.Add(10 * time.Minute)
				w := spentUntil(map[string]time.Time{"a": reset})
				tr := over(w, manager(t, "a"))
				tr.MaxWait = tt.maxWait
				client := &http.Client{Transport: tr, Timeout: tt.timeout}
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if tt.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
				}
				defer cancel()
				resp, err := client.Do(get(t).WithContext(ctx))
				if err != nil || resp.StatusCode != 403 {
					t.Fatalf("the first call: %v, want the refusal", err)
				}
				text(t, resp)

				b := upload("x")
				req := request(t, "POST", userURL, "").WithContext(ctx)
				req.Body = b
				_, err = client.Do(req)
				var exhausted *tokens.ExhaustedError
				if !errors.As(err, &exhausted) || !errors.Is(err, tokens.ErrRateLimited) {
					t.Fatalf("the second call: %v, want an ExhaustedError", err)
				}
				if want := reset.Add(time.Second); !exhausted.ReadyAt.Equal(want) || exhausted.Resource != "core" || exhausted.Tokens != 1 {
					t.Errorf("ReadyAt %v of %s with %d tokens, want %v of core with 1", exhausted.ReadyAt, exhausted.Resource, exhausted.Tokens, want)
				}
				if closed, _ := b.state(); closed != 1 {
					t.Errorf("the request's body was closed %d times, want once", closed)
				}
				if time.Since(start) != 0 || len(w.calls()) != 1 {
					t.Errorf("took %v and %d requests, want none and 1", time.Since(start), len(w.calls()))
				}
				noSecret(t, "error", err)
			})
		})
	}
}

func TestI9_RoundTrip_counts_all_waits_of_a_call_towards_MaxWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := &wire{answer: func(sent) (*http.Response, error) {
			return primary(403, time.Now().Add(4*time.Minute), "core")(), nil
		}}
		tr := over(w, manager(t, "a"))
		tr.MaxWait = 10 * time.Minute
		resp, _ := send(t, tr, get(t))
		// Each wait is 4 min and a second; a third does not fit.
		if got, want := time.Since(start), 2*(4*time.Minute+time.Second); resp.StatusCode != 403 || got != want || len(w.calls()) != 3 {
			t.Errorf("answer %d after %v and %d requests, want 403 after %v and 3", resp.StatusCode, got, len(w.calls()), want)
		}
	})
}

func TestI9_RoundTrip_counts_the_pause_after_a_secondary_limit_towards_MaxWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := script(secondary(403, "60"))
		tr := over(w, manager(t, "a", "b", "c", "d", "e", "f"))
		tr.MaxWait = 100 * time.Second
		resp, _ := send(t, tr, get(t))
		if got := time.Since(start); resp.StatusCode != 403 || got != time.Minute || len(w.calls()) != 4 {
			t.Errorf("answer %d after %v and %d requests, want 403 after 1m and 4: two, a pause, two", resp.StatusCode, got, len(w.calls()))
		}
	})
}

func TestI10_RoundTrip_waits_at_most_five_times(t *testing.T) {
	t.Parallel()
	tests := map[string]func() *http.Response{
		"primary":   func() *http.Response { return primary(403, time.Now().Add(time.Minute), "core")() },
		"secondary": func() *http.Response { return secondary(429, "60")() },
		"no time":   reply(429, `{"message":"API rate limit exceeded for user ID 1."}`),
	}
	for name, refuse := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(sent) (*http.Response, error) { return refuse(), nil }}
				var seen events
				tr := over(w, manager(t, "a"))
				tr.Hooks, tr.MaxAttempts = seen.hooks(), 100
				resp, _ := send(t, tr, get(t))
				if waits := strings.Count(seen.line(), "wait:"); waits != 5 || len(w.calls()) != 6 {
					t.Errorf("%d waits, %d requests, want 5 and 6", waits, len(w.calls()))
				}
				if resp.Header.Get("Retry-After") == "" || len(seen.dones()) != 1 {
					t.Errorf("handed back with Retry-After %q; events %s", resp.Header.Get("Retry-After"), seen.line())
				}
			})
		})
	}
}

func TestI9_RoundTrip_leaves_the_line_when_its_context_ends(t *testing.T) {
	t.Parallel()
	for _, refuse := range []struct {
		name string
		make func() *http.Response
	}{
		{"waiting for a reset", func() *http.Response { return primary(403, time.Now().Add(time.Hour), "core")() }},
		{"pausing after a secondary limit", func() *http.Response { return secondary(403, "600")() }},
	} {
		t.Run(refuse.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(sent) (*http.Response, error) { return refuse.make(), nil }}
				m := manager(t, "a", "b")
				var seen events
				tr := over(w, m)
				tr.Hooks = seen.hooks()
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				start := time.Now()
				resp, err := tr.RoundTrip(request(t, "POST", userURL, "{}").WithContext(ctx))
				if resp != nil || err != context.Canceled {
					t.Errorf("RoundTrip() = %v, %v, want the context's error, unwrapped", resp, err)
				}
				if time.Since(start) != time.Minute || inFlight(m) != 0 {
					t.Errorf("took %v, %d leases out, want 1m and 0", time.Since(start), inFlight(m))
				}
				if d := seen.dones(); len(d) != 1 || d[0].Err != context.Canceled || d[0].Number != 2 || d[0].Label != "b" {
					t.Errorf("events %s", seen.line())
				}
				for i, b := range w.bodies {
					if closed, _ := b.state(); closed != 1 {
						t.Errorf("refusal %d: body closed %d times, want once", i+1, closed)
					}
				}
			})
		})
	}
}

func TestI9_RoundTrip_serves_all_who_wait_at_the_reset_and_none_before(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}})
		sim.SetRemaining(canary.Token("a"), "core", 1)
		tr := over(sim, manager(t, "a"))
		send(t, tr, get(t))
		start := time.Now()
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				if resp, _ := send(t, tr, get(t)); resp.StatusCode != 200 || time.Since(start) != time.Hour+time.Second {
					t.Errorf("answer %d after %v, want 200 after an hour and a second", resp.StatusCode, time.Since(start))
				}
			})
		}
		wg.Wait()
		if s := sim.Stats(); s.Requests != 41 || s.RefusedPrimary != 0 {
			t.Errorf("%d requests, %d refused, want 41 and none", s.Requests, s.RefusedPrimary)
		}
	})
}

func TestI13_RoundTrip_returns_the_managers_end_as_it_is(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := spentUntil(map[string]time.Time{"a": time.Now().Add(time.Hour)})
		m := manager(t, "a")
		time.AfterFunc(time.Minute, func() { _ = m.Close() })
		if resp, err := over(w, m).RoundTrip(get(t)); resp != nil || err != tokens.ErrClosed {
			t.Errorf("RoundTrip() = %v, %v, want ErrClosed", resp, err)
		}
	})
}

// The path says core; the host counts such calls apart and names that budget.
func TestI9_RoundTrip_waits_for_the_budget_that_the_refusal_names(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := script(primary(403, start.Add(5*time.Minute), "apart"), ok(rate(5000, 4999, start.Add(time.Hour), "apart")...))
		resp, _ := send(t, over(w, manager(t, "a")), get(t))
		if got, want := time.Since(start), 5*time.Minute+time.Second; resp.StatusCode != 200 || got != want {
			t.Errorf("answer %d after %v, want 200 after %v", resp.StatusCode, got, want)
		}
	})
}
