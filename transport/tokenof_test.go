package transport_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/transport"
)

func TestTokenOf_names_the_token_that_answered(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour)
	tests := map[string]struct {
		wire *wire
		want string
	}{
		"served":               {script(ok()), "a"},
		"after a swap":         {script(primary(403, reset, "core"), ok()), "b"},
		"after a 401":          {script(badCredentials, ok()), "b"},
		"a refusal handed on":  {script(primary(403, reset, "core")), "b"},
		"a 401 handed on":      {script(primary(403, reset, "core"), badCredentials), "a"},
		"not found":            {script(reply(404, "")), "a"},
		"no body":              {script(reply(204, "")), "a"},
		"a body that was read": {script(reply(403, `{"message":"no"}`)), "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := manager(t, "a", "b")
			tr := over(tt.wire, m)
			tr.MaxWait = -1
			resp, _ := send(t, tr, get(t)) // and close the body
			id, label, ok := transport.TokenOf(resp)
			if !ok || label != tt.want {
				t.Errorf("TokenOf() = %q, %v; want %q", label, ok, tt.want)
			}
			for _, info := range m.AllTokens("") {
				if (info.ID == id) != (info.Label == tt.want) {
					t.Errorf("the ID is %s, which is not that of %q", id, tt.want)
				}
			}
			noSecret(t, "answer", resp, resp.Body)
		})
	}
}

func TestTokenOf_knows_redirects_and_bound_contexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens:        []string{canary.Token("a")},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
		})
		sim.Rename("acme", "repo-0001", "renamed")
		tr := over(sim, manager(t, "a"))
		client := &http.Client{Transport: tr.Bind(t.Context())}
		get := func(path, accept string) *http.Response {
			req := request(t, "GET", "https://api.github.com"+path, "")
			req.Header.Set("Accept", accept)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text(t, resp)
			return resp
		}
		moved := get("/repos/acme/repo-0001", "application/json")
		if _, label, ok := transport.TokenOf(moved); !ok || label != "a" {
			t.Errorf("after a redirect: TokenOf() = %q, %v; want a", label, ok)
		}
		asset := get("/repos/acme/renamed/releases/assets/1", "application/octet-stream")
		if id, label, ok := transport.TokenOf(asset); ok || id != "" || label != "" {
			t.Errorf("of a download server: TokenOf() = %q, %q, %v; want none", id, label, ok)
		}
	})
}

func TestTokenOf_says_so_if_it_does_not_know(t *testing.T) {
	t.Parallel()
	for name, resp := range map[string]*http.Response{
		"nil": nil, "no body": {}, "another's": {Body: io.NopCloser(strings.NewReader("x"))},
	} {
		if _, _, ok := transport.TokenOf(resp); ok {
			t.Errorf("%s: TokenOf() says it knows", name)
		}
	}
	resp, err := transport.Bind(t.Context(), script(ok())).RoundTrip(get(t).WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, _, ok := transport.TokenOf(resp); ok {
		t.Error("a bound answer that is none of a Transport's: TokenOf() says it knows")
	}
}
