package bitbucket_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

func TestNewClient_takes_a_base_as_tokens_name_their_host(t *testing.T) {
	t.Setenv("BITBUCKET_API_BASE_URL", "https://evil.example/2.0")
	for base, want := range map[string]string{
		"":                              "https://api.bitbucket.org/2.0",
		"https://api.bitbucket.org":     "https://api.bitbucket.org/2.0",
		"https://api.bitbucket.org/2.0": "https://api.bitbucket.org/2.0",
		"bitbucket.org":                 "https://api.bitbucket.org/2.0",
		"http://127.0.0.1:8080/":        "http://127.0.0.1:8080/2.0",
	} {
		c, err := bitbucket.NewClient(t.Context(), nil, base)
		if err != nil {
			t.Errorf("NewClient(%q) = %v", base, err)
			continue
		}
		if got := c.GetApiBaseURL(); got != want {
			t.Errorf("NewClient(%q) is for %s, want %s", base, got, want)
		}
	}
	for _, base := range []string{"https://bad host", "ftp://x", "https://", "://"} {
		if _, err := bitbucket.NewClient(t.Context(), nil, base); err == nil {
			t.Errorf("the base %q is taken", base)
		}
	}
}

func TestNewClient_asks_for_the_longest_pages(t *testing.T) {
	t.Parallel()
	b := newBench(t, fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 450}}})
	if n, err := b.list(t, t.Context()); err != nil || n != 450 {
		t.Errorf("ListForAccount() = %d repositories, %v; want 450", n, err)
	}
	if n := len(b.sim.Requests()); n != 5 {
		t.Errorf("%d requests, want 5 of 100", n)
	}
	b.wantClean(t)
}

func TestI2_go_bitbucket_takes_no_credential_to_another_host(t *testing.T) {
	t.Parallel()
	t.Run("a download's storage", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, fleettest.Config{})
		resp, err := b.client(t, t.Context()).HttpClient.Get("https://api.bitbucket.org/2.0/repositories/acme/repo-0001/downloads/release.zip")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("status %d, %d bytes, %v", resp.StatusCode, len(text), err)
		}
		b.wantClean(t)
	})
	for _, location := range []string{
		"https://evil.example/2.0/user", "http://api.bitbucket.org/2.0/user",
		"https://api.bitbucket.org.evil.example/2.0/user", "https://api.bitbucket.org:8443/2.0/user", "//evil.example/",
	} {
		t.Run("a redirect to "+location, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fleettest.Config{})
			b.sim.Inject(fleettest.Fault{Status: http.StatusFound, Header: http.Header{"Location": {location}}})
			_, _ = b.client(t, t.Context()).User.Profile()
			b.wantClean(t)
		})
		t.Run("a next link to "+location, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fleettest.Config{})
			b.sim.Inject(fleettest.Fault{Body: fmt.Sprintf(`{"values":[{"full_name":"acme/x"}],"next":%q}`, location)})
			_, _ = b.list(t, t.Context())
			if n := len(b.sim.Requests()); n < 2 {
				t.Errorf("%d requests, want that go-bitbucket follows the link", n)
			}
			b.wantClean(t)
		})
	}
}

// A page that is lost must not look like the end of the list.
func TestI15_go_bitbucket_tells_of_a_page_that_is_lost(t *testing.T) {
	t.Parallel()
	faults := map[string]fleettest.Fault{
		"not JSON":        {Body: `<html>busy</html>`},
		"breaks off":      {Cut: 700},
		"a server error":  {Status: http.StatusBadGateway},
		"no answer":       {Drop: true},
		"JSON that stops": {Body: `{"values":[`},
	}
	for name, fault := range faults {
		for page := range 3 {
			t.Run(fmt.Sprintf("page %d %s", page+1, name), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}}})
				f := fault
				f.After = page
				b.sim.Inject(f)
				if n, err := b.list(t, t.Context()); err == nil {
					t.Errorf("ListForAccount() = %d repositories and no error", n)
				}
				b.wantClean(t)
			})
		}
	}
}

func TestI3_go_bitbucket_over_HTTP2_and_gzip(t *testing.T) {
	t.Parallel()
	b := newBench(t, fleettest.Config{Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}}})
	var proto atomic.Value
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		if r.Method == http.MethodDelete || r.Method == http.MethodHead {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		r.URL.Scheme, r.URL.Host, r.RequestURI = "https", "api.bitbucket.org", ""
		answer, err := b.sim.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		for k, v := range answer.Header {
			w.Header()[k] = v
		}
		w.Header().Del("Content-Length")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(answer.StatusCode)
		z := gzip.NewWriter(w)
		_, _ = io.Copy(z, answer.Body)
		_ = z.Close()
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	base := srv.Client().Transport.(*http.Transport)
	base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	base.TLSClientConfig.ServerName = "example.com" // whom the server's certificate is for
	b.over(t, base, tokenA, tokenB)
	b.sim.SetRemaining(tokenA, api, 0)

	if n, err := b.list(t, t.Context()); err != nil || n != 250 {
		t.Errorf("ListForAccount() = %d repositories, %v; want 250", n, err)
	}
	if _, err := b.client(t, t.Context()).Repositories.Repository.Delete(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: "x"}); err != nil {
		t.Errorf("204: %v", err)
	}
	resp, err := b.client(t, t.Context()).HttpClient.Head("https://api.bitbucket.org/2.0/workspaces/acme")
	if err != nil {
		t.Fatalf("HEAD: %v", err)
	}
	resp.Body.Close()
	if proto.Load() != "HTTP/2.0" {
		t.Errorf("it went over %v", proto.Load())
	}
	b.wantClean(t)
}

func TestI3_go_bitbucket_streams_what_is_not_JSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fleettest.Config{})
		b.sim.Inject(fleettest.Fault{
			Status: http.StatusOK, Pause: time.Hour, Times: -1,
			Header: http.Header{"Content-Type": {"text/plain"}}, Body: strings.Repeat("+ a line\n", 100),
		})
		got, err := b.client(t, t.Context()).Repositories.Diff.GetDiff(&gobitbucket.DiffOptions{Owner: "acme", RepoSlug: "repo-0001", Spec: "main"})
		if err != nil {
			t.Fatal(err)
		}
		body := got.(io.ReadCloser)
		start := time.Now()
		text, err := io.ReadAll(body)
		if err != nil || len(text) != 900 || time.Since(start) != time.Hour {
			t.Errorf("%d bytes, %v, over %v; want 900 over an hour", len(text), err, time.Since(start))
		}
		body.Close()
		b.wantClean(t)

		// The context holds for the body as well.
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		pipe := b.sim.ServePipe()
		defer pipe.Close()
		b.over(t, pipe.Transport(), tokenA)
		got, err = b.client(t, ctx).Repositories.Diff.GetDiff(&gobitbucket.DiffOptions{Owner: "acme", RepoSlug: "repo-0001", Spec: "main"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(got.(io.ReadCloser)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reading on: %v, want %v", err, context.DeadlineExceeded)
		}
		got.(io.ReadCloser).Close()
	})
}

func TestI9_go_bitbucket_keeps_to_a_Timeout_of_its_client(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, fleettest.Config{Latency: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := b.client(t, ctx)
		c.HttpClient.Timeout = time.Second
		start := time.Now()
		_, err := c.Repositories.Repository.Get(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: "repo-0001"})
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != time.Second {
			t.Errorf("Get() = %v after %v, want a timeout after 1s", err, time.Since(start))
		}
	})
}

// Thousands of calls by eight goroutines, one client for each; a call in fifty is a
// list of several pages, which go-bitbucket does not close.
func TestI3_I16_go_bitbucket_leaves_no_connection_and_no_goroutine_behind(t *testing.T) {
	const calls = manyCalls
	before := runtime.NumGoroutine()
	b := newBench(t, fleettest.Config{Limit: -1, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 12}}})
	pipe := b.sim.ServePipe()
	base := pipe.Transport()
	base.MaxIdleConnsPerHost = 64 // more than are open at once, so that none is closed as one too many
	var dialled atomic.Int64
	dial := base.DialTLSContext
	base.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		return dial(ctx, network, address)
	}
	b.over(t, base, tokenA, tokenB)
	done := make(chan error)
	for range 8 {
		go func() {
			var failed error
			for i := range calls / 8 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%50 != 0 {
					_, err := b.client(t, ctx).Workspaces.Get("acme")
					failed = errors.Join(failed, err)
				} else {
					c := b.client(t, ctx)
					c.Pagelen = 4
					res, err := c.Repositories.ListForAccount(&gobitbucket.RepositoriesOptions{Owner: "acme"})
					if err == nil && len(res.Items) != 12 {
						err = fmt.Errorf("%d repositories, want 12", len(res.Items))
					}
					failed = errors.Join(failed, err)
				}
				cancel()
			}
			done <- failed
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	b.wantClean(t)
	// net/http dials while another connection becomes idle, the more often the
	// busier the machine is; a connection that is not given back costs one a call.
	if dialled.Load() > calls/10 {
		t.Errorf("%d connections were made for %d calls of 8 goroutines", dialled.Load(), calls)
	}
	b.client(t, t.Context()).HttpClient.CloseIdleConnections()
	pipe.Close()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		<-time.After(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
