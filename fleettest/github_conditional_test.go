package fleettest_test

import (
	"net/http"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestGitHub_304_is_free_for_an_account(t *testing.T) {
	t.Parallel()
	token := canary.Token("conditional")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{token}, Limit: 10,
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 2}},
	})
	const path = "/repos/acme/repo-0001"
	tests := []struct {
		name  string
		token string
		left  int64 // after one call that counts
		cost  int64 // of a 304
	}{
		{"with a token", token, 9, 0},
		{"without one", "", 59, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			etag := get(t, sim, tt.token, path).header.Get("ETag")
			for i := range int64(3) {
				r := send(t, sim, request{path: path, token: tt.token, header: http.Header{"If-None-Match": {etag}}})
				if r.status != 304 || r.body != "" {
					t.Fatalf("status %d, want 304", r.status)
				}
				if got, want := r.number("X-RateLimit-Remaining"), tt.left-tt.cost*(i+1); got != want {
					t.Errorf("304 number %d: %d left, want %d", i+1, got, want)
				}
			}
		})
	}
}

func TestGitHub_validator_is_of_one_account_and_one_state(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("etag-a"), canary.Token("etag-b")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{a, b},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 2}},
	})
	const path = "/repositories/1001000001"
	old := http.Header{"If-None-Match": {get(t, sim, a, path).header.Get("ETag")}}
	if got := send(t, sim, request{path: path, token: b, header: old}).status; got != 200 {
		t.Errorf("another account: status %d, want 200", got)
	}
	sim.Rename("acme", "repo-0001", "renamed")
	if got := send(t, sim, request{path: path, token: a, header: old}).status; got != 200 {
		t.Errorf("another state: status %d, want 200", got)
	}
}
