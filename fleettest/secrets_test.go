package fleettest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
)

// leaks fails the test if something printed holds a token.
func leaks(t *testing.T, what, printed string) {
	t.Helper()
	if strings.Contains(printed, canary.Mark) {
		t.Errorf("%s prints a token", what)
	}
}

func TestI1_nothing_prints_a_token(t *testing.T) {
	t.Parallel()
	token, second := canary.Token("print"), canary.Token("print-second")
	cfg := fleettest.Config{
		Tokens:        []string{token},
		Accounts:      []fleettest.Account{{Login: "octocat", Tokens: []string{second}}},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
	}
	sim := fleettest.NewGitHub(cfg)
	server := sim.ServePipe()
	t.Cleanup(server.Close)
	get(t, sim, token, "/user?access_token="+token+"&x=1")
	get(t, sim, second, "/repos/acme/"+token)
	_, err := sim.RoundTrip(request{path: "https://user:" + token + "@example.com/" + token, token: token}.build(t))
	if err == nil {
		t.Error("a foreign host answered")
	}
	sim.Revoke(second)
	values := map[string]any{
		"Config": cfg, "*Config": &cfg, "Account": cfg.Accounts[0], "*Account": &cfg.Accounts[0],
		"GitHub": sim, "Server": server, "Requests": sim.Requests(), "Stats": sim.Stats(),
		"Leaks": sim.Leaks(), "error": err, "Accounts": cfg.Accounts,
	}
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
			leaks(t, name+" with "+verb, fmt.Sprintf(verb, v))
		}
	}
	for _, name := range []string{"Config", "Account", "Requests", "Stats", "Leaks"} {
		out, err := json.Marshal(values[name])
		if err != nil {
			t.Errorf("marshal %s: %v", name, err)
		}
		leaks(t, name+" as JSON", string(out))
	}
	if got, want := sim.Requests()[0].URL, "/user?access_token=REDACTED&x=1"; got != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}

func TestI1_misuse_panics_without_the_token(t *testing.T) {
	t.Parallel()
	token := canary.Token("misuse")
	sim := fleettest.NewGitHub(fleettest.Config{})
	tests := map[string]func(){
		"Revoke":      func() { sim.Revoke(token) },
		"Spend":       func() { sim.Spend(token, "core", 1) },
		"Rename":      func() { sim.Rename("acme", "none", "new") },
		"token twice": func() { fleettest.NewGitHub(fleettest.Config{Tokens: []string{token, token}}) },
		"empty token": func() { fleettest.NewGitHub(fleettest.Config{Tokens: []string{""}}) },
		"login twice": func() {
			fleettest.NewGitHub(fleettest.Config{Accounts: []fleettest.Account{{Login: "a"}, {Login: "a"}}})
		},
		"bad owner":    func() { fleettest.NewGitHub(fleettest.Config{Users: []fleettest.Owner{{Login: "a/b"}}}) },
		"more private": func() { fleettest.NewGitHub(fleettest.Config{Users: []fleettest.Owner{{Login: "a", Private: 1}}}) },
	}
	for name, misuse := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				p := fmt.Sprint(recover())
				if !strings.HasPrefix(p, "fleettest: ") {
					t.Errorf("panicked with %q", p)
				}
				leaks(t, "panic", p)
			}()
			misuse()
		})
	}
}

func TestI2_credentials_at_foreign_hosts_are_recorded(t *testing.T) {
	t.Parallel()
	token := canary.Token("foreign")
	tests := []struct {
		name   string
		url    string
		header http.Header
		want   []string
	}{
		{"none", "https://example.com/", http.Header{"Accept": {"a"}}, nil},
		{"a header for it", "https://example.com/", http.Header{"Private-Token": {"anything"}}, []string{"Private-Token"}},
		{"a known token elsewhere", "https://example.com/", http.Header{"X-Mine": {"key=" + token}}, []string{"X-Mine"}},
		{"in the user part", "https://u:p@example.com/", nil, []string{"URL"}},
		{"in the query", "https://example.com/?" + url.Values{"q": {token}}.Encode(), nil, []string{"URL"}},
		{"a host that ends alike", "https://evil-api.github.com/", http.Header{"Authorization": {"Bearer " + token}}, []string{"Authorization"}},
		{"another port", "https://api.github.com:8443/", http.Header{"Authorization": {"Bearer " + token}}, []string{"Authorization"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}})
			resp, err := sim.RoundTrip(request{path: tt.url, header: tt.header}.build(t))
			if err == nil {
				resp.Body.Close()
				t.Errorf("answered %s", resp.Status)
			}
			var got []string
			for _, l := range sim.Leaks() {
				got = append(got, l.Header)
			}
			if !cmp.Equal(got, tt.want) {
				t.Errorf("leaks in %v, want %v", got, tt.want)
			}
		})
	}
}

func TestI3_request_is_left_as_it_was_and_its_body_closed(t *testing.T) {
	t.Parallel()
	token := canary.Token("untouched")
	sim := acme(token)
	for _, path := range []string{"/repos/acme/repo-0001/issues", "https://example.com/"} {
		r := request{method: "POST", path: path, token: token, body: `{"title":"t"}`}.build(t)
		body := &closeCounter{ReadCloser: r.Body}
		r.Body = body
		header := r.Header.Clone()
		if resp, err := sim.RoundTrip(r); err == nil {
			resp.Body.Close()
		}
		if body.closed != 1 || r.Body != body || !cmp.Equal(r.Header, header) {
			t.Errorf("%s: body closed %d times, headers the same: %t", path, body.closed, cmp.Equal(r.Header, header))
		}
	}
}
