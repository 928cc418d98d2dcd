package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func TestTransport_has_the_defaults_that_its_policies_document(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(2 * time.Hour)
	oneWay := func(t *testing.T) *http.Request {
		req := request(t, "POST", userURL, "")
		req.Body = upload("text")
		return req
	}
	broken := errors.New("connection reset")
	tests := []struct {
		name   string
		policy func(*transport.Transport)
		wire   *wire
		req    func(*testing.T) *http.Request
		status int    // wanted; 0 for an error
		tokens string // wanted on the wire
	}{
		{"Retries 0 hands a 5xx on", nil, script(reply(502, ""), ok()), nil, 502, "a"},
		{"Retries 0 returns a network error", nil, failure(broken), nil, 0, "a"},
		{"Retries sends a GET again", func(tr *transport.Transport) { tr.Retries = 1 }, script(reply(502, ""), ok()), nil, 200, "a b"},
		{"MaxBodyBuffer 0 sends such a body once", nil, script(primary(403, reset, "core"), ok()), oneWay, 403, "a"},
		{"MaxBodyBuffer sends it again", func(tr *transport.Transport) { tr.MaxBodyBuffer = 4 }, script(primary(403, reset, "core"), ok()), oneWay, 200, "a b"},
		{"MaxBodyBuffer is too small", func(tr *transport.Transport) { tr.MaxBodyBuffer = 3 }, script(primary(403, reset, "core"), ok()), oneWay, 403, "a"},
		{"Secondary SwapOnce goes to another account", nil, script(secondary(403, "60"), ok()), nil, 200, "a b"},
		{"Credential ReplaceCredential", nil, script(ok()), withOwn, 200, "a"},
		{"Credential KeepCredential", func(tr *transport.Transport) { tr.Credential = transport.KeepCredential }, script(ok()), withOwn, 200, "own"},
		{"Credential KeepCredential without one", func(tr *transport.Transport) { tr.Credential = transport.KeepCredential }, script(ok()), nil, 200, "a"},
		{"Exhausted ReturnRefusal", nil, script(primary(403, reset, "core")), nil, 403, "a b"},
		{"Exhausted ReturnError", func(tr *transport.Transport) { tr.Exhausted = transport.ReturnError }, script(primary(403, reset, "core")), nil, 0, "a b"},
		{"SwapSSO is off", nil, script(needsSSO, ok()), nil, 403, "a"},
		{"SwapSSO", func(tr *transport.Transport) { tr.SwapSSO = true }, script(needsSSO, ok()), nil, 200, "a b"},
		{"Exhausted MakeRefusal", func(tr *transport.Transport) { tr.Exhausted = transport.MakeRefusal }, script(primary(403, reset, "core")), nil, 403, "a b"},
		{"Exhausted ReturnError leaves a 401", func(tr *transport.Transport) { tr.Exhausted = transport.ReturnError }, script(badCredentials), nil, 401, "a a? b b?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := manager(t, "a", "b")
				tr := over(tt.wire, m)
				if tt.policy != nil {
					tt.policy(tr)
				}
				req := get(t)
				if tt.req != nil {
					req = tt.req(t)
				}
				resp, err := tr.RoundTrip(req)
				status := 0
				if err == nil {
					status = resp.StatusCode
					text(t, resp)
					if resp.Request != req {
						t.Error("the answer is not to the caller's request")
					}
				}
				if status != tt.status || tt.wire.tokens() != tt.tokens {
					t.Errorf("answer %d (%v) after %q, want %d after %q", status, err, tt.wire.tokens(), tt.status, tt.tokens)
				}
				if n := inFlight(m); n != 0 {
					t.Errorf("%d leases are out", n)
				}
			})
		})
	}
}

// withOwn has a credential of the caller's.
func withOwn(t *testing.T) *http.Request {
	req := get(t)
	req.Header.Set("Authorization", "Bearer "+canary.Token("own"))
	return req
}

func TestI13_ReturnError_says_when_to_come_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(2 * time.Hour).Truncate(time.Second)
		tr := over(script(primary(403, reset, "core")), manager(t, "a"))
		tr.Exhausted = transport.ReturnError
		_, err := tr.RoundTrip(get(t))
		var exhausted *tokens.ExhaustedError
		if !errors.As(err, &exhausted) || !exhausted.ReadyAt.Equal(reset.Add(time.Second)) {
			t.Errorf("RoundTrip() = %v, want an ExhaustedError that is ready a second after %v", err, reset)
		}
	})
}

func TestI18_KeepCredential_knows_what_a_credential_is(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ key, value, want string }{
		"Bearer":               {"Authorization", "Bearer " + canary.Token("own"), "own"},
		"PRIVATE-TOKEN":        {"PRIVATE-TOKEN", canary.Token("own"), "own"},
		"in small letters":     {"authorization", "token " + canary.Token("own"), "own"},
		"empty PRIVATE-TOKEN":  {"Private-Token", "", "a"},
		"a scheme and nothing": {"Authorization", "Bearer ", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := script(ok())
			tr := over(w, manager(t, "a"))
			tr.Credential = transport.KeepCredential
			req := get(t)
			req.Header[tt.key] = []string{tt.value}
			send(t, tr, req)
			if w.tokens() != tt.want || w.calls()[0].Credentials != 1 {
				t.Errorf("sent %s in %d headers, want %s in 1", w.tokens(), w.calls()[0].Credentials, tt.want)
			}
		})
	}
}

func TestI8_Retries_are_for_what_changes_nothing_and_only_so_many(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, tt := range []struct {
		method string
		want   int // times sent
	}{{"GET", 4}, {"", 4}, {"HEAD", 4}, {"OPTIONS", 4}, {"PUT", 4}, {"DELETE", 4}, {"POST", 1}, {"PATCH", 1}} {
		for name, w := range map[string]*wire{"503": script(reply(503, "busy")), "network": failure(broken)} {
			t.Run(tt.method+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := manager(t, "a", "b")
					tr := over(w, m)
					tr.Retries = 3
					req := request(t, "PUT", userURL, "the body")
					req.Method = tt.method
					start := time.Now()
					resp, err := tr.RoundTrip(req)
					if err == nil {
						if got := text(t, resp); got != "busy" {
							t.Errorf("body %q", got)
						}
					} else if !errors.Is(err, broken) {
						t.Errorf("RoundTrip() = %v", err)
					}
					calls := w.calls()
					if len(calls) != tt.want {
						t.Errorf("sent %d times, want %d", len(calls), tt.want)
					}
					for _, c := range calls {
						if c.Body != "the body" || c.Credentials != 1 {
							t.Errorf("attempt %d: body %q, %d credentials", c.Number, c.Body, c.Credentials)
						}
					}
					// 1 s, 2 s and 4 s, each up to a quarter longer.
					if took := time.Since(start); tt.want > 1 && (took < 7*time.Second || took > 9*time.Second) || tt.want == 1 && took != 0 {
						t.Errorf("it took %v", took)
					}
					for _, label := range []string{"a", "b"} {
						if s := status(t, m, label).State; s != tokens.Unknown && s != tokens.Available {
							t.Errorf("%s is %v: it was blamed", label, s)
						}
					}
					if n := inFlight(m); n != 0 {
						t.Errorf("%d leases are out", n)
					}
				})
			})
		}
	}
}

func TestI9_Retries_keep_to_the_hosts_time_and_to_all_bounds(t *testing.T) {
	t.Parallel()
	busy := reply(503, "", "Retry-After", "40")
	tests := []struct {
		name   string
		policy func(*transport.Transport)
		within time.Duration // deadline of the context
		sent   int
		took   time.Duration
	}{
		{"Retry-After of a 503", nil, 0, 3, 80 * time.Second},
		{"MaxAttempts", func(tr *transport.Transport) { tr.MaxAttempts = 2 }, 0, 2, 40 * time.Second},
		{"MaxWait", func(tr *transport.Transport) { tr.MaxWait = time.Minute }, 0, 2, 40 * time.Second},
		{"MaxWait that never waits", func(tr *transport.Transport) { tr.MaxWait = -1 }, 0, 1, 0},
		{"the context's deadline", nil, 39 * time.Second, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := script(busy)
				tr := over(w, manager(t, "a"))
				tr.Retries = 2
				if tt.policy != nil {
					tt.policy(tr)
				}
				req := get(t)
				if tt.within > 0 {
					ctx, cancel := context.WithTimeout(t.Context(), tt.within)
					defer cancel()
					req = req.WithContext(ctx)
				}
				start := time.Now()
				if resp, _ := send(t, tr, req); resp.StatusCode != 503 {
					t.Errorf("answer %d, want 503", resp.StatusCode)
				}
				if took := time.Since(start); len(w.calls()) != tt.sent || took != tt.took {
					t.Errorf("sent %d times in %v, want %d in %v", len(w.calls()), took, tt.sent, tt.took)
				}
			})
		})
	}
	t.Run("a context that is cancelled in the pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := script(busy)
			tr := over(w, manager(t, "a"))
			tr.Retries = 2
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, err := tr.RoundTrip(get(t).WithContext(ctx)); err != context.Canceled || len(w.calls()) != 1 {
				t.Errorf("RoundTrip() = %v after %d requests, want %v after 1", err, len(w.calls()), context.Canceled)
			}
			for i, b := range w.bodies {
				if closed, _ := b.state(); closed == 0 {
					t.Errorf("the body of answer %d was not closed", i+1)
				}
			}
		})
	})
}

func TestI8_WaitOut_waits_in_place_of_another_account(t *testing.T) {
	t.Parallel()
	for retryAfter, want := range map[string]time.Duration{"90": 90 * time.Second, "": time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			w := script(secondary(403, retryAfter), ok())
			tr := over(w, manager(t, "a", "b"))
			tr.Secondary = transport.WaitOut
			start := time.Now()
			if resp, _ := send(t, tr, get(t)); resp.StatusCode != 200 || time.Since(start) < want {
				t.Errorf("answer %d after %v, want 200 after %v", resp.StatusCode, time.Since(start), want)
			}
		})
	}
}

func TestI3_MaxBodyBuffer_replays_whole_bodies_and_streams_longer_ones(t *testing.T) {
	t.Parallel()
	long := big(1 << 16)
	tests := []struct {
		name, body string
		known      bool // whether ContentLength is
		most       int64
		want       string
	}{
		{"it fits", "text", false, 4, "a b"},
		{"it fits, its length is known", "text", true, 4, "a b"},
		{"one byte too long", "text!", false, 4, "a"},
		{"one byte too long, as is known", "text!", true, 4, "a"},
		{"nothing in it", "", false, 4, "a b"},
		{"long", long, false, 1 << 16, "a b"},
		{"too long", long, false, 1<<16 - 1, "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := script(primary(403, time.Now().Add(2*time.Hour), "core"), ok())
			tr := over(w, manager(t, "a", "b"))
			tr.MaxBodyBuffer = tt.most
			req := request(t, "POST", userURL, "")
			own := upload(tt.body)
			req.Body, req.ContentLength = own, -1
			if tt.known {
				req.ContentLength = int64(len(tt.body))
			}
			before := *req
			send(t, tr, req)
			if w.tokens() != tt.want {
				t.Errorf("sent %q, want %q", w.tokens(), tt.want)
			}
			for _, c := range w.calls() {
				if c.Body != tt.body {
					t.Errorf("attempt %d has %d bytes, want %d", c.Number, len(c.Body), len(tt.body))
				}
			}
			if closed, _ := own.state(); closed != 1 {
				t.Errorf("the body was closed %d times, want once", closed)
			}
			if req.Body != before.Body || req.GetBody != nil || req.ContentLength != before.ContentLength {
				t.Error("the caller's request was changed")
			}
		})
	}
	t.Run("it breaks off", func(t *testing.T) {
		t.Parallel()
		w := script(ok())
		tr := over(w, manager(t, "a"))
		tr.MaxBodyBuffer = 100
		var told events
		tr.Hooks = told.hooks()
		own := &body{ReadCloser: io.NopCloser(io.MultiReader(strings.NewReader("te"), failing{io.ErrUnexpectedEOF}))}
		req := request(t, "POST", userURL, "")
		req.Body = own
		if _, err := tr.RoundTrip(req); !errors.Is(err, io.ErrUnexpectedEOF) || len(w.calls()) != 0 {
			t.Errorf("RoundTrip() = %v after %d requests, want the reader's error and none", err, len(w.calls()))
		}
		if closed, _ := own.state(); closed != 1 {
			t.Errorf("the body was closed %d times, want once", closed)
		}
		if dones := told.dones(); len(dones) != 1 || dones[0].Err == nil || dones[0].Number != 0 {
			t.Errorf("the hooks were told of %d ends, want one of an unsent call", len(dones))
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestI9_a_context_changes_the_bounds_of_its_requests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(30 * time.Minute)
		sent := func(ctx context.Context) (int, int) {
			w := script(primary(403, reset, "core"))
			tr := over(w, manager(t, "a", "b", "c"))
			tr.MaxWait, tr.MaxAttempts = -1, 3
			resp, _ := send(t, tr, get(t).WithContext(ctx))
			return len(w.calls()), resp.StatusCode
		}
		if n, status := sent(t.Context()); n != 3 || status != 403 {
			t.Errorf("without: sent %d times, %d", n, status)
		}
		if n, _ := sent(transport.WithMaxAttempts(t.Context(), 2)); n != 2 {
			t.Errorf("WithMaxAttempts 2: sent %d times", n)
		}
		start := time.Now()
		both := transport.WithMaxWait(transport.WithMaxAttempts(t.Context(), 4), time.Hour)
		if n, _ := sent(both); n != 4 || time.Since(start) < 30*time.Minute {
			t.Errorf("with both: sent %d times in %v, want 4 with a wait for the reset", n, time.Since(start))
		}
		if n, _ := sent(transport.WithMaxAttempts(transport.WithMaxWait(t.Context(), 0), 0)); n != 3 {
			t.Errorf("with zeros: sent %d times, want as without", n)
		}
	})
}

func TestI1_I18_Logger_tells_what_happens_and_no_secret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		reset := time.Now().Add(10 * time.Minute)
		w := script(reply(502, ""), badCredentials, primary(403, reset, "core"), primary(403, reset, "core"), ok())
		w.answer = func(next func(sent) (*http.Response, error)) func(sent) (*http.Response, error) {
			return func(s sent) (*http.Response, error) {
				if s.Probe {
					return badCredentials(), nil
				}
				return next(s)
			}
		}(w.answer)
		tr := over(w, manager(t, "a", "b", "c"))
		tr.Retries = 1
		tr.Logger = slog.New(slog.NewTextHandler(&out, nil))
		for range 2 {
			req := withOwn(t)
			req.URL.RawQuery = "access_token=" + canary.Token("query")
			send(t, tr, req)
		}
		got := out.String()
		for text, want := range map[string]int{
			"replaces the credential": 1, "failed, sending it again": 1, "token put aside": 1,
			"going on with another token": 3, "waiting for a token": 1, "level=WARN": 1, "token.label=b": 2,
		} {
			if n := strings.Count(got, text); n != want {
				t.Errorf("%q is told %d times, want %d", text, n, want)
			}
		}
		if strings.Contains(got, canary.Mark) {
			t.Error("the log shows a token")
		}
		if t.Failed() {
			t.Log(strings.ReplaceAll(got, canary.Mark, "[mark]"))
		}
	})
}

func TestI14_RateLimit_Limit_is_the_sum_of_the_accounts(t *testing.T) {
	t.Parallel()
	m := managerOf(t, tokens.Token{Provider: tokens.GitLab, Label: "a", Secret: tokens.Static(canary.Token("a"))},
		tokens.Token{Provider: tokens.GitLab, Label: "b", Secret: tokens.Static(canary.Token("b"))})
	reset := strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10)
	tr := over(script(ok("RateLimit-Limit", "2000", "RateLimit-Remaining", "1000", "RateLimit-Reset", reset, "RateLimit-Name", "throttle_authenticated_api")), m)
	tr.Provider = tokens.GitLab
	for i, want := range []string{"2000", "4000", "4000"} {
		resp, _ := send(t, tr, request(t, "GET", "https://gitlab.com/api/v4/version", ""))
		if got := resp.Header.Get("RateLimit-Limit"); got != want {
			t.Errorf("answer %d: RateLimit-Limit %s, want %s: of the accounts that are known", i+1, got, want)
		}
	}
	tr.RawHeaders = true
	resp, _ := send(t, tr, request(t, "GET", "https://gitlab.com/api/v4/version", ""))
	if got := resp.Header.Get("RateLimit-Limit"); got != "2000" {
		t.Errorf("RawHeaders: RateLimit-Limit %s, want the host's own", got)
	}
}
