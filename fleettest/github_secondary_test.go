package fleettest_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-github/v66/github"
)

func TestGitHub_secondary_refusal_is_an_AbuseRateLimitError_to_go_github(t *testing.T) {
	t.Parallel()
	for _, omit := range []bool{false, true} {
		t.Run(map[bool]string{false: "with Retry-After", true: "without"}[omit], func(t *testing.T) {
			t.Parallel()
			token := canary.Token("abuse")
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, PointsPerMinute: 1, OmitRetryAfter: omit})
			get(t, sim, token, "/user")
			_, _, err := client(token, sim).Users.Get(t.Context(), "")
			var abuse *github.AbuseRateLimitError
			if !errors.As(err, &abuse) {
				t.Fatalf("Users.Get() = %T %v, want an AbuseRateLimitError", err, err)
			}
			if got := abuse.Response.Header.Get("Retry-After") == ""; got != omit {
				t.Errorf("Retry-After left out: %t, want %t", got, omit)
			}
			if got := abuse.Response.Header.Get("X-RateLimit-Remaining"); got != "4999" {
				t.Errorf("remaining %q, want the window's 4999", got)
			}
			if got := sim.Stats().RefusedSecondary; got != 1 {
				t.Errorf("counted %d secondary refusals, want 1", got)
			}
		})
	}
}

func TestGitHub_points_count_for_sixty_seconds_and_writes_cost_five(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("points")
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens: []string{token}, PointsPerMinute: 11, SecondaryRest: time.Second,
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
		})
		write := request{method: http.MethodPost, path: "/repos/acme/repo-0001/issues", token: token, body: `{"title":"t"}`}
		for range 2 {
			if got := send(t, sim, write).status; got != 201 {
				t.Fatalf("write: status %d, want 201", got)
			}
		}
		time.Sleep(30 * time.Second)
		if got := get(t, sim, token, "/user").status; got != 200 {
			t.Errorf("eleventh point: status %d, want 200", got)
		}
		if got := get(t, sim, token, "/user").status; got != 403 {
			t.Errorf("twelfth point: status %d, want 403", got)
		}
		time.Sleep(30 * time.Second)
		if got := send(t, sim, write).status; got != 201 {
			t.Errorf("60 s after the writes: status %d, want 201", got)
		}
	})
}

func TestGitHub_account_rests_for_as_long_as_Retry_After_says(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token, other := canary.Token("rest"), canary.Token("rest-other")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token, other}, PointsPerMinute: 1})
		get(t, sim, token, "/user")
		get(t, sim, token, "/user")
		time.Sleep(20 * time.Second)
		r := get(t, sim, token, "/user")
		if r.status != 403 || r.number("Retry-After") != 40 {
			t.Errorf("while resting: %d, Retry-After %d; want 403 and 40", r.status, r.number("Retry-After"))
		}
		if got := get(t, sim, other, "/user").status; got != 200 {
			t.Errorf("another account: status %d, want 200", got)
		}
		time.Sleep(40 * time.Second)
		if got := get(t, sim, token, "/user").status; got != 200 {
			t.Errorf("after the rest: status %d, want 200", got)
		}
	})
}

func TestGitHub_refuses_too_many_calls_at_a_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("concurrent")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, MaxConcurrent: 3, Latency: time.Second})
		status := make([]int, 5)
		var all sync.WaitGroup
		for i := range status {
			all.Go(func() { status[i] = get(t, sim, token, "/user").status })
		}
		all.Wait()
		count := make(map[int]int)
		for _, s := range status {
			count[s]++
		}
		if count[200] != 3 || count[403] != 2 {
			t.Errorf("statuses %v, want three 200 and two 403", status)
		}
		if got := sim.Stats().Accounts["user-1"].MaxInFlight; got != 5 {
			t.Errorf("saw %d in flight, want 5", got)
		}
	})
}

func TestGitHub_refuses_too_much_new_content(t *testing.T) {
	t.Parallel()
	token := canary.Token("content")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{token}, CreationsPerMinute: 2,
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
	})
	write := request{method: http.MethodPost, path: "/repos/acme/repo-0001/issues", token: token, body: `{"title":"t"}`}
	send(t, sim, write)
	send(t, sim, write)
	r := send(t, sim, write)
	msg, _ := r.field(t, "message").(string)
	if r.status != 403 || !strings.Contains(msg, "temporarily blocked from content creation") {
		t.Errorf("third issue: %d %q", r.status, msg)
	}
	if got := len(sim.Issues()); got != 2 {
		t.Errorf("%d issues exist, want 2", got)
	}
}

func TestGitHub_secondary_limits_are_GitHubs_unless_switched_off(t *testing.T) {
	t.Parallel()
	token := canary.Token("default")
	for points, want := range map[int]int{0: 1, -1: 0} {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, PointsPerMinute: points})
		for range 901 {
			get(t, sim, token, "/rate_limit")
		}
		if got := sim.Stats().RefusedSecondary; got != want {
			t.Errorf("PointsPerMinute %d: %d of 901 reads refused, want %d", points, got, want)
		}
	}
}
