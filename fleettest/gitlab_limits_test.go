//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package fleettest_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/xanzy/go-gitlab"
)

// labNumbers are the RateLimit headers of an answer.
func labNumbers(r reply) []int64 {
	return []int64{r.number("RateLimit-Limit"), r.number("RateLimit-Observed"), r.number("RateLimit-Remaining")}
}

func TestGitLab_throttle_refuses_as_documented(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-throttle")
		sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Limit: 2})
		time.Sleep(18500 * time.Millisecond)
		for i := range int64(2) {
			r := labGet(t, sim, token, "/user")
			if got, want := labNumbers(r), []int64{2, i + 1, 1 - i}; r.status != 200 || !cmp.Equal(got, want) {
				t.Errorf("call %d: %d with %v, want 200 with %v", i+1, r.status, got, want)
			}
			if r.header.Get("RateLimit-ResetTime") != "" || r.header.Get("Retry-After") != "" {
				t.Errorf("call %d: a success says when to come again", i+1)
			}
		}
		for i := range int64(2) {
			r := labGet(t, sim, token, "/user")
			if r.status != 429 || r.body != "Retry later\n" || r.header.Get("Content-Type") != "text/plain" {
				t.Errorf("call too many: %d %q as %q", r.status, r.body, r.header.Get("Content-Type"))
			}
			want := http.Header{
				"Ratelimit-Limit": {"2"}, "Ratelimit-Name": {"throttle_authenticated_api"}, "Ratelimit-Observed": {fmt.Sprint(i + 3)},
				"Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {"946684860"}, "Ratelimit-Resettime": {"Sat, 01 Jan 2000 00:01:00 GMT"},
				"Retry-After": {"42"}, "Content-Type": {"text/plain"}, "Content-Length": {"12"}, "Date": {"Sat, 01 Jan 2000 00:00:18 GMT"},
			}
			if diff := cmp.Diff(want, r.header); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		}
		if s := sim.Stats(); s.RefusedPrimary != 2 || sim.Requests()[3].Resource != "throttle_authenticated_api" {
			t.Errorf("counted %d refusals on %q", s.RefusedPrimary, sim.Requests()[3].Resource)
		}
	})
}

func TestGitLab_window_ends_with_the_clocks_minute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-minute")
		sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Limit: 1})
		time.Sleep(59 * time.Second)
		labGet(t, sim, token, "/user")
		if got := labGet(t, sim, token, "/user"); got.status != 429 || got.number("Retry-After") != 1 {
			t.Errorf("in the same minute: %d, Retry-After %d; want 429 and 1", got.status, got.number("Retry-After"))
		}
		time.Sleep(time.Second)
		if r := labGet(t, sim, token, "/user"); r.status != 200 || r.number("RateLimit-Observed") != 1 {
			t.Errorf("in the next: %d, observed %d; want 200 and 1", r.status, r.number("RateLimit-Observed"))
		}
	})
}

func TestGitLab_limit_is_told_for_a_minute_and_the_rest_as_it_is(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-period")
		tests := []struct {
			limit  int
			window time.Duration
			want   []int64
		}{
			{7200, time.Hour, []int64{120, 1, 7199}},
			{100, 7 * time.Minute, []int64{15, 1, 99}}, // rounded up
			{0, 0, []int64{2000, 1, 1999}},
		}
		for _, tt := range tests {
			sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Limit: tt.limit, Window: tt.window})
			if got := labNumbers(labGet(t, sim, token, "/user")); !cmp.Equal(got, tt.want) {
				t.Errorf("%d in %v: told %v, want %v", tt.limit, tt.window, got, tt.want)
			}
		}
	})
}

func TestGitLab_as_self_managed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-self")
		get := func(cfg fleettest.Config) reply {
			cfg.Tokens = []string{token}
			sim := fleettest.NewGitLab(cfg)
			labGet(t, sim, token, "/user")
			return labGet(t, sim, token, "/user")
		}
		hidden := func(r reply) bool {
			return r.header.Get("RateLimit-Name") == "" && r.header.Get("RateLimit-ResetTime") == "" && r.header.Get("Retry-After") == ""
		}
		if r := get(fleettest.Config{Limit: -1}); r.status != 200 || !hidden(r) {
			t.Errorf("without throttle: %d with %v", r.status, r.header)
		}
		if r := get(fleettest.Config{Limit: 1, GitLab: fleettest.GitLabConfig{OmitThrottleHeaders: true}}); r.status != 429 || r.body != "Retry later\n" || !hidden(r) {
			t.Errorf("without headers: %d %q with %v", r.status, r.body, r.header)
		}
		if r := get(fleettest.Config{Limit: 1, GitLab: fleettest.GitLabConfig{ThrottleText: "Slow down"}}); r.body != "Slow down\n" {
			t.Errorf("with a text of one's own: %q", r.body)
		}
	})
}

func TestGitLab_application_limit_hides_behind_healthy_headers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := canary.Token("lab-app-a"), canary.Token("lab-app-b")
		const route = "GET /groups/{id}/projects"
		sim := fleettest.NewGitLab(fleettest.Config{
			Tokens: []string{a, b}, Limits: map[string]int{route: 2}, Windows: map[string]time.Duration{route: 10 * time.Minute},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}, {Login: "zoo", Repositories: 1}},
		})
		time.Sleep(time.Minute)
		labGet(t, sim, a, "/groups/acme/projects")
		labGet(t, sim, a, "/groups/zoo/projects")
		r := labGet(t, sim, a, "/groups/acme/projects")
		const want = `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`
		if r.status != 429 || r.body != want || r.header.Get("Content-Type") != "application/json" || r.number("Retry-After") != 540 {
			t.Errorf("%d %s, Retry-After %d", r.status, r.body, r.number("Retry-After"))
		}
		if got, want := labNumbers(r), []int64{2000, 3, 1997}; !cmp.Equal(got, want) || r.header.Get("RateLimit-ResetTime") != "" {
			t.Errorf("throttle is told as %v, want %v", got, want)
		}
		for name, got := range map[string]int{
			"another account":        labGet(t, sim, b, "/groups/acme/projects").status,
			"another route":          labGet(t, sim, a, "/groups/acme").status,
			"a route without limits": labGet(t, sim, a, "/user").status,
		} {
			if got != 200 {
				t.Errorf("%s: status %d, want 200", name, got)
			}
		}
		if s := sim.Stats(); s.RefusedSecondary != 1 || s.RefusedPrimary != 0 || sim.Requests()[2].Resource != route {
			t.Errorf("counted %d and %d refusals, on %q", s.RefusedSecondary, s.RefusedPrimary, sim.Requests()[2].Resource)
		}
		time.Sleep(9 * time.Minute)
		if got := labGet(t, sim, a, "/groups/acme/projects").status; got != 200 {
			t.Errorf("ten minutes on: status %d, want 200", got)
		}
	})
}

func TestGitLab_application_limits_are_those_of_gitlab_com(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-app")
		served := func(cfg fleettest.Config) int {
			cfg.Tokens = []string{token}
			sim := fleettest.NewGitLab(cfg)
			for n := range 60 {
				if labGet(t, sim, token, "/groups").status == 429 {
					return n
				}
			}
			return 60
		}
		own := map[string]int{"GET /groups": 7}
		none := fleettest.GitLabConfig{NoApplicationLimits: true}
		tests := []struct {
			name string
			cfg  fleettest.Config
			want int
		}{
			{"by default", fleettest.Config{}, 50},
			{"without a throttle", fleettest.Config{Limit: -1}, 50},
			{"of one's own", fleettest.Config{Limits: own}, 7},
			{"negative", fleettest.Config{Limits: map[string]int{"GET /groups": -1}}, 60},
			{"none", fleettest.Config{GitLab: none}, 60},
			{"none but one's own", fleettest.Config{GitLab: none, Limits: own}, 7},
			{"of one account", fleettest.Config{GitLab: none, Accounts: []fleettest.Account{{Login: "other", Limits: own}}}, 60},
		}
		for _, tt := range tests {
			if got := served(tt.cfg); got != tt.want {
				t.Errorf("%s: %d calls were served, want %d", tt.name, got, tt.want)
			}
		}
	})
}

func TestGitLab_refusals_are_errors_with_a_response_to_go_gitlab(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-errors")
	sim := lab(token)
	c := labClient(t, token, sim, "https://gitlab.com")
	tests := []struct {
		name   string
		fault  fleettest.Fault
		status int
		want   string
	}{
		{"application limit", fleettest.GitLabTooManyRequests(24 * time.Hour), 429, "{message: {error: This endpoint has been requested too many times. Try again later.}}"},
		{"scope", fleettest.GitLabLacksScope("api"), 403, "insufficient_scope"},
		{"edge", fleettest.Fault{Edge: true, Status: 429, Body: "<!DOCTYPE html>"}, 429, "failed to parse unknown error format"},
	}
	for _, tt := range tests {
		sim.Inject(tt.fault)
		_, resp, err := c.Users.CurrentUser()
		var refused *gitlab.ErrorResponse
		if !errors.As(err, &refused) || resp.StatusCode != tt.status || !strings.Contains(refused.Message, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if healthy := resp.Header.Get("RateLimit-Remaining") != ""; healthy == tt.fault.Edge {
			t.Errorf("%s: throttle told: %t", tt.name, healthy)
		}
		if tt.name == "application limit" && resp.Header.Get("Retry-After") != "86400" {
			t.Errorf("Retry-After %q, want 86400", resp.Header.Get("Retry-After"))
		}
	}
}

func TestGitLab_never_serves_more_than_the_limit(t *testing.T) {
	t.Parallel()
	const limit, callers, each = 100, 64, 10
	token := canary.Token("lab-race")
	sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Limit: limit, Window: 1000 * time.Hour})
	var served, refused atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				switch labGet(t, sim, token, "/user").status {
				case 200:
					served.Add(1)
				case 429:
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	if served.Load() != limit || refused.Load() != callers*each-limit {
		t.Errorf("served %d and refused %d, want %d and %d", served.Load(), refused.Load(), limit, callers*each-limit)
	}
}

func TestGitLab_another_program_may_spend_the_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-spend")
		sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Limit: 10})
		sim.Spend(token, "", 4)
		if got := labGet(t, sim, token, "/user").number("RateLimit-Remaining"); got != 5 {
			t.Errorf("after Spend: %d left, want 5", got)
		}
		sim.SetRemaining(token, "throttle_authenticated_api", 1)
		if got := labGet(t, sim, token, "/user").number("RateLimit-Remaining"); got != 0 {
			t.Errorf("after SetRemaining: %d left, want 0", got)
		}
		sim.Spend(token, "GET /groups", 50)
		time.Sleep(time.Second)
		sim.SetRemaining(token, "", 5)
		if r := labGet(t, sim, token, "/groups"); r.status != 429 || r.number("RateLimit-Remaining") != 4 {
			t.Errorf("a spent route: %d with %d left, want 429 with 4", r.status, r.number("RateLimit-Remaining"))
		}
	})
}
