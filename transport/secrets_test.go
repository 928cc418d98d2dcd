package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/google/go-github/v66/github"
)

// scenarios lead a call through every kind of answer and error.
func scenarios() map[string]func() *wire {
	hour := func() time.Time { return time.Now().Add(time.Hour) }
	return map[string]func() *wire{
		"served":  func() *wire { return script(ok()) },
		"swapped": func() *wire { return script(primary(403, hour(), "core"), secondary(429, "5"), ok()) },
		"spent":   func() *wire { return script(primary(403, hour(), "core")) },
		"dead": func() *wire {
			return &wire{answer: func(sent) (*http.Response, error) { return badCredentials(), nil }}
		},
		"permission":       func() *wire { return script(reply(403, `{"message":"Must have admin rights"}`)) },
		"failed":           func() *wire { return failure(errors.New("connection refused")) },
		"sso":              func() *wire { return script(needsSSO, secondary(403, "5"), ok()) },
		"the host is down": func() *wire { return script(reply(502, "")) },
		"nothing came":     func() *wire { return &wire{answer: func(sent) (*http.Response, error) { return nil, nil }} },
		"body breaks off":  func() *wire { return script(cut(`{"message":"API rate`)) },
		"nothing to read":  func() *wire { return script(func() *http.Response { return &http.Response{StatusCode: 200} }) },
		"refusal is empty": func() *wire { return script(func() *http.Response { return &http.Response{StatusCode: 429} }) },
	}
}

// cut is a 403 whose body breaks off.
func cut(text string) func() *http.Response {
	return func() *http.Response {
		resp := reply(403, "")()
		resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(text), brokenReader{})), 1000
		return resp
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestI1_RoundTrip_shows_no_token_in_errors_events_answers_or_itself(t *testing.T) {
	t.Parallel()
	for name, make := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := make()
				var seen events
				tr := over(w, manager(t, "a", "b"))
				tr.Hooks, tr.MaxWait = seen.hooks(), -1
				req := get(t)
				req.Header.Set("Authorization", "Bearer "+canary.Token("caller"))
				client := &http.Client{Transport: tr}
				for range 4 { // the last ones meet a manager that has nothing left
					resp, err := client.Do(req.Clone(t.Context()))
					noSecret(t, "error", err)
					var wrapped *url.Error
					if errors.As(err, &wrapped) {
						noSecret(t, "wrapped error", wrapped.Err, wrapped.URL)
					}
					if err != nil {
						continue
					}
					if got := resp.Request.Header.Get("Authorization"); nameOf(got) != "caller" {
						t.Errorf("Response.Request carries %q, want the caller's own request", nameOf(got))
					}
					resp.Request.Header.Del("Authorization")
					resp.Body, _ = nil, resp.Body.Close()
					noSecret(t, "answer", resp, resp.Header)
				}
				if len(seen.all) == 0 {
					t.Fatal("no events")
				}
				noSecret(t, "event", seen.all...)
				noSecret(t, "transport", tr)
				_, _, err := github.NewClient(client).Users.Get(t.Context(), "x")
				noSecret(t, "go-github's error", err)
			})
		})
	}
}

func TestI1_Hooks_tell_URLs_without_what_may_be_a_secret(t *testing.T) {
	t.Parallel()
	secret := canary.Token("in-the-url")
	tests := map[string]string{
		"plain":              "https://api.github.com/users/user-1?per_page=5&page=2",
		"user information":   "https://user:" + secret + "@api.github.com/users/user-1",
		"access_token":       "https://api.github.com/users/user-1?page=2&access_token=" + secret,
		"private_token":      "https://api.github.com/users/user-1?private_token=" + secret,
		"job_token":          "https://api.github.com/users/user-1?job_token=" + secret,
		"client_secret":      "https://api.github.com/users/user-1?client_secret=" + secret,
		"a broken query":     "https://api.github.com/users/user-1?access_token=" + secret + ";x",
		"a broken escape":    "https://api.github.com/users/user-1?access_token=" + secret + "%zz",
		"a fragment":         "https://api.github.com/users/user-1#access_token=" + secret,
		"repeated parameter": "https://api.github.com/users/user-1?job_token=" + secret + "&job_token=" + secret,
	}
	for name, address := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal("the address does not parse")
			}
			var seen events
			tr := over(script(primary(403, time.Now().Add(time.Hour), "core"), ok()), manager(t, "a", "b"))
			tr.Hooks = seen.hooks()
			send(t, tr, (&http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}).WithContext(t.Context()))
			noSecret(t, "event", seen.all...)
			first := seen.all[0].(transport.Attempt)
			if !strings.HasPrefix(first.URL, "https://api.github.com/users/user-1") {
				t.Error("the event's URL does not tell host and path")
			}
			if name == "plain" && first.URL != address {
				t.Errorf("URL = %s, want it as it is", first.URL)
			}
		})
	}
}

func TestI7_RoundTrip_settles_the_lease_when_the_base_or_a_hook_panics(t *testing.T) {
	t.Parallel()
	boom := func() { panic("boom") }
	tests := map[string]struct {
		wire  func() *wire
		hooks transport.Hooks
	}{
		"base": {wire: func() *wire {
			return &wire{answer: func(sent) (*http.Response, error) { boom(); return nil, nil }}
		}},
		"reading the answer": {wire: func() *wire {
			return script(func() *http.Response {
				resp := reply(403, "")()
				resp.Body = io.NopCloser(panickingReader{})
				return resp
			})
		}},
		"the Attempt hook": {
			wire:  func() *wire { return script(ok()) },
			hooks: transport.Hooks{Attempt: func(context.Context, transport.Attempt) { boom() }},
		},
		"the Answer hook": {
			wire:  func() *wire { return script(ok()) },
			hooks: transport.Hooks{Answer: func(context.Context, transport.Answer) { boom() }},
		},
		"the Swap hook": {
			wire:  func() *wire { return script(secondary(403, "5"), ok()) },
			hooks: transport.Hooks{Swap: func(context.Context, transport.Swap) { boom() }},
		},
		"the Retry hook": {
			wire:  func() *wire { return script(reply(502, ""), ok()) },
			hooks: transport.Hooks{Retry: func(context.Context, transport.Retry) { boom() }},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := manager(t, "a", "b")
			tr := over(tt.wire(), m)
			tr.Hooks, tr.Retries = tt.hooks, 1
			func() {
				defer func() {
					if got := recover(); fmt.Sprint(got) != "boom" {
						t.Errorf("recovered %v, want the panic as it was", got)
					}
				}()
				_, _ = tr.RoundTrip(get(t))
			}()
			if n := inFlight(m); n != 0 {
				t.Errorf("%d leases are out, want none", n)
			}
		})
	}
}

type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic("boom") }

func TestI7_RoundTrip_settles_every_lease_once_on_every_path(t *testing.T) {
	t.Parallel()
	for name, make := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, "a", "b", "c")
				tr := over(make(), m)
				tr.MaxWait, tr.BreakAfter, tr.SwapSSO = -1, 3, true
				for range 5 {
					resp, err := tr.RoundTrip(request(t, "POST", userURL, "{}"))
					if n := inFlight(m); n != 0 {
						t.Fatalf("%d leases are out although the caller has the answer (error: %v)", n, err != nil)
					}
					_ = resp // a caller that never reads
				}
			})
		})
	}
}

func TestI1_check_refuses_by_name_what_cannot_work(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		tr   *transport.Transport
		req  func(*http.Request)
		want string
	}{
		{"no manager", &transport.Transport{Provider: tokens.GitHub}, nil, "Manager is nil"},
		{"no provider", &transport.Transport{Manager: manager(t, "a")}, nil, "Provider is empty"},
		{"no URL", over(script(ok()), manager(t, "a")), func(r *http.Request) { r.URL = nil }, "request without URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := upload("x")
			req := get(t)
			req.Body = b
			if tt.req != nil {
				tt.req(req)
			}
			resp, err := tt.tr.RoundTrip(req)
			if resp != nil || err == nil || !strings.HasPrefix(err.Error(), "gitfleet: transport: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("RoundTrip() = %v, %v, want an error with %q", resp, err, tt.want)
			}
			if closed, _ := b.state(); closed != 1 {
				t.Errorf("the body was closed %d times, want once", closed)
			}
		})
	}
}
