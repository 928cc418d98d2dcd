package fleettest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestRequests_picks_by_method_and_path(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path, sent, url string
		want                    bool
	}{
		{"GET", "/user", "GET", "/user", true},
		{"GET", "/user", "POST", "/user", false},
		{"", "/user", "POST", "/user?page=2", true},
		{"GET", "/repos/{owner}/{repo}/commits", "GET", "/repos/acme/web/commits", true},
		{"GET", "/repos/{owner}/{repo}/commits", "GET", "/repos/acme/web/commits/main", false},
		{"GET", "/repos/{owner}/{repo}", "GET", "/repos/acme/", false},
		{"GET", "/repos/{rest...}", "GET", "/repos/acme/web/commits", true},
		{"GET", "/repos/{rest...}", "GET", "/repos/", false},
		{"GET", "/repos/{rest...}", "GET", "/repos", false},
		{"GET", "/api/v4/projects/{id}/issues", "GET", "/api/v4/projects/acme%2Fweb/issues", true},
		{"GET", "/api/v4/projects/acme%2Fweb/{rest...}", "GET", "/api/v4/projects/acme%2Fapp/issues", false},
	}
	for _, tt := range tests {
		r, err := http.NewRequest(tt.sent, "https://example.com"+tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := fleettest.Requests(tt.method, tt.path)(r); got != tt.want {
			t.Errorf("%q %q picks %s %s: %v, want %v", tt.method, tt.path, tt.sent, tt.url, got, tt.want)
		}
	}
}

func TestHosts_say_whatever_a_test_scripts_for_a_path(t *testing.T) {
	t.Parallel()
	token := canary.Token("script")
	pattern := map[string]string{
		"GitHub": "/repos/{owner}/{repo}/branches", "GitLab": "/api/v4/projects/{id}/repository/branches", "Bitbucket": "/2.0/repositories/{workspace}/{slug}/refs/branches",
	}
	path := map[string]string{"GitHub": "/branches", "GitLab": "/repository/branches", "Bitbucket": "/refs/branches"}
	tests := []struct {
		name   string
		fault  fleettest.Fault
		status int
		check  func(reply) bool
	}{
		{"a page", fleettest.Fault{Status: 502, Body: "<html><h1>Bad gateway</h1></html>"}, 502, func(r reply) bool { return strings.HasPrefix(r.header.Get("Content-Type"), "text/html") }},
		{"a page with 200", fleettest.Fault{Status: 200, Body: "<html>"}, 200, func(r reply) bool { return strings.HasPrefix(r.header.Get("Content-Type"), "text/html") }},
		{"broken JSON", fleettest.Fault{Body: `[{"name":`}, 200, func(r reply) bool { return !json.Valid([]byte(r.body)) }},
		{"202", fleettest.Fault{Status: 202, Body: "{}"}, 202, func(r reply) bool { return r.body == "{}" }},
		{"204", fleettest.Fault{Status: 204}, 204, func(r reply) bool { return r.body == "" }},
		{"301", fleettest.Fault{Status: 301, Header: http.Header{"Location": {"/elsewhere"}}}, 301, func(r reply) bool { return r.header.Get("Location") == "/elsewhere" }},
		{"410", fleettest.Fault{Status: 410, Body: `{"message":"Gone"}`}, 410, func(r reply) bool { return strings.Contains(r.header.Get("Content-Type"), "json") }},
		{"451", fleettest.Fault{Status: 451, Body: `{"message":"blocked"}`}, 451, func(r reply) bool { return strings.Contains(r.body, "blocked") }},
		{"500", fleettest.Fault{Status: 500}, 500, func(r reply) bool { return r.body == "" }},
	}
	for _, h := range hosts {
		sim := makeHost(h.name, token, fleettest.Contents{})
		ask := request{path: repositoryAt[h.name] + path[h.name], token: token}
		for _, tt := range tests {
			f := tt.fault
			f.Match, f.Times = fleettest.Requests("GET", pattern[h.name]), 2
			sim.Inject(f)
			if r := send(t, sim, request{path: repositoryAt[h.name], token: token}); r.status != 200 {
				t.Errorf("%s: %s: another path: %d", h.name, tt.name, r.status)
			}
			for range 2 {
				if r := send(t, sim, ask); r.status != tt.status || !tt.check(r) {
					t.Errorf("%s: %s: %d %v %.80s", h.name, tt.name, r.status, r.header, r.body)
				}
			}
			if r := send(t, sim, ask); r.status != 200 || !json.Valid([]byte(r.body)) {
				t.Errorf("%s: after %s: %d", h.name, tt.name, r.status)
			}
		}
		sim.Inject(fleettest.Fault{Match: fleettest.Requests("GET", pattern[h.name]), Cut: 10})
		resp, err := sim.RoundTrip(ask.build(t))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if len(body) != 10 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: cut after %d bytes, %v", h.name, len(body), err)
		}
	}
}
