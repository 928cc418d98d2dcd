package transport_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// A swap is told of if another token goes on, and of nothing else.
func TestI8_Hooks_tell_swaps_and_other_repeats_apart(t *testing.T) {
	t.Parallel()
	hour := func() time.Time { return time.Now().Add(time.Hour) }
	soon := func() *http.Response { return primary(403, time.Now().Add(time.Minute), "core")() }
	edge := func() *http.Response { // GitHub's answer to an address that asks without a token
		return reply(403, `{"message":"API rate limit exceeded for 192.0.2.1. (But here's the good news: Authenticated requests get a higher rate limit.)"}`,
			rate(60, 0, time.Now().Add(10*time.Minute), "core")...)()
	}
	tests := []struct {
		name   string
		policy func(*transport.Transport)
		wire   *wire
		tokens []string
		want   string
		logged string
	}{
		{"a limit, another token", nil, script(primary(403, hour(), "core"), ok()), []string{"a", "b"},
			"attempt1:a limit:a:403 swap:a:primary_limit:available attempt2:b done2:b:200", "going on with another token"},
		{"a limit, no other token", nil, script(primary(403, time.Now().Add(2*time.Hour), "core")), []string{"a"},
			"attempt1:a limit:a:403 done1:a:403", ""},
		{"a limit, the same token after a wait", nil, script(soon, ok()), []string{"a"},
			"attempt1:a limit:a:403 wait:core retry1:a:primary_limit:403 attempt2:a done2:a:200", "with the same token"},
		{"a limit of the address rests all", nil, script(edge, ok()), []string{"a"},
			"attempt1:a limit:a:403 wait:core retry1:a:primary_limit:403 attempt2:a done2:a:200", "with the same token"},
		{"a server error", func(tr *transport.Transport) { tr.Retries = 1 }, script(reply(502, ""), ok()), []string{"a", "b"},
			"attempt1:a retry1:a:server_error:502 attempt2:b done2:b:200", "failed, sending it again"},
		{"a network error", func(tr *transport.Transport) { tr.Retries = 1 }, failure(errors.New("reset")), []string{"a"},
			"attempt1:a retry1:a:server_error:0 attempt2:a done2:a:0", "failed, sending it again"},
		{"a 401 that came once, no other token", nil, script(badCredentials), []string{"a"},
			"attempt1:a done1:a:401", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var seen events
				var out strings.Builder
				tr := over(tt.wire, manager(t, tt.tokens...))
				if tt.policy != nil {
					tt.policy(tr)
				}
				tr.Hooks, tr.Logger = seen.hooks(), slog.New(slog.NewTextHandler(&out, nil))
				if resp, err := tr.RoundTrip(get(t)); err == nil {
					text(t, resp)
				}
				if got := seen.line(); got != tt.want {
					t.Errorf("events\n%s, want\n%s", got, tt.want)
				}
				for _, line := range []string{"going on with another token", "with the same token", "failed, sending it again"} {
					if told := strings.Contains(out.String(), line); told != (line == tt.logged) {
						t.Errorf("the log says %q: %t", line, told)
					}
				}
			})
		})
	}
}

func TestI12_Hooks_tell_of_a_refreshed_secret_as_a_retry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		m := managerOf(t, tokens.Token{Provider: tokens.GitHub, Label: "app", Secret: tokens.Refreshing("app 1", func(context.Context) (string, time.Time, error) {
			n++
			return canary.Token(strings.Repeat("r", n)), time.Now().Add(time.Hour), nil
		})})
		var seen events
		w := &wire{answer: func(s sent) (*http.Response, error) {
			if s.Token == "r" {
				return badCredentials(), nil
			}
			return ok()(), nil
		}}
		tr := over(w, m)
		tr.Hooks = seen.hooks()
		time.Sleep(2 * time.Minute) // a secret that is fresh is believed
		send(t, tr, get(t))
		if got := seen.line(); strings.Contains(got, "swap") {
			t.Errorf("events %s, want no swap: it is the same token", got)
		}
		if got := seen.line(); !strings.Contains(got, "retry1:app:unauthorized:401 attempt2:app") {
			t.Errorf("events %s, want a retry", got)
		}
	})
}

// Usage statistics are made of this hook alone.
func TestHooks_Answer_tells_what_came_of_every_attempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(time.Hour)
		broken := errors.New("connection reset")
		w := script(primary(403, reset, "core"), reply(502, "busy"), nil, ok(rate(5000, 4000, reset, "core")...))
		answer := w.answer
		w.answer = func(s sent) (*http.Response, error) {
			time.Sleep(time.Duration(s.Number) * time.Second)
			if s.Number == 3 {
				return nil, broken
			}
			return answer(s)
		}
		m := manager(t, "a", "b")
		var seen events
		tr := over(w, m)
		tr.Retries, tr.Hooks = 2, seen.hooks()
		send(t, tr, get(t))
		want := []struct {
			status int
			bytes  int64
			class  ratelimit.Class
			err    error
		}{
			{403, int64(len(primaryText)), ratelimit.PrimaryLimit, nil},
			{502, 4, ratelimit.ServerError, nil},
			{0, -1, ratelimit.Other, broken},
			{200, int64(len(`{"login":"octocat"}`)), ratelimit.OK, nil},
		}
		got := seen.answers()
		if len(got) != len(want) {
			t.Fatalf("%d answers told, want %d", len(got), len(want))
		}
		for i, a := range got {
			if a.Number != i+1 || a.Token == "" || a.Label == "" || a.Method != "GET" || a.URL != userURL || a.Resource != "core" {
				t.Errorf("answer %d: %+v", i+1, a.Attempt)
			}
			if a.Status != want[i].status || a.Bytes != want[i].bytes || a.Seen.Class != want[i].class || a.Err != want[i].err || a.Duration != time.Duration(i+1)*time.Second {
				t.Errorf("answer %d: status %d, %d bytes, %v, %v in %v", i+1, a.Status, a.Bytes, a.Seen.Class, a.Err, a.Duration)
			}
		}
		if n := inFlight(m); n != 0 {
			t.Errorf("%d leases are out", n)
		}
	})
}

func TestBreaker_tells_the_log_when_it_opens_and_closes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		w := newSwitching(0)
		tr := over(w, manager(t, "a"))
		tr.Logger, tr.BreakAfter = slog.New(slog.NewTextHandler(&out, nil)), 3
		for range 10 {
			ask(t, tr, "user")
		}
		w.status.Store(200)
		time.Sleep(5 * time.Second)
		for range 10 {
			ask(t, tr, "user")
		}
		for line, want := range map[string]int{"keeps failing": 1, "level=WARN": 1, "answers again": 1} {
			if n := strings.Count(out.String(), line); n != want {
				t.Errorf("%q is told %d times, want %d", line, n, want)
			}
		}
	})
}
