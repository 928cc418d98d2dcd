//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	gogitlab "github.com/xanzy/go-gitlab"
)

func TestNewClient_takes_a_base_as_tokens_name_their_host(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                               "https://gitlab.com/api/v4/",
		"https://gitlab.com":             "https://gitlab.com/api/v4/",
		"git.example.com":                "https://git.example.com/api/v4/",
		"https://git.example.com/gitlab": "https://git.example.com/gitlab/api/v4/",
		"https://git.example.com/api/v4": "https://git.example.com/api/v4/",
		"http://127.0.0.1:8080/":         "http://127.0.0.1:8080/api/v4/",
	} {
		c, err := gitlab.NewClient(nil, base)
		if err != nil {
			t.Errorf("NewClient(%q) = %v", base, err)
			continue
		}
		if got := c.BaseURL().String(); got != want {
			t.Errorf("NewClient(%q) is for %s, want %s", base, got, want)
		}
	}
	if _, err := gitlab.NewClient(nil, "https://bad host"); err == nil {
		t.Error("a base that is no URL is taken")
	}
}

func TestNewClient_lets_options_have_the_last_word(t *testing.T) {
	t.Parallel()
	b := newBench(t, fleettest.Config{})
	var agent string
	rt := roundTripper(func(r *http.Request) (*http.Response, error) {
		agent = r.Header.Get("X-Request-From")
		return b.transport.RoundTrip(r)
	})
	c, err := gitlab.NewClient(rt, "", gogitlab.WithRequestOptions(gogitlab.WithHeader("X-Request-From", "acme")))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Users.CurrentUser(); err != nil {
		t.Fatal(err)
	}
	if agent != "acme" {
		t.Errorf("the option's header is %q", agent)
	}
}

// GitLab redirects downloads to a storage host, and a project that has moved to
// where it is now.
func TestI2_go_gitlab_takes_no_credential_to_another_host(t *testing.T) {
	t.Parallel()
	t.Run("a download's storage", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, fleettest.Config{})
		text, _, err := b.client.Repositories.Archive("acme/repo-0001", nil)
		if err != nil || !bytes.Contains(text, []byte("archive.tar.gz")) {
			t.Errorf("Archive() = %q, %v", text, err)
		}
		b.wantClean(t)
	})
	for _, location := range []string{
		"https://evil.example/api/v4/projects", "http://gitlab.com/api/v4/projects",
		"https://gitlab.com.evil.example/api/v4/x", "https://gitlab.com/login", "//evil.example/",
		"https://gitlab.com:8443/api/v4/user",
	} {
		t.Run("a redirect to "+location, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, fleettest.Config{})
			b.sim.Inject(fleettest.Fault{Status: http.StatusFound, Header: http.Header{"Location": {location}}})
			_, _, _ = b.client.Users.CurrentUser()
			b.wantClean(t)
		})
	}
	t.Run("a hostile next link", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, fleettest.Config{})
		b.sim.Inject(fleettest.Fault{Header: http.Header{"Link": {`<https://evil.example/api/v4/groups/acme/projects?page=2>; rel="next"`}}})
		_, resp, err := b.client.Groups.ListGroupProjects("acme", nil)
		if err != nil || resp.NextLink == "" {
			t.Fatalf("ListGroupProjects() = %v, next link %q", err, resp.NextLink)
		}
		req, err := b.client.NewRequest(http.MethodGet, "", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if req.URL, err = req.URL.Parse(resp.NextLink); err != nil {
			t.Fatal(err)
		}
		req.Host = req.URL.Host
		if _, err := b.client.Do(req, nil); err == nil {
			t.Error("a host that does not exist has answered")
		}
		b.wantClean(t)
	})
	t.Run("a moved project keeps its token", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, fleettest.Config{})
		b.sim.Rename("acme", "repo-0001", "renamed")
		p, _, err := b.client.Projects.GetProject("acme/repo-0001", nil)
		if err != nil || p.Path != "renamed" {
			t.Errorf("GetProject() = %v, %v", p, err)
		}
		b.wantClean(t)
	})
}

// Over a socket, HTTP/2 and gzip, with answers that have no body.
func TestI3_go_gitlab_over_HTTP2(t *testing.T) {
	t.Parallel()
	b := newBench(t, fleettest.Config{})
	var proto atomic.Value
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		if r.Method == http.MethodDelete || r.Method == http.MethodHead {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("gzip was not asked for")
		}
		answer := httptest.NewRecorder()
		b.sim.ServeHTTP(answer, r)
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
	b.over(t, srv.Client().Transport, srv.URL, tokenA, tokenB)
	b.sim.SetRemaining(tokenA, throttle, 0) // its refusal is read through gzip

	p, _, err := b.client.Projects.GetProject("acme/repo-0001", nil)
	if err != nil || p.PathWithNamespace != "acme/repo-0001" {
		t.Errorf("GetProject() = %v, %v", p, err)
	}
	if _, err := b.client.Projects.DeleteProject("acme/repo-0001", nil); err != nil {
		t.Errorf("204: %v", err)
	}
	req, err := b.client.NewRequest(http.MethodHead, "projects/1", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.Do(req, nil); err != nil {
		t.Errorf("HEAD: %v", err)
	}
	if proto.Load() != "HTTP/2.0" {
		t.Errorf("it went over %v", proto.Load())
	}
	b.wantClean(t)
}

func TestI3_go_gitlab_streams_bodies_and_keeps_to_its_Timeout(t *testing.T) {
	t.Parallel()
	t.Run("a body that comes slowly", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, fleettest.Config{})
			pipe := b.sim.ServePipe()
			defer pipe.Close()
			b.over(t, pipe.Transport(), "", tokenA, tokenB)
			b.sim.Inject(fleettest.Fault{After: 1, Pause: time.Hour}) // of the storage host's answer
			var got slowWriter
			if _, err := b.client.Repositories.StreamArchive("acme/repo-0001", &got, nil); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got.String(), "archive.tar.gz") || got.last.Sub(got.first) != time.Hour {
				t.Errorf("got %q over %v, want the whole over an hour", got.String(), got.last.Sub(got.first))
			}
			b.wantClean(t)
		})
	})
	t.Run("a client with a Timeout of the user's", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, fleettest.Config{Latency: time.Hour})
			c, err := gitlab.NewClient(nil, "", gogitlab.WithHTTPClient(&http.Client{Transport: b.transport, Timeout: time.Second}))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, _, err = c.Users.CurrentUser()
			var timeout net.Error
			if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != time.Second {
				t.Errorf("CurrentUser() = %v after %v, want a timeout after 1s", err, time.Since(start))
			}
		})
	})
}

// slowWriter knows when it was first and last written to.
type slowWriter struct {
	bytes.Buffer
	first, last time.Time
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if w.last = time.Now(); w.first.IsZero() {
		w.first = w.last
	}
	return w.Buffer.Write(p)
}

// ReadFrom hides the buffer's own, which would not see the pause.
func (w *slowWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Thousands of calls by eight goroutines, of which every hundredth is refused once
// and every hundredth ended by its caller.
func TestI3_I16_go_gitlab_leaves_no_connection_and_no_goroutine_behind(t *testing.T) {
	const calls = manyCalls
	before := runtime.NumGoroutine()
	b := newBench(t, fleettest.Config{Limit: -1})
	// Refused is one of the two tokens, or a call might be refused with both, and
	// rightly fail. So would a refused probe rightly put its token aside.
	ofOne := func(r *http.Request) bool {
		return r.UserAgent() != "gitfleet" && r.Header.Get("Private-Token") == tokenA
	}
	for after := range calls / 100 {
		b.sim.Inject(fleettest.Fault{Match: ofOne, After: after * 45, Status: http.StatusUnauthorized, Body: `{"message":"401 Unauthorized"}`})
	}
	pipe := b.sim.ServePipe()
	base := pipe.Transport()
	base.MaxIdleConnsPerHost = 64 // more than are open at once, so that none is closed as one too many
	var dialled, open atomic.Int64
	dial := base.DialTLSContext
	base.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		dialled.Add(1)
		open.Add(1)
		return &countedConn{Conn: conn, open: &open}, nil
	}
	b.over(t, base, "", tokenA, tokenB)

	var ended atomic.Int64 // calls that their caller ended
	var calling sync.WaitGroup
	for g := range 8 {
		calling.Go(func() {
			for i := range calls / 8 {
				ctx, cancel := context.WithCancel(t.Context())
				if i%100 == g {
					time.AfterFunc(time.Duration(i%7)*10*time.Microsecond, cancel)
				}
				_, _, err := b.client.Users.ListUsers(nil, gogitlab.WithContext(ctx))
				switch {
				case errors.Is(err, context.Canceled):
					ended.Add(1)
				case err != nil:
					t.Error(err)
				}
				cancel()
			}
		})
	}
	calling.Wait()
	if refused := strings.Count(b.log(), ":401"); refused < calls/200 {
		t.Errorf("%d calls of %d were refused", refused, calls)
	}
	// go-gitlab does not close an answer that comes as its call is ended; that
	// frees the connection all the same, as is seen below.
	if n := b.open.Swap(0); n > ended.Load() {
		t.Errorf("%d bodies of answers were not closed, %d calls were ended", n, ended.Load())
	}
	b.wantClean(t)
	// Beyond one for each goroutine there is one for each call that was ended.
	if most := 8 + 2*ended.Load(); dialled.Load() > most {
		t.Errorf("%d connections were made for %d calls, want at most %d", dialled.Load(), calls, most)
	}
	b.transport.CloseIdleConnections()
	base.CloseIdleConnections()
	pipe.Close()
	settle(t, before) // which is when the last connection has been closed, too
	if n := open.Load(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

type countedConn struct {
	net.Conn
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.Conn.Close()
}

// settle gives goroutines that are about to end the time to do so.
func settle(t *testing.T, want int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= want {
			return
		}
		runtime.Gosched()
		<-time.After(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), want)
}
