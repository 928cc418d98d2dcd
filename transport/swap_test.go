package transport_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/google/go-github/v66/github"
)

const graphQLURL = "https://api.github.com/graphql"

// A budget that an answer has told to be spent is left alone, resource by
// resource, while the account's other budgets are used on.
func TestI4_I8_RoundTrip_goes_on_with_the_next_token_when_one_is_spent(t *testing.T) {
	t.Parallel()
	resources := map[string]func(*testing.T, *http.Client){
		"core": func(t *testing.T, c *http.Client) {
			if _, _, err := github.NewClient(c).Users.Get(t.Context(), "user-1"); err != nil {
				t.Fatal(err)
			}
		},
		"search": func(t *testing.T, c *http.Client) {
			if _, _, err := github.NewClient(c).Search.Repositories(t.Context(), "x", nil); err != nil {
				t.Fatal(err)
			}
		},
		"graphql": func(t *testing.T, c *http.Client) {
			resp, err := c.Post(graphQLURL, "application/json", strings.NewReader(`{"query":"{viewer{login}}"}`))
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, resp); !strings.Contains(got, `"viewer"`) {
				t.Fatalf("answer %s, want a viewer", got)
			}
		},
	}
	for resource, call := range resources {
		for _, names := range [][]string{{"a", "b"}, {"a", "b", "c"}} {
			t.Run(resource+" with "+strings.Join(names, ","), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var secrets []string
					for _, name := range names {
						secrets = append(secrets, canary.Token(name))
					}
					sim := fleettest.NewGitHub(fleettest.Config{Tokens: secrets})
					sim.SetRemaining(secrets[0], resource, 1)
					client := &http.Client{Transport: over(sim, manager(t, names...))}
					for range 6 {
						call(t, client)
					}
					if s := sim.Stats(); s.Requests != 6 || s.RefusedPrimary != 0 {
						t.Errorf("%d requests, %d refused, want 6 and 0", s.Requests, s.RefusedPrimary)
					}
					for i, r := range sim.Requests() {
						if (r.Token == 1) != (i == 0) || r.Authorizations != 1 {
							t.Errorf("request %d: token %d, %d Authorization headers; the first token has one call", i+1, r.Token, r.Authorizations)
						}
					}
					for name, other := range resources {
						if name != resource {
							other(t, client)
						}
					}
				})
			})
		}
	}
}

// refusals are the answers after which a call goes on with another token.
func refusals(now time.Time) map[string]func() *http.Response {
	return map[string]func() *http.Response{
		"403 primary":                     primary(403, now.Add(time.Hour), "core"),
		"429 primary":                     primary(429, now.Add(time.Hour), "core"),
		"403 secondary with Retry-After":  secondary(403, "60"),
		"403 secondary without a time":    secondary(403, ""),
		"429 secondary with Retry-After":  secondary(429, "60"),
		"401":                             badCredentials,
		"200 GraphQL that says it is out": graphQLSpent(now.Add(time.Hour)),
	}
}

func TestI8_RoundTrip_sends_one_call_again_with_another_token_and_its_body_whole(t *testing.T) {
	t.Parallel()
	const document = `{"query":"mutation { addStar(input: {}) { clientMutationId } }"}`
	requests := map[string]func(*testing.T) *http.Request{
		"GET":  func(t *testing.T) *http.Request { return get(t) },
		"POST": func(t *testing.T) *http.Request { return request(t, "POST", graphQLURL, document) },
		"PUT":  func(t *testing.T) *http.Request { return request(t, "PUT", userURL+"/starred/a/b", document) },
	}
	for refusal := range refusals(time.Time{}) {
		for method, make := range requests {
			if refusal == "200 GraphQL that says it is out" && method != "POST" {
				continue
			}
			t.Run(refusal+" on "+method, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					refuse := refusals(time.Now())[refusal]
					w := script(refuse, ok())
					var seen events
					tr := over(w, manager(t, "a", "b", "c"))
					tr.Hooks = seen.hooks()
					req := make(t)
					resp, got := send(t, tr, req)
					if resp.StatusCode != 200 || got != `{"login":"octocat"}` {
						t.Errorf("answer %d %q, want the second one", resp.StatusCode, got)
					}
					want := "a b"
					if refusal == "401" {
						want = "a a? b"
					}
					if w.tokens() != want {
						t.Errorf("sent %s, want %s", w.tokens(), want)
					}
					for _, s := range w.calls() {
						if s.Credentials != 1 || s.Method != req.Method || s.URL != req.URL.String() || req.GetBody != nil && s.Body != document {
							t.Errorf("attempt %d: %s %s with %d credentials and body %q", s.Number, s.Method, s.URL, s.Credentials, s.Body)
						}
					}
					if time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) != 0 {
						t.Error("the swap took time")
					}
					if closed, ended := w.bodies[0].state(); closed != 1 || !ended {
						t.Errorf("the refusal's body was closed %d times, drained: %v, want once and drained", closed, ended)
					}
				})
			})
		}
	}
}

func TestI8_RoundTrip_asks_another_account_after_a_limit_and_another_token_after_a_401(t *testing.T) {
	t.Parallel()
	token := func(name, account string) tokens.Token {
		return tokens.Token{Provider: tokens.GitHub, Label: name, Account: account, Secret: tokens.Static(canary.Token(name))}
	}
	tests := []struct {
		name   string
		refuse func() *http.Response
		want   string
	}{
		{"limit", primary(403, time.Now().Add(time.Hour), "core"), "a1 b1"},
		{"401", badCredentials, "a1 a1? b1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := script(tt.refuse, ok())
			send(t, over(w, managerOf(t, token("a1", "anna"), token("a2", "anna"), token("b1", "bob"))), get(t))
			if w.tokens() != tt.want {
				t.Errorf("sent %s, want %s", w.tokens(), tt.want)
			}
		})
	}
	t.Run("limit of another resource than was foreseen", func(t *testing.T) {
		t.Parallel()
		// The budget that the call was to draw on does not rest, but the host
		// has refused this call to this account.
		w := script(primary(403, time.Now().Add(time.Hour), "code_search"), ok())
		send(t, over(w, managerOf(t, token("a1", "anna"), token("a2", "anna"), token("b1", "bob"))), get(t))
		if w.tokens() != "a1 b1" {
			t.Errorf("sent %s, want a1 b1", w.tokens())
		}
	})
	t.Run("401 with one account", func(t *testing.T) {
		t.Parallel()
		w := script(badCredentials, ok())
		send(t, over(w, managerOf(t, token("a1", "anna"), token("a2", "anna"))), get(t))
		if w.tokens() != "a1 a1? a2" {
			t.Errorf("sent %s, want a1 a1? a2: the account's other token is not dead", w.tokens())
		}
	})
	t.Run("limit with one account", func(t *testing.T) {
		t.Parallel()
		w := script(primary(403, time.Now().Add(time.Hour), "core"))
		tr := over(w, managerOf(t, token("a1", "anna"), token("a2", "anna")))
		tr.MaxWait = -1
		if resp, _ := send(t, tr, get(t)); resp.StatusCode != 403 || w.tokens() != "a1" {
			t.Errorf("answer %d after %s, want 403 after a1: the account is spent", resp.StatusCode, w.tokens())
		}
	})
}

func TestI8_RoundTrip_sends_a_body_that_cannot_be_read_again_only_once(t *testing.T) {
	t.Parallel()
	broken := errors.New("no second reader")
	tests := []struct {
		name    string
		getBody func() (io.ReadCloser, error)
	}{
		{"without GetBody", nil},
		{"GetBody fails", func() (io.ReadCloser, error) { return nil, broken }},
	}
	for refusal := range refusals(time.Time{}) {
		for _, tt := range tests {
			t.Run(refusal+", "+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := script(refusals(time.Now())[refusal], ok())
					b := upload("streamed")
					req := request(t, "POST", graphQLURL, "")
					req.Body, req.GetBody, req.ContentLength = b, tt.getBody, 8
					want := refusals(time.Now())[refusal]()
					resp, got := send(t, over(w, manager(t, "a", "b")), req)
					if resp.StatusCode != want.StatusCode || got != text(t, want) {
						t.Errorf("answer %d %q, want the refusal", resp.StatusCode, got)
					}
					if calls := w.calls(); len(calls) != 1 || calls[0].Body != "streamed" {
						t.Errorf("sent %d times, want once with the body", len(calls))
					}
					if closed, _ := b.state(); closed != 1 {
						t.Errorf("the request's body was closed %d times, want once", closed)
					}
				})
			})
		}
	}
}

// What is not about the token is not sent again, and comes back as it was.
func TestI8_RoundTrip_hands_back_as_they_are_answers_that_no_other_token_would_change(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(time.Hour)
	numbers := rate(5000, 4000, reset, "core")
	answers := map[string]func() *http.Response{
		"403 permission":   reply(403, `{"message":"Resource not accessible by personal access token"}`, numbers...),
		"403 SSO":          reply(403, `{"message":"Resource protected by organization SAML enforcement."}`, append(numbers, "X-GitHub-SSO", "required; url=https://github.com/orgs/x/sso")...),
		"404":              reply(404, `{"message":"Not Found"}`, numbers...),
		"409":              reply(409, `{"message":"Conflict"}`, numbers...),
		"422":              reply(422, `{"message":"Validation Failed"}`, numbers...),
		"451":              reply(451, `{"message":"Repository access blocked"}`, numbers...),
		"500":              reply(500, ``, numbers...),
		"502":              reply(502, `<html>Unicorn</html>`),
		"503 Retry-After":  reply(503, `down`, "Retry-After", "30"),
		"301":              reply(301, ``, "Location", "https://api.github.com/repositories/1"),
		"304":              reply(304, ``, numbers...),
		"202":              reply(202, `{}`, numbers...),
		"200 with warning": reply(200, `{"message":"API rate limit exceeded for user ID 1."}`, numbers...),
	}
	for name, a := range answers {
		for _, method := range []string{"GET", "POST"} {
			t.Run(name+" on "+method, func(t *testing.T) {
				t.Parallel()
				w := script(a)
				var seen events
				tr := over(w, manager(t, "a", "b"))
				tr.Hooks = seen.hooks()
				resp, got := send(t, tr, request(t, method, userURL, map[string]string{"POST": "{}"}[method]))
				want := a()
				if resp.StatusCode != want.StatusCode || got != text(t, want) {
					t.Errorf("answer %d %q, want it as it was", resp.StatusCode, got)
				}
				if got, want := dump(resp.Header), dump(want.Header); got != want {
					t.Errorf("header\n%s\nwant\n%s", got, want)
				}
				if w.tokens() != "a" {
					t.Errorf("sent %s, want a", w.tokens())
				}
				if got := seen.line(); strings.Contains(got, "limit") || strings.Contains(got, "swap") {
					t.Errorf("events %s", got)
				}
			})
		}
	}
}

func dump(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b)
	return b.String()
}

func TestI8_RoundTrip_never_sends_again_after_a_network_error(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset by peer")
	for _, method := range []string{"GET", "POST"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := failure(reset)
			m := manager(t, "a", "b")
			resp, err := over(w, m).RoundTrip(request(t, method, userURL, map[string]string{"POST": "{}"}[method]))
			if resp != nil || err != reset {
				t.Errorf("RoundTrip() = %v, %v, want the error as it is", resp, err)
			}
			if w.tokens() != "a" || inFlight(m) != 0 {
				t.Errorf("sent %s with %d leases left out, want a and 0", w.tokens(), inFlight(m))
			}
		})
	}
}

func TestI8_RoundTrip_returns_a_network_error_that_follows_a_refusal(t *testing.T) {
	t.Parallel()
	lost := errors.New("connection reset by peer")
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.Number == 1 {
			return primary(403, time.Now().Add(time.Hour), "core")(), nil
		}
		return nil, lost
	}}
	var seen events
	tr := over(w, manager(t, "a", "b", "c"))
	tr.Hooks = seen.hooks()
	resp, err := tr.RoundTrip(request(t, "POST", userURL, "{}"))
	if resp != nil || err != lost || w.tokens() != "a b" {
		t.Errorf("RoundTrip() = %v, %v after %s, want the error after a b", resp, err, w.tokens())
	}
	if closed, _ := w.bodies[0].state(); closed != 1 {
		t.Errorf("the refusal's body was closed %d times, want once", closed)
	}
	if d := seen.dones(); len(d) != 1 || d[0].Err != lost || d[0].Status != 0 || d[0].Label != "b" || d[0].Number != 2 {
		t.Errorf("events %s", seen.line())
	}
}

func TestI8_RoundTrip_sends_at_most_MaxAttempts_times(t *testing.T) {
	t.Parallel()
	names := strings.Fields("a b c d e f g h i j k l m n o p q r s t")
	for _, tt := range []struct{ max, want int }{{0, transport.DefaultMaxAttempts}, {1, 1}, {3, 3}, {100, 20}} {
		for _, refuse := range []string{"403 primary", "401"} {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					refusal := refusals(time.Now())[refuse]
					w := &wire{answer: func(sent) (*http.Response, error) { return refusal(), nil }}
					tr := over(w, manager(t, names...))
					tr.MaxAttempts, tr.MaxWait = tt.max, -1
					resp, got := send(t, tr, request(t, "POST", userURL, "{}"))
					if want := text(t, refusal()); resp.StatusCode != refusal().StatusCode || got != want {
						t.Errorf("answer %d %q, want the refusal", resp.StatusCode, got)
					}
					calls := w.calls()
					if len(calls) != tt.want {
						t.Errorf("MaxAttempts %d: %s: sent %d times, want %d", tt.max, refuse, len(calls), tt.want)
					}
					once := map[string]bool{}
					for _, s := range calls {
						if once[s.Token] {
							t.Errorf("token %s was sent twice", s.Token)
						}
						once[s.Token] = true
					}
				})
			})
		}
	}
}

func TestI8_RoundTrip_ends_swapping_at_the_second_secondary_limit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		retryAfter string
		pause      time.Duration
	}{{"90", 90 * time.Second}, {"", time.Minute}} {
		t.Run("Retry-After "+tt.retryAfter, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				refuse := secondary(403, tt.retryAfter)
				w := script(refuse, refuse, ok())
				var seen events
				tr := over(w, manager(t, "a", "b", "c", "d"))
				tr.Hooks = seen.hooks()
				start := time.Now()
				resp, _ := send(t, tr, request(t, "POST", userURL, "{}"))
				if resp.StatusCode != 200 || w.tokens() != "a b c" || time.Since(start) != tt.pause {
					t.Errorf("answer %d after %v and %s, want 200 after %v and a b c", resp.StatusCode, time.Since(start), w.tokens(), tt.pause)
				}
				for i, b := range w.bodies[:2] {
					if closed, ended := b.state(); closed != 1 || !ended {
						t.Errorf("refusal %d: closed %d times, drained: %v", i+1, closed, ended)
					}
				}
				want := "attempt1:a limit:a:403 swap:a:secondary_limit:available attempt2:b limit:b:403 wait:core swap:b:secondary_limit:available attempt3:c done3:c:200"
				if got := seen.line(); got != want {
					t.Errorf("events\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

func TestI8_RoundTrip_hands_the_second_secondary_limit_back_if_it_may_not_wait_it_out(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		maxWait  time.Duration
		deadline time.Duration
	}{{"never waits", -1, 0}, {"MaxWait is too short", 59 * time.Second, 0}, {"the deadline is too near", 0, 59 * time.Second}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := script(secondary(403, "60"))
				tr := over(w, manager(t, "a", "b", "c", "d"))
				tr.MaxWait = tt.maxWait
				var replays []*body
				req := request(t, "POST", userURL, "{}")
				if tt.deadline != 0 {
					ctx, cancel := contextWithTimeout(t, tt.deadline)
					defer cancel()
					req = req.WithContext(ctx)
				}
				req.GetBody = func() (io.ReadCloser, error) {
					replays = append(replays, upload("{}"))
					return replays[len(replays)-1], nil
				}
				start := time.Now()
				resp, got := send(t, tr, req)
				if resp.StatusCode != 403 || got != secondaryText || w.tokens() != "a b" || time.Since(start) != 0 {
					t.Errorf("answer %d after %v and %s, want 403 at once after a b", resp.StatusCode, time.Since(start), w.tokens())
				}
				for i, b := range replays {
					if closed, _ := b.state(); closed != 1 {
						t.Errorf("body %d from GetBody was closed %d times, want once", i+1, closed)
					}
				}
			})
		})
	}
}

func TestI8_RoundTrip_may_ask_anybody_again_after_a_pause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// a refuses because of a budget that the next call does not draw on.
		w := script(primary(403, time.Now().Add(time.Hour), "code_search"), secondary(403, "60"), secondary(403, "60"), ok())
		resp, _ := send(t, over(w, manager(t, "a", "b", "c")), get(t))
		if resp.StatusCode != 200 || w.tokens() != "a b c a" {
			t.Errorf("answer %d after %s, want 200 after a b c a", resp.StatusCode, w.tokens())
		}
	})
}

func TestI8_RoundTrip_none_is_asked_twice_between_two_waits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The host refuses whatever it is asked, for a minute at a time.
		w := &wire{answer: func(sent) (*http.Response, error) {
			return primary(403, time.Now().Add(time.Minute), "core")(), nil
		}}
		tr := over(w, manager(t, "a", "b", "c"))
		tr.MaxAttempts = 100
		var seen events
		tr.Hooks = seen.hooks()
		resp, _ := send(t, tr, get(t))
		if resp.StatusCode != 403 {
			t.Errorf("answer %d, want 403", resp.StatusCode)
		}
		asked, waits := map[string]bool{}, 0
		for _, v := range seen.all {
			switch v := v.(type) {
			case transport.Attempt:
				if asked[v.Label] {
					t.Errorf("attempt %d: %s is asked for the second time since the last wait", v.Number, v.Label)
				}
				asked[v.Label] = true
			case transport.Wait:
				waits++
				clear(asked)
			case transport.Swap:
				if v.Reason != ratelimit.PrimaryLimit {
					t.Errorf("swapped because of %v", v.Reason)
				}
			}
		}
		if waits != transport.MaxWaits {
			t.Errorf("%d waits, want %d", waits, transport.MaxWaits)
		}
	})
}
