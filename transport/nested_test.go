package transport_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/google/go-github/v66/github"
)

// static does what oauth2.Transport does: it clones the request and sets one
// and the same token.
type static struct {
	token string
	base  http.RoundTripper
}

func (s static) RoundTrip(r *http.Request) (*http.Response, error) {
	clone := r.Clone(r.Context())
	clone.Header.Set("Authorization", "Bearer "+s.token)
	return s.base.RoundTrip(clone)
}

func TestI18_RoundTrip_under_a_static_token_transport_sends_the_managers_token(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}, Limit: 3})
	gh := github.NewClient(&http.Client{Transport: static{canary.Token("old"), over(sim, manager(t, "a", "b"))}})
	for range 6 {
		if _, _, err := gh.Users.Get(t.Context(), "user-1"); err != nil {
			t.Fatal(err)
		}
	}
	if s := sim.Stats(); s.Unauthorized != 0 || s.RefusedPrimary != 0 || s.Accounts["user-1"].Requests != 3 {
		t.Errorf("%d unauthorized, %d refused, %d with the first token, want 0, 0 and 3", s.Unauthorized, s.RefusedPrimary, s.Accounts["user-1"].Requests)
	}
}

func TestI18_RoundTrip_over_a_static_token_transport_still_sends_one_credential(t *testing.T) {
	t.Parallel()
	w := script(ok())
	send(t, over(static{canary.Token("own"), w}, manager(t, "a")), get(t))
	if s := w.calls()[0]; s.Credentials != 1 || s.Token != "own" {
		t.Errorf("sent %d credentials, the last of %s, want the lower transport's only", s.Credentials, s.Token)
	}
}

func TestI1_RoundTrip_over_a_logging_transport_tells_it_one_line_per_attempt(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := script(primary(403, time.Now().Add(time.Hour), "core"), ok())
	logging := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := w.RoundTrip(r)
		if err == nil {
			fmt.Fprintf(&log, "%s %s: %d\n", r.Method, r.URL, resp.StatusCode)
		}
		return resp, err
	})
	send(t, over(logging, manager(t, "a", "b")), get(t))
	if want := "GET " + userURL + ": 403\nGET " + userURL + ": 200\n"; log.String() != want {
		t.Errorf("log\n%swant\n%s", log.String(), want)
	}
}

// caching revalidates what it has, as httpcache does.
type caching struct {
	base  http.RoundTripper
	mu    sync.Mutex
	etags map[string]string
	texts map[string][]byte
}

func (c *caching) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := r.URL.String()
	if etag := c.etags[key]; etag != "" {
		r = r.Clone(r.Context())
		r.Header.Set("If-None-Match", etag)
	}
	resp, err := c.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case 200:
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
		c.etags[key], c.texts[key] = resp.Header.Get("ETag"), b
	case 304:
		resp.Body.Close()
		resp.StatusCode = 200
		resp.Header = resp.Header.Clone()
		resp.Header.Set("X-From-Cache", "1")
	default:
		return resp, nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(c.texts[key]))
	return resp, nil
}

func TestI14_RoundTrip_under_a_cache_spends_nothing_on_what_has_not_changed(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}, Limit: 2})
	m := manager(t, "a")
	tr := over(sim, m)
	tr.MaxWait = -1
	gh := github.NewClient(&http.Client{Transport: &caching{base: tr, etags: map[string]string{}, texts: map[string][]byte{}}})
	for i := range 5 {
		if u, _, err := gh.Users.Get(t.Context(), "user-1"); err != nil || u.GetLogin() != "user-1" {
			t.Fatalf("call %d: %q, %v", i+1, u.GetLogin(), err)
		}
	}
	if s := sim.Stats(); s.NotModified != 4 {
		t.Errorf("%d answers 304, want 4", s.NotModified)
	}
	if left, _ := status(t, m, "a").Remaining.Get(); left != 1 {
		t.Errorf("%d remain, want 1 of 2", left)
	}
}

// The lower transport hands its refusal up raw, so that the upper one reads
// what the host said.
func TestI14_RoundTrip_over_another_one_with_RawHeaders_sees_the_hosts_refusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := spentUntil(map[string]time.Time{"lower": start.Add(time.Hour)})
		lower := over(w, manager(t, "lower"))
		lower.RawHeaders, lower.MaxWait = true, -1
		m := manager(t, "upper")
		upper := over(lower, m)
		upper.MaxWait = -1
		send(t, upper, get(t))
		if until := status(t, m, "upper").Until; !until.Equal(start.Add(time.Hour + time.Second)) {
			t.Errorf("the upper manager rests until %v, want the host's reset and a second", until)
		}
	})
}

func TestI16_RoundTrip_leaves_no_goroutine_and_no_connection_behind(t *testing.T) {
	t.Parallel()
	// Goroutines inherit the label, so that those of other tests do not count.
	const label = "leaves-no-goroutine"
	var conns atomic.Int64
	pprof.Do(t.Context(), pprof.Labels("test", label), func(context.Context) {
		sim := fleettest.NewGitHub(fleettest.Config{
			Accounts: []fleettest.Account{{Tokens: []string{canary.Token("a")}, Limit: 100}, {Tokens: []string{canary.Token("b")}}},
		})
		server := sim.Serve()
		base := server.Transport()
		dial := (&net.Dialer{}).DialContext
		base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			conns.Add(1)
			return &countedConn{Conn: c, open: &conns}, nil
		}
		m := managerOf(t,
			tokens.Token{Provider: tokens.GitHub, Host: server.URL, Secret: tokens.Static(canary.Token("a"))},
			tokens.Token{Provider: tokens.GitHub, Host: server.URL, Secret: tokens.Static(canary.Token("b"))})
		client := &http.Client{Transport: over(base, m)}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for range 5 {
					resp, err := client.Get(server.URL + "/api/v3/users/user-1")
					if err != nil {
						t.Error(err)
						return
					}
					if got := text(t, resp); resp.StatusCode != 200 {
						t.Errorf("answer %d %q", resp.StatusCode, got)
					}
				}
			})
		}
		wg.Wait()
		if s := sim.Stats(); s.RefusedPrimary != 0 || inFlight(m) != 0 {
			t.Errorf("%d refused, %d leases out, want none", s.RefusedPrimary, inFlight(m))
		}
		client.CloseIdleConnections() // reaches the base through the transport
		server.Close()
		_ = m.Close()
	})
	var left string
	for range 1000 {
		// net/http closes a connection that it dialled in advance, and ends its
		// goroutines, a moment after the other side has closed.
		var profile bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		if left = profile.String(); conns.Load() == 0 && !strings.Contains(left, label) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d connections are open, goroutines:\n%s", conns.Load(), left)
}

type countedConn struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// In a bubble a goroutine that stays fails the test by itself.
func TestI16_RoundTrip_starts_no_goroutine_that_outlives_its_calls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}, Limit: 30})
		server := sim.ServePipe()
		defer server.Close()
		client := &http.Client{Transport: over(server.Transport(), manager(t, "a", "b"))}
		start := time.Now()
		var wg sync.WaitGroup
		for range 90 {
			wg.Go(func() {
				resp, err := client.Get(userURL)
				if err != nil {
					t.Error(err)
					return
				}
				text(t, resp)
			})
		}
		wg.Wait()
		if s := sim.Stats(); s.Requests != 90 || s.RefusedPrimary != 0 || time.Since(start) < time.Hour {
			t.Errorf("%d requests, %d refused in %v, want 90, 0 and one wait for the reset", s.Requests, s.RefusedPrimary, time.Since(start))
		}
	})
}

func TestI5_RoundTrip_sends_no_more_than_remains_whatever_the_number_of_goroutines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}, Latency: 100 * time.Millisecond})
		sim.SetRemaining(canary.Token("a"), "core", 51)
		tr := over(sim, manager(t, "a"))
		tr.MaxWait = time.Minute
		send(t, tr, get(t))
		var served, refused atomic.Int64
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() {
				resp, err := tr.RoundTrip(get(t))
				if err != nil {
					refused.Add(1)
					return
				}
				served.Add(1)
				text(t, resp)
			})
		}
		wg.Wait()
		if s := sim.Stats(); served.Load() != 50 || refused.Load() != 150 || s.Requests != 51 || s.RefusedPrimary != 0 {
			t.Errorf("%d served, %d not, %d requests, %d refused by the host, want 50, 150, 51 and 0", served.Load(), refused.Load(), s.Requests, s.RefusedPrimary)
		}
	})
}

func TestI5_RoundTrip_sends_five_at_a_time_while_a_budget_is_unknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a")}, Latency: time.Second})
		tr := over(sim, manager(t, "a"))
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() { send(t, tr, get(t)) })
		}
		time.Sleep(time.Millisecond)
		if n := sim.Stats().Requests; n != 5 {
			t.Errorf("%d requests before the first answer, want 5", n)
		}
		wg.Wait()
		if s := sim.Stats(); s.Requests != 60 || s.MaxInFlight < 50 {
			t.Errorf("%d requests, at most %d at a time, want 60 and the rest together", s.Requests, s.MaxInFlight)
		}
	})
}

func TestTransport_has_the_defaults_that_its_fields_document(t *testing.T) {
	t.Parallel()
	if transport.DefaultBreakAfter != 20 || transport.DefaultRetryBudget != 0.2 {
		t.Errorf("defaults %d, %v", transport.DefaultBreakAfter, transport.DefaultRetryBudget)
	}
	if transport.DefaultMaxAttempts != 16 || transport.MaxWaits != 5 || tokens.DefaultMaxWait != 65*time.Minute {
		t.Errorf("defaults %d, %d, %v", transport.DefaultMaxAttempts, transport.MaxWaits, tokens.DefaultMaxWait)
	}
	tests := []struct {
		field string
		check func(*testing.T)
	}{
		{"MaxWait 0 waits for 65 minutes", func(t *testing.T) {
			for _, tt := range []struct {
				rest time.Duration
				want int
			}{{65*time.Minute - time.Second, 200}, {65 * time.Minute, 403}} {
				w := spentUntil(map[string]time.Time{"a": time.Now().Add(tt.rest)})
				if resp, _ := send(t, over(w, manager(t, "a")), get(t)); resp.StatusCode != tt.want {
					t.Errorf("reset in %v: answer %d, want %d", tt.rest, resp.StatusCode, tt.want)
				}
			}
		}},
		{"MaxWait 0 also bounds the pause after a secondary limit", func(t *testing.T) {
			w := script(secondary(403, "3901"))
			if resp, _ := send(t, over(w, manager(t, "a", "b", "c")), get(t)); resp.StatusCode != 403 || w.tokens() != "a b" {
				t.Errorf("answer %d after %s, want 403 after a b", resp.StatusCode, w.tokens())
			}
			w = script(secondary(403, "3900"), secondary(403, "3900"), ok())
			if resp, _ := send(t, over(w, manager(t, "a", "b", "c")), get(t)); resp.StatusCode != 200 || w.tokens() != "a b c" {
				t.Errorf("answer %d after %s, want 200 after a b c", resp.StatusCode, w.tokens())
			}
		}},
		{"BreakAfter 0 stops after 20 failures in a row", func(t *testing.T) {
			tr := over(failure(errBroken), manager(t, "a"))
			for i := range 21 {
				if got := ask(t, tr, "user"); (got == -1) != (i == 20) {
					t.Errorf("call %d: %d, want the 21st to fail at once", i+1, got)
				}
			}
		}},
		{"RetryBudget 0 is a fifth of the calls and 10 a minute", func(t *testing.T) {
			tr, w := failingFleet(t)
			start := time.Now()
			n := resends(t, tr, w, 50)
			if refilled := int(10*time.Since(start).Minutes()) + 1; n < 20 || n > 20+refilled {
				t.Errorf("%d of 50 calls were sent again in %v, want 10, 10 and 10 a minute", n, time.Since(start))
			}
		}},
		{"no hooks", func(t *testing.T) {
			send(t, over(script(secondary(403, "1"), badCredentials, ok()), manager(t, "a", "b", "c")), get(t))
		}},
		{"RawHeaders is off", func(t *testing.T) {
			resp, _ := send(t, over(script(ok("X-RateLimit-Remaining", "0")), manager(t, "a")), get(t))
			if got := resp.Header.Get("X-RateLimit-Remaining"); got != "1" {
				t.Errorf("Remaining %s, want it raised to 1", got)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.field, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tt.check)
		})
	}
	t.Run("Base nil is http.DefaultTransport", func(t *testing.T) {
		t.Parallel()
		server := newStop(t, httptest.NewServer, served)
		tr := &transport.Transport{Provider: tokens.GitHub, Manager: managerOf(t,
			tokens.Token{Provider: tokens.GitHub, Host: server.URL, Secret: tokens.Static(canary.Token("a"))})}
		send(t, tr, request(t, "GET", server.URL+"/api/v3/users/user-1", ""))
		if server.credentials() != "Authorization=a" {
			t.Errorf("the server saw %q", server.credentials())
		}
		tr.CloseIdleConnections()
	})
	t.Run("idle connections are the Base's", func(t *testing.T) {
		t.Parallel()
		base := &closing{wire: script(ok())}
		(&http.Client{Transport: over(base, manager(t, "a"))}).CloseIdleConnections()
		if base.closed != 1 {
			t.Errorf("the base was told %d times, want once", base.closed)
		}
	})
	t.Run("a Base that cannot close idle connections", func(t *testing.T) {
		t.Parallel()
		over(script(ok()), manager(t, "a")).CloseIdleConnections()
	})
}

type closing struct {
	*wire
	closed int
}

func (c *closing) CloseIdleConnections() { c.closed++ }
