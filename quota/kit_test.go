package quota_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/quota"
)

const app = "app"

var key = canary.Token("quota")

// A wire hands requests to a handler in memory and keeps their bodies and headers.
type wire struct {
	handler http.Handler
	delay   time.Duration
	before  func(n int) (*http.Response, error) // of the nth call, from 1; nil, nil goes on
	after   func(n int) error                   // loses the nth answer

	mu      sync.Mutex
	bodies  []map[string]any
	headers []http.Header
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var form map[string]any
	if err := json.Unmarshal(body, &form); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.bodies = append(w.bodies, form)
	w.headers = append(w.headers, r.Header.Clone())
	n := len(w.bodies)
	w.mu.Unlock()
	if w.delay > 0 {
		select {
		case <-time.After(w.delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if w.before != nil {
		if resp, err := w.before(n); resp != nil || err != nil {
			return resp, err
		}
	}
	served := r.Clone(r.Context())
	served.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, served)
	if w.after != nil {
		if err := w.after(n); err != nil {
			return nil, err
		}
	}
	return rec.Result(), nil
}

func (w *wire) calls() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.bodies)
}

// status is an answer with a status and a body.
func status(code int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(bytes.NewReader([]byte(body)))}
}

// server has an application with a default bucket of 3 tokens and the given rules.
func server(t testing.TB, rules ...quota.RuleSpec) *quota.Server {
	t.Helper()
	s := quota.NewServer(quota.ServerConfig{})
	if err := s.AddApplication(quota.Application{ID: app, Key: quota.NewKey(key), RefillRate: 1, BurstRate: 3}); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if _, err := s.AddRule(app, r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// client asks handler over a wire.
func client(t testing.TB, handler http.Handler, options ...quota.Option) (*quota.Client, *wire) {
	t.Helper()
	w := &wire{handler: handler}
	c, err := quota.New(key, app, append([]quota.Option{quota.WithHTTPClient(&http.Client{Transport: w})}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, w
}

// fixed answers every request with the same body.
func fixed(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

var email = quota.RuleSpec{ID: "r1", Name: "Emails", Operation: "send_email", RefillRate: 10, BurstRate: 100}

// allow makes a decision that must not fail.
func allow(t testing.TB, c *quota.Client, user string, target quota.Target, n int) quota.Decision {
	t.Helper()
	d, err := c.AllowN(t.Context(), user, target, n)
	if err != nil {
		t.Fatalf("AllowN(%q, %v, %d): %v", user, target, n, err)
	}
	return d
}

func contains(text, part string) bool { return bytes.Contains([]byte(text), []byte(part)) }
