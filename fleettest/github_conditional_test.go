package fleettest_test

import (
	"net/http"
	"strings"
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

// A second token of the account, or another Accept, has another validator.
func TestGitHub_validator_depends_on_what_was_asked_with(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("etag-one"), canary.Token("etag-two")
	sim := fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{{Login: "octocat", Tokens: []string{a, b}}}})
	const path = "/users/octocat"
	old := get(t, sim, a, path).header.Get("ETag")
	tests := []struct {
		name   string
		token  string
		accept string
		want   int
	}{
		{"the same", a, "", 304},
		{"another token of the account", b, "", 200},
		{"another Accept", a, "application/json", 200},
	}
	for _, tt := range tests {
		h := http.Header{"If-None-Match": {old}}
		if tt.accept != "" {
			h.Set("Accept", tt.accept)
		}
		if got := send(t, sim, request{path: path, token: tt.token, header: h}).status; got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, got, tt.want)
		}
	}
}

// The first page of a list stays as it is while pages come after it.
func TestGitHub_304_tells_the_links_of_now(t *testing.T) {
	t.Parallel()
	token := canary.Token("links")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{token},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
	})
	sim.SetContents("acme", "repo-0001", fleettest.Contents{Branches: 5})
	const path = "/repos/acme/repo-0001/branches?per_page=2"
	first := get(t, sim, token, path)
	sim.SetContents("acme", "repo-0001", fleettest.Contents{Branches: 7})
	again := send(t, sim, request{path: path, token: token, header: http.Header{"If-None-Match": {first.header.Get("ETag")}}})
	if again.status != 304 || !strings.Contains(first.header.Get("Link"), "page=3>") || !strings.Contains(again.header.Get("Link"), "page=4>") {
		t.Errorf("status %d, Link %q, then %q", again.status, first.header.Get("Link"), again.header.Get("Link"))
	}
}

// GitLab hashes the body alone, so that its validator says nothing of who asked.
func TestGitLab_validator_is_the_same_for_all_who_see_the_same(t *testing.T) {
	t.Parallel()
	a, b := canary.Token("gl-etag-a"), canary.Token("gl-etag-b")
	sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{a, b}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}}})
	const path = "https://gitlab.com/api/v4/projects/acme%2Frepo-0001/repository/branches"
	etags := map[string]bool{}
	for _, token := range []string{a, b} {
		r := send(t, sim, request{path: path, header: http.Header{"Private-Token": {token}}})
		etags[r.header.Get("ETag")] = true
	}
	if len(etags) != 1 || etags[""] {
		t.Errorf("validators %v, want one", etags)
	}
}
