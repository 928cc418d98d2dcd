package transport_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// unchanged keeps what a request looks like, to compare it later.
func unchanged(req *http.Request) func(*testing.T) {
	header, trailer, address := req.Header.Clone(), req.Trailer.Clone(), *req.URL
	encoding := append([]string(nil), req.TransferEncoding...)
	shallow := *req
	return func(t *testing.T) {
		t.Helper()
		getBody := req.GetBody != nil
		now, before := *req, shallow
		now.GetBody, before.GetBody = nil, nil // functions compare as equal only if nil
		if !reflect.DeepEqual(now, before) || getBody != (shallow.GetBody != nil) {
			t.Error("a field of the caller's request was changed")
		}
		if !reflect.DeepEqual(req.Header, header) || !reflect.DeepEqual(req.Trailer, trailer) ||
			!reflect.DeepEqual(*req.URL, address) || !reflect.DeepEqual(append([]string(nil), req.TransferEncoding...), encoding) {
			t.Error("what the caller's request points to was changed")
		}
	}
}

func TestI3_RoundTrip_leaves_the_callers_request_as_it_was(t *testing.T) {
	t.Parallel()
	bodies := map[string]bool{"with a body": true, "without a body": false}
	for name, make := range scenarios() {
		for bodied, has := range bodies {
			t.Run(name+" "+bodied, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					tr := over(make(), manager(t, "a", "b"))
					tr.MaxWait = -1
					for _, address := range []string{userURL, "https://api.github.com/app", "https://elsewhere.example/"} {
						req := request(t, "POST", address, map[bool]string{true: "{}"}[has])
						req.Header = http.Header{
							"Authorization": {"Bearer " + canary.Token("a")}, "Private-Token": {canary.Token("own")},
							"X-Twice": {"1", "2"}, "Empty": {}, "Accept": {"application/json"},
						}
						check := unchanged(req)
						_, _ = tr.RoundTrip(req)
						check(t)
					}
				})
			})
		}
	}
	t.Run("without a header", func(t *testing.T) {
		t.Parallel()
		w := script(ok())
		u, _ := url.Parse(userURL)
		req := (&http.Request{URL: u}).WithContext(t.Context())
		check := unchanged(req)
		send(t, over(w, manager(t, "a")), req)
		check(t)
		if w.tokens() != "a" {
			t.Errorf("sent %s, want a", w.tokens())
		}
	})
}

// Every reader of the request's body, the caller's and those of GetBody, is
// closed exactly once, whatever becomes of the call.
func TestI3_RoundTrip_closes_the_requests_body_once_on_every_path(t *testing.T) {
	t.Parallel()
	paths := scenarios()
	hour := func() time.Time { return time.Now().Add(time.Hour) }
	paths["second secondary limit"] = func() *wire { return script(secondary(403, "60")) }
	paths["refused, then failed"] = func() *wire {
		return &wire{answer: func(s sent) (*http.Response, error) {
			if s.Number == 1 {
				return primary(403, hour(), "core")(), nil
			}
			return nil, errors.New("connection reset")
		}}
	}
	for name, make := range paths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := over(make(), manager(t, "a", "b", "c"))
				tr.MaxWait = -1
				for range 3 {
					var all []*body
					open := func() (io.ReadCloser, error) {
						all = append(all, upload("{}"))
						return all[len(all)-1], nil
					}
					req := request(t, "POST", userURL, "")
					req.Body, _ = open()
					req.GetBody = open
					req.ContentLength = 2
					_, _ = tr.RoundTrip(req)
					for i, b := range all {
						if closed, _ := b.state(); closed != 1 {
							t.Errorf("reader %d of %d was closed %d times, want once", i+1, len(all), closed)
						}
					}
				}
			})
		})
	}
}

func TestI3_RoundTrip_closes_the_requests_body_if_it_is_not_sent(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	tests := map[string]struct {
		ctx     context.Context
		manager func(*testing.T) *tokens.Manager
		want    func(error) bool
	}{
		"the context has ended": {ended, func(t *testing.T) *tokens.Manager { return manager(t, "a") },
			func(err error) bool { return err == context.Canceled }},
		"the manager is closed": {context.Background(), func(t *testing.T) *tokens.Manager {
			m := manager(t, "a")
			_ = m.Close()
			return m
		}, func(err error) bool { return err == tokens.ErrClosed }},
		"there is no manager": {context.Background(), func(*testing.T) *tokens.Manager { return nil },
			func(err error) bool { return err != nil }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := script(ok())
			b := upload("{}")
			req := request(t, "POST", userURL, "").WithContext(tt.ctx)
			req.Body = b
			resp, err := over(w, tt.manager(t)).RoundTrip(req)
			if resp != nil || !tt.want(err) {
				t.Errorf("RoundTrip() = %v, %v", resp, err)
			}
			if closed, _ := b.state(); closed != 1 || len(w.calls()) != 0 {
				t.Errorf("closed %d times, sent %d times, want once and never", closed, len(w.calls()))
			}
		})
	}
}

func TestI3_RoundTrip_reads_a_context_that_ends_while_a_request_is_under_way(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			<-s.ctx.Done()
			return nil, s.ctx.Err()
		}}
		m := manager(t, "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if resp, err := over(w, m).RoundTrip(get(t).WithContext(ctx)); resp != nil || err != context.DeadlineExceeded || inFlight(m) != 0 {
			t.Errorf("RoundTrip() = %v, %v with %d leases out, want the context's error, unwrapped", resp, err, inFlight(m))
		}
	})
}

// The body of an answer that is looked into reads from its first byte, whole,
// and is closed by the caller alone.
func TestI3_RoundTrip_hands_back_whole_bodies_that_it_has_looked_into(t *testing.T) {
	t.Parallel()
	long := big(300 << 10)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, `{"message":"API rate limit exceeded for user ID 1."}`)
	_ = z.Close()
	numbers := rate(5000, 4000, time.Now().Add(time.Hour), "core")
	tests := map[string]struct {
		method, url string
		answer      func() *http.Response
	}{
		"403":                {"GET", userURL, reply(403, `{"message":"no"}`, numbers...)},
		"403 longer":         {"GET", userURL, reply(403, `{"message":"`+long+`"}`, numbers...)},
		"401":                {"GET", userURL, badCredentials},
		"429 not JSON":       {"GET", userURL, reply(429, long)},
		"GraphQL":            {"POST", graphQLURL, reply(200, `{"data":{"viewer":{"login":"x"}}}`, numbers...)},
		"GraphQL longer":     {"POST", graphQLURL, reply(200, `{"data":{"x":"`+long+`"}}`, numbers...)},
		"200":                {"GET", userURL, reply(200, long, numbers...)},
		"403 gzip":           {"GET", userURL, reply(403, packed.String(), append(numbers, "Content-Encoding", "gzip")...)},
		"403 no gzip":        {"GET", userURL, reply(403, "plain", append(numbers, "Content-Encoding", "gzip")...)},
		"403 empty":          {"GET", userURL, reply(403, "", numbers...)},
		"HEAD 403":           {"HEAD", userURL, reply(403, "", append(numbers, "Content-Length", "120")...)},
		"204":                {"DELETE", userURL, reply(204, "", numbers...)},
		"nil body":           {"GET", userURL, func() *http.Response { return &http.Response{StatusCode: 200} }},
		"nil body of a 403":  {"GET", userURL, func() *http.Response { return &http.Response{StatusCode: 403} }},
		"rate_limit, longer": {"GET", "https://api.github.com/rate_limit", reply(200, `{"resources":{"core":{"remaining":0,"x":"`+long+`"}}}`, numbers...)},
		"rate_limit, broken": {"GET", "https://api.github.com/rate_limit", reply(200, `{"resources":{"core":`, numbers...)},
		"rate_limit, other":  {"GET", "https://api.github.com/rate_limit", reply(200, `{"resources":[1,2]}`, numbers...)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := script(tt.answer)
			tr := over(w, manager(t, "a"))
			tr.MaxAttempts = 1
			tr.RawHeaders = true
			tr.MaxWait = -1
			for _, tr.RawHeaders = range []bool{true, false} {
				w.bodies = nil
				m := manager(t, "a")
				tr.Manager = m
				resp, err := tr.RoundTrip(request(t, tt.method, tt.url, map[string]string{"POST": "{}"}[tt.method]))
				if err != nil {
					t.Fatal(err)
				}
				want := tt.answer()
				if len(w.bodies) > 0 {
					if closed, _ := w.bodies[0].state(); closed != 0 {
						t.Error("the body was closed before the caller had it")
					}
				}
				if want.Body == nil {
					want.Body = http.NoBody
				}
				if got, want := text(t, resp), text(t, want); got != want {
					t.Errorf("body of %d bytes, want %d", len(got), len(want))
				}
				if resp.ContentLength != want.ContentLength {
					t.Errorf("ContentLength %d, want %d", resp.ContentLength, want.ContentLength)
				}
				if len(w.bodies) > 0 {
					if closed, _ := w.bodies[0].state(); closed != 1 {
						t.Errorf("the body was closed %d times, want once", closed)
					}
				}
			}
		})
	}
}

func TestI3_RoundTrip_tells_of_a_body_that_breaks_off_as_the_host_did(t *testing.T) {
	t.Parallel()
	tr := over(script(cut(`{"message":"no"}`)), manager(t, "a"))
	resp, err := tr.RoundTrip(get(t))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if string(got) != `{"message":"no"}` || err != io.ErrUnexpectedEOF {
		t.Errorf("read %q, %v, want all that came and the error", got, err)
	}
}

func TestI3_RoundTrip_reads_through_gzip_that_the_caller_asked_for(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("the caller's Accept-Encoding did not arrive")
		}
		if nameOf(r.Header.Get("Authorization")) == "b" {
			_, _ = io.WriteString(w, "{}")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusForbidden)
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, primaryText)
		_ = z.Close()
	}))
	defer server.Close()
	m := managerOf(t,
		tokens.Token{Provider: tokens.GitHub, Host: server.URL, Label: "a", Secret: tokens.Static(canary.Token("a"))},
		tokens.Token{Provider: tokens.GitHub, Host: server.URL, Label: "b", Secret: tokens.Static(canary.Token("b"))})
	base := &http.Transport{}
	defer base.CloseIdleConnections()
	tr := over(base, m)
	req := request(t, "GET", server.URL+"/api/v3/users/user-1", "")
	req.Header.Set("Accept-Encoding", "gzip")
	if resp, got := send(t, tr, req); resp.StatusCode != 200 || got != "{}" {
		t.Errorf("answer %d, want the second token's: the refusal's words were compressed", resp.StatusCode)
	}
	// Handed back, it is still as the caller asked.
	tr.MaxAttempts = 1
	req = request(t, "GET", server.URL+"/api/v3/users/user-1", "")
	req.Header.Set("Accept-Encoding", "gzip")
	resp, got := send(t, &transport.Transport{Manager: managerOf(t, tokens.Token{
		Provider: tokens.GitHub, Host: server.URL, Secret: tokens.Static(canary.Token("a")),
	}), Provider: tokens.GitHub, Base: base, MaxWait: -1}, req)
	z, err := gzip.NewReader(strings.NewReader(got))
	if err != nil {
		t.Fatalf("answer %d is not compressed any more: %v", resp.StatusCode, err)
	}
	if plain, err := io.ReadAll(z); string(plain) != primaryText || err != nil {
		t.Errorf("answer %d %q, %v, want the refusal", resp.StatusCode, plain, err)
	}
}

// A refusal that was kept has lost its connection, but not its beginning.
func TestI3_I13_RoundTrip_keeps_up_to_64_KiB_of_a_refusal_without_its_connection(t *testing.T) {
	t.Parallel()
	head := `{"message":"API rate limit exceeded for user ID 1.","more":"`
	for _, tt := range []struct {
		name     string
		method   string
		length   int
		want     int
		length64 int64 // ContentLength afterwards
	}{
		{"short", "GET", 100, 100, 100},
		{"just as long", "GET", 64 << 10, 64 << 10, 64 << 10},
		{"longer", "GET", 100 << 10, 64 << 10, -1},
		{"longer than is drained", "GET", 1 << 20, 64 << 10, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole := head + big(tt.length)[:tt.length-len(head)]
			w := script(reply(403, whole, rate(5000, 0, time.Now().Add(time.Hour), "core")...))
			tr := over(w, manager(t, "a"))
			tr.MaxWait = -1
			resp, err := tr.RoundTrip(request(t, tt.method, userURL, ""))
			if err != nil {
				t.Fatal(err)
			}
			// Only what is read to its end leaves a connection that can be used
			// again; what is too long for that is not read on and on.
			closed, ended := w.bodies[0].state()
			if read := w.bodies[0].read; closed != 1 || ended != (tt.length < 256<<10) || read > 512<<10 {
				t.Errorf("the connection's body: closed %d times after %d of %d bytes, at its end: %v", closed, read, tt.length, ended)
			}
			if got := text(t, resp); len(got) != tt.want || got != whole[:tt.want] {
				t.Errorf("%d bytes, want the first %d", len(got), tt.want)
			}
			if resp.ContentLength != tt.length64 {
				t.Errorf("ContentLength %d, want %d", resp.ContentLength, tt.length64)
			}
		})
	}
	t.Run("HEAD", func(t *testing.T) {
		t.Parallel()
		w := script(func() *http.Response {
			resp := reply(403, "", rate(5000, 0, time.Now().Add(time.Hour), "core")...)()
			resp.ContentLength = 200
			return resp
		})
		tr := over(w, manager(t, "a"))
		tr.MaxWait = -1
		resp, got := send(t, tr, request(t, "HEAD", userURL, ""))
		if resp.StatusCode != 403 || resp.ContentLength != 200 || got != "" {
			t.Errorf("answer %d of length %d with %q, want 403, 200 and nothing", resp.StatusCode, resp.ContentLength, got)
		}
	})
}

func TestI3_RoundTrip_complains_of_a_base_that_answers_nothing(t *testing.T) {
	t.Parallel()
	m := manager(t, "a")
	tr := over(roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil }), m)
	resp, err := tr.RoundTrip(get(t))
	if resp != nil || err == nil || !strings.Contains(err.Error(), "Base returned neither") || inFlight(m) != 0 {
		t.Errorf("RoundTrip() = %v, %v with %d leases out", resp, err, inFlight(m))
	}
}

// net/http may read a request's header and body after RoundTrip has returned.
func TestI3_RoundTrip_gives_each_attempt_a_request_of_its_own(t *testing.T) {
	t.Parallel()
	var all []*http.Request
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		all = append(all, r)
		if len(all) < 3 {
			return primary(403, time.Now().Add(time.Hour), "core")(), nil
		}
		return ok()(), nil
	})
	req := get(t)
	send(t, over(base, manager(t, "a", "b", "c")), req)
	names := map[string]bool{}
	for i, r := range all {
		names[nameOf(r.Header.Get("Authorization"))] = true
		if r == req || i > 0 && r == all[i-1] {
			t.Errorf("attempt %d was sent with a request that is used already", i+1)
		}
	}
	if len(names) != 3 {
		t.Errorf("the three attempts now show %d different tokens, want 3", len(names))
	}
}
