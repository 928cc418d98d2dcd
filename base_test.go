package gitfleet_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// ways notes the requests that go each way, all of which but for /user are refused as
// those of a dead token are.
type ways struct {
	mu   sync.Mutex // guards sent
	sent []string
}

func (w *ways) way(name string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.sent = append(w.sent, name+" "+r.URL.Path)
		status, body := http.StatusUnauthorized, `{"message":"Bad credentials"}`
		if r.URL.Path == "/user" {
			status, body = http.StatusOK, `{"login":"alice","id":1,"type":"User"}`
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
}

// What Config.Base and tokens.Config.Base say of each other. It exchanges
// http.DefaultTransport and so cannot run in parallel.
func TestConfig_Base_sends_what_the_fleet_sends_and_the_managers_own_what_it_is_asked_to_ask(t *testing.T) {
	for _, own := range []bool{true, false} {
		var w ways
		was := http.DefaultTransport
		http.DefaultTransport = w.way("default")
		t.Cleanup(func() { http.DefaultTransport = was })
		probe, asked := "fleet", "default"
		var c tokens.Config
		if own {
			c.Base, probe, asked = w.way("manager"), "manager", "manager"
		}
		m, err := tokens.NewManager(c, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("alice"))})
		if err != nil {
			t.Fatal(err)
		}
		fleet, err := gitfleet.New(gitfleet.Config{Manager: m, Base: w.way("fleet")})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Identify(t.Context()); err != nil {
			t.Fatal(err)
		}
		resp, err := fleet.HTTPClient(tokens.GitHub).Get("https://api.github.com/users/octocat")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := m.Revalidate(t.Context(), m.AllTokens("")[0].ID); err != nil {
			t.Fatal(err)
		}
		want := []string{asked + " /user", "fleet /users/octocat", probe + " /rate_limit", asked + " /rate_limit"}
		if !slices.Equal(w.sent, want) {
			t.Errorf("with a base of the manager's own: %t: requests went %q, want %q", own, w.sent, want)
		}
		_ = fleet.Close()
	}
}
