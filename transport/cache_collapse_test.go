package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// unhurried answers after a second, unless the request ends before.
func unhurried(answer func(sent) *http.Response) *wire {
	return &wire{answer: func(s sent) (*http.Response, error) {
		select {
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		case <-time.After(time.Second):
			return answer(s), nil
		}
	}}
}

// crowd sends a request for each context at once and returns what came of them.
func crowd(t testing.TB, rt http.RoundTripper, ctxs ...context.Context) []string {
	t.Helper()
	got := make([]string, len(ctxs))
	var wg sync.WaitGroup
	for i, ctx := range ctxs {
		wg.Go(func() {
			resp, err := rt.RoundTrip(get(t).WithContext(ctx))
			if err != nil {
				got[i] = err.Error()
				return
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if got[i] = string(text); err != nil {
				got[i] = err.Error()
			}
		})
		synctest.Wait() // so that the first is the first
	}
	wg.Wait()
	return got
}

func contexts(n int, ctx context.Context) []context.Context {
	all := make([]context.Context, n)
	for i := range all {
		all[i] = ctx
	}
	return all
}

func TestCache_makes_one_of_equal_requests_that_are_under_way_at_once(t *testing.T) {
	t.Parallel()
	for _, background := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
			m := manager(t, "a", "b")
			tr := cachedOver(w, m)
			ctx := t.Context()
			if background {
				ctx = context.Background()
			}
			for round := range 2 {
				got := crowd(t, tr, contexts(20, ctx)...)
				if n := len(w.calls()); n != round+1 || strings.Join(got, "") != strings.Repeat("text", 20) {
					t.Errorf("%d requests for %q", n, got)
				}
			}
			if s := tr.Cache.Stats(); s.Collapsed != 38 || s.Hits != 1 || s.Misses != 1 || s.Kept != 1 {
				t.Errorf("Stats() = %+v", s)
			}
			if n := inFlight(m); n != 0 {
				t.Errorf("%d leases are out", n)
			}
		})
	}
}

func TestCache_gives_each_of_equal_requests_an_answer_of_its_own(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
		tr := cachedOver(w, manager(t, "a"))
		var resps [3]*http.Response
		var wg sync.WaitGroup
		for i := range resps {
			wg.Go(func() {
				req := get(t)
				req.Header.Set("Authorization", fmt.Sprint("Bearer replaced", i))
				resp, err := tr.RoundTrip(req)
				if err != nil || resp.Request != req {
					t.Errorf("%v, %v", resp, err)
					return
				}
				resps[i] = resp
			})
		}
		wg.Wait()
		resps[0].Header.Set("Etag", "changed")
		_ = resps[0].Body.Close()
		collapsed := 0
		for i, resp := range resps {
			if _, label, ok := transport.TokenOf(resp); !ok || label != "a" {
				t.Errorf("TokenOf(%d) = %q, %v", i, label, ok)
			}
			if strings.Contains(resp.Header.Get("Cache-Status"), "collapsed") {
				collapsed++
			}
			if got := text(t, resp); i > 0 && (got != "text" || resp.Header.Get("Etag") == "changed") {
				t.Errorf("answer %d: %q %v", i, got, resp.Header)
			}
		}
		if len(w.calls()) != 1 || collapsed != 2 {
			t.Errorf("%d requests, %d answers are marked as collapsed", len(w.calls()), collapsed)
		}
	})
}

// Whatever makes an answer another one, or a wait another wait, keeps requests
// apart.
func TestCache_keeps_requests_apart_that_are_not_equal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func(t *testing.T, m *tokens.Manager, r *http.Request) *http.Request
	}{
		{"URL", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request { r.URL.RawQuery = "a=b"; return r }},
		{"header", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request {
			r.Header.Set("X-Way", "1")
			return r
		}},
		{"method", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request { r.Method = "HEAD"; return r }},
		{"validator", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request {
			r.Header.Set("If-None-Match", `"x"`)
			return r
		}},
		{"owner", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request {
			return r.WithContext(transport.WithOwner(r.Context(), "acme"))
		}},
		{"token", func(_ *testing.T, m *tokens.Manager, r *http.Request) *http.Request {
			return r.WithContext(transport.WithToken(r.Context(), m.AllTokens("")[0].ID))
		}},
		{"walk", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request {
			return r.WithContext(transport.WithWalk(r.Context()))
		}},
		{"I9 wait", func(_ *testing.T, _ *tokens.Manager, r *http.Request) *http.Request {
			return r.WithContext(transport.WithMaxWait(r.Context(), time.Minute))
		}},
		{"I9 deadline", func(t *testing.T, _ *tokens.Manager, r *http.Request) *http.Request {
			ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
			t.Cleanup(cancel)
			return r.WithContext(ctx)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
				m := manager(t, "a", "b")
				tr := cachedOver(w, m)
				var wg sync.WaitGroup
				for _, req := range []*http.Request{get(t), tt.make(t, m, get(t))} {
					wg.Go(func() { send(t, tr, req) })
					synctest.Wait()
				}
				wg.Wait()
				if n := len(w.calls()); n != 2 {
					t.Errorf("%d requests, want 2", n)
				}
			})
		})
	}
}

// What was asked before a write may not know of it.
func TestCache_sends_anew_after_a_write(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		state := "before"
		w := &wire{answer: func(s sent) (*http.Response, error) {
			answer := taggedAnswer(s, state)
			if s.Method == "GET" {
				time.Sleep(10 * time.Second)
			} else {
				state = "after"
			}
			return answer, nil
		}}
		tr := cachedOver(w, manager(t, "a"))
		var wg sync.WaitGroup
		wg.Go(func() { download(t, tr, userURL) })
		synctest.Wait()
		send(t, tr, request(t, "POST", userURL+"/elsewhere", "x"))
		if _, got := download(t, tr, userURL); got != "after" {
			t.Errorf("after the write: %q", got)
		}
		wg.Wait()
	})
}

func TestCache_ends_a_shared_request_when_the_last_caller_has_left(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int64
		w := &wire{answer: func(s sent) (*http.Response, error) {
			<-s.ctx.Done()
			ended.Add(1)
			return nil, s.ctx.Err()
		}}
		m := manager(t, "a")
		tr := cachedOver(w, m)
		one, leave := context.WithCancel(t.Context())
		two, leaveToo := context.WithTimeout(t.Context(), time.Minute)
		defer leaveToo()
		time.AfterFunc(time.Second, leave)
		start := time.Now()
		var wg sync.WaitGroup
		for i, ctx := range []context.Context{one, t.Context(), two} {
			ctx, leave := context.WithCancel(ctx)
			time.AfterFunc(time.Duration(i+1)*time.Second, leave)
			wg.Go(func() {
				_, err := tr.RoundTrip(get(t).WithContext(ctx))
				if err != ctx.Err() || time.Since(start) != time.Duration(i+1)*time.Second {
					t.Errorf("caller %d: %v after %v", i+1, err, time.Since(start))
				}
				if n := ended.Load(); i < 2 && n != 0 || n > 1 {
					t.Errorf("caller %d: %d requests have ended", i+1, n)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		synctest.Wait()
		if ended.Load() != 2 || inFlight(m) != 0 { // the third would not have waited as long
			t.Errorf("%d requests have ended, %d leases are out", ended.Load(), inFlight(m))
		}
	})
}

func TestCache_a_shared_request_outlives_its_first_caller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
		m := manager(t, "a")
		tr := cachedOver(w, m)
		first, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, leave)
		got := crowd(t, tr, first, t.Context(), t.Context())
		if want := "context canceled|text|text"; strings.Join(got, "|") != want || len(w.calls()) != 1 {
			t.Errorf("%d requests: %q, want one: %s", len(w.calls()), got, want)
		}
		if closed, ended := w.bodies[0].state(); closed != 1 || !ended || inFlight(m) != 0 {
			t.Errorf("the body was closed %d times, read to its end: %v; %d leases are out", closed, ended, inFlight(m))
		}
	})
}

// The first caller's deadline ends his request, and not the others'.
func TestCache_others_ask_by_themselves_when_the_first_callers_deadline_has_passed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
		tr := cachedOver(w, manager(t, "a"))
		first, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		got := crowd(t, tr, first, t.Context(), t.Context())
		if want := "context deadline exceeded|text|text"; strings.Join(got, "|") != want || len(w.calls()) != 2 {
			t.Errorf("%d requests: %q, want two: %s", len(w.calls()), got, want)
		}
	})
}

func TestCache_an_error_is_the_first_callers_alone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			time.Sleep(time.Second)
			if s.Number == 1 {
				return nil, errors.New("connection reset")
			}
			return taggedAnswer(s, "text"), nil
		}}
		got := crowd(t, cachedOver(w, manager(t, "a")), contexts(4, t.Context())...)
		if want := "connection reset|text|text|text"; strings.Join(got, "|") != want || len(w.calls()) != 2 {
			t.Errorf("%d requests: %q, want two: %s", len(w.calls()), got, want)
		}
	})
}

// A body that breaks off, or is longer than may be kept, is not for all: the first
// caller reads it as it comes, and the others ask.
func TestI3_Cache_a_body_that_cannot_be_shared_is_not_lost(t *testing.T) {
	t.Parallel()
	long := big(4 << 20)
	for name, cut := range map[string]bool{"too long": false, "cut off": true} {
		for _, leaves := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := unhurried(func(s sent) *http.Response {
					a := taggedAnswer(s, long)
					a.ContentLength = -1
					if cut {
						a = taggedAnswer(s, "text")
						if s.Number == 1 {
							a.ContentLength, a.Body = -1, io.NopCloser(io.MultiReader(strings.NewReader("te"), cutOff{}))
						}
					}
					return a
				})
				m := manager(t, "a")
				tr := cachedOver(w, m)
				first, leave := context.WithCancel(t.Context())
				defer leave()
				if leaves {
					time.AfterFunc(time.Second/2, leave)
				}
				got := crowd(t, tr, first, t.Context(), t.Context())
				want := long
				if cut {
					want = "text"
				}
				wantFirst := want
				switch {
				case leaves:
					wantFirst = context.Canceled.Error()
				case cut:
					wantFirst = io.ErrUnexpectedEOF.Error()
				}
				if got[0] != wantFirst || got[1] != want || got[2] != want || len(w.calls()) != 3 {
					t.Errorf("%s, the first leaves %v: %d requests, %.20q", name, leaves, len(w.calls()), got)
				}
				for i, b := range w.bodies {
					if closed, _ := b.state(); closed != 1 {
						t.Errorf("%s, the first leaves %v: body %d was closed %d times", name, leaves, i, closed)
					}
				}
				if n := inFlight(m); n != 0 {
					t.Errorf("%d leases are out", n)
				}
			})
		}
	}
}

// The caller of a body that is not in memory ends it by his context, and a body
// that he closes leaves nothing behind.
func TestI16_Cache_a_body_is_bound_to_its_callers_context(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var below context.Context
		w := &wire{answer: func(s sent) (*http.Response, error) {
			below = s.ctx
			return taggedAnswer(s, "text"), nil
		}}
		tr := cachedOver(w, manager(t, "a"))
		for _, closes := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			resp, err := tr.RoundTrip(request(t, "GET", userURL+fmt.Sprint(closes), "").WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			if below.Err() != nil {
				t.Error("the request has ended before its body was read")
			}
			if closes {
				resp.Body.Close()
			} else {
				cancel()
			}
			synctest.Wait()
			if below.Err() == nil {
				t.Errorf("closed %v: the request has not ended", closes)
			}
			cancel()
			resp.Body.Close()
		}
	})
}

func TestI7_Cache_a_panic_below_is_the_first_callers_and_settles_the_lease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			time.Sleep(time.Second)
			if s.Number == 1 {
				panic("broken")
			}
			return taggedAnswer(s, "text"), nil
		}}
		m := manager(t, "a")
		tr := cachedOver(w, m)
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() {
				if p := recover(); p != "broken" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, err := tr.RoundTrip(get(t))
			t.Errorf("RoundTrip() returned %v", err)
		})
		synctest.Wait()
		if _, got := download(t, tr, userURL); got != "text" {
			t.Errorf("the other caller got %q", got)
		}
		wg.Wait()
		if n := inFlight(m); n != 0 {
			t.Errorf("%d leases are out", n)
		}
	})
}

func TestHooks_tell_a_hit_and_a_request_that_was_not_sent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := unhurried(func(s sent) *http.Response { return taggedAnswer(s, "text") })
		tr := cachedOver(w, manager(t, "a"))
		download(t, tr, userURL)
		var e events
		tr.Hooks = e.hooks()
		crowd(t, tr, t.Context(), t.Context())
		if got, want := e.line(), "attempt1:a done1:a:200 done0:a:200"; got != want {
			t.Errorf("events %q, want %q", got, want)
		}
		if as := e.answers(); len(as) != 1 || as[0].Status != 304 || !as[0].Seen.Free {
			t.Errorf("answers %+v", as)
		}
	})
}
