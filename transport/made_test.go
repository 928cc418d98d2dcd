package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// What is made up must read like the host's own: our own dialects say so.
func TestI13_MakeRefusal_speaks_each_hosts_language(t *testing.T) {
	t.Parallel()
	tests := []struct {
		provider    tokens.ProviderType
		host        string
		method, url string
		status      int
		dialect     ratelimit.Dialect
		class       ratelimit.Class
		resource    string // in the answer
		numbers     bool
	}{
		{tokens.GitHub, "", "GET", userURL, 403, ratelimit.GitHub, ratelimit.PrimaryLimit, "core", true},
		{tokens.GitHub, "", "HEAD", userURL, 403, ratelimit.GitHub, ratelimit.PrimaryLimit, "core", true},
		{tokens.GitHub, "", "GET", "https://api.github.com/search/issues?q=x", 403, ratelimit.GitHub, ratelimit.PrimaryLimit, "search", true},
		{tokens.GitHub, "", "POST", "https://api.github.com/graphql", 200, ratelimit.GitHub, ratelimit.PrimaryLimit, "graphql", true},
		{tokens.GitHub, "https://git.example.com", "GET", "https://git.example.com/api/v3/user", 403, ratelimit.GitHubEnterprise, ratelimit.PrimaryLimit, "core", true},
		{tokens.GitLab, "", "GET", "https://gitlab.com/api/v4/user", 429, ratelimit.GitLab, ratelimit.PrimaryLimit, "throttle_authenticated_api", true},
		{tokens.Bitbucket, "", "GET", "https://api.bitbucket.org/2.0/user", 429, ratelimit.BitbucketCloud, ratelimit.PrimaryLimit, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.url, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := managerOf(t, tokens.Token{Provider: tt.provider, Host: tt.host, Label: "a", Secret: tokens.Static(canary.Token("a"))})
				req := request(t, tt.method, tt.url, "")
				rest(t, m, req, 10*time.Minute)
				w := script(ok())
				tr := &transport.Transport{Manager: m, Provider: tt.provider, Base: w, MaxWait: -1, Exhausted: transport.MakeRefusal}
				own := upload("{}")
				req.Body = own
				resp, err := tr.RoundTrip(req)
				if err != nil || resp.Request != req || len(w.calls()) != 0 {
					t.Fatalf("RoundTrip() = %v, %v after %d requests", resp, err, len(w.calls()))
				}
				if closed, _ := own.state(); closed != 1 {
					t.Errorf("I3: the request's body was closed %d times, want once", closed)
				}
				if _, _, ok := transport.TokenOf(resp); ok {
					t.Error("TokenOf names a token, but none was asked")
				}
				body := text(t, resp)
				if tt.method == "HEAD" && body != "" || tt.method != "HEAD" && int64(len(body)) != resp.ContentLength {
					t.Errorf("a body of %d bytes, ContentLength %d", len(body), resp.ContentLength)
				}
				checkMade(t, resp, tt.status)
				seen := tt.dialect.Observe(ratelimit.Request{Method: tt.method, URL: req.URL},
					ratelimit.Response{Status: resp.StatusCode, Header: resp.Header, Body: []byte(body)}, time.Now())
				left, known := seen.Remaining.Get()
				if seen.Class != tt.class || tt.numbers && (!known || left != 0 || seen.Resource != tt.resource) {
					t.Errorf("it reads as %v", seen)
				}
				if wait, ok := seen.Wait(time.Now()); !ok || wait < 10*time.Minute+time.Second || wait > 10*time.Minute+2*time.Second {
					t.Errorf("it asks to wait %v, want the manager's time", wait)
				}
			})
		})
	}
}

// rest makes the tokens that serve req unusable for a while.
func rest(t *testing.T, m *tokens.Manager, req *http.Request, d time.Duration) {
	t.Helper()
	provider := m.AllTokens("")[0].Provider
	host, ok := m.Host(provider, req.URL)
	if !ok {
		t.Fatalf("no token for %s", req.URL)
	}
	draw := host.Dialect().Draw(ratelimit.Request{Method: req.Method, URL: req.URL})
	lease, err := host.Lease(t.Context(), tokens.Request{Draw: draw})
	if err != nil {
		t.Fatal(err)
	}
	lease.Settle(ratelimit.Observation{
		Class: ratelimit.PrimaryLimit, Scope: ratelimit.TokenNumbers, At: time.Now(), Resource: draw.Resource,
		Limit: ratelimit.Known[int64](5000), Remaining: ratelimit.Known[int64](0), Reset: time.Now().Add(d),
	})
}

func checkMade(t *testing.T, resp *http.Response, status int) {
	t.Helper()
	if resp.StatusCode != status || resp.Status != strconv.Itoa(status)+" "+http.StatusText(status) {
		t.Errorf("status %d %q, want %d", resp.StatusCode, resp.Status, status)
	}
	if resp.Header.Get("X-From-Cache") != "1" || resp.Header.Get("Retry-After") != "601" || resp.Header.Get("Date") == "" {
		t.Errorf("header %v", resp.Header)
	}
}

func TestI13_MakeRefusal_is_only_for_calls_of_which_nothing_was_sent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen events
		tr := over(script(primary(403, time.Now().Add(2*time.Hour), "core")), manager(t, "a"))
		tr.Exhausted = transport.MakeRefusal
		tr.Hooks = seen.hooks()
		_, first := send(t, tr, get(t))
		resp, second := send(t, tr, get(t))
		if first != primaryText || second == primaryText || resp.StatusCode != 403 {
			t.Errorf("answers %q and %q, want the host's own and one that is made up", first, second)
		}
		var doc map[string]string
		if err := json.Unmarshal([]byte(second), &doc); err != nil || !strings.HasPrefix(doc["message"], "API rate limit exceeded") ||
			!strings.Contains(doc["message"], "github core: the only token is rate limited until") {
			t.Errorf("body %q, %v", second, err)
		}
		if got := seen.line(); !strings.HasSuffix(got, "done1:a:403 done0::403") {
			t.Errorf("events %s", got)
		}
	})
}

func TestI13_MakeRefusal_leaves_errors_that_no_time_ends(t *testing.T) {
	t.Parallel()
	dead := func() *wire {
		return &wire{answer: func(sent) (*http.Response, error) { return badCredentials(), nil }}
	}
	tr := over(dead(), manager(t, "a"))
	tr.Exhausted = transport.MakeRefusal
	if resp, _ := send(t, tr, get(t)); resp.StatusCode != 401 || resp.Header.Get("X-From-Cache") != "" {
		t.Errorf("answer %d, want the host's own 401", resp.StatusCode)
	}
	var exhausted *tokens.ExhaustedError
	if _, err := tr.RoundTrip(get(t)); !errors.As(err, &exhausted) || !exhausted.ReadyAt.IsZero() {
		t.Errorf("all tokens are dead: RoundTrip() = %v, want an ExhaustedError without a time", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.RoundTrip(get(t).WithContext(ctx)); err != context.Canceled {
		t.Errorf("RoundTrip() = %v, want the context's error", err)
	}
	_ = tr.Manager.Close()
	if _, err := tr.RoundTrip(get(t)); err != tokens.ErrClosed {
		t.Errorf("RoundTrip() = %v, want %v", err, tokens.ErrClosed)
	}
}
