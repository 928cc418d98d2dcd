package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/google/go-github/v66/github"
)

func TestI12_RoundTrip_puts_a_revoked_token_aside_after_one_call_and_one_probe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}})
		sim.Revoke(canary.Token("a"))
		m := manager(t, "a", "b")
		var seen events
		tr := over(sim, m)
		tr.Hooks = seen.hooks()
		gh := github.NewClient(&http.Client{Transport: tr})
		for range 10 {
			if u, _, err := gh.Users.Get(t.Context(), ""); err != nil || u.GetLogin() != "user-2" {
				t.Fatalf("Users.Get() = %q, %v, want user-2", u.GetLogin(), err)
			}
		}
		var revoked []string
		for _, r := range sim.Requests() {
			if r.Status == 401 {
				revoked = append(revoked, r.URL)
			}
		}
		if got := strings.Join(revoked, " "); got != "/user /rate_limit" || sim.Stats().Requests != 12 {
			t.Errorf("the revoked token was sent to %q, %d requests in all, want once to /user, once to the probe, and 12", got, sim.Stats().Requests)
		}
		if s := status(t, m, "a"); s.State != tokens.Invalid || s.Reason != "Bad credentials" {
			t.Errorf("status %v, want invalid: Bad credentials", s)
		}
		const want = "attempt1:a swap:a:unauthorized:invalid attempt2:b done2:b:200"
		if got := seen.line(); !strings.HasPrefix(got, want) || strings.Count(got, "swap") != 1 {
			t.Errorf("events %s", got)
		}
	})
}

func TestI12_RoundTrip_keeps_a_token_that_the_probe_shows_alive(t *testing.T) {
	t.Parallel()
	w := script(badCredentials, ok())
	m := manager(t, "a", "b")
	tr := over(w, m)
	var seen events
	tr.Hooks = seen.hooks()
	send(t, tr, get(t))
	if w.tokens() != "a a? b" || status(t, m, "a").State != tokens.Available {
		t.Errorf("sent %s and a is %v, want a a? b and available", w.tokens(), status(t, m, "a").State)
	}
	if !strings.Contains(seen.line(), "swap:a:unauthorized:available") {
		t.Errorf("events %s", seen.line())
	}
}

func TestI12_RoundTrip_confirms_a_401_of_a_call_that_cannot_be_sent_again(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		tr   func(*transport.Transport)
		req  func(*http.Request)
	}{
		{"streamed body", func(*transport.Transport) {}, func(r *http.Request) { r.Body = upload("x") }},
		{"MaxAttempts is 1", func(tr *transport.Transport) { tr.MaxAttempts = 1 }, func(*http.Request) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answer: func(s sent) (*http.Response, error) {
				if s.Token == "a" {
					return badCredentials(), nil
				}
				return ok()(), nil
			}}
			m := manager(t, "a", "b")
			tr := over(w, m)
			tt.tr(tr)
			req := request(t, "POST", userURL, "")
			tt.req(req)
			resp, got := send(t, tr, req)
			if resp.StatusCode != 401 || !strings.Contains(got, "Bad credentials") {
				t.Errorf("answer %d %q, want the 401", resp.StatusCode, got)
			}
			for range 3 {
				send(t, tr, get(t))
			}
			if w.tokens() != "a a? b b b" || status(t, m, "a").State != tokens.Invalid {
				t.Errorf("sent %s, want a a? b b b: nobody else meets the dead token", w.tokens())
			}
		})
	}
}

func TestI12_I13_RoundTrip_hands_the_401_back_if_everyone_is_refused(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{})
	m := manager(t, "a", "b", "c")
	tr := over(sim, m)
	resp, got := send(t, tr, get(t))
	if resp.StatusCode != 401 || !strings.Contains(got, "Bad credentials") || resp.Header.Get("X-From-Cache") != "" {
		t.Errorf("answer %d %q, want the 401 as it was", resp.StatusCode, got)
	}
	if s := sim.Stats(); s.Requests != 6 || s.Unauthorized != 6 {
		t.Errorf("%d requests, %d of them 401, want three calls and three probes", s.Requests, s.Unauthorized)
	}
	_, err := tr.RoundTrip(get(t))
	var exhausted *tokens.ExhaustedError
	if !errors.As(err, &exhausted) || !exhausted.ReadyAt.IsZero() || exhausted.States[tokens.Invalid] != 3 || errors.Is(err, tokens.ErrRateLimited) {
		t.Errorf("the next call: %v, want that all three are invalid, for good", err)
	}
	if n := sim.Stats().Requests; n != 6 {
		t.Errorf("%d requests, want no further one: without a token nothing is sent", n)
	}
}

func TestI12_RoundTrip_declares_nobody_dead_if_the_probe_fails(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.Probe {
			return nil, errors.New("connection refused")
		}
		return badCredentials(), nil
	}}
	m := manager(t, "a", "b")
	resp, _ := send(t, over(w, m), get(t))
	for _, info := range m.AllTokens("") {
		if info.Status.State != tokens.Suspect {
			t.Errorf("%s is %v, want suspect", info.Label, info.Status.State)
		}
	}
	if resp.StatusCode != 401 || w.tokens() != "a a? b b?" {
		t.Errorf("answer %d after %s, want 401 after a a? b b?", resp.StatusCode, w.tokens())
	}
}

func TestI12_RoundTrip_releases_the_connection_of_a_401_before_the_probe(t *testing.T) {
	t.Parallel()
	w := &wire{}
	w.answer = func(s sent) (*http.Response, error) {
		if s.Probe {
			w.mu.Lock()
			closed, _ := w.bodies[0].state()
			w.mu.Unlock()
			if closed != 1 {
				t.Error("the probe is sent while the 401 holds its connection, which may be the only one")
			}
			return ok()(), nil
		}
		if s.Number == 1 {
			return reply(401, big(200<<10))(), nil
		}
		return ok()(), nil
	}
	send(t, over(w, manager(t, "a", "b")), get(t))
}

func TestI12_RoundTrip_returns_the_contexts_error_if_it_ends_during_the_probe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := &wire{answer: func(s sent) (*http.Response, error) {
			if s.Probe {
				<-s.ctx.Done()
				return nil, s.ctx.Err()
			}
			return badCredentials(), nil
		}}
		m := manager(t, "a", "b")
		resp, err := over(w, m).RoundTrip(request(t, "POST", userURL, "{}").WithContext(ctx))
		if resp != nil || err != context.DeadlineExceeded || w.tokens() != "a a?" || inFlight(m) != 0 {
			t.Errorf("RoundTrip() = %v, %v after %s, want the context's error", resp, err, w.tokens())
		}
	})
}

func TestI13_RoundTrip_prefers_a_limit_refusal_to_a_401_when_it_hands_back(t *testing.T) {
	t.Parallel()
	for _, order := range []map[string]func() *http.Response{
		{"a": badCredentials, "b": primary(403, time.Now().Add(time.Hour), "core")},
		{"b": badCredentials, "a": primary(403, time.Now().Add(time.Hour), "core")},
	} {
		w := byToken(order)
		w.answer = func(answer func(sent) (*http.Response, error)) func(sent) (*http.Response, error) {
			return func(s sent) (*http.Response, error) {
				if s.Probe {
					return badCredentials(), nil
				}
				return answer(s)
			}
		}(w.answer)
		var seen events
		tr := over(w, manager(t, "a", "b"))
		tr.Hooks, tr.MaxWait = seen.hooks(), -1
		resp, got := send(t, tr, get(t))
		if resp.StatusCode != 403 || got != primaryText {
			t.Errorf("answer %d after %s, want the 403", resp.StatusCode, w.tokens())
		}
		limited := map[bool]string{true: "a", false: "b"}[order["a"]().StatusCode == 403]
		if d := seen.dones(); len(d) != 1 || d[0].Label != limited || d[0].Number != 2 || d[0].Status != 403 {
			t.Errorf("Done names %q after %d attempts, want %q, whose answer it is, after 2", d[0].Label, d[0].Number, limited)
		}
		for i, b := range w.bodies {
			if closed, _ := b.state(); closed != 1 {
				t.Errorf("body %d was closed %d times, want once", i+1, closed)
			}
		}
	}
}

// What go-github's users have written still works.
func TestI13_RateLimitError_of_go_github_comes_as_ever_and_says_when_the_manager_is_ready(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(700 * time.Millisecond) // so that nothing falls on a whole second
		start := time.Now()
		w := spentUntil(map[string]time.Time{"a": start.Add(50 * time.Minute), "b": start.Add(20 * time.Minute)})
		tr := over(w, manager(t, "a", "b"))
		tr.MaxWait = 10 * time.Minute
		gh := github.NewClient(&http.Client{Transport: tr})
		_, resp, err := gh.Users.Get(t.Context(), "user-1")
		var limited *github.RateLimitError
		if !errors.As(err, &limited) {
			t.Fatalf("Users.Get() = %v, want a RateLimitError", err)
		}
		// b's reset is told in whole seconds, and a second is waited on top.
		ready := time.Unix(start.Add(20*time.Minute).Unix(), 0).Add(time.Second)
		if got := limited.Rate.Reset.Time; got.Before(ready) || got.Sub(ready) >= time.Second {
			t.Errorf("Reset %v, want %v or less than a second later", got, ready)
		}
		after, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		if got := time.Now().Add(time.Duration(after) * time.Second); got.Before(ready) || got.Sub(ready) >= time.Second {
			t.Errorf("Retry-After ends at %v, want %v or less than a second later", got, ready)
		}
		if limited.Rate.Limit != 5000 || limited.Rate.Remaining != 0 || limited.Message != "API rate limit exceeded for user ID 1." {
			t.Errorf("error %+v, want the host's numbers and words", limited.Rate)
		}
		if resp.Header.Get("X-From-Cache") != "1" {
			t.Error("the refusal does not carry X-From-Cache, without which go-github locks itself")
		}
		// Nothing is sent while all are known to be spent, and one may say so.
		_, _, err = gh.Users.Get(t.Context(), "user-1")
		var exhausted *tokens.ExhaustedError
		if !errors.As(err, &exhausted) || !exhausted.ReadyAt.Equal(ready) || len(w.calls()) != 2 {
			t.Errorf("the next call: %v after %d requests, want an ExhaustedError until %v after 2", err, len(w.calls()), ready)
		}
		noSecret(t, "error", err)
		// Whoever sleeps until the reset he was told is served.
		time.Sleep(time.Until(limited.Rate.Reset.Time))
		tr.MaxWait = -1
		if _, _, err := gh.Users.Get(t.Context(), "user-1"); err != nil {
			t.Errorf("at the reset that was told: %v", err)
		}
	})
}

func TestI13_AbuseRateLimitError_of_go_github_comes_as_ever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(700 * time.Millisecond) // so that the end falls on no whole second
		ready := time.Now().Add(91 * time.Second)
		tr := over(script(secondary(403, "90"), ok()), manager(t, "a"))
		tr.MaxWait = -1
		gh := github.NewClient(&http.Client{Transport: tr})
		_, resp, err := gh.Users.Get(t.Context(), "user-1")
		var abuse *github.AbuseRateLimitError
		if !errors.As(err, &abuse) || abuse.GetRetryAfter() != 91*time.Second {
			t.Fatalf("Users.Get() = %v after %v, want an AbuseRateLimitError of 91 s: the host's 90 and one of margin", err, abuse.GetRetryAfter())
		}
		if got := resp.Rate.Reset.Time; got.Before(ready) || got.Sub(ready) >= time.Second {
			t.Errorf("Reset %v, want %v or less than a second later", got, ready)
		}
		time.Sleep(abuse.GetRetryAfter())
		if _, _, err := gh.Users.Get(t.Context(), "user-1"); err != nil {
			t.Errorf("after Retry-After: %v", err)
		}
	})
}

func TestI13_RoundTrip_never_goes_anonymous(t *testing.T) {
	t.Parallel()
	empty := managerOf(t)
	invalid := manager(t, "a")
	w := script(badCredentials)
	w.answer = func(sent) (*http.Response, error) { return badCredentials(), nil }
	send(t, over(w, invalid), get(t)) // now it is known to be dead
	w = script(ok())
	_, err := over(w, invalid).RoundTrip(get(t))
	var exhausted *tokens.ExhaustedError
	if !errors.As(err, &exhausted) || len(w.calls()) != 0 {
		t.Errorf("RoundTrip() with a dead token = %v after %d requests, want an ExhaustedError after none", err, len(w.calls()))
	}
	w = script(ok())
	_, err = over(w, empty).RoundTrip(get(t))
	if !errors.As(err, &exhausted) || exhausted.Tokens != 0 || !exhausted.ReadyAt.IsZero() || len(w.calls()) != 0 {
		t.Errorf("RoundTrip() without a token = %v after %d requests, want an ExhaustedError after none", err, len(w.calls()))
	}
}

func TestI13_RoundTrip_answers_a_call_that_is_free_of_charge_although_all_are_spent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}})
		sim.SetRemaining(canary.Token("a"), "core", 0)
		tr := over(sim, manager(t, "a"))
		tr.MaxWait = -1
		gh := github.NewClient(&http.Client{Transport: tr})
		if _, _, err := gh.Users.Get(t.Context(), "user-1"); err == nil {
			t.Fatal("the budget is spent, and yet the call was served")
		}
		if limits, _, err := gh.RateLimit.Get(t.Context()); err != nil || limits.Core.Limit != 5000 {
			t.Errorf("RateLimit.Get() = %v, %v", limits, err)
		}
	})
}

func TestI8_Hooks_tell_what_was_on_the_wire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(time.Hour)
		m := manager(t, "a", "b")
		var seen events
		tr := over(script(primary(429, reset, "core"), ok(rate(5000, 0, reset, "core")...)), m)
		tr.Hooks = seen.hooks()
		send(t, tr, &http.Request{URL: get(t).URL, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))})
		if len(seen.all) != 2 { // a body that cannot be replayed: one attempt, refused, no swap
			seen.all = nil
			send(t, tr, get(t))
		}
		ids := map[string]tokens.ID{}
		for _, info := range m.AllTokens("") {
			ids[info.Label] = info.ID
		}
		for _, v := range seen.all {
			switch v := v.(type) {
			case transport.Attempt:
				if v.Method != "GET" || v.URL != userURL || v.Token != ids[v.Label] || v.Token == "" {
					t.Errorf("Attempt %+v", v)
				}
			case transport.Limit:
				left, known := v.Seen.Remaining.Get()
				if v.Status != 429 || v.Seen.Class != ratelimit.PrimaryLimit || left != 0 || !known || !v.Seen.Reset.Equal(reset) {
					t.Errorf("Limit %+v", v)
				}
			}
		}
	})
}
