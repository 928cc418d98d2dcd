package transport_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/google/go-github/v66/github"
)

// Each of these answers makes go-github v66 refuse all further calls by itself
// if it gets to see it as it is.
func TestI14_go_github_never_locks_itself(t *testing.T) {
	t.Parallel()
	reset := func() string { return strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10) }
	tests := map[string]func() *http.Response{
		"nothing remains": func() *http.Response {
			return ok("X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset())()
		},
		"Remaining is missing": func() *http.Response { return ok("X-RateLimit-Limit", "5000", "X-RateLimit-Reset", reset())() },
		"Remaining is garbled": func() *http.Response { return ok("X-RateLimit-Remaining", "many", "X-RateLimit-Reset", reset())() },
		"Remaining is empty":   func() *http.Response { return ok("X-RateLimit-Remaining", "", "X-RateLimit-Reset", reset())() },
		"Remaining is a list": func() *http.Response {
			return ok("X-RateLimit-Remaining", "4999, 4999;w=3600", "X-RateLimit-Reset", reset())()
		},
		"Remaining is told twice": func() *http.Response { return ok("RateLimit-Remaining", "4999", "X-RateLimit-Reset", reset())() },
		"not found, nothing remains": func() *http.Response {
			return reply(404, `{}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset())()
		},
		"not modified": func() *http.Response {
			return reply(304, ``, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset())()
		},
		"forbidden": func() *http.Response {
			return reply(403, `{"message":"Must have admin rights"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset())()
		},
		"a server error": func() *http.Response {
			return reply(502, ``, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset())()
		},
		"the numbers of another resource": func() *http.Response {
			return ok("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(), "X-RateLimit-Resource", "code_search")()
		},
		"the search budget on the core path": func() *http.Response {
			return ok("X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset(), "X-RateLimit-Resource", "search")()
		},
	}
	for name, first := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := script(first, ok())
				gh := github.NewClient(&http.Client{Transport: over(w, manager(t, "a", "b"))})
				_, _, _ = gh.Users.Get(t.Context(), "x")
				for range 3 {
					if _, _, err := gh.Users.Get(t.Context(), "x"); err != nil {
						t.Errorf("a later call: %v", err)
					}
				}
				if len(w.calls()) != 4 {
					t.Errorf("%d requests, want 4", len(w.calls()))
				}
			})
		})
	}
}

func TestI14_go_github_never_locks_itself_after_RateLimit_Get(t *testing.T) {
	t.Parallel()
	for _, spent := range []string{"core", "search", "graphql", "code_search"} {
		t.Run(spent, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}})
				sim.SetRemaining(canary.Token("a"), spent, 0)
				gh := github.NewClient(&http.Client{Transport: over(sim, manager(t, "a", "b"))})
				limits, _, err := gh.RateLimit.Get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if r := sim.Requests()[0]; r.Token != 1 {
					t.Fatalf("token %d was asked, want the spent one", r.Token)
				}
				for name, r := range map[string]*github.Rate{"core": limits.Core, "search": limits.Search, "graphql": limits.GraphQL, "code_search": limits.CodeSearch} {
					if (name == spent) != (r.Remaining < r.Limit) || r.Remaining < 1 || r.Limit == 0 || r.Reset.IsZero() {
						t.Errorf("%s: %d of %d remain", name, r.Remaining, r.Limit)
					}
				}
				if _, _, err := gh.Users.Get(t.Context(), "user-1"); err != nil {
					t.Errorf("Users.Get: %v", err)
				}
				if _, _, err := gh.Search.Repositories(t.Context(), "x", nil); err != nil {
					t.Errorf("Search.Repositories: %v", err)
				}
				if _, _, err := gh.Search.Code(t.Context(), "x", nil); err != nil {
					t.Errorf("Search.Code: %v", err)
				}
			})
		})
	}
}

func TestI14_rate_limit_bodies_change_in_what_remains_and_in_nothing_else(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, want string }{
		{"spent", `{"resources":{"core":{"limit":5000,"remaining":0,"reset":1700000000,"used":5000},"search":{"limit":30,"remaining":30,"reset":1700000000}},"rate":{"limit":5000,"remaining":0,"reset":1700000000}}`,
			`{"resources":{"core":{"limit":5000,"remaining":1,"reset":1700000000,"used":5000},"search":{"limit":30,"remaining":30,"reset":1700000000}},"rate":{"limit":5000,"remaining":1,"reset":1700000000}}`},
		{"missing", `{"resources":{"core":{"limit":5000,"reset":1700000000},"x":{"limit":5}}}`,
			`{"resources":{"core":{"limit":5000,"reset":1700000000,"remaining":1},"x":{"limit":5}}}`},
		{"null", `{"resources":{"core":{"remaining":null,"reset":1700000000},"x":null},"rate":null}`,
			`{"resources":{"core":{"remaining":1,"reset":1700000000},"x":null},"rate":null}`},
		{"numbers beyond float64", `{"resources":{"core":{"limit":9007199254740993,"remaining":0,"reset":1}},"more":[1.50,"<é>"]}`,
			`{"resources":{"core":{"limit":9007199254740993,"remaining":1,"reset":1}},"more":[1.50,"<é>"]}`},
		{"no resources", `{"message":"Rate limiting is not enabled."}`, `{"message":"Rate limiting is not enabled."}`},
	}
	for _, tt := range tests {
		for _, address := range []string{"https://api.github.com/rate_limit", "https://git.example.com/api/v3/rate_limit"} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				m := managerOf(t, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("a"))},
					tokens.Token{Provider: tokens.GitHub, Host: "git.example.com", Secret: tokens.Static(canary.Token("e"))})
				resp, got := send(t, over(script(reply(200, tt.body, "Content-Type", "application/json")), m), request(t, "GET", address, ""))
				if !reflect.DeepEqual(decoded(t, got), decoded(t, tt.want)) {
					t.Errorf("body\n%s\nwant\n%s", got, tt.want)
				}
				if length := resp.Header.Get("Content-Length"); resp.ContentLength != int64(len(got)) || length != "" && length != strconv.Itoa(len(got)) {
					t.Errorf("ContentLength %d and %q for %d bytes", resp.ContentLength, length, len(got))
				}
				if resp.Header.Get("Content-Type") != "application/json" {
					t.Error("the header lost its Content-Type")
				}
			})
		}
	}
	t.Run("compressed", func(t *testing.T) {
		t.Parallel()
		resp, got := send(t, over(script(reply(200, "\x1f\x8bpacked", "Content-Encoding", "gzip")), manager(t, "a")), request(t, "GET", "https://api.github.com/rate_limit", ""))
		if got != "\x1f\x8bpacked" || resp.ContentLength != 8 {
			t.Errorf("body %q, want it as it was", got)
		}
	})
}

// decoded keeps numbers as they were written.
func decoded(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestI14_Remaining_is_what_the_manager_still_has(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b")}, Limit: 10})
		sim.SetRemaining(canary.Token("a"), "core", 1)
		m := manager(t, "a", "b")
		tr := over(sim, m)
		remaining := func() string {
			resp, _ := send(t, tr, get(t))
			return resp.Header.Get("X-RateLimit-Remaining")
		}
		if got := remaining(); got != "1" {
			t.Errorf("a is spent and nothing is known of b: Remaining %s, want at least 1", got)
		}
		if got := remaining(); got != "9" {
			t.Errorf("b answered: Remaining %s, want its own 9", got)
		}
		if left, _ := status(t, m, "a").Remaining.Get(); left != 0 {
			t.Errorf("the manager believes that %d remain of a, want 0: it sees the wire", left)
		}
	})
}

func TestI14_Remaining_is_raised_in_the_words_of_other_hosts_too(t *testing.T) {
	t.Parallel()
	reset := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	tests := []struct {
		name, url, remaining string
		provider             tokens.ProviderType
		answer               func() *http.Response
	}{
		{"GitLab", "https://gitlab.com/api/v4/version", "Ratelimit-Remaining", tokens.GitLab,
			ok("RateLimit-Limit", "2000", "RateLimit-Remaining", "0", "RateLimit-Reset", reset, "RateLimit-Name", "throttle_authenticated_api")},
		{"GitLab without a name", "https://gitlab.com/api/v4/version", "Ratelimit-Remaining", tokens.GitLab,
			ok("RateLimit-Limit", "2000", "RateLimit-Remaining", "0", "RateLimit-Reset", reset)},
		{"Bitbucket Data Center", "https://bb.example.com/rest/api/1.0/projects", "X-Ratelimit-Remaining", tokens.Bitbucket,
			ok("X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Interval-Seconds", "1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := managerOf(t, tokens.Token{Provider: tokens.GitLab, Secret: tokens.Static(canary.Token("l"))},
				tokens.Token{Provider: tokens.Bitbucket, Host: "bb.example.com", Secret: tokens.Static(canary.Token("b"))})
			tr := over(script(tt.answer), m)
			tr.Provider = tt.provider
			resp, _ := send(t, tr, request(t, "GET", tt.url, ""))
			want := tt.answer().Header
			want.Set(tt.remaining, "1")
			if dump(resp.Header) != dump(want) {
				t.Errorf("header\n%swant\n%s", dump(resp.Header), dump(want))
			}
		})
	}
}

func TestI14_go_github_is_not_locked_by_a_refusal_once_the_manager_is_ready(t *testing.T) {
	t.Parallel()
	refusals := map[string]func() *http.Response{
		"primary 403":                func() *http.Response { return primary(403, time.Now().Add(20*time.Minute), "core")() },
		"primary 429":                func() *http.Response { return primary(429, time.Now().Add(20*time.Minute), "core")() },
		"secondary":                  func() *http.Response { return secondary(403, "1200")() },
		"secondary, no time":         func() *http.Response { return secondary(403, "")() },
		"primary, reset in the past": func() *http.Response { return primary(403, time.Now().Add(-time.Minute), "core")() },
		"primary, reset missing":     reply(403, primaryText, "X-RateLimit-Remaining", "0"),
		"primary, reset and Retry-After": func() *http.Response {
			resp := primary(403, time.Now().Add(20*time.Minute), "core")()
			resp.Header.Set("Retry-After", "60")
			return resp
		},
	}
	for name, refuse := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(123 * time.Millisecond)
				w := script(refuse, ok())
				tr := over(w, manager(t, "a"))
				tr.MaxWait = -1
				gh := github.NewClient(&http.Client{Transport: tr})
				_, resp, err := gh.Users.Get(t.Context(), "user-1")
				if err == nil || resp.Header.Get("X-From-Cache") != "1" {
					t.Fatalf("Users.Get() = %v, want a refusal with X-From-Cache", err)
				}
				seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Duration(seconds)*time.Second - time.Nanosecond)
				_, _, _ = gh.Users.Get(t.Context(), "user-1") // may be a little early
				time.Sleep(time.Nanosecond)
				if _, _, err := gh.Users.Get(t.Context(), "user-1"); err != nil {
					t.Errorf("after %d s of Retry-After: %v", seconds, err)
				}
			})
		})
	}
}

func TestI14_X_From_Cache_is_on_refusals_for_a_limit_and_nothing_else(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour)
	tests := map[string]struct {
		answer func() *http.Response
		want   string
	}{
		"served":                     {ok(rate(5000, 0, reset, "core")...), ""},
		"unauthorized":               {badCredentials, ""},
		"forbidden":                  {reply(403, `{"message":"no"}`), ""},
		"not found":                  {reply(404, ``), ""},
		"server error":               {reply(503, ``, "Retry-After", "9"), ""},
		"primary":                    {primary(403, reset, "core"), "1"},
		"secondary":                  {secondary(429, "60"), "1"},
		"GraphQL":                    {graphQLSpent(reset), "1"},
		"a cache below has set it":   {ok("X-From-Cache", "yes"), "yes"},
		"a limit, marked below as 0": {reply(429, ``, "X-From-Cache", "0"), "1"},
	}
	for name, tt := range tests {
		for _, attempts := range []int{1, 16} { // as it came, and kept
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tr := over(script(tt.answer), manager(t, "a"))
				tr.MaxAttempts, tr.MaxWait = attempts, -1
				resp, _ := send(t, tr, request(t, "POST", graphQLURL, `{"query":"{x}"}`))
				if got := resp.Header.Get("X-From-Cache"); got != tt.want {
					t.Errorf("X-From-Cache %q, want %q", got, tt.want)
				}
			})
		}
	}
}

func TestI14_RawHeaders_hands_everything_back_as_it_was(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour)
	const limits = `{"resources":{"core":{"limit":5000,"remaining":0,"reset":1700000000}}}`
	dead := badCredentials().Header // its reset is of now
	tests := map[string]func() *http.Response{
		userURL:                             ok(rate(5000, 0, reset, "core")...),
		userURL + "?missing":                ok("X-RateLimit-Reset", "1700000000"),
		"https://api.github.com/rate_limit": reply(200, limits, rate(5000, 0, reset, "core")...),
		userURL + "?primary":                primary(403, reset, "core"),
		userURL + "?secondary":              secondary(403, "60"),
		userURL + "?401": func() *http.Response {
			resp := badCredentials()
			resp.Header = dead.Clone()
			return resp
		},
	}
	for address, answer := range tests {
		for _, attempts := range []int{1, 16} {
			t.Run(address, func(t *testing.T) {
				t.Parallel()
				tr := over(script(answer), manager(t, "a"))
				tr.RawHeaders, tr.MaxAttempts, tr.MaxWait = true, attempts, -1
				resp, got := send(t, tr, request(t, "GET", address, ""))
				want := answer()
				if dump(resp.Header) != dump(want.Header) || got != text(t, want) {
					t.Errorf("answer\n%s%s\nwant\n%s", dump(resp.Header), got, dump(want.Header))
				}
			})
		}
	}
}

// The answer's header may belong to the base, such as a cache's entry.
func TestI14_RoundTrip_does_not_write_into_the_bases_header(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour)
	for name, answer := range map[string]func() *http.Response{
		"raised": ok(rate(5000, 0, reset, "core")...), "marked": primary(403, reset, "core"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := answer()
			before := dump(own.Header)
			header := own.Header
			tr := over(script(func() *http.Response { return own }), manager(t, "a"))
			tr.MaxWait = -1
			resp, _ := send(t, tr, get(t))
			if dump(header) != before || dump(resp.Header) == before {
				t.Error("the base's own header was changed, or the answer's was not")
			}
		})
	}
}

func TestI18_RoundTrip_replaces_the_callers_credential_and_never_sends_two(t *testing.T) {
	t.Parallel()
	m := managerOf(t,
		tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("a"))},
		tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com/api/proxy", Secret: tokens.Static(canary.Token("e"))},
	)
	own, jwt := canary.Token("own"), "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0."+canary.Token("jwt")
	const api, enterprise = "https://api.github.com", "https://git.example.com/api/proxy/api/v3"
	basic := func() string {
		r := get(t)
		r.SetBasicAuth("client-id", "client-secret")
		return r.Header.Get("Authorization")
	}()
	tests := []struct{ name, path, authorization, want string }{
		{"nothing set", "/user", "", "manager"},
		{"Bearer", "/user", "Bearer " + own, "manager"},
		{"token", "/user", "token " + own, "manager"},
		{"Basic", "/user", basic, "manager"},
		{"a JWT where users are served", "/user", "Bearer " + jwt, "manager"},
		{"a JWT at /app", "/app", "Bearer " + jwt, "caller"},
		{"a JWT at /app/…", "/app/installations/1/access_tokens", "bearer " + jwt, "caller"},
		{"a JWT that asks where the app is installed", "/orgs/acme/installation", "Bearer " + jwt, "caller"},
		{"a token that asks the same", "/orgs/acme/installation", "Bearer " + own, "manager"},
		{"a token at /app", "/app", "Bearer " + own, "manager"},
		{"nothing at /app", "/app", "", "manager"},
		{"a JWT at /apps/…", "/apps/x", "Bearer " + jwt, "manager"},
		{"a JWT at /application", "/app-manifests/x", "Bearer " + jwt, "manager"},
		{"Basic at /applications/…", "/applications/1/token", basic, "caller"},
		{"Bearer at /applications/…", "/applications/1/token", "Bearer " + own, "manager"},
		{"Basic at /app", "/app", basic, "manager"},
	}
	for _, tt := range tests {
		for _, root := range []string{api, enterprise} {
			t.Run(tt.name+" of "+root, func(t *testing.T) {
				t.Parallel()
				var got []string
				base := roundTripper(func(r *http.Request) (*http.Response, error) {
					got = r.Header["Authorization"]
					for k := range r.Header {
						if carriesCredential(k) && k != "Authorization" {
							t.Errorf("%s was sent as well", k)
						}
					}
					return ok()(), nil
				})
				req := request(t, "GET", root+tt.path, "")
				if tt.authorization != "" {
					req.Header.Set("Authorization", tt.authorization)
				}
				if tt.want == "manager" {
					req.Header.Set("Private-Token", own)
					req.Header.Set("Job-Token", own)
				}
				send(t, over(base, m), req)
				wantName := map[string]string{api: "a", enterprise: "e"}[root]
				switch {
				case len(got) != 1:
					t.Errorf("%d Authorization headers, want 1", len(got))
				case tt.want == "caller" && got[0] != tt.authorization:
					t.Error("the caller's own credential was replaced")
				case tt.want == "manager" && nameOf(got[0]) != wantName:
					t.Errorf("sent %s, want the manager's %s", nameOf(got[0]), wantName)
				}
			})
		}
	}
	t.Run("odd Enterprise paths", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/api/proxy/api/", "/api/proxy/api/v3", "/api/proxy/api/graphql", "/api/proxy/api/v30/app", "/api/proxy/api/uploads/app"} {
			w := script(ok())
			req := request(t, "GET", "https://git.example.com"+path, "")
			req.Header.Set("Authorization", "Bearer "+jwt)
			send(t, over(w, m), req)
			if w.tokens() != "e" {
				t.Errorf("%s: sent %s, want e", path, w.tokens())
			}
		}
	})
	t.Run("other providers have no such endpoints", func(t *testing.T) {
		t.Parallel()
		m := managerOf(t, tokens.Token{Provider: tokens.Bitbucket, Secret: tokens.Static(canary.Token("b"))})
		w := script(ok())
		tr := over(w, m)
		tr.Provider = tokens.Bitbucket
		req := request(t, "GET", "https://api.bitbucket.org/app", "")
		req.Header.Set("Authorization", "Bearer "+jwt)
		send(t, tr, req)
		if w.tokens() != "b" {
			t.Errorf("sent %s, want b", w.tokens())
		}
	})
}

// net/http sends header lines as they are spelt in the map.
func TestI2_I18_RoundTrip_knows_credentials_however_their_names_are_spelt(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"authorization", "AUTHORIZATION", "PRIVATE-TOKEN", "job-token"} {
		w := script(ok())
		tr := over(w, manager(t, "a"))
		own := get(t)
		own.Header[key] = []string{"Bearer " + canary.Token("own")}
		send(t, tr, own)
		foreign := request(t, "GET", "https://elsewhere.example/", "")
		foreign.Header[key] = []string{canary.Token("a")}
		send(t, tr, foreign)
		if calls := w.calls(); calls[0].Credentials != 1 || w.tokens() != "a none" {
			t.Errorf("%s: sent %s, the first with %d credentials, want a none with 1", key, w.tokens(), calls[0].Credentials)
		}
	}
}

// A body that GetBody gives is read for what it asks, and closed.
func TestI3_RoundTrip_looks_at_GraphQL_documents_through_a_reader_of_its_own(t *testing.T) {
	t.Parallel()
	var readers []*body
	w := script(ok())
	req := request(t, "POST", graphQLURL, "")
	own := upload(`{"query":"mutation{x}"}`)
	req.Body = own
	req.GetBody = func() (io.ReadCloser, error) {
		readers = append(readers, upload(`{"query":"mutation{x}"}`))
		return readers[len(readers)-1], nil
	}
	send(t, over(w, manager(t, "a")), req)
	if closed, ended := own.state(); closed != 1 || !ended || w.calls()[0].Body != `{"query":"mutation{x}"}` {
		t.Errorf("the request's own body was closed %d times, sent whole: %v", closed, ended)
	}
	if len(readers) != 1 {
		t.Fatalf("GetBody was called %d times, want once", len(readers))
	}
	if closed, ended := readers[0].state(); closed != 1 || !ended {
		t.Errorf("its reader was closed %d times, read to its end: %v", closed, ended)
	}
}
