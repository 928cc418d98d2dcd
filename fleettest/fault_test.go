package fleettest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestFault_strikes_as_often_as_it_says(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault fleettest.Fault
		want  string
	}{
		{"once by default", fleettest.Fault{}, "xooooo"},
		{"twice", fleettest.Fault{Times: 2}, "xxoooo"},
		{"always", fleettest.Fault{Times: -1}, "xxxxxx"},
		{"after some", fleettest.Fault{After: 2, Times: 3}, "ooxxxo"},
		{"where it matches", fleettest.Fault{Match: func(r *http.Request) bool { return r.URL.Path == "/none" }}, "oooooo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token := canary.Token("times")
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
			tt.fault.Status = 502
			sim.Inject(tt.fault)
			var got strings.Builder
			for range tt.want {
				got.WriteByte(map[int]byte{200: 'o', 502: 'x'}[get(t, sim, token, "/user").status])
			}
			if got.String() != tt.want {
				t.Errorf("struck %s, want %s", got.String(), tt.want)
			}
			if n := sim.Stats().Faulty; n != strings.Count(tt.want, "x") {
				t.Errorf("counted %d", n)
			}
		})
	}
}

func TestFault_status_is_counted_but_not_carried_out(t *testing.T) {
	t.Parallel()
	token := canary.Token("fault-status")
	sim := acme(token)
	sim.Inject(fleettest.Fault{Status: 502, Body: `{"message":"Server Error"`, Header: http.Header{"x-github-request-id": nil, "X-Served-By": {"edge"}}})
	r := send(t, sim, request{method: "POST", path: "/repos/acme/repo-0001/issues", token: token, body: `{"title":"t"}`})
	if r.status != 502 || r.body != `{"message":"Server Error"` || r.number("X-RateLimit-Used") != 1 {
		t.Errorf("%d %s, used %d", r.status, r.body, r.number("X-RateLimit-Used"))
	}
	if r.header.Get("X-GitHub-Request-Id") != "" || r.header.Get("X-Served-By") != "edge" {
		t.Errorf("headers %v", r.header)
	}
	if got := len(sim.Issues()); got != 0 {
		t.Errorf("%d issues exist, want none", got)
	}
}

func TestFault_dropped_request_was_carried_out(t *testing.T) {
	t.Parallel()
	token := canary.Token("drop")
	sim := acme(token)
	pipe := sim.ServePipe()
	t.Cleanup(pipe.Close)
	sim.Inject(fleettest.Fault{Drop: true, Times: 2})
	for _, rt := range []http.RoundTripper{sim, pipe.Transport()} {
		q := request{method: "POST", path: "/repos/acme/repo-0001/issues", token: token, body: `{"title":"t"}`}
		if resp, err := rt.RoundTrip(q.build(t)); err == nil {
			resp.Body.Close()
			t.Errorf("answered %s, want an error", resp.Status)
		}
	}
	if got := len(sim.Issues()); got != 2 {
		t.Errorf("%d issues exist, want 2", got)
	}
	if got := get(t, sim, token, "/user").number("X-RateLimit-Used"); got != 3 {
		t.Errorf("used %d, want 3", got)
	}
}

func TestFault_at_the_edge_counts_nothing(t *testing.T) {
	t.Parallel()
	token := canary.Token("edge")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
	sim.Inject(fleettest.Fault{Edge: true, Status: 503, Body: "<html>unicorn</html>"})
	r := get(t, sim, token, "/user")
	if r.status != 503 || r.header.Get("X-RateLimit-Limit") != "" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("%d with %v", r.status, r.header)
	}
	if got := get(t, sim, token, "/user").number("X-RateLimit-Used"); got != 1 {
		t.Errorf("used %d, want 1", got)
	}
}

func TestFault_match_reads_the_body_and_leaves_it(t *testing.T) {
	t.Parallel()
	token := canary.Token("match")
	sim := acme(token)
	sim.Inject(fleettest.Fault{Status: 500, Match: func(r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		return strings.Contains(string(body), "poison") && len(sim.Requests()) > 0
	}})
	for title, want := range map[string]int{"fine": 201, "poison": 500} {
		r := send(t, sim, request{method: "POST", path: "/repos/acme/repo-0001/issues", token: token, body: `{"title":"` + title + `"}`})
		if r.status != want {
			t.Errorf("issue %q: status %d, want %d", title, r.status, want)
		}
	}
}

func TestFault_body_pauses_and_breaks_off(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("cut")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
		pipe := sim.ServePipe()
		defer pipe.Close()
		for name, rt := range map[string]http.RoundTripper{"memory": sim, "pipe": pipe.Transport()} {
			sim.Inject(fleettest.Fault{Pause: 3 * time.Second, Cut: 8, Status: 200, Body: "0123456789"})
			start := time.Now()
			resp, err := rt.RoundTrip(request{path: "/user", token: token}.build(t))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(body) != "01234567" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: read %q, %v; want 01234567 and an unexpected EOF", name, body, err)
			}
			if got := time.Since(start); got != 3*time.Second {
				t.Errorf("%s: took %v, want 3s", name, got)
			}
		}
	})
}

func TestLatency_ends_with_the_request(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("latency")
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Latency: 2 * time.Second})
		sim.Inject(fleettest.Fault{Delay: time.Minute})
		ctx, cancel := contextWithTimeout(t, 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := sim.RoundTrip(request{path: "/user", token: token}.build(t).WithContext(ctx))
		if !errors.Is(err, ctx.Err()) || time.Since(start) != 5*time.Second {
			t.Errorf("ended after %v with %v, want 5s and the context's error", time.Since(start), err)
		}
		start = time.Now()
		if r := get(t, sim, token, "/user"); r.number("X-RateLimit-Used") != 2 || time.Since(start) != 2*time.Second {
			t.Errorf("next call: used %d after %v, want 2 after 2s", r.number("X-RateLimit-Used"), time.Since(start))
		}
	})
}
