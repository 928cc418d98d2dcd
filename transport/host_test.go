package transport_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/google/go-github/v66/github"
)

// stop is a server that notes which credentials it was sent.
type stop struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string // per request: names of the tokens in its header
}

func newStop(t *testing.T, start func(http.Handler) *httptest.Server, handler http.HandlerFunc) *stop {
	s := &stop{}
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var names []string
		for _, key := range []string{"Authorization", "Private-Token", "Job-Token"} {
			for _, v := range r.Header[key] {
				names = append(names, key+"="+nameOf(v))
			}
		}
		s.mu.Lock()
		s.seen = append(s.seen, strings.Join(names, ","))
		s.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stop) credentials() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.seen, ";")
}

func redirectTo(target *string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, *target, http.StatusFound) }
}

func served(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }

func TestI2_RoundTrip_sends_a_credential_to_its_own_host_only_whatever_redirects(t *testing.T) {
	t.Parallel()
	type caller func(*http.Request)
	set := func(key, value string) caller { return func(r *http.Request) { r.Header.Set(key, value) } }
	callers := map[string]struct {
		set      caller
		provider tokens.ProviderType
		path     string
		want     string // what the first host sees
	}{
		"the manager's Authorization": {func(*http.Request) {}, tokens.GitHub, "/api/v3/x", "Authorization=a"},
		"the manager's PRIVATE-TOKEN": {func(*http.Request) {}, tokens.GitLab, "/api/v4/x", "Private-Token=a"},
		"the caller's Authorization":  {set("Authorization", "Bearer "+canary.Token("own")), tokens.GitHub, "/api/v3/x", "Authorization=a"},
		"the caller's PRIVATE-TOKEN":  {set("Private-Token", canary.Token("own")), tokens.GitHub, "/api/v3/x", "Authorization=a"},
		"the caller's JOB-TOKEN":      {set("Job-Token", canary.Token("own")), tokens.GitLab, "/api/v4/x", "Private-Token=a"},
		"the caller's JWT":            {set("Authorization", "Bearer eyJ0.eyJ1."+canary.Token("jwt")), tokens.GitHub, "/api/v3/app", "Authorization=jwt"},
	}
	for name, tt := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The token's host leads to a foreign one, which leads to a second.
			last := newStop(t, httptest.NewServer, served)
			between := newStop(t, httptest.NewServer, redirectTo(&last.URL))
			first := newStop(t, httptest.NewServer, redirectTo(&between.URL))
			m := managerOf(t, tokens.Token{Provider: tt.provider, Host: first.URL, Secret: tokens.Static(canary.Token("a"))})
			base := http.DefaultTransport.(*http.Transport).Clone()
			defer base.CloseIdleConnections()
			for _, rt := range []http.RoundTripper{base, silent{base}} {
				client := &http.Client{Transport: &transport.Transport{Manager: m, Provider: tt.provider, Base: rt}}
				req := request(t, "GET", first.URL+tt.path, "")
				tt.set(req)
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				text(t, resp)
			}
			if got := first.credentials(); got != tt.want+";"+tt.want {
				t.Errorf("the token's host saw %s, want %s twice", got, tt.want)
			}
			if between.credentials() != ";" || last.credentials() != ";" { // two requests each, nothing in either
				t.Errorf("the other hosts saw %q and %q, want nothing", between.credentials(), last.credentials())
			}
		})
	}
}

// silent does not say what its answers answer, as a stub in a test may.
type silent struct{ http.RoundTripper }

func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.RoundTripper.RoundTrip(r)
	if resp != nil {
		resp.Request = nil
	}
	return resp, err
}

func TestI2_RoundTrip_strips_credentials_on_the_way_down_to_http(t *testing.T) {
	t.Parallel()
	down := newStop(t, httptest.NewServer, served)
	up := newStop(t, httptest.NewTLSServer, redirectTo(&down.URL))
	m := managerOf(t, tokens.Token{Provider: tokens.GitLab, Host: up.URL, Secret: tokens.Static(canary.Token("a"))})
	base := up.Client().Transport.(*http.Transport).Clone()
	defer base.CloseIdleConnections()
	client := &http.Client{Transport: &transport.Transport{Manager: m, Provider: tokens.GitLab, Base: base}}
	req := request(t, "GET", up.URL+"/api/v4/user", "")
	req.Header.Set("Private-Token", canary.Token("own"))
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text(t, resp)
	if up.credentials() != "Private-Token=a" || down.credentials() != "" {
		t.Errorf("https saw %q and http %q, want the token and nothing", up.credentials(), down.credentials())
	}
}

// The same host under the other scheme is another place.
func TestI2_RoundTrip_sends_no_token_over_http_to_a_host_of_https(t *testing.T) {
	t.Parallel()
	server := newStop(t, httptest.NewServer, served)
	m := managerOf(t, tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com", Secret: tokens.Static(canary.Token("a"))})
	base := dialing(t, server)
	client := &http.Client{Transport: over(base, m)}
	resp, err := client.Get("http://git.example.com/api/v3/users/user-1")
	if err != nil {
		t.Fatal(err)
	}
	text(t, resp)
	if got := server.credentials(); got != "" {
		t.Errorf("http saw %q, want nothing", got)
	}
}

// dialing reaches the server under every name.
func dialing(t *testing.T, s *stop) *http.Transport {
	var d net.Dialer
	base := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, s.Listener.Addr().String())
	}
	t.Cleanup(base.CloseIdleConnections)
	return base
}

func TestI2_RoundTrip_follows_a_hostile_next_link_without_a_token(t *testing.T) {
	t.Parallel()
	const evil = "https://api.github.com.evil.example/repos?page=2"
	w := script(ok("Link", "<"+evil+`>; rel="next"`))
	tr := over(w, manager(t, "a"))
	gh := github.NewClient(&http.Client{Transport: tr})
	req, err := gh.NewRequest("GET", "orgs/acme/repos", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := gh.Do(t.Context(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	next, err := gh.NewRequest("GET", nextLink(resp.Header.Get("Link")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gh.Do(t.Context(), next, nil); err != nil {
		t.Fatal(err)
	}
	calls := w.calls()
	if len(calls) != 2 || calls[1].URL != evil || calls[1].Credentials != 0 || w.tokens() != "a none" {
		t.Errorf("sent %s, want the second request at the other host without a token", w.tokens())
	}
}

func TestI2_RoundTrip_treats_a_request_for_any_other_place_as_foreign(t *testing.T) {
	t.Parallel()
	m := managerOf(t,
		tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("a"))},
		tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com/gh", Secret: tokens.Static(canary.Token("e"))},
		tokens.Token{Provider: tokens.GitLab, Secret: tokens.Static(canary.Token("l"))},
	)
	tests := []struct{ url, want string }{
		{"https://api.github.com/user", "a"},
		{"https://API.github.com:443/user", "a"},
		{"https://uploads.github.com/repos/o/r/releases/1/assets?name=x", "a"},
		{"https://git.example.com/gh/api/v3/user", "e"},
		{"https://git.example.com/gh/api/graphql", "e"},
		{"http://api.github.com/user", "none"},
		{"https://api.github.com:8443/user", "none"},
		{"https://evil-api.github.com/user", "none"},
		{"https://api.github.com.evil.example/user", "none"},
		{"https://github.com/o/r/archive/x.zip", "none"},
		{"https://raw.githubusercontent.com/o/r/main/x", "none"},
		{"https://codeload.github.com/o/r/zip/main", "none"},
		{"https://git.example.com/other/api/v3/user", "none"},
		{"https://git.example.com/gh/raw/o/r", "none"},
		{"https://git.example.com/gh/api/../raw/o/r", "none"},
		{"https://gitlab.com/api/v4/version", "none"}, // another provider's transport sends that one
		{"https://evil.example/?u=https://api.github.com/user", "none"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			w := script(ok())
			send(t, over(w, m), request(t, "GET", tt.url, ""))
			if w.tokens() != tt.want {
				t.Errorf("sent %s, want %s", w.tokens(), tt.want)
			}
		})
	}
}

func TestI2_RoundTrip_sends_no_token_under_another_Host(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"evil.example", "api.github.com.evil.example", "api.github.com:8443"} {
		w := script(ok())
		req := get(t)
		req.Host = host
		send(t, over(w, manager(t, "a")), req)
		if s := w.calls()[0]; w.tokens() != "none" || s.Host != host {
			t.Errorf("Host %s: sent %s to %s, want no token", host, w.tokens(), s.Host)
		}
	}
}

func TestI2_RoundTrip_strips_a_managed_secret_that_the_caller_sends_elsewhere(t *testing.T) {
	t.Parallel()
	managed := canary.Token("a")
	basic := request(t, "GET", userURL, "")
	basic.SetBasicAuth("someone", managed)
	values := map[string]string{
		"Authorization Bearer":       "Bearer " + managed,
		"Authorization token":        "token " + managed,
		"Authorization bare":         managed,
		"Authorization two  spaces":  "bearer   " + managed,
		"Authorization Basic":        basic.Header.Get("Authorization"),
		"Private-Token plain":        managed,
		"Job-Token plain":            managed,
		"Private-Token with newline": " " + managed + "\t",
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, _, _ := strings.Cut(name, " ")
			w := script(ok())
			req := request(t, "GET", "https://elsewhere.example/x", "")
			req.Header.Set(key, value)
			req.Header.Set("X-Other", "kept")
			resp, _ := send(t, over(w, manager(t, "a")), req)
			if s := w.calls()[0]; s.Credentials != 0 || s.Header.Get("X-Other") != "kept" {
				t.Errorf("%d credentials and X-Other %q were sent, want none and kept", s.Credentials, s.Header.Get("X-Other"))
			}
			if req.Header.Get(key) != value || resp.Request != req {
				t.Error("the caller's request was changed, or is not the one that the answer names")
			}
		})
	}
}

func TestI2_RoundTrip_leaves_a_foreign_request_untouched(t *testing.T) {
	t.Parallel()
	var got *http.Request
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		got = r
		return ok()(), nil
	})
	req := request(t, "POST", "https://elsewhere.example/x", "{}")
	req.Header.Set("Authorization", "Bearer "+canary.Token("own"))
	req.Header.Set("Private-Token", canary.Token("own"))
	var seen events
	tr := over(base, manager(t, "a"))
	tr.Hooks = seen.hooks()
	resp, _ := send(t, tr, req)
	if got != req || resp.Request != req {
		t.Error("the base did not get the caller's very request")
	}
	if len(seen.all) != 0 {
		t.Errorf("events %s, want none", seen.line())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestI2_RoundTrip_downloads_an_asset_from_storage_without_a_token(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{canary.Token("a")},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
	})
	client := &http.Client{Transport: over(sim, manager(t, "a"))}
	gh := github.NewClient(client)
	asset, _, err := gh.Repositories.DownloadReleaseAsset(t.Context(), "acme", "repo-0001", 1, client)
	if err != nil {
		t.Fatal(err)
	}
	defer asset.Close()
	if leaks := sim.Leaks(); len(leaks) != 0 {
		t.Errorf("credentials arrived at %v", leaks)
	}
	if n := sim.Stats().Requests; n < 2 {
		t.Errorf("%d requests, want a redirect followed", n)
	}
}
