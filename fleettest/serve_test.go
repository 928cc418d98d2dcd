package fleettest_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
)

// contextWithTimeout is the test's context with a timeout.
func contextWithTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

func TestServePipe_lets_hours_pass_in_a_bubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("bubble")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Limit: 1, Latency: 50 * time.Millisecond})
		s := sim.ServePipe()
		defer s.Close()
		start := time.Now()
		for i := range 5 {
			r := get(t, s.Transport(), token, "/user")
			if r.status != 200 {
				t.Fatalf("call %d: status %d, want 200", i+1, r.status)
			}
			time.Sleep(time.Until(time.Unix(r.number("X-RateLimit-Reset"), 0)))
		}
		if got := time.Since(start); got < 5*time.Hour || got > 5*time.Hour+5*time.Second {
			t.Errorf("five windows took %v, want 5h", got)
		}
	})
}

func TestServePipe_knows_which_host_was_meant(t *testing.T) {
	t.Parallel()
	token := canary.Token("pipe-host")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
	s := sim.ServePipe()
	t.Cleanup(s.Close)
	if r := get(t, s.Transport(), token, "http://api.github.com/user"); r.status != 301 || r.header.Get("Location") != api+"/user" {
		t.Errorf("plain http: %d to %q, want 301 to https", r.status, r.header.Get("Location"))
	}
	if resp, err := s.Transport().RoundTrip(request{path: "https://example.com/x", token: token}.build(t)); err == nil {
		resp.Body.Close()
		t.Errorf("a foreign host answered %s", resp.Status)
	}
	want := []fleettest.Leak{{"http", "api.github.com", "Authorization"}, {"https", "example.com", "Authorization"}}
	if got := sim.Leaks(); !cmp.Equal(got, want) {
		t.Errorf("leaks %v, want %v", got, want)
	}
}

func TestServe_answers_with_its_own_address(t *testing.T) {
	t.Parallel()
	token := canary.Token("socket")
	sim := acme(token)
	own := sim.Serve()
	t.Cleanup(own.Close)
	theirs := httptest.NewServer(sim)
	t.Cleanup(theirs.Close)
	for _, base := range []string{own.URL, own.URL + "/api/v3", theirs.URL} {
		r := get(t, own.Transport(), token, base+"/orgs/acme/repos?per_page=100")
		if want := "<" + base + "/organizations/1001/repos?per_page=100&page=2>"; r.status != 200 || !strings.HasPrefix(r.header.Get("Link"), want) {
			t.Errorf("%s: %d, link %q", base, r.status, r.header.Get("Link"))
		}
	}
	q := request{method: "POST", path: own.URL + "/api/graphql", token: token, body: `{"query":"{viewer{login}}"}`}
	if r := send(t, own.Transport(), q); r.status != 200 || r.header.Get("X-RateLimit-Resource") != "graphql" {
		t.Errorf("graphql: %d on %q", r.status, r.header.Get("X-RateLimit-Resource"))
	}
}

func TestServer_Close_leaves_no_goroutine(t *testing.T) {
	// Not parallel: it counts goroutines.
	token := canary.Token("goroutines")
	before := runtime.NumGoroutine()
	for range 5 {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Latency: time.Hour})
		for _, s := range []*fleettest.Server{sim.Serve(), sim.ServePipe()} {
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					resp, err := s.Transport().RoundTrip(request{path: s.URL + "/user", token: token}.build(t))
					if err == nil {
						resp.Body.Close()
						t.Error("a call of an hour was answered")
					}
				})
			}
			for sim.Stats().MaxInFlight < 10 {
				runtime.Gosched()
			}
			s.Close()
			s.Close()
			all.Wait()
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched() // the transport's own end a moment later
	}
	if got := runtime.NumGoroutine(); got > before {
		t.Errorf("%d goroutines before, %d after", before, got)
	}
}

func TestServe_panics_only_inside_the_connection(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{})
	s := sim.Serve()
	t.Cleanup(s.Close)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close() // a client that goes away at once
	if got := get(t, s.Transport(), "", s.URL+"/rate_limit").status; got != http.StatusOK {
		t.Errorf("status %d, want 200", got)
	}
}
