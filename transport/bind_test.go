package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/transport"
)

type contextKey string

// blocking answers nothing until the request's context ends.
var blocking = roundTripper(func(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
})

func TestI14_Bind_ends_a_request_with_either_context(t *testing.T) {
	t.Parallel()
	background := func() (context.Context, context.CancelFunc) { return context.Background(), func() {} }
	cancelled := func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Minute, cancel)
		return ctx, cancel
	}
	timed := func(d time.Duration) func() (context.Context, context.CancelFunc) {
		return func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), d)
		}
	}
	tests := []struct {
		name      string
		own, with func() (context.Context, context.CancelFunc)
		want      error
		after     time.Duration
	}{
		{"the request's own is cancelled", cancelled, background, context.Canceled, time.Minute},
		{"the bound one is cancelled, the library has none", background, cancelled, context.Canceled, time.Minute},
		{"the bound one is cancelled before the request's deadline", timed(time.Hour), cancelled, context.Canceled, time.Minute},
		{"the request's own is cancelled before the bound deadline", cancelled, timed(time.Hour), context.Canceled, time.Minute},
		{"the bound deadline is earlier", timed(time.Hour), timed(time.Second), context.DeadlineExceeded, time.Second},
		{"the request's deadline is earlier", timed(time.Second), timed(time.Hour), context.DeadlineExceeded, time.Second},
		{"the bound deadline comes before the request is cancelled", cancelled, timed(time.Second), context.DeadlineExceeded, time.Second},
		{"only the bound one has a deadline", background, timed(time.Second), context.DeadlineExceeded, time.Second},
		{"both deadlines are the same", timed(time.Second), timed(time.Second), context.DeadlineExceeded, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				own, stopOwn := tt.own()
				defer stopOwn()
				with, stopWith := tt.with()
				defer stopWith()
				start := time.Now()
				_, err := over(blocking, manager(t, "a")).Bind(with).RoundTrip(get(t).WithContext(own))
				if !errors.Is(err, tt.want) || time.Since(start) != tt.after {
					t.Errorf("RoundTrip() = %v after %v, want %v after %v", err, time.Since(start), tt.want, tt.after)
				}
			})
		})
	}
}

func TestI14_Bind_sends_nothing_once_its_context_has_ended(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := script(ok())
	req := request(t, "POST", userURL, "")
	text := upload("x")
	req.Body = text
	if _, err := over(w, manager(t, "a")).Bind(ctx).RoundTrip(req); err != context.Canceled {
		t.Errorf("RoundTrip() = %v, want the context's error", err)
	}
	if closed, _ := text.state(); closed != 1 || len(w.calls()) != 0 {
		t.Errorf("%d requests were sent, the body was closed %d times; want none and once", len(w.calls()), closed)
	}
}

func TestI14_Bind_joins_deadlines_and_values(t *testing.T) {
	t.Parallel()
	const both, own, with contextKey = "both", "own", "with"
	early, late := time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	for _, tt := range []struct{ own, with time.Time }{{early, late}, {late, early}, {time.Time{}, early}, {early, time.Time{}}} {
		a := context.WithValue(context.WithValue(context.Background(), both, "own"), own, "own")
		b := context.WithValue(context.WithValue(context.Background(), both, "with"), with, "with")
		if !tt.own.IsZero() {
			var cancel context.CancelFunc
			a, cancel = context.WithDeadline(a, tt.own)
			defer cancel()
		}
		if !tt.with.IsZero() {
			var cancel context.CancelFunc
			b, cancel = context.WithDeadline(b, tt.with)
			defer cancel()
		}
		w := script(ok())
		send(t, over(w, manager(t, "a")).Bind(b), get(t).WithContext(a))
		ctx := w.calls()[0].ctx
		if got, _ := ctx.Deadline(); !got.Equal(early) {
			t.Errorf("deadline %v, want the earlier", got)
		}
		if ctx.Value(both) != "own" || ctx.Value(own) != "own" || ctx.Value(with) != "with" || ctx.Value(contextKey("none")) != nil {
			t.Errorf("values %v, %v, %v, want the request's own before the bound", ctx.Value(both), ctx.Value(own), ctx.Value(with))
		}
	}
}

// A context that is derived from a joined one ends with it, and finds it
// without a goroutine of its own.
// Not parallel, because it counts the goroutines of the process.
func TestI14_Bind_gives_contexts_that_others_can_be_derived_from(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, own := range []context.Context{context.Background(), t.Context()} {
			ctx, cancel := context.WithCancel(context.Background())
			var derived context.Context
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				var stop context.CancelFunc
				derived, stop = context.WithTimeout(r.Context(), time.Hour)
				defer stop()
				before := runtime.NumGoroutine()
				_, stop2 := context.WithCancel(derived)
				defer stop2()
				if runtime.NumGoroutine() > before {
					t.Error("a goroutine was started")
				}
				cancel()
				<-derived.Done()
				return nil, derived.Err()
			})
			if _, err := over(base, manager(t, "a")).Bind(ctx).RoundTrip(get(t).WithContext(own)); err != context.Canceled {
				t.Errorf("RoundTrip() = %v, want %v", err, context.Canceled)
			}
		}
	})
}

func TestI3_Bind_leaves_the_callers_request_alone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, address := range map[string]string{"own host": userURL, "foreign host": "https://elsewhere.example/x"} {
		t.Run(name, func(t *testing.T) {
			req := request(t, "GET", address, "")
			before := *req
			resp, _ := send(t, over(script(ok()), manager(t, "a")).Bind(ctx), req)
			if resp.Request != req || req.Context() != before.Context() || len(req.Header) != 0 {
				t.Error("the answer names another request, or the request was changed")
			}
		})
	}
}

// The body is read under both contexts, and what joins them ends with it.
func TestI7_Bind_holds_until_the_body_is_closed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		with, cancel := context.WithCancel(context.Background())
		defer cancel()
		own, stop := context.WithCancel(context.Background())
		defer stop()
		var sent context.Context
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r.Context()
			return reply(200, "whole")(), nil
		})
		resp, err := transport.Bind(with, base).RoundTrip(get(t).WithContext(own))
		if err != nil {
			t.Fatal(err)
		}
		if sent.Err() != nil {
			t.Errorf("the context ended before the body was read: %v", sent.Err())
		}
		if got := text(t, resp); got != "whole" {
			t.Errorf("body %q", got)
		}
		if sent.Err() != context.Canceled {
			t.Errorf("after Close the context says %v, want that it is released", sent.Err())
		}
	})
}

func TestBind_keeps_the_connection_of_a_switched_protocol(t *testing.T) {
	t.Parallel()
	own, with := t.Context(), t.Context()
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		resp := reply(101, "")()
		resp.Body = struct {
			io.ReadCloser
			io.Writer
		}{resp.Body, io.Discard}
		return resp, nil
	})
	tr := over(base, manager(t, "a"))
	for name, rt := range map[string]http.RoundTripper{
		"Bind": transport.Bind(with, base), "Transport": tr, "Bind over Transport": tr.Bind(with),
	} {
		resp, err := rt.RoundTrip(get(t).WithContext(own))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, ok := resp.Body.(io.Writer); !ok {
			t.Errorf("%s: the body cannot be written to", name)
		}
		if _, _, ok := transport.TokenOf(resp); ok != (name != "Bind") {
			t.Errorf("%s: TokenOf() says %v", name, ok)
		}
	}
}

func TestBind_takes_nil_for_nothing(t *testing.T) {
	t.Parallel()
	var none context.Context
	if _, got := send(t, over(script(ok()), manager(t, "a")).Bind(none), get(t)); got == "" {
		t.Error("no body")
	}
	if _, err := (*transport.Transport)(nil).Bind(t.Context()).RoundTrip(get(t)); err == nil || !strings.Contains(err.Error(), "Manager is nil") {
		t.Errorf("over a nil Transport: %v, want that its Manager is nil", err)
	}
}

// http.Client puts a deadline of its own on the request and may follow
// redirects; both work above Bind.
func TestI2_Bind_below_http_Client(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens:        []string{canary.Token("a")},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1}},
		})
		sim.Rename("acme", "repo-0001", "renamed")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		hc := &http.Client{Transport: over(sim, manager(t, "a")).Bind(ctx), Timeout: time.Minute}
		defer hc.CloseIdleConnections()
		resp, err := hc.Get("https://api.github.com/repos/acme/repo-0001")
		if err != nil {
			t.Fatal(err)
		}
		if got := text(t, resp); resp.StatusCode != 200 || !strings.Contains(got, "renamed") {
			t.Errorf("status %d", resp.StatusCode)
		}
		if leaks := sim.Leaks(); len(leaks) > 0 {
			t.Errorf("credentials arrived at %v", leaks)
		}
	})
}
