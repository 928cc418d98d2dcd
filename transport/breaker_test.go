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

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// switching answers with a status that can be changed; 0 is a network error.
type switching struct {
	*wire
	status atomic.Int64
}

var errBroken = errors.New("connection reset")

func newSwitching(status int64) *switching {
	s := &switching{}
	s.status.Store(status)
	s.wire = &wire{answer: func(sent) (*http.Response, error) {
		if n := s.status.Load(); n != 0 {
			return reply(int(n), "text")(), nil
		}
		return nil, errBroken
	}}
	return s
}

// ask makes a call of a path of its own and returns the answer's status, 0 for a
// network error, or -1 for an UnavailableError.
func ask(t *testing.T, rt http.RoundTripper, path string) int {
	t.Helper()
	body := upload("")
	req := request(t, "GET", "https://api.github.com/"+path, "")
	req.Body = body
	resp, err := rt.RoundTrip(req)
	if closed, _ := body.state(); closed == 0 {
		t.Error("the request's body was not closed")
	}
	switch {
	case errors.Is(err, transport.ErrUnavailable):
		return -1
	case err != nil:
		return 0
	}
	text(t, resp)
	return resp.StatusCode
}

func TestBreaker_fails_calls_at_once_after_twenty_failures_and_half_opens(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int64{"500": 500, "502": 502, "503": 503, "504": 504, "522": 522, "network": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newSwitching(code)
				m := manager(t, "a", "b")
				tr := over(w, m)
				for i := range transport.DefaultBreakAfter {
					if got := ask(t, tr, fmt.Sprint("p", i%3)); got != int(code) {
						t.Fatalf("call %d: %d, want %d", i+1, got, code)
					}
				}
				sent := len(w.calls())
				for _, pause := range []time.Duration{5, 10, 20, 40, 60, 60} {
					pause *= time.Second
					_, err := tr.RoundTrip(get(t))
					var down *transport.UnavailableError
					if !errors.As(err, &down) || !down.RetryAt().Equal(time.Now().Add(pause)) || down.Host != "https://api.github.com" || down.Provider != tokens.GitHub {
						t.Fatalf("RoundTrip() = %v, want an UnavailableError for %v", err, pause)
					}
					time.Sleep(pause - time.Nanosecond)
					if got := ask(t, tr, "p"); got != -1 || len(w.calls()) != sent {
						t.Fatalf("%d after %d requests, want none sent before the end of the pause", got, len(w.calls()))
					}
					time.Sleep(time.Nanosecond)
					if got := ask(t, tr, "probe"); got != int(code) {
						t.Fatalf("probe: %d", got)
					}
					if sent++; len(w.calls()) != sent || ask(t, tr, "p") != -1 {
						t.Fatal("more than one call was a probe")
					}
				}
				w.status.Store(404) // any answer that is no outage
				time.Sleep(time.Minute)
				for i := range 3 {
					if got := ask(t, tr, "p"); got != 404 {
						t.Errorf("call %d after the outage: %d", i+1, got)
					}
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

func TestBreaker_stays_closed_where_the_host_is_not_to_blame(t *testing.T) {
	t.Parallel()
	paths := func(i int) string { return fmt.Sprint("p", i) }
	tests := []struct {
		name   string
		status func(i int) int64
		path   func(i int) string
		policy func(*transport.Transport)
	}{
		{"a success in between", func(i int) int64 {
			if i%20 == 19 {
				return 200
			}
			return 502
		}, paths, nil},
		{"one path only", func(int) int64 { return 500 }, func(int) string { return "bad" }, nil},
		{"two paths only", func(int) int64 { return 500 }, func(i int) string { return paths(i % 2) }, nil},
		{"501", func(int) int64 { return 501 }, paths, nil},
		{"505", func(int) int64 { return 505 }, paths, nil},
		{"404", func(int) int64 { return 404 }, paths, nil},
		{"switched off", func(int) int64 { return 0 }, paths, func(tr *transport.Transport) { tr.BreakAfter = -1 }},
		{"set higher", func(int) int64 { return 502 }, paths, func(tr *transport.Transport) { tr.BreakAfter = 101 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSwitching(0)
			tr := over(w, manager(t, "a"))
			if tt.policy != nil {
				tt.policy(tr)
			}
			for i := range 100 {
				w.status.Store(tt.status(i))
				if got := ask(t, tr, tt.path(i)); got != int(tt.status(i)) {
					t.Fatalf("call %d: %d, want %d", i+1, got, tt.status(i))
				}
			}
		})
	}
	t.Run("callers that cancel", func(t *testing.T) {
		t.Parallel()
		w := &wire{answer: func(s sent) (*http.Response, error) { return nil, s.ctx.Err() }}
		cancelled := base(func(r *http.Request) (*http.Response, error) {
			r.Context().Value(cancelKey{}).(context.CancelFunc)()
			return w.RoundTrip(r)
		})
		tr := over(cancelled, manager(t, "a"))
		for i := range 50 {
			ctx, cancel := context.WithCancel(t.Context())
			ctx = context.WithValue(ctx, cancelKey{}, cancel)
			if _, err := tr.RoundTrip(request(t, "GET", fmt.Sprint(userURL, i), "").WithContext(ctx)); err != context.Canceled {
				t.Fatalf("call %d: %v, want its context's error", i+1, err)
			}
		}
	})
	t.Run("another host", func(t *testing.T) {
		t.Parallel()
		w := newSwitching(0)
		m := managerOf(t, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token("a"))},
			tokens.Token{Provider: tokens.GitHub, Host: "https://git.example.com", Secret: tokens.Static(canary.Token("b"))})
		tr := over(w, m)
		for range 20 {
			ask(t, tr, "user")
		}
		resp, err := tr.RoundTrip(request(t, "GET", "https://git.example.com/api/v3/user", ""))
		if resp != nil || !errors.Is(err, errBroken) || ask(t, tr, "user") != -1 {
			t.Errorf("RoundTrip() = %v, want the other host's own error", err)
		}
	})
}

type cancelKey struct{}

type base func(*http.Request) (*http.Response, error)

func (f base) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Calls that were under way when the breaker opened say nothing new: they must
// not make the pause longer.
func TestBreaker_is_not_moved_by_late_failures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSwitching(0)
		slow := base(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/slow") {
				time.Sleep(time.Second)
			}
			return w.RoundTrip(r)
		})
		tr := over(slow, manager(t, "a"))
		var late sync.WaitGroup
		for i := range 3 {
			late.Go(func() { ask(t, tr, fmt.Sprint("slow", i)) })
		}
		synctest.Wait()
		for i := range 20 {
			ask(t, tr, fmt.Sprint(i))
		}
		open := time.Now()
		late.Wait()
		_, err := tr.RoundTrip(get(t))
		var down *transport.UnavailableError
		if !errors.As(err, &down) || !down.Until.Equal(open.Add(5*time.Second)) {
			t.Errorf("RoundTrip() = %v, want a pause until %v", err, open.Add(5*time.Second))
		}
	})
}

// Whoever waits for a token stays in line; what came of the host is looked at
// when the turn comes.
func TestI7_I9_Breaker_leaves_the_line_alone_and_gives_the_token_back(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSwitching(0)
		m := manager(t, "a")
		rest(t, m, get(t), time.Minute)
		tr := over(w, m)
		tr.BreakAfter = 5
		got := make(chan int, 1)
		go func() { got <- ask(t, tr, "user") }()
		time.Sleep(time.Minute)
		for range 5 {
			ask(t, tr, "rate_limit") // which is free, and so does not stand in line
		}
		if n := <-got; n != -1 {
			t.Errorf("the call in line came to %d, want an UnavailableError", n)
		}
		if n, sent := inFlight(m), len(w.calls()); n != 0 || sent != 5 {
			t.Errorf("%d leases are out after %d requests, want none after 5", n, sent)
		}
	})
}

// A probe may hang. The others wait no longer than it, and one a pause is the
// next.
func TestBreaker_lets_one_probe_pass_at_a_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSwitching(0)
		hanging := base(func(r *http.Request) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Path, "/probe") {
				time.Sleep(time.Minute)
			}
			return w.RoundTrip(r)
		})
		tr := over(hanging, manager(t, "a"))
		tr.BreakAfter = 3
		for range 3 {
			ask(t, tr, "user")
		}
		var probes sync.WaitGroup
		for range 2 {
			time.Sleep(5 * time.Second)
			probes.Go(func() { ask(t, tr, "probe") })
			synctest.Wait()
			if got := ask(t, tr, "user"); got != -1 {
				t.Errorf("a call beside the probe: %d, want none sent", got)
			}
		}
		probes.Wait()
		if n := len(w.calls()); n != 5 {
			t.Errorf("%d requests, want 3 and 2 probes", n)
		}
	})
}

// The refusal that a call has met is worth more than the news that its host
// broke down meanwhile.
func TestI13_Breaker_hands_back_what_the_call_has_met(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newSwitching(502)
		tr := over(w, manager(t, "a"))
		tr.Retries, tr.BreakAfter = 1, 3
		var calls sync.WaitGroup
		var bodies [4]string
		var took [4]time.Duration
		for i := range bodies {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				start := time.Now()
				defer func() { took[i] = time.Since(start) }()
				resp, err := tr.RoundTrip(request(t, "GET", fmt.Sprint("https://api.github.com/p", i), ""))
				if err != nil {
					bodies[i] = err.Error()
					return
				}
				b, _ := io.ReadAll(resp.Body)
				bodies[i] = string(b)
			})
		}
		calls.Wait()
		for i, b := range bodies[:3] {
			if b != "text" {
				t.Errorf("call %d got %q, want the 502 it met", i+1, b)
			}
		}
		if !strings.Contains(bodies[3], "keeps failing, not asked again until") {
			t.Errorf("the last call got %q, want an UnavailableError", bodies[3])
		}
		if took[2] != 0 || took[3] != 0 {
			t.Errorf("calls 3 and 4 took %v, want no pause while the breaker is open", took[2:])
		}
		if n := len(w.calls()); n != 3 {
			t.Errorf("%d requests, want no resend while the breaker is open", n)
		}
	})
}
