package githubapp_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/tokens/githubapp"
)

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func pemKey() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key())})
}

// gitHub is the part of a GitHub that an app talks to. It is a RoundTripper, so
// that it can stand in a bubble.
type gitHub struct {
	t testing.TB

	mu       sync.Mutex
	prefix   string // of all paths
	installs []string
	handle   http.HandlerFunc // answers instead, if not nil
	requests []string
	minted   int
	open     int // bodies that were not closed
}

func (g *gitHub) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r.Method+" "+r.URL.String())
	w := httptest.NewRecorder()
	switch {
	case !g.authorized(r):
		g.t.Errorf("%s %s carries no good JWT", r.Method, r.URL.Path)
		w.WriteHeader(http.StatusUnauthorized)
	case g.handle != nil:
		g.handle(w, r)
	case r.Method == http.MethodGet && r.URL.Path == g.prefix+"/app/installations":
		g.list(w, r)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/access_tokens"):
		g.mint(w)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	resp := w.Result()
	g.open++
	resp.Body = &counted{ReadCloser: resp.Body, g: g}
	return resp, nil
}

type counted struct {
	io.ReadCloser
	g      *gitHub
	closed bool
}

func (c *counted) Close() error {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if !c.closed {
		c.g.open--
	}
	c.closed = true
	return nil
}

// authorized checks the JWT as GitHub documents it.
func (g *gitHub) authorized(r *http.Request) bool {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return &key().PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("12345"), jwt.WithIssuedAt(), jwt.WithExpirationRequired())
	if !ok || err != nil {
		return false
	}
	life, age := claims.ExpiresAt.Sub(claims.IssuedAt.Time), time.Since(claims.IssuedAt.Time)
	return life <= 10*time.Minute && age >= time.Minute && time.Until(claims.ExpiresAt.Time) > 5*time.Minute
}

// list answers with two installations a page.
func (g *gitHub) list(w http.ResponseWriter, r *http.Request) {
	page := 1
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
	from, to := min(2*page-2, len(g.installs)), min(2*page, len(g.installs))
	if to < len(g.installs) {
		u := *r.URL
		u.RawQuery = fmt.Sprintf("per_page=%s&page=%d", r.URL.Query().Get("per_page"), page+1)
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next", <%s>; rel="last"`, &u, &u))
	}
	_, _ = io.WriteString(w, "["+strings.Join(g.installs[from:to], ",")+"]")
}

func (g *gitHub) mint(w http.ResponseWriter) {
	g.minted++
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"token": secret(g.minted), "expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
}

func (g *gitHub) set(handle http.HandlerFunc, installs ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handle, g.installs = handle, installs
}

func (g *gitHub) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}

func (g *gitHub) wantClosed(t testing.TB) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open != 0 {
		t.Errorf("%d bodies were not closed", g.open)
	}
}

// secret is the n-th token that is minted.
func secret(n int) string { return canary.Token(fmt.Sprint("installation", n)) }

func installed(id int, login string) string {
	return fmt.Sprintf(`{"id":%d,"account":{"login":%q},"suspended_at":null}`, id, login)
}

func newApp(t testing.TB, g *gitHub, base string) *githubapp.App {
	t.Helper()
	app, err := githubapp.New(12345, pemKey(), githubapp.Options{BaseURL: base, Base: g})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestApp_Tokens_lists_every_installation(t *testing.T) {
	t.Parallel()
	g := &gitHub{t: t, installs: []string{
		installed(1, "acme"), installed(2, "octocat"),
		`{"id":3,"account":{"login":"left"},"suspended_at":"2026-01-01T00:00:00Z"}`,
		`{"id":4,"account":{"slug":"enterprise"}}`, `{"id":5,"account":null}`,
	}}
	ts, err := newApp(t, g, "").Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, token := range ts {
		got = append(got, fmt.Sprintf("%s at %s, %s, of %q", token.Label, token.Host, token.Account, token.Owners))
		if token.Provider != tokens.GitHub || token.Secret.IsZero() {
			t.Errorf("token %s is of %s", token, token.Provider)
		}
	}
	want := []string{
		"acme at https://api.github.com, installation 1, of [\"acme\"]",
		"octocat at https://api.github.com, installation 2, of [\"octocat\"]",
		"enterprise at https://api.github.com, installation 4, of [\"enterprise\"]",
		"installation 5 at https://api.github.com, installation 5, of []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("Tokens() =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	const list = "GET https://api.github.com/app/installations?per_page=100"
	if got, want := g.seen(), []string{list, list + "&page=2", list + "&page=3"}; !slices.Equal(got, want) {
		t.Errorf("requests are %q, want %q", got, want)
	}
	g.wantClosed(t)
}

func TestApp_secrets_are_minted_by_need_and_refreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gitHub{t: t, installs: []string{installed(7, "acme")}}
		m, s := managed(t, newApp(t, g, ""))
		defer m.Close()
		u := &url.URL{Scheme: "https", Host: "api.github.com", Path: "/repos/acme/web"}
		for i := range 13 {
			authorization := send(t, m, u)
			want := 1
			if i*10 >= 60 {
				want = 2
			}
			if i*10 >= 120 {
				want = 3
			}
			if authorization != "Bearer "+secret(want) {
				t.Errorf("after %d minutes the lease does not write secret %d", i*10, want)
			}
			time.Sleep(10 * time.Minute)
		}
		posts := slices.DeleteFunc(g.seen(), func(r string) bool { return !strings.HasPrefix(r, "POST ") })
		if len(posts) != 3 || posts[0] != "POST https://api.github.com/app/installations/7/access_tokens" {
			t.Errorf("requests are %q", posts)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		g.wantClosed(t)
	})
}

func managed(t testing.TB, app *githubapp.App) (*tokens.Manager, *tokens.Syncer) {
	t.Helper()
	m, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Sync(t.Context(), app, tokens.SyncConfig{AllowEmpty: true})
	if err != nil {
		t.Fatal(err)
	}
	return m, s
}

// send makes one call and returns what it is authorized with.
func send(t testing.TB, m *tokens.Manager, u *url.URL) string {
	t.Helper()
	h, ok := m.Host(tokens.GitHub, u)
	if !ok {
		t.Fatalf("no token may be sent to %s", u)
	}
	l, err := h.Lease(t.Context(), tokens.Request{Draw: h.Dialect().Draw(ratelimit.Request{Method: http.MethodGet, URL: u})})
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	l.Authorize(header)
	l.Settle(ratelimit.Observation{Class: ratelimit.OK, Validity: ratelimit.Valid})
	return header.Get("Authorization")
}

func TestApp_Sync_follows_who_installs_and_suspends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gitHub{t: t, installs: []string{installed(1, "a")}}
		m, s := managed(t, newApp(t, g, ""))
		defer m.Close()
		for _, tt := range []struct{ installs, want []string }{
			{[]string{installed(1, "a"), installed(2, "b"), installed(3, "c")}, []string{"a", "b", "c"}},
			{[]string{installed(2, "renamed"), `{"id":3,"suspended_at":"2026-01-01T00:00:00Z"}`}, []string{"b"}},
			{nil, nil},
			{[]string{installed(3, "c")}, []string{"c"}},
		} {
			g.set(nil, tt.installs...)
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, info := range m.AllTokens("") {
				got = append(got, info.Label)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the manager has %q, want %q", got, tt.want)
			}
		}
	})
}

func TestI2_App_base_URLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, list, api string }{
		{"", "https://api.github.com/app/installations", "https://api.github.com/user"},
		{"https://github.com/", "https://api.github.com/app/installations", "https://api.github.com/user"},
		{"acme.ghe.com", "https://api.acme.ghe.com/app/installations", "https://api.acme.ghe.com/user"},
		{"https://git.example.com", "https://git.example.com/api/v3/app/installations", "https://git.example.com/api/v3/user"},
		{"https://git.example.com/api/v3/", "https://git.example.com/api/v3/app/installations", "https://git.example.com/api/v3/user"},
		{"http://127.0.0.1:8080/git", "http://127.0.0.1:8080/git/api/v3/app/installations", "http://127.0.0.1:8080/git/api/v3/user"},
	} {
		t.Run(tt.base, func(t *testing.T) {
			t.Parallel()
			list, err := url.Parse(tt.list)
			if err != nil {
				t.Fatal(err)
			}
			g := &gitHub{t: t, prefix: strings.TrimSuffix(list.Path, "/app/installations"), installs: []string{installed(1, "a")}}
			m, s := managed(t, newApp(t, g, tt.base))
			defer m.Close()
			defer s.Close()
			if got := g.seen()[0]; got != "GET "+tt.list+"?per_page=100" {
				t.Errorf("the first request is %s", got)
			}
			u, err := url.Parse(tt.api)
			if err != nil {
				t.Fatal(err)
			}
			if send(t, m, u) != "Bearer "+secret(1) {
				t.Error("the installation's token was not used")
			}
		})
	}
}

func TestI1_New_errors_quote_no_key(t *testing.T) {
	t.Parallel()
	broken := "-----BEGIN RSA PRIVATE KEY-----\n" + canary.Mark + "\n-----END RSA PRIVATE KEY-----\n"
	for _, tt := range []struct {
		name, id string
		key      []byte
		base     string
		want     string
	}{
		{"no ID", " ", pemKey(), "", "the ID is empty"},
		{"no key", "1", nil, "", "github app 1: the key is not an RSA private key in PEM form"},
		{"broken key", "1", []byte(broken), "", "not an RSA private key"},
		{"no PEM", "1", []byte(canary.Mark), "", "not an RSA private key"},
		{"no URL", "1", pemKey(), "https://\x00" + canary.Mark, "base URL is not one"},
		{"a user in it", "1", pemKey(), "https://me:" + canary.Mark + "@git.example.com", "base URL is not one"},
		{"another scheme", "1", pemKey(), "ftp://git.example.com", "base URL is not one"},
		{"no host", "1", pemKey(), "https:///api/v3", "base URL is not one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := githubapp.New(tt.id, tt.key, githubapp.Options{BaseURL: tt.base})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), canary.Mark) {
				t.Errorf("error does not say %q, or quotes what it must not", tt.want)
			}
		})
	}
	if _, err := githubapp.New(int64(0), pemKey(), githubapp.Options{}); err == nil {
		t.Error("the ID 0 was taken")
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := githubapp.New("Iv23client", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), githubapp.Options{}); err != nil {
		t.Errorf("a PKCS #8 key was refused: %v", err)
	}
}

func TestI1_App_prints_as_its_ID(t *testing.T) {
	t.Parallel()
	app := newApp(t, &gitHub{t: t}, "")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if got := fmt.Sprintf(verb, app); got != "github app 12345" {
			t.Errorf("an App prints with %s in %d bytes", verb, len(got))
		}
	}
}

func TestI1_App_errors_hold_no_answer_and_close_its_body(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	quoted := `{"message":"` + canary.Mark + `"}`
	for _, tt := range []struct {
		name   string
		handle http.HandlerFunc
		want   string
	}{
		{"unauthorized", answer(401, quoted), "status 401: GitHub does not take the app's key"},
		{"not found", answer(404, quoted), "status 404: there is no such app"},
		{"server error", answer(502, canary.Mark), "status 502"},
		{"a redirect is not followed", answer(302, "", "Location", "https://evil.example/"+canary.Mark), "status 302"},
		{"no JSON", answer(200, canary.Mark), "is not the JSON that it should be"},
		{"other JSON", answer(200, quoted), "is not the JSON that it should be"},
		{"too long", answer(200, `["`+strings.Repeat(canary.Mark, 1<<19)), "more than 4194304 bytes"},
		{"another host", answer(200, "[]", "Link", `<https://evil.example/app/installations?page=2>; rel="next"`), "the next page leads elsewhere"},
		{"another port", answer(200, "[]", "Link", `<https://api.github.com:444/app/installations?page=2>; rel="next"`), "leads elsewhere"},
		{"plain http", answer(200, "[]", "Link", `<http://api.github.com/app/installations?page=2>; rel="next"`), "leads elsewhere"},
		{"another path", answer(200, "[]", "Link", `</login?page=2>; rel="next"`), "leads elsewhere"},
		{"pages without end", answer(200, "[]", "Link", `<?page=2>; rel="next"`), "more than 1000 pages"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := &gitHub{t: t, handle: tt.handle}
			ts, err := newApp(t, g, "").Tokens(t.Context())
			if err == nil || ts != nil {
				t.Fatalf("Tokens() returned %d tokens", len(ts))
			}
			if text := fmt.Sprintf("%v%+v%#v", err, err, err); strings.Contains(text, canary.Mark) || strings.Contains(text, "eyJ") {
				t.Fatal("the error holds the answer or the JWT")
			}
			if want := "gitfleet: github app 12345: list installations: "; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not say %q", err, tt.want)
			}
			g.wantClosed(t)
		})
	}
}

// Ten installations whose tokens are asked for while GitHub limits the app are
// one refused request, not ten.
func TestI10_App_a_limit_rests_the_whole_app(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all []string
		for i := range 10 {
			all = append(all, installed(i+1, fmt.Sprint("org", i)))
		}
		g := &gitHub{t: t, installs: all}
		m, s := managed(t, newApp(t, g, ""))
		defer m.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		listed := len(g.seen())
		g.set(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"You have exceeded a secondary rate limit"}`)
		})
		h, _ := m.Host(tokens.GitHub, &url.URL{Scheme: "https", Host: "api.github.com", Path: "/user"})
		call := tokens.Request{Draw: ratelimit.Draw{Resource: "core", Units: 1}, MaxWait: -1}
		start := time.Now()
		for time.Since(start) < 119*time.Second {
			_, err := h.Lease(t.Context(), call)
			var e *tokens.ExhaustedError
			if !errors.As(err, &e) || e.Cause == nil {
				t.Fatalf("Lease() = %v, want an ExhaustedError with a cause", err)
			}
			time.Sleep(time.Second)
		}
		if got := len(g.seen()) - listed; got != 1 {
			t.Errorf("%d requests while the app was limited, want the 1 that was refused", got)
		}
		g.set(nil)
		time.Sleep(3 * time.Minute)
		l, err := h.Lease(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		l.Cancel()
	})
}

func TestI9_App_honours_the_context(t *testing.T) {
	t.Parallel()
	g := &gitHub{t: t}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newApp(t, g, "").Tokens(ctx); err == nil || len(g.seen()) != 0 {
		t.Errorf("Tokens() = %v after %d requests", err, len(g.seen()))
	}
}
