package githubapp_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/tokens/githubapp"
	"github.com/gitfleet/gitfleet/transport"
)

// withAPI is a GitHub whose API takes installation tokens, too.
type withAPI struct {
	*gitHub
	mu     sync.Mutex
	honour func(secret string) bool
	got    []string // secrets, in order
}

func (a *withAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Path, "/app") {
		return a.gitHub.RoundTrip(r)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	text := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	a.got = append(a.got, text)
	if a.honour(text) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("[]"))}, nil
	}
	return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"message":"Bad credentials"}`))}, nil
}

func (a *withAPI) revoke(honour func(secret string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.honour, a.got = honour, nil
}

// sent returns which secrets were sent, by number.
func (a *withAPI) sent() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, text := range a.got {
		for n := range 10 {
			if text == secret(n) {
				b.WriteByte(byte('0' + n))
			}
		}
	}
	return b.String()
}

func TestI8_I12_App_a_401_is_tried_again_within_the_call(t *testing.T) {
	t.Parallel()
	only := func(n int) func(string) bool { return func(s string) bool { return s == secret(n) } }
	synctest.Test(t, func(t *testing.T) {
		a := &withAPI{gitHub: &gitHub{t: t, installs: []string{installed(1, "acme")}}}
		app, err := githubapp.New(12345, pemKey(), githubapp.Options{Base: a})
		if err != nil {
			t.Fatal(err)
		}
		m, s := managed(t, app)
		defer m.Close()
		defer s.Close()
		client := &http.Client{Transport: &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: a}}
		get := func(want int) {
			t.Helper()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.github.com/repos/acme/web/issues", strings.NewReader(`{"title":"a"}`))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("status %d, want %d", resp.StatusCode, want)
			}
		}
		state := func() tokens.State { return m.AllTokens("")[0].Status.State }
		steps := []struct {
			name   string
			honour func(string) bool
			status int
			sent   string
			want   tokens.State
		}{
			{"the first call", only(1), 200, "1", tokens.Available},
			{"the token was revoked", only(2), 200, "12", tokens.Available},
			{"and once more", only(3), 200, "23", tokens.Available},
			// Twice refused, and a third time by the probe.
			{"the app is no longer welcome", only(0), 401, "344", tokens.Invalid},
		}
		for _, tt := range steps {
			a.revoke(tt.honour)
			get(tt.status)
			if a.sent() != tt.sent || state() != tt.want {
				t.Errorf("%s: sent %s, want %s; the token is %v, want %v", tt.name, a.sent(), tt.sent, state(), tt.want)
			}
			time.Sleep(10 * time.Minute)
		}
	})
	// A token that GitHub has not made known everywhere yet.
	synctest.Test(t, func(t *testing.T) {
		a := &withAPI{gitHub: &gitHub{t: t, installs: []string{installed(1, "acme")}}}
		app, err := githubapp.New(12345, pemKey(), githubapp.Options{Base: a})
		if err != nil {
			t.Fatal(err)
		}
		m, s := managed(t, app)
		defer m.Close()
		defer s.Close()
		start := time.Now()
		a.revoke(func(string) bool { return time.Since(start) > 500*time.Millisecond })
		client := &http.Client{Transport: &transport.Transport{Manager: m, Provider: tokens.GitHub, Base: a}}
		resp, err := client.Get("https://api.github.com/installation/repositories")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != 200 || a.sent() != "11" || time.Since(start) != time.Second {
			t.Errorf("status %d after %v, sent %s; want 200 after 1s and the same token twice", resp.StatusCode, time.Since(start), a.sent())
		}
	})
}
