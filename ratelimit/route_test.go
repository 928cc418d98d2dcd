package ratelimit_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func route(t *testing.T, d ratelimit.Dialect, method, address string) uint64 {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return d.Draw(ratelimit.Request{Method: method, URL: u}).Route
}

func TestDialect_Draw_gives_calls_of_one_endpoint_one_route(t *testing.T) {
	t.Parallel()
	const api = "https://gitlab.com/api/v4"
	same := [][2]string{
		{"/projects/1", "/projects/acme%2Fapp"},
		{"/projects/1?license=true", "/projects/2"},
		{"/groups/acme/projects?page=2", "/groups/9/projects"},
		{"/projects/1/issues/7/notes", "/projects/2/issues/8/notes"},
		{"/projects/1/repository/commits/abc", "/projects/1/repository/commits/def"},
	}
	for _, paths := range same {
		if a, b := route(t, ratelimit.GitLab, "GET", api+paths[0]), route(t, ratelimit.GitLab, "GET", api+paths[1]); a != b || a == 0 {
			t.Errorf("%s and %s have the routes %d and %d, want the same", paths[0], paths[1], a, b)
		}
	}
	apart := [][2]string{
		{"GET /projects", "GET /projects/1"},
		{"GET /projects/1", "POST /projects/1"},
		{"GET /projects/1", "GET /groups/1"},
		{"GET /projects/1/issues", "GET /projects/1/merge_requests"},
	}
	for _, calls := range apart {
		split := func(call string) uint64 {
			method, path, _ := strings.Cut(call, " ")
			return route(t, ratelimit.GitLab, method, api+path)
		}
		if split(calls[0]) == split(calls[1]) {
			t.Errorf("%s and %s have one route", calls[0], calls[1])
		}
	}
	if got := route(t, ratelimit.GitLab, "GET", "https://gitlab.com/api/v4/projects/1"); got != route(t, ratelimit.GitLab, "", "https://git.example.com/gitlab/api/v4/projects/2") {
		t.Error("the host and its relative root are part of the route")
	}
	for d, address := range map[ratelimit.Dialect]string{
		ratelimit.GitHub:         "https://api.github.com/repos/acme/app",
		ratelimit.BitbucketCloud: "https://api.bitbucket.org/2.0/user",
		ratelimit.GitLab:         "https://gitlab.com/api/graphql",
	} {
		if got := route(t, d, "GET", address); got != 0 {
			t.Errorf("%v: %s has the route %d, want none", d, address, got)
		}
	}
}

func TestI8_Observe_tells_whom_a_limit_is_about(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		dialect     ratelimit.Dialect
		status      int
		contentType string
		body        string
		want        ratelimit.Subject
	}{
		{"served", ratelimit.GitHub, 200, "application/json", `{}`, ratelimit.Nobody},
		{"no permission", ratelimit.GitHub, 403, "application/json", `{"message":"Must have admin rights"}`, ratelimit.Nobody},
		{"spent", ratelimit.GitHub, 403, "application/json", `{"message":"API rate limit exceeded for user ID 1."}`, ratelimit.OneBudget},
		{"spent by the address", ratelimit.GitHub, 403, "application/json", `{"message":"API rate limit exceeded for 192.0.2.1."}`, ratelimit.WholeHost},
		{"too fast", ratelimit.GitHub, 403, "application/json", `{"message":"You have exceeded a secondary rate limit."}`, ratelimit.OneAccount},
		{"an edge", ratelimit.GitHub, 429, "text/html", `<html>Too many requests</html>`, ratelimit.WholeHost},
		{"no body", ratelimit.GitHub, 429, "", ``, ratelimit.OneAccount},
		{"throttle", ratelimit.GitLab, 429, "text/plain", "Retry later\n", ratelimit.OneBudget},
		{"application limit", ratelimit.GitLab, 429, "application/json", `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`, ratelimit.OneRoute},
		{"GitLab's edge", ratelimit.GitLab, 429, "text/html", `<!DOCTYPE html>`, ratelimit.WholeHost},
		{"Bitbucket", ratelimit.BitbucketCloud, 429, "text/plain", "Rate limit for this resource has been exceeded", ratelimit.OneBudget},
	}
	for _, tt := range tests {
		u := &url.URL{Scheme: "https", Host: "git.example", Path: "/api/v4/projects"}
		resp := ratelimit.Response{Status: tt.status, Header: http.Header{"Content-Type": {tt.contentType}}, Body: []byte(tt.body)}
		if got := tt.dialect.Observe(ratelimit.Request{URL: u}, resp, time.Now()).Rests; got != tt.want {
			t.Errorf("%s: rests %d, want %d", tt.name, got, tt.want)
		}
	}
}
