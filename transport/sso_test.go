package transport_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

const ssoText = `{"message":"Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.","documentation_url":"https://docs.github.com/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/"}`

// needsSSO is GitHub's refusal of a token without single sign-on.
func needsSSO() *http.Response {
	return reply(403, ssoText, append(rate(5000, 4000, time.Now().Add(time.Hour), "core"),
		"X-GitHub-SSO", "required; url=https://github.com/orgs/acme/sso?authorization_request=x")...)()
}

func TestI8_SwapSSO_asks_one_other_account(t *testing.T) {
	t.Parallel()
	hour := func() time.Time { return time.Now().Add(time.Hour) }
	on := func(tr *transport.Transport) { tr.SwapSSO = true }
	tests := []struct {
		name   string
		policy func(*transport.Transport)
		wire   *wire
		method string
		status int
		tokens string
	}{
		{"off by default", nil, script(needsSSO, ok()), "GET", 403, "a"},
		{"the other is authorized", on, script(needsSSO, ok()), "GET", 200, "a b"},
		{"a POST, refused before it acted", on, script(needsSSO, ok()), "POST", 200, "a b"},
		{"once only", on, script(needsSSO, needsSSO, ok()), "GET", 403, "a b"},
		{"no swap without the field", on, script(reply(403, ssoText), ok()), "GET", 403, "a"},
		{"a shortened list is an answer", on, script(ok("X-GitHub-SSO", "partial-results; organizations=1,2")), "GET", 200, "a"},
		{"MaxAttempts bounds it", func(tr *transport.Transport) { tr.SwapSSO, tr.MaxAttempts = true, 1 }, script(needsSSO, ok()), "GET", 403, "a"},
		{"a limit afterwards goes on", on, script(needsSSO, primary(403, hour(), "core"), ok()), "GET", 200, "a b c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := over(tt.wire, manager(t, "a", "b", "c"))
				if tt.policy != nil {
					tt.policy(tr)
				}
				req := request(t, tt.method, userURL, map[string]string{"POST": "body"}[tt.method])
				resp, _ := send(t, tr, req)
				if resp.StatusCode != tt.status || tt.wire.tokens() != tt.tokens {
					t.Errorf("answer %d after %q, want %d after %q", resp.StatusCode, tt.wire.tokens(), tt.status, tt.tokens)
				}
				if got := resp.Header.Get("X-GitHub-SSO"); strings.HasPrefix(tt.name, "a shortened") && got == "" {
					t.Error("the answer's X-GitHub-SSO is gone")
				}
				for i, b := range tt.wire.bodies {
					if closed, _ := b.state(); closed == 0 {
						t.Errorf("I3: the body of answer %d was not closed", i+1)
					}
				}
			})
		})
	}
}

func TestI9_SwapSSO_does_not_wait_for_another_account(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen events
		w := byToken(map[string]func() *http.Response{"a": needsSSO, "b": primary(403, time.Now().Add(time.Hour), "core")})
		m := manager(t, "a", "b")
		tr := over(w, m)
		tr.SwapSSO = true
		tr.Hooks = seen.hooks()
		start := time.Now()
		for range 2 { // the second finds b resting
			resp, got := send(t, tr, get(t))
			if resp.StatusCode != 403 || time.Since(start) != 0 {
				t.Errorf("answer %d after %v, want a refusal at once", resp.StatusCode, time.Since(start))
			}
			if resp.Header.Get("X-GitHub-SSO") != "" && got != ssoText {
				t.Errorf("body %q", got)
			}
		}
		if resp, _ := send(t, tr, get(t)); resp.Header.Get("X-GitHub-SSO") == "" || resp.Header.Get("X-From-Cache") != "" {
			t.Error("the refusal for single sign-on was not handed back as it is")
		}
		if !strings.HasPrefix(seen.line(), "attempt1:a swap:a:forbidden:available attempt2:b limit:b:403") {
			t.Errorf("events %s", seen.line())
		}
		if s := status(t, m, "a").State; s != tokens.Available {
			t.Errorf("a is %v: single sign-on is no limit", s)
		}
	})
}
