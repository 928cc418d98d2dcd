package fleettest_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v66/github"
)

func TestGitHub_primary_refusal_is_a_RateLimitError_to_go_github(t *testing.T) {
	t.Parallel()
	token := canary.Token("primary")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 2})
	get(t, sim, token, "/user")
	get(t, sim, token, "/user")
	_, _, err := client(token, sim).Users.Get(t.Context(), "")
	var limited *github.RateLimitError
	if !errors.As(err, &limited) {
		t.Fatalf("Users.Get() = %T %v, want a RateLimitError", err, err)
	}
	if limited.Rate.Limit != 2 || limited.Rate.Remaining != 0 {
		t.Errorf("rate is %v, want 0 of 2", limited.Rate)
	}
	if want := "API rate limit exceeded for user ID 1001."; limited.Message != want {
		t.Errorf("message %q, want %q", limited.Message, want)
	}
}

func TestGitHub_limit_refusals_have_the_status_asked_for(t *testing.T) {
	t.Parallel()
	token := canary.Token("status")
	for _, status := range []int{0, 403, 429} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 1, LimitStatus: status})
			get(t, sim, token, "/user")
			want := status
			if want == 0 {
				want = 403
			}
			if got := get(t, sim, token, "/user").status; got != want {
				t.Errorf("status %d, want %d", got, want)
			}
		})
	}
}

func TestGitHub_window_starts_with_the_first_call_and_ends_after_its_length(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("window")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 1, Window: 10 * time.Minute})
		time.Sleep(90*time.Second + time.Millisecond)
		start := time.Now()
		first := get(t, sim, token, "/user")
		reset := time.Unix(first.number("X-RateLimit-Reset"), 0)
		if got := reset.Sub(start); got < 10*time.Minute || got >= 10*time.Minute+time.Second {
			t.Errorf("window ends %v after its first call, want the first whole second after 10m", got)
		}
		time.Sleep(time.Until(reset) - time.Nanosecond)
		if got := get(t, sim, token, "/user").status; got != 403 {
			t.Errorf("just before the reset: status %d, want 403", got)
		}
		time.Sleep(time.Nanosecond)
		after := get(t, sim, token, "/user")
		if after.status != 200 || after.number("X-RateLimit-Used") != 1 {
			t.Errorf("at the reset: status %d, used %d; want 200 and 1", after.status, after.number("X-RateLimit-Used"))
		}
	})
}

func TestGitHub_numbers_on_headers_add_up(t *testing.T) {
	t.Parallel()
	token := canary.Token("numbers")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 5})
	for i := range int64(7) {
		r := get(t, sim, token, "/user")
		used := min(i+1, 5)
		got := []int64{r.number("X-RateLimit-Limit"), r.number("X-RateLimit-Used"), r.number("X-RateLimit-Remaining")}
		if want := []int64{5, used, 5 - used}; !cmp.Equal(got, want) {
			t.Errorf("call %d: limit, used, remaining = %v, want %v", i+1, got, want)
		}
		if got := r.header.Get("X-RateLimit-Resource"); got != "core" {
			t.Errorf("call %d: resource %q, want core", i+1, got)
		}
	}
	if got := sim.Stats().RefusedPrimary; got != 2 {
		t.Errorf("counted %d refusals, want 2", got)
	}
}

func TestGitHub_tokens_of_one_account_share_its_limit(t *testing.T) {
	t.Parallel()
	a, b, other := canary.Token("shared-a"), canary.Token("shared-b"), canary.Token("other")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:   []string{other},
		Accounts: []fleettest.Account{{Login: "octocat", Tokens: []string{a, b}, Limit: 2}},
	})
	get(t, sim, a, "/user")
	get(t, sim, b, "/user")
	if got := get(t, sim, a, "/user").status; got != 403 {
		t.Errorf("third call of the account: status %d, want 403", got)
	}
	if got := get(t, sim, other, "/user").number("X-RateLimit-Remaining"); got != 4999 {
		t.Errorf("another account has %d left, want 4999", got)
	}
}

func TestGitHub_resources_have_windows_of_their_own(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("resources")
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens: []string{token}, Limit: 1, Limits: map[string]int{"search": 1},
		})
		const search = "/search/repositories?q=x"
		get(t, sim, token, "/user")
		if got := get(t, sim, token, search).status; got != 200 {
			t.Fatalf("search with core spent: status %d, want 200", got)
		}
		r := get(t, sim, token, search)
		if r.status != 403 || r.header.Get("X-RateLimit-Resource") != "search" {
			t.Errorf("second search: status %d on %q, want 403 on search", r.status, r.header.Get("X-RateLimit-Resource"))
		}
		time.Sleep(time.Minute)
		if got := get(t, sim, token, search).status; got != 200 {
			t.Errorf("search a minute later: status %d, want 200", got)
		}
		if got := get(t, sim, token, "/user").status; got != 403 {
			t.Errorf("core a minute later: status %d, want 403", got)
		}
	})
}

func TestGitHub_rate_limit_endpoint_is_free_and_shows_unused_windows_ahead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("ratelimit")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 10})
		get(t, sim, token, "/user")
		time.Sleep(5 * time.Minute)
		for range 3 {
			limits, _, err := client(token, sim).RateLimit.Get(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := limits.Core; got.Limit != 10 || got.Remaining != 9 || time.Until(got.Reset.Time) != 55*time.Minute {
				t.Errorf("core is %v, want 9 of 10 and 55m to go", got)
			}
			if got := limits.Search; got.Remaining != 30 || time.Until(got.Reset.Time) != time.Minute {
				t.Errorf("search is %v, want 30 and a whole minute to go", got)
			}
		}
	})
}

func TestGitHub_refusal_of_HEAD_has_no_body(t *testing.T) {
	t.Parallel()
	token := canary.Token("head")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 1})
	get(t, sim, token, "/user")
	r := send(t, sim, request{method: http.MethodHead, path: "/user", token: token})
	if r.status != 403 || r.body != "" || r.header.Get("Content-Length") != "0" {
		t.Errorf("status %d, body %q, length %q; want 403 and nothing", r.status, r.body, r.header.Get("Content-Length"))
	}
	if got := r.number("X-RateLimit-Remaining"); got != 0 {
		t.Errorf("remaining %d, want 0", got)
	}
}

func TestGitHub_without_limits_sends_no_numbers(t *testing.T) {
	t.Parallel()
	token := canary.Token("unlimited")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: -1})
	if r := get(t, sim, token, "/user"); r.status != 200 || r.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("status %d, limit %q; want 200 and none", r.status, r.header.Get("X-RateLimit-Limit"))
	}
	r := get(t, sim, token, "/rate_limit")
	if r.status != 404 || r.field(t, "message") != "Rate limiting is not enabled." {
		t.Errorf("GET /rate_limit: %d %s", r.status, r.body)
	}
}

func TestGitHub_never_serves_more_than_the_limit(t *testing.T) {
	t.Parallel()
	const limit, callers, each = 100, 64, 10
	token := canary.Token("race")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: limit, PointsPerMinute: -1, MaxConcurrent: -1})
	var served, refused atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				switch r := get(t, sim, token, "/repos/none/none"); r.status {
				case 404:
					served.Add(1)
				case 403:
					refused.Add(1)
				}
			}
		})
	}
	all.Wait()
	if served.Load() != limit || refused.Load() != callers*each-limit {
		t.Errorf("served %d and refused %d, want %d and %d", served.Load(), refused.Load(), limit, callers*each-limit)
	}
	if s := sim.Stats(); s.Requests != callers*each || s.RefusedPrimary != callers*each-limit {
		t.Errorf("counted %d requests and %d refusals", s.Requests, s.RefusedPrimary)
	}
}

func TestGitHub_another_program_may_spend_the_account(t *testing.T) {
	t.Parallel()
	token := canary.Token("spend")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 10})
	sim.Spend(token, "core", 4)
	if got := get(t, sim, token, "/user").number("X-RateLimit-Remaining"); got != 5 {
		t.Errorf("after Spend: %d left, want 5", got)
	}
	sim.SetRemaining(token, "core", 1)
	if got := get(t, sim, token, "/user").number("X-RateLimit-Remaining"); got != 0 {
		t.Errorf("after SetRemaining: %d left, want 0", got)
	}
	sim.Spend(token, "core", 100)
	if got := get(t, sim, token, "/user"); got.status != 403 || got.number("X-RateLimit-Used") != 10 {
		t.Errorf("after spending all: %d, used %d; want 403 and 10", got.status, got.number("X-RateLimit-Used"))
	}
}

func TestGitHub_installations_are_named_in_refusals_and_are_no_user(t *testing.T) {
	t.Parallel()
	token := canary.Token("installation")
	sim := fleettest.NewGitHub(fleettest.Config{
		Accounts:      []fleettest.Account{{Login: "acme-app", Tokens: []string{token}, Limit: 2, Installation: true}},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
	})
	if r := get(t, sim, token, "/user"); r.status != 403 || r.field(t, "message") != "Resource not accessible by integration" {
		t.Errorf("GET /user: %d %s", r.status, r.body)
	}
	if r := get(t, sim, token, "/installation/repositories"); r.field(t, "total_count") != 3.0 {
		t.Errorf("GET /installation/repositories: %d %.80s", r.status, r.body)
	}
	msg, _ := get(t, sim, token, "/rate").field(t, "message").(string)
	if !strings.HasPrefix(msg, "API rate limit exceeded for installation ID ") {
		t.Errorf("refusal says %q", msg)
	}
}
