package quota_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/quota"
)

func TestNew_has_the_documented_defaults_and_an_explicit_zero_is_zero(t *testing.T) {
	t.Parallel()
	c, err := quota.New(key, app)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Config()
	if got.Timeout != 30*time.Second || got.Retries != 3 || got.BucketSize != 5 || got.FailOpen || got.AuthHeader != quota.Bearer ||
		got.BaseURL != "https://api.lightrate.lightbournetechnologies.ca" || got.Application != app || got.Key.Reveal() != key {
		t.Errorf("defaults are %+v", got)
	}
	zero, w := client(t, server(t, email), quota.WithTimeout(0), quota.WithRetries(0), quota.WithBucketSize(0))
	if got := zero.Config(); got.Timeout != 0 || got.Retries != 0 || got.BucketSize != 0 {
		t.Errorf("zeros became %+v", got)
	}
	for range 3 {
		if d := allow(t, zero, "u", send, 2); !d.Allowed || d.Local {
			t.Errorf("with bucket size 0: %+v, want remote", d)
		}
	}
	if w.calls() != 3 || w.bodies[0]["tokensRequested"] != 2.0 {
		t.Errorf("%d calls, the first for %v, want 3 for 2", w.calls(), w.bodies[0])
	}
	w.before = func(int) (*http.Response, error) { return status(503, ""), nil }
	if _, err := zero.Allow(t.Context(), "u", send); !errors.Is(err, quota.ErrServiceUnavailable) || w.calls() != 4 {
		t.Errorf("with 0 retries: %v after %d calls, want one call", err, w.calls()-3)
	}
}

func TestNew_lists_every_problem(t *testing.T) {
	t.Parallel()
	_, err := quota.New("", "", quota.WithBaseURL("ftp://x"), quota.WithTimeout(-1), quota.WithRetries(-2), quota.WithBucketSize(-3),
		quota.WithBucketSizeFor(send, -4), quota.WithAuthHeader("Cookie"), quota.WithHTTPClient(nil))
	var config *quota.ConfigError
	if !errors.As(err, &config) || !errors.Is(err, quota.ErrQuota) || len(config.Problems) != 9 {
		t.Fatalf("New() = %v, want 9 problems", err)
	}
	if _, err := quota.New(key+"\n", "a\nb"); !errors.As(err, &config) || len(config.Problems) != 2 {
		t.Errorf("New() with line breaks = %v, want 2 problems", err)
	}
	if _, err := quota.New(key, app, quota.WithBaseURL("https://:443/")); !errors.As(err, &config) || len(config.Problems) != 1 {
		t.Errorf("New() with a port for a host = %v, want 1 problem", err)
	}
}

func TestConfig_is_a_copy(t *testing.T) {
	t.Parallel()
	c, _ := client(t, server(t), quota.WithBucketSizeFor(send, 7))
	c.Config().BucketSizes[send] = 1
	if got := c.Config().BucketSizes[send]; got != 7 {
		t.Errorf("size %d after a change of the copy, want 7", got)
	}
}

func TestI1_Nothing_of_quota_prints_a_key(t *testing.T) {
	t.Parallel()
	quoting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, `{"message":"bad key `+key+`"}`, http.StatusUnauthorized)
	})
	c, w := client(t, quoting, quota.WithRetries(0))
	_, refused := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
	w.before = func(int) (*http.Response, error) { return nil, errors.New("no route") }
	_, broken := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
	if refused == nil || broken == nil {
		t.Fatal("no errors")
	}
	a := quota.Application{ID: app, Key: quota.NewKey(key)}
	s := server(t, email)
	for _, v := range []any{c, c.Config(), quota.NewKey(key), a, &a, s, quota.ServerConfig{Admin: quota.NewKey(key)}, refused, broken,
		struct{ k quota.Key }{quota.NewKey(key)}} {
		printed := fmt.Sprintf("%v %+v %#v %s %q %d", v, v, v, v, v, v)
		encoded, _ := json.Marshal(v) // some cannot be
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		if text := printed + string(encoded) + log.String(); strings.Contains(text, canary.Mark) {
			t.Errorf("%T shows the key", v)
		}
	}
	var api *quota.APIError
	if !errors.As(refused, &api) || api.Message != "bad key [secret]" || strings.Contains(api.Body, canary.Mark) {
		t.Errorf("the error is %v, want the key taken out", refused != nil)
	}
}

func TestI2_The_key_goes_to_the_services_own_host_only(t *testing.T) {
	t.Parallel()
	for _, h := range []quota.AuthHeader{quota.Bearer, quota.XAPIKey} {
		c, w := client(t, server(t), quota.WithAuthHeader(h), quota.WithBaseURL("http://quota.example/sub/"))
		w.before = func(int) (*http.Response, error) {
			return status(http.StatusTemporaryRedirect, "", "Location", "http://elsewhere.example/"), nil
		}
		var api *quota.APIError
		if _, err := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1}); !errors.As(err, &api) || api.StatusCode != 307 || w.calls() != 1 {
			t.Errorf("a redirect: %v after %d calls, want the 307 and one call", err, w.calls())
		}
	}
}

func TestDefault_is_the_client_that_was_set(t *testing.T) {
	c, _ := client(t, server(t))
	if quota.Default() != nil {
		t.Error("there is a client before one is set")
	}
	quota.SetDefault(c)
	if quota.Default() != c {
		t.Error("not the client that was set")
	}
	quota.SetDefault(nil)
	if quota.Default() != nil {
		t.Error("nil does not take it away")
	}
}

func TestRequest_Validate_lists_what_is_wrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		request quota.Request
		want    int // problems
	}{
		{"operation", quota.Request{User: "u", Tokens: 1, Target: send}, 0},
		{"path with method", quota.Request{User: "u", Tokens: 2, Target: quota.Path("get", "/")}, 0},
		{"neither: the default bucket", quota.Request{User: "u", Tokens: 1}, 0},
		{"both", quota.Request{User: "u", Tokens: 1, Target: quota.Target{Operation: "o", Path: "/", Method: "GET"}}, 1},
		{"operation with method", quota.Request{User: "u", Tokens: 1, Target: quota.Target{Operation: "o", Method: "GET"}}, 1},
		{"path without method", quota.Request{User: "u", Tokens: 1, Target: quota.Path("", "/")}, 1},
		{"method without path", quota.Request{User: "u", Tokens: 1, Target: quota.Path("GET", "")}, 1},
		{"all of it", quota.Request{Tokens: -1, Target: quota.Path("GET", "")}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, w := client(t, server(t))
			err := tt.request.Validate()
			if (err == nil) != (tt.want == 0) || err != nil && (!errors.Is(err, quota.ErrInvalidRequest) || strings.Count(err.Error(), ";") != tt.want-1) {
				t.Errorf("Validate() = %v, want %d problems", err, tt.want)
			}
			if _, sent := c.Consume(t.Context(), tt.request); (sent == nil) != (tt.want == 0) || tt.want > 0 && w.calls() != 0 {
				t.Errorf("Consume() = %v after %d calls", sent, w.calls())
			}
			if _, err := c.AllowN(t.Context(), tt.request.User, tt.request.Target, tt.request.Tokens); (err == nil) != (tt.want == 0) {
				t.Errorf("AllowN() = %v", err)
			}
		})
	}
}

func TestClose_ends_what_is_under_way(t *testing.T) {
	t.Parallel()
	c, w := client(t, server(t, email), quota.WithTimeout(0))
	begun := make(chan struct{})
	w.before = func(int) (*http.Response, error) { close(begun); return nil, nil }
	w.delay = 0
	hang := make(chan struct{})
	w.handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	failed := make(chan error)
	go func() { _, err := c.Allow(t.Context(), "u", send); failed <- err }()
	<-begun
	c.Close()
	if err := <-failed; !errors.Is(err, quota.ErrClosed) {
		t.Errorf("Allow() = %v, want ErrClosed", err)
	}
	_, direct := c.Consume(t.Context(), quota.Request{User: "u", Tokens: 1})
	_, local := c.Allow(t.Context(), "u", send)
	if !slices.Equal([]error{direct, local}, []error{quota.ErrClosed, quota.ErrClosed}) {
		t.Errorf("after Close: %v, %v", direct, local)
	}
}
