package quota_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/quota"
)

func TestConsume_sends_the_documented_JSON_and_reads_the_whole_answer(t *testing.T) {
	t.Parallel()
	c, w := client(t, fixed(`{"tokensRemaining":7,"tokensConsumed":3,"throttles":2,"rule":{"id":"r","name":"n","refillRate":0.5,
		"burstRate":10,"isDefault":false,"matcher":"/a.*","httpMethod":"POST"},"later":1}`))
	got, err := c.Consume(t.Context(), quota.Request{User: "user123", Tokens: 3, Target: quota.Path("post", "/ab")})
	want := quota.Result{Remaining: 7, Consumed: 3, Throttles: 2, Rule: quota.Rule{
		ID: "r", Name: "n", RefillRate: 0.5, BurstRate: 10, Matcher: "/a.*", HTTPMethod: "POST"}}
	if err != nil || got != want || !got.Allowed() {
		t.Errorf("Consume() = %+v, %v, want %+v", got, err, want)
	}
	for name, want := range map[string]any{"applicationId": app, "userIdentifier": "user123", "tokensRequested": 3.0, "path": "/ab", "httpMethod": "POST"} {
		if got := w.bodies[0][name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if len(w.bodies[0]) != 5 {
		t.Errorf("the body is %v, want 5 fields", w.bodies[0])
	}
	for name, want := range map[string]string{"Authorization": "Bearer " + key, "X-Application-Id": app, "Content-Type": "application/json", "Accept": "application/json", "X-Api-Key": ""} {
		if got := w.headers[0].Get(name); got != want {
			t.Errorf("header %s is not as documented", name)
		}
	}
	if _, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1}); err != nil || len(w.bodies[1]) != 3 {
		t.Errorf("for the default bucket: %v, sent %v", err, w.bodies[1])
	}
	if a, b := w.headers[0].Get("Idempotency-Key"), w.headers[1].Get("Idempotency-Key"); a == "" || a == b {
		t.Errorf("keys %q and %q, want two", a, b)
	}
}

func TestConsume_sends_the_key_in_either_header(t *testing.T) {
	t.Parallel()
	c, w := client(t, server(t), quota.WithAuthHeader(quota.XAPIKey))
	r, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
	if err != nil || !r.Allowed() || w.headers[0].Get("X-Api-Key") != key || w.headers[0].Get("Authorization") != "" {
		t.Errorf("%+v, %v, want allowed with x-api-key alone", r, err)
	}
}

// In LightRate's Ruby and JavaScript clients a request for n took 1.
func TestConsume_of_n_never_asks_for_one_of_a_default_bucket(t *testing.T) {
	t.Parallel()
	c, w := client(t, server(t))
	r, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 3, Target: send})
	if _, there := w.bodies[0]["tokensRequestedForDefaultBucketMatch"]; err != nil || r.Consumed != 3 || !r.Rule.IsDefault || there {
		t.Errorf("%+v, %v, sent %v, want 3 consumed", r, err, w.bodies[0])
	}
}

func TestConsume_a_denial_is_no_error_and_tells_when_to_retry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := client(t, server(t, quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 0.5, BurstRate: 4}))
		ask := func(n int) quota.Result {
			r, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: n, Target: send})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		ask(3)
		r := ask(3)
		if r.Allowed() || r.Remaining != 1 || r.Throttles != 1 || r.RetryAfter != 4*time.Second {
			t.Errorf("3 of 1: %+v, want denied for 4s", r)
		}
		if r := ask(5); r.Allowed() || r.RetryAfter != 0 || r.Throttles != 2 {
			t.Errorf("5 of a burst of 4: %+v, want denied without a time", r)
		}
		time.Sleep(r.RetryAfter - time.Millisecond)
		if r := ask(3); r.Allowed() {
			t.Errorf("before RetryAfter: %+v", r)
		}
		time.Sleep(time.Millisecond)
		if r := ask(3); !r.Allowed() {
			t.Errorf("after RetryAfter: %+v", r)
		}
	})
}

func TestConsume_retries_what_may_get_better_and_consumes_once(t *testing.T) {
	t.Parallel()
	for _, code := range []int{429, 500, 502, 503, 504, 0, 1} {
		synctest.Test(t, func(t *testing.T) {
			c, w := client(t, server(t, email))
			w.before = func(n int) (*http.Response, error) {
				if code > 1 && n < 4 {
					return status(code, ""), nil
				}
				return nil, nil
			}
			w.after = func(n int) error { // the service counted, the answer is lost
				switch {
				case code == 0 && n < 4:
					return errors.New("connection reset")
				case code == 1 && n < 4:
					time.Sleep(31 * time.Second)
					return &net.OpError{Op: "read", Err: context.DeadlineExceeded}
				}
				return nil
			}
			r, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 40, Target: send})
			if err != nil || r.Remaining != 60 || w.calls() != 4 {
				t.Errorf("%d: %+v, %v after %d calls, want 60 left after 4", code, r, err, w.calls())
			}
			for _, h := range w.headers {
				if h.Get("Idempotency-Key") != w.headers[0].Get("Idempotency-Key") {
					t.Errorf("%d: attempts bear different keys", code)
				}
			}
		})
	}
}

func TestConsume_does_not_retry_what_stays_wrong(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]error{400: quota.ErrBadRequest, 401: quota.ErrUnauthorized, 403: quota.ErrForbidden,
		404: quota.ErrNotFound, 409: quota.ErrConflict, 422: quota.ErrUnprocessable, 418: quota.ErrQuota} {
		c, w := client(t, nil)
		w.before = func(int) (*http.Response, error) { return status(code, `{"error":"no such thing"}`), nil }
		_, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
		var api *quota.APIError
		if !errors.Is(err, want) || !errors.Is(err, quota.ErrQuota) || !errors.As(err, &api) || api.StatusCode != code || api.Message != "no such thing" || w.calls() != 1 {
			t.Errorf("%d: %v after %d calls", code, err, w.calls())
		}
		if errors.Is(err, quota.ErrAuthentication) != (code == 401 || code == 403) {
			t.Errorf("%d: ErrAuthentication is wrong", code)
		}
	}
}

func TestConsume_says_what_failed_after_the_last_retry(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]error{429: quota.ErrTooManyRequests, 500: quota.ErrInternalServer, 503: quota.ErrServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			c, w := client(t, nil)
			w.before = func(int) (*http.Response, error) { return status(code, "no JSON", "Retry-After", "2"), nil }
			began := time.Now()
			_, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
			var api *quota.APIError
			if !errors.Is(err, want) || !errors.As(err, &api) || api.RetryAfter != 2*time.Second || api.Body != "no JSON" || w.calls() != 4 {
				t.Errorf("%d: %v after %d calls", code, err, w.calls())
			}
			if got := time.Since(began); got != 6*time.Second {
				t.Errorf("%d: waited %v, want 3 times what Retry-After says", code, got)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, nil)
		w.delay = time.Hour
		began := time.Now()
		_, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
		var slow *quota.TimeoutError
		var timeout net.Error
		if !errors.As(err, &slow) || !errors.As(err, &timeout) || !timeout.Timeout() || slow.After != 30*time.Second || w.calls() != 4 {
			t.Errorf("no answer: %v after %d calls", err, w.calls())
		}
		if got := time.Since(began); got < 120*time.Second || got > 122*time.Second {
			t.Errorf("gave up after %v, want 4 times 30s and the pauses", got)
		}
		w.delay = 0
		w.before = func(int) (*http.Response, error) { return nil, errors.New("no route") }
		var broken *quota.NetworkError
		if _, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1}); !errors.As(err, &broken) || errors.As(err, &slow) {
			t.Errorf("no route: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		w.delay = time.Second
		if _, err := c.Consume(ctx, quota.Request{User: "u", Tokens: 1}); err != context.DeadlineExceeded {
			t.Errorf("the caller's deadline: %v", err)
		}
	})
}

func TestConsume_an_answer_that_is_none_is_an_error(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>", "{}", "null", `{"tokensConsumed":-1}`, `{"tokensConsumed":"1"}`, `{"tokensConsumed":1e300}`, `{"tokensConsumed":2147483648}`} {
		c, w := client(t, fixed(body))
		var api *quota.APIError
		if _, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1}); !errors.As(err, &api) || api.StatusCode != 200 || w.calls() != 1 {
			t.Errorf("%q: %v after %d calls", body, err, w.calls())
		}
	}
}

func TestAllow_fails_closed_or_open_by_policy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer *http.Response
		opens  bool
	}{
		{"503", status(503, ""), true},
		{"429 of the API key", status(429, ""), true},
		{"network", nil, true},
		{"401", status(401, ""), false},
		{"422", status(422, ""), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, open := range []bool{false, true} {
				c, w := client(t, nil, quota.WithFailOpen(open), quota.WithRetries(0))
				w.before = func(int) (*http.Response, error) {
					if tt.answer == nil {
						return nil, errors.New("no route")
					}
					return tt.answer, nil
				}
				d, err := c.Allow(t.Context(), "u", send)
				if want := open && tt.opens; d.Allowed != want || d.FailedOpen != want || (err == nil) != want {
					t.Errorf("open %v: %+v, %v, want allowed %v", open, d, err, want)
				}
			}
		})
	}
	c, _ := client(t, server(t), quota.WithFailOpen(true))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if d, err := c.Allow(ended, "u", send); d.Allowed || !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %+v, %v", d, err)
	}
}

func TestWait_waits_for_a_token_until_the_context_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, w := client(t, server(t, quota.RuleSpec{ID: "r", Operation: "send_email", RefillRate: 0.1, BurstRate: 2}))
		began := time.Now()
		for range 4 {
			if err := c.Wait(t.Context(), "u", send); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(began); got != 20*time.Second {
			t.Errorf("4 tokens took %v, want 20s", got)
		}
		before := w.calls()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := c.Wait(ctx, "u", send)
		var denied *quota.DeniedError
		if !errors.As(err, &denied) || time.Since(began) != 20*time.Second || time.Until(denied.RetryAt()) != 10*time.Second || w.calls() != before+1 {
			t.Errorf("Wait() beyond the deadline = %v after %v", err, time.Since(began))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.Wait(ctx, "u", send); err != context.Canceled {
			t.Errorf("Wait() = %v, want the context's error", err)
		}
	})
}
