package fleettest_test

import (
	"encoding/base64"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestGitHub_reads_a_token_in_every_form(t *testing.T) {
	t.Parallel()
	token := canary.Token("forms")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	tests := []struct{ name, value string }{
		{"Bearer", "Bearer " + token},
		{"bearer", "bearer " + token},
		{"token", "token " + token},
		{"Basic with the token as password", basic("anybody", token)},
		{"Basic with the token as user", basic(token, "x-oauth-basic")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := send(t, sim, request{path: "/user", header: http.Header{"Authorization": {tt.value}}})
			if r.status != 200 || r.field(t, "login") != "user-1" {
				t.Errorf("status %d, want 200 as user-1", r.status)
			}
		})
	}
}

func TestGitHub_refuses_a_revoked_token_with_the_numbers_of_the_address(t *testing.T) {
	t.Parallel()
	token := canary.Token("revoked")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
	sim.Revoke(token)
	for i := range int64(2) {
		r := get(t, sim, token, "/user")
		if r.status != 401 || r.field(t, "message") != "Bad credentials" {
			t.Fatalf("%d %s, want 401 Bad credentials", r.status, r.body)
		}
		if l, left := r.number("X-RateLimit-Limit"), r.number("X-RateLimit-Remaining"); l != 60 || left != 59-i {
			t.Errorf("numbers %d of %d, want %d of 60", left, l, 59-i)
		}
	}
	sim.Restore(token)
	if r := get(t, sim, token, "/user"); r.status != 200 || r.number("X-RateLimit-Remaining") != 4999 {
		t.Errorf("restored: %d with %d left, want 200 with 4999", r.status, r.number("X-RateLimit-Remaining"))
	}
	if got := sim.Stats().Unauthorized; got != 2 {
		t.Errorf("counted %d unauthorized, want 2", got)
	}
}

func TestGitHub_tells_when_a_token_expires_and_then_refuses_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("expires")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
		sim.Expire(token, time.Now().Add(time.Hour))
		r := get(t, sim, token, "/user")
		if got, want := r.header.Get("GitHub-Authentication-Token-Expiration"), "2000-01-01 01:00:00 UTC"; r.status != 200 || got != want {
			t.Errorf("before: %d, expiration %q; want 200 and %q", r.status, got, want)
		}
		time.Sleep(time.Hour)
		if got := get(t, sim, token, "/user").status; got != 401 {
			t.Errorf("after: status %d, want 401", got)
		}
	})
}

func TestGitHub_accepts_a_token_added_later(t *testing.T) {
	t.Parallel()
	first, second := canary.Token("first"), canary.Token("second")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{first}})
	sim.AddToken("user-1", second)
	if r := get(t, sim, second, "/user"); r.status != 200 || r.field(t, "login") != "user-1" {
		t.Errorf("status %d, want 200 as user-1", r.status)
	}
	if got := sim.Requests()[0]; got.Account != "user-1" || got.Token != 2 {
		t.Errorf("logged as token %d of %q, want 2 of user-1", got.Token, got.Account)
	}
}

func TestGitHub_gives_an_address_without_token_sixty_calls(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3, Private: 1}}})
	for range 60 {
		if got := get(t, sim, "", "/orgs/acme").status; got != 200 {
			t.Fatalf("status %d, want 200", got)
		}
	}
	r := get(t, sim, "", "/orgs/acme")
	const want = "API rate limit exceeded for 192.0.2.1. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)"
	if r.status != 403 || r.field(t, "message") != want {
		t.Errorf("call 61: %d %s", r.status, r.body)
	}
}

func TestGitHub_lets_no_malformed_request_in(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("two-a"), canary.Token("two-b")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{a, b}})
	tests := []struct {
		name   string
		header http.Header
		want   int
	}{
		{"two Authorization headers", http.Header{"Authorization": {"Bearer " + a, "Bearer " + b}}, 400},
		{"no User-Agent", http.Header{"Authorization": {"Bearer " + a}, "User-Agent": {""}}, 403},
	}
	pipe := sim.ServePipe()
	t.Cleanup(pipe.Close)
	for _, tt := range tests {
		for name, rt := range map[string]http.RoundTripper{"memory": sim, "pipe": pipe.Transport()} {
			if got := send(t, rt, request{path: "/user", header: tt.header}); got.status != tt.want || got.header.Get("X-RateLimit-Limit") != "" {
				t.Errorf("%s over %s: status %d, want %d and no numbers", tt.name, name, got.status, tt.want)
			}
		}
	}
	if got := sim.Requests()[0].Authorizations; got != 2 {
		t.Errorf("logged %d Authorization headers, want 2", got)
	}
}
