package github_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gogithub "github.com/google/go-github/v66/github"
)

// tokenA and tokenB are the tokens of the tests.
var tokenA, tokenB = canary.Token("gha"), canary.Token("ghb")

// acme is an organization of some pages.
var acme = []fleettest.Owner{{Login: "acme", Repositories: 75}}

// over returns go-github over our transport over rt, for the host at base.
func over(t *testing.T, rt http.RoundTripper, base string) *gogithub.Client {
	t.Helper()
	m, err := tokens.NewManager(tokens.Config{},
		tokens.Token{Provider: tokens.GitHub, Host: base, Label: "a", Secret: tokens.Static(tokenA)},
		tokens.Token{Provider: tokens.GitHub, Host: base, Label: "b", Secret: tokens.Static(tokenB)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	c, err := github.NewClient(&transport.Transport{Manager: m, Provider: tokens.GitHub, Base: rt}, base)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// list lists the repositories of acme, page by page.
func list(ctx context.Context, c *gogithub.Client) (n int, err error) {
	opts := &gogithub.RepositoryListByOrgOptions{}
	for {
		repos, resp, err := c.Repositories.ListByOrg(ctx, "acme", opts)
		n += len(repos)
		if err != nil || resp.NextPage == 0 {
			return n, err
		}
		opts.Page = resp.NextPage
	}
}

func TestNewClient_takes_a_base_as_tokens_name_their_host(t *testing.T) {
	t.Parallel()
	const public, publicUploads = "https://api.github.com/", "https://uploads.github.com/"
	for base, want := range map[string]struct{ api, uploads string }{
		"":                                      {public, publicUploads},
		"github.com":                            {public, publicUploads},
		"https://api.github.com/":               {public, publicUploads},
		"https://acme.ghe.com":                  {"https://api.acme.ghe.com/", "https://uploads.acme.ghe.com/"},
		"https://API.acme.ghe.com":              {"https://api.acme.ghe.com/", "https://uploads.acme.ghe.com/"},
		"https://git.example.com":               {"https://git.example.com/api/v3/", "https://git.example.com/api/uploads/"},
		"https://git.example.com/api/v3/":       {"https://git.example.com/api/v3/", "https://git.example.com/api/uploads/"},
		"https://example.com/proxy/api/graphql": {"https://example.com/proxy/api/v3/", "https://example.com/proxy/api/uploads/"},
		"http://127.0.0.1:8080":                 {"http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080/api/uploads/"},
		"https://evil-ghe.com":                  {"https://evil-ghe.com/api/v3/", "https://evil-ghe.com/api/uploads/"},
		"http://api.github.com":                 {"http://api.github.com/api/v3/", "http://api.github.com/api/uploads/"},
	} {
		c, err := github.NewClient(nil, base)
		if err != nil {
			t.Errorf("NewClient(%q) = %v", base, err)
			continue
		}
		if api, uploads := c.BaseURL.String(), c.UploadURL.String(); api != want.api || uploads != want.uploads {
			t.Errorf("NewClient(%q) is for %s and %s, want %s and %s", base, api, uploads, want.api, want.uploads)
		}
	}
	for _, base := range []string{"https://bad host", "ftp://x", "https://", "://"} {
		if _, err := github.NewClient(nil, base); err == nil {
			t.Errorf("the base %q is taken", base)
		}
	}
}

// What the preset addresses is what the manager has tokens for.
func TestI2_NewClient_and_tokens_mean_the_same_place_by_a_base(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "github.com", "https://acme.ghe.com", "git.example.com", "https://git.example.com/proxy", "http://127.0.0.1:1/api/v3"} {
		m, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Host: base, Secret: tokens.Static(tokenA)})
		if err != nil {
			t.Fatal(err)
		}
		c, err := github.NewClient(nil, base)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range []string{"user", "app"} {
			for _, root := range []string{c.BaseURL.String(), c.UploadURL.String()} {
				req, err := http.NewRequest(http.MethodGet, root+u, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !m.Covers(req.URL) {
					t.Errorf("base %q: the manager has no token for %s", base, req.URL)
				}
			}
		}
		_ = m.Close()
	}
}

func TestI8_go_github_goes_on_with_the_second_token_over_an_Enterprise_Server(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA, tokenB}, Organizations: acme})
	srv := sim.Serve()
	defer srv.Close()
	sim.SetRemaining(tokenA, "core", 0)
	c := over(t, srv.Transport(), srv.URL)
	if n, err := list(t.Context(), c); err != nil || n != 75 {
		t.Errorf("ListByOrg() = %d repositories, %v; want 75", n, err)
	}
	if s := sim.Stats(); s.RefusedPrimary != 1 {
		t.Errorf("%d requests were refused, want the one that the first token is known by", s.RefusedPrimary)
	}
	for i, r := range sim.Requests() {
		if r.Authorizations != 1 {
			t.Errorf("request %d has %d headers with a credential, want 1", i+1, r.Authorizations)
		}
	}
}

func TestI3_go_github_over_HTTP2_and_gzip(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA, tokenB}, Organizations: acme})
	sim.SetRemaining(tokenA, "core", 0) // its refusal is read through gzip
	var proto atomic.Value
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		if r.Method == http.MethodDelete || r.Method == http.MethodHead {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer := httptest.NewRecorder()
		sim.ServeHTTP(answer, r)
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		w.Header().Del("Content-Length")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(answer.Code)
		z := gzip.NewWriter(w)
		_, _ = z.Write(answer.Body.Bytes())
		_ = z.Close()
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	c := over(t, srv.Client().Transport, srv.URL)
	if n, err := list(t.Context(), c); err != nil || n != 75 {
		t.Errorf("ListByOrg() = %d repositories, %v; want 75", n, err)
	}
	if _, err := c.Repositories.Delete(t.Context(), "acme", "repo-0001"); err != nil {
		t.Errorf("204: %v", err)
	}
	req, err := c.NewRequest(http.MethodHead, "users/user-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), req, nil); err != nil {
		t.Errorf("HEAD: %v", err)
	}
	if proto.Load() != "HTTP/2.0" {
		t.Errorf("it went over %v", proto.Load())
	}
}

func TestI9_a_cancelled_context_stops_go_github(t *testing.T) {
	t.Parallel()
	t.Run("while it waits for a token", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA, tokenB}, Organizations: acme})
			sim.SetRemaining(tokenA, "core", 0)
			sim.SetRemaining(tokenB, "core", 0)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Second, cancel)
			start := time.Now()
			if _, err := list(ctx, over(t, sim, "")); !errors.Is(err, context.Canceled) || time.Since(start) != 5*time.Second {
				t.Errorf("ListByOrg() = %v after %v, want %v after 5s", err, time.Since(start), context.Canceled)
			}
		})
	})
	t.Run("between pages", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA, tokenB}, Organizations: acme, Latency: time.Second})
			ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
			defer cancel()
			if _, err := list(ctx, over(t, sim, "")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("ListByOrg() = %v, want %v", err, context.DeadlineExceeded)
			}
			if n := len(sim.Requests()); n != 2 {
				t.Errorf("%d pages were asked for, want 2", n)
			}
		})
	})
}

func TestI2_go_github_takes_no_credential_to_a_downloads_storage(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA, tokenB}, Organizations: acme})
	c := over(t, sim, "")
	body, _, err := c.Repositories.DownloadReleaseAsset(t.Context(), "acme", "repo-0001", 1, c.Client())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, body); n == 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	body.Close()
	if len(sim.Requests()) != 2 || len(sim.Leaks()) > 0 {
		t.Errorf("%d requests, want 2; credentials arrived at %v", len(sim.Requests()), sim.Leaks())
	}
}
