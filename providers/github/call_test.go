package github_test

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestDriver_a_call_has_GitHubs_headers_and_each_can_be_replaced(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web": `{"id": 1}`})
	c := s.client(t)
	if _, err := c.Call(t.Context(), providers.Call{Path: "repos/acme/web"}); err != nil {
		t.Fatal(err)
	}
	own := http.Header{"accept": {"application/vnd.github.raw+json"}, "X-GitHub-Api-Version": {"2030-01-01"}, "User-Agent": {"mine"}}
	if _, err := c.Call(t.Context(), providers.Call{Path: "https://api.github.com/repos/acme/web", Header: own}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.FetchRepository(t.Context(), "acme/web"); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][3]string{
		{"application/vnd.github+json", "2022-11-28", providers.DefaultUserAgent},
		{"application/vnd.github.raw+json", "2030-01-01", "mine"},
		{"application/vnd.github+json", "2022-11-28", providers.DefaultUserAgent},
	} {
		h := s.asked[i].Header
		for j, name := range []string{"Accept", "X-Github-Api-Version", "User-Agent"} {
			if values := h.Values(name); len(values) != 1 || values[0] != want[j] {
				t.Errorf("request %d: %s is %q, want %q", i+1, name, values, want[j])
			}
		}
	}
}

func TestDriver_a_call_says_where_the_next_page_is(t *testing.T) {
	t.Parallel()
	const next = "https://api.github.com/organizations/1/repos?page=2"
	s := told(nil)
	s.answers["/orgs/acme/repos"] = reply{body: `[]`, header: http.Header{"Link": {`<https://api.github.com/x>; rel="prev", <` + next + `>; title="a, b"; rel="next"`}}}
	a, err := s.client(t).Call(t.Context(), providers.Call{Path: "/orgs/acme/repos"})
	if err != nil || a.Next != next {
		t.Errorf("%q, %v", a.Next, err)
	}
}

func TestDriver_a_call_with_a_body_and_an_answer_that_comes_later(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/acme/web/forks"] = reply{status: http.StatusAccepted, body: `{"id": 7}`}
	var out struct{ ID int }
	a, err := s.client(t).Call(t.Context(), providers.Call{Method: http.MethodPost, Path: "repos/acme/web/forks", Body: map[string]string{"name": "<x>"}, Out: &out})
	if err != nil || a.Status != http.StatusAccepted || out.ID != 7 {
		t.Errorf("%d, %+v, %v", a.Status, out, err)
	}
	if r := s.asked[0]; r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s with %q", r.Method, r.Header.Get("Content-Type"))
	}
}

func TestI2_a_call_stays_below_the_API(t *testing.T) {
	t.Parallel()
	s := &script{base: "https://git.example.com/proxy", answers: map[string]reply{
		"/api/v3/user": {body: `{"id": 1}`}, "/api/graphql": {body: `{"data": {}}`},
	}}
	c := s.client(t)
	for _, path := range []string{"user", "/user", "https://git.example.com/proxy/api/v3/user", "https://git.example.com/proxy/api/graphql", "../graphql"} {
		if _, err := c.Call(t.Context(), providers.Call{Path: path}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	n := len(s.urls())
	for _, path := range []string{"../../x", "https://git.example.com/x", "https://evil.example.com/proxy/api/v3/user", "https:user", "//evil.example.com/user", "http://git.example.com/proxy/api/v3/user", "%zz", "user\n"} {
		_, err := c.Call(t.Context(), providers.Call{Path: path})
		if path != "//evil.example.com/user" { // slashes in front mean nothing
			wantError(t, err, providers.ErrInvalid, "")
		}
	}
	for _, r := range s.asked {
		if r.URL.Host != "git.example.com" {
			t.Errorf("%s was asked", r.URL)
		}
	}
	if got := len(s.urls()); got != n+1 {
		t.Errorf("%d requests were sent, want %d", got, n+1)
	}
}

func TestDriver_GraphQL(t *testing.T) {
	t.Parallel()
	for base, where := range map[string]string{
		"https://api.github.com": "/graphql", "https://git.example.com": "/api/graphql", "https://api.acme.ghe.com": "/graphql",
	} {
		s := &script{base: base, answers: map[string]reply{where: {body: `{"data": {"viewer": {"login": "octocat"}}}`}}}
		var out struct{ Viewer struct{ Login string } }
		err := s.client(t).GraphQL(t.Context(), "query($n: Int) { viewer { login } }", map[string]any{"n": 1}, &out)
		if err != nil || out.Viewer.Login != "octocat" {
			t.Errorf("%s: %+v, %v", base, out, err)
		}
	}
}

func TestDriver_GraphQL_errors_come_with_status_200(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		kind error
		text string
	}{
		`{"data": {"a": 1}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}, {"message": "x"}]}`: {providers.ErrNotFound, "200 not found: Could not resolve (and 1 more)"},
		`{"data": null, "errors": [{"type": "FORBIDDEN", "message": "m"}]}`:                                       {providers.ErrForbidden, "m"},
		`{"errors": [{"type": "INSUFFICIENT_SCOPES", "message": "m"}]}`:                                           {providers.ErrScope, "m"},
		`{"errors": [{"type": "SERVICE_UNAVAILABLE", "message": "m"}]}`:                                           {providers.ErrUnavailable, "m"},
		`{"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "m"}]}`:                                       {providers.ErrTooLarge, "m"},
		`{"errors": [{"message": "Parse error"}]}`:                                                                {providers.ErrInvalid, "Parse error"},
		`{}`:           {providers.ErrMalformed, "neither"},
		`{"data": []}`: {providers.ErrMalformed, ""},
		`<html>`:       {providers.ErrMalformed, ""},
	} {
		s := told(map[string]string{"/graphql": body})
		var out struct{ A int }
		err := s.client(t).GraphQL(t.Context(), "query { a }", nil, &out)
		wantError(t, err, want.kind, want.text)
		if want.kind == providers.ErrNotFound && out.A != 1 { //nolint:errorlint // it is the sentinel itself
			t.Error("the data that came besides is lost")
		}
	}
}

func TestNew_for_an_Enterprise_Server_and_a_tenant(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"": "https://api.github.com", "https://GIT.example.com/proxy/api/v3": "https://git.example.com/proxy", "acme.ghe.com": "https://api.acme.ghe.com",
	} {
		c, err := github.New(providers.Config{Host: host, Token: tokens.Token{Secret: tokens.Static(tokenA)}})
		if err != nil || c.Host() != want {
			t.Errorf("New(%q) is for %v, %v; want %s", host, c, err, want)
		}
	}
	for _, bad := range []providers.Config{{}, {Host: "ftp://x", Anonymous: true}} {
		if _, err := github.New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestI2_a_call_follows_to_a_downloads_storage_without_a_credential(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Organizations: acme})
	var asset bytes.Buffer
	call := providers.Call{Path: "repos/acme/repo-0001/releases/assets/1", Header: http.Header{"Accept": {"application/octet-stream"}}, Out: &asset}
	a, err := simulated(t, sim).Call(t.Context(), call)
	if err != nil || a.Status != http.StatusOK || asset.Len() == 0 {
		t.Errorf("%d, %d bytes, %v", a.Status, asset.Len(), err)
	}
	if len(sim.Requests()) != 2 || len(sim.Leaks()) > 0 {
		t.Errorf("%d requests, want 2; credentials arrived at %v", len(sim.Requests()), sim.Leaks())
	}
}

func TestDriver_a_repository_is_found_under_its_old_name(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Organizations: acme})
	sim.Rename("acme", "repo-0001", "new")
	c := simulated(t, sim)
	if r, err := c.FetchRepository(t.Context(), "acme/repo-0001"); err != nil || r.FullName != "acme/new" {
		t.Errorf("%s, %v", r.FullName, err)
	}
	if all, err := c.FetchBranches(t.Context(), "acme/repo-0001", providers.PageSize(1)); err != nil || len(all) == 0 {
		t.Errorf("%d branches, %v", len(all), err)
	}
}

func TestI2_records_are_not_taken_from_another_host(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/repos/acme/web"] = reply{status: http.StatusMovedPermanently, header: http.Header{"Location": {"https://evil.example.com/repos/acme/web"}}}
	s.answers["https://evil.example.com/repos/acme/web"] = reply{body: `{"id": 1}`}
	_, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	wantError(t, err, providers.ErrMalformed, "301 malformed answer: the host redirects")
	if len(s.urls()) != 1 {
		t.Errorf("asked for %q", s.urls())
	}
}

// The transport waits or swaps on its own; this is what is left if it cannot.
func TestDriver_GraphQL_says_when_its_points_are_back(t *testing.T) {
	t.Parallel()
	s := told(nil)
	s.answers["/graphql"] = reply{body: `{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}`, header: http.Header{"X-Ratelimit-Reset": {"1900000000"}}}
	c, err := github.New(providers.Config{Transport: s, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	err = c.GraphQL(t.Context(), "query { a }", nil, nil)
	var e *providers.Error
	if !errors.Is(err, providers.ErrRateLimited) || !errors.As(err, &e) || e.Refusal == nil || e.Refusal.Resource != "graphql" || e.RetryAt().Unix() != 1900000000 {
		t.Errorf("%v; %+v", err, e)
	}
}
