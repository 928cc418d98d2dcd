package tokens_test

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
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// slowly answers when release is closed, or fails when the context ends.
func slowly(release <-chan struct{}, status int, body string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		select {
		case <-release:
			return answer(status, body), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
}

// suspect leases a token and settles it with a 401.
func suspect(t *testing.T, h *tokens.Host) tokens.Lease {
	t.Helper()
	return tell(t, h, "core", unauthorized("Bad credentials"))
}

func TestI12_A_401_makes_suspect_and_the_probe_decides(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		base   http.RoundTripper
		want   tokens.State
		reason string
	}{
		{"200", answering(200, `{"resources":{}}`), tokens.Available, ""},
		{"401", answering(401, badCredentials), tokens.Invalid, "Bad credentials"},
		{"401 without a body", answering(401, ""), tokens.Invalid, "the host answered 401 twice"},
		{"404, as where limits are off", answering(404, `{"message":"Rate limiting is not enabled."}`), tokens.Available, ""},
		{"403 that says nothing of the token", answering(403, "<html>"), tokens.Suspect, "Bad credentials"},
		{"500", answering(500, ""), tokens.Suspect, "Bad credentials"},
		{"429 of an edge", answering(429, ""), tokens.Cooling, ""},
		{"network error", roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }), tokens.Suspect, "Bad credentials"},
		{"broken body", roundTripper(func(*http.Request) (*http.Response, error) {
			r := answer(401, "")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenReader{}))
			return r, nil
		}), tokens.Suspect, "Bad credentials"},
		{"no body at all", roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 401}, nil
		}), tokens.Invalid, "the host answered 401 twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := manager(t, tokens.Config{Base: tt.base}, gitHub("a", ""))
			h := anyHost(t, m, tokens.GitHub)
			l := suspect(t, h)
			if got := status(t, m, "a"); got.State != tokens.Suspect || got.Reason != "Bad credentials" {
				t.Fatalf("status is %v after one 401, want suspect", got)
			}
			got := l.Confirm(t.Context(), nil)
			if tt.want == tokens.Cooling { // it rests, and is suspect still
				if e := exhausted(t, h, on("core")); got != tokens.Suspect || e.ReadyAt.IsZero() {
					t.Errorf("Confirm() = %v, ready at %v, want a suspect token that rests", got, e.ReadyAt)
				}
				return
			}
			s := status(t, m, "a")
			if got != tt.want || s.State != tt.want || s.Reason != tt.reason {
				t.Errorf("Confirm() = %v, state %v, reason %q, want %v, %q", got, s.State, s.Reason, tt.want, tt.reason)
			}
			if tt.want == tokens.Invalid {
				if e := exhausted(t, h, on("core")); !e.ReadyAt.IsZero() || errors.Is(e, tokens.ErrRateLimited) {
					t.Errorf("ready at %v, want never", e.ReadyAt)
				}
			} else {
				lease(t, h, on("core"))
			}
			wantInFlight(t, m, map[bool]int{true: 0, false: 1}[tt.want == tokens.Invalid])
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestI12_The_probe_is_one_small_request_to_the_tokens_own_host(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider tokens.ProviderType
		base     string
		request  string
		want     string
	}{
		{tokens.GitHub, "", "https://api.github.com/user", "https://api.github.com/rate_limit"},
		{tokens.GitHub, "a.ghe.com", "https://api.a.ghe.com/user", "https://api.a.ghe.com/rate_limit"},
		{tokens.GitHub, "ghe.example.com", "https://ghe.example.com/api/v3/user", "https://ghe.example.com/api/v3/rate_limit"},
		{tokens.GitLab, "", "https://gitlab.com/api/v4/user", "https://gitlab.com/api/v4/user"},
		{tokens.GitLab, "http://localhost:80/a b", "http://localhost/a%20b/api/v4/user", "http://localhost/a%20b/api/v4/user"},
		{tokens.Bitbucket, "", "https://api.bitbucket.org/2.0/user", "https://api.bitbucket.org/2.0/user"},
		{tokens.Bitbucket, "git.example.com/bb", "https://git.example.com/bb/rest/x", "https://git.example.com/bb/rest/api/1.0/projects?limit=1"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			var seen []*http.Request
			closed := &closeCounter{Reader: strings.NewReader(badCredentials)}
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				seen = append(seen, r)
				resp := answer(401, "")
				resp.Body = closed
				return resp, nil
			})
			via := roundTripper(func(*http.Request) (*http.Response, error) {
				t.Error("the transport's base was asked although Config.Base is set")
				return nil, errors.New("no")
			})
			m := manager(t, tokens.Config{Base: base}, at(tt.provider, tt.base))
			h := hostOf(t, m, tt.provider, tt.request)
			l := lease(t, h, on(""))
			l.Settle(unauthorized(""))
			for range 2 { // the second time there is nothing left to prove
				if got := l.Confirm(t.Context(), via); got != tokens.Invalid {
					t.Errorf("Confirm() = %v, want invalid", got)
				}
			}
			if len(seen) != 1 || closed.n != 1 {
				t.Fatalf("%d requests, %d bodies closed, want 1 and 1", len(seen), closed.n)
			}
			r := seen[0]
			if r.URL.String() != tt.want || r.Method != http.MethodGet || r.Host != r.URL.Host || !h.Contains(r.URL) {
				t.Errorf("probe is %s %s, want GET %s", r.Method, r.URL, tt.want)
			}
			want := http.Header{}
			l.Authorize(want)
			credentials := 0
			for _, k := range []string{"Authorization", "Private-Token", "Job-Token"} {
				credentials += len(r.Header[k])
				if r.Header.Get(k) != want.Get(k) {
					t.Errorf("%s is not the token's", k)
				}
			}
			if credentials != 1 {
				t.Errorf("the probe has %d credentials, want 1", credentials)
			}
		})
	}
}

type closeCounter struct {
	io.Reader
	n int
}

func (c *closeCounter) Close() error { c.n++; return nil }

func TestI12_The_probe_goes_through_the_transport_if_the_manager_has_no_base(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a", ""))
	if got := suspect(t, h).Confirm(t.Context(), answering(200, `{}`)); got != tokens.Available {
		t.Errorf("Confirm() = %v, want available", got)
	}
}

func TestI12_One_probe_at_a_time(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var probes atomic.Int32
		release := make(chan struct{})
		slow := slowly(release, 401, badCredentials)
		m := manager(t, tokens.Config{Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			probes.Add(1)
			return slow.RoundTrip(r)
		})}, gitHub("a", ""))
		h := anyHost(t, m, tokens.GitHub)
		ls := []tokens.Lease{lease(t, h, on("core")), lease(t, h, on("core")), lease(t, h, on("core"))}
		var wg sync.WaitGroup
		for _, l := range ls {
			l.Settle(unauthorized("Bad credentials"))
		}
		for _, l := range ls {
			wg.Go(func() { l.Confirm(t.Context(), nil) })
		}
		synctest.Wait()
		if got := probes.Load(); got != 1 {
			t.Errorf("%d probes, want 1", got)
		}
		if e := exhausted(t, h, on("core")); e.States[tokens.Suspect] != 1 || !e.ReadyAt.Equal(time.Now()) {
			t.Errorf("while the probe is under way: %v", e)
		}
		// Those that come now wait for what the probe says.
		wg.Go(func() {
			_, err := h.Lease(t.Context(), waiting("core"))
			var e *tokens.ExhaustedError
			if !errors.As(err, &e) || e.States[tokens.Invalid] != 1 {
				t.Errorf("the waiter got %v, want an ExhaustedError", err)
			}
		})
		synctest.Wait()
		close(release)
		wg.Wait()
		if got := probes.Load(); got != 1 {
			t.Errorf("%d probes, want 1", got)
		}
	})
}

func TestI12_A_live_token_goes_back_to_those_who_wait_for_its_probe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		m := manager(t, tokens.Config{Base: slowly(release, 200, `{}`)}, gitHub("a", ""))
		h := anyHost(t, m, tokens.GitHub)
		l := suspect(t, h)
		go l.Confirm(t.Context(), nil)
		synctest.Wait()
		done := make(chan string)
		go func() {
			label, _ := wait(t, h, waiting("search"))
			done <- label
		}()
		synctest.Wait()
		close(release)
		if got := <-done; got != "a" {
			t.Errorf("leased %q, want a", got)
		}
	})
}

func TestI9_I12_A_call_for_an_owner_waits_for_the_probe_while_its_account_serves_others(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a, b := gitHub("a", "shared"), gitHub("b", "shared")
		a.Owners, b.Owners = []string{"acme"}, []string{"beta"}
		m := manager(t, tokens.Config{Base: slowly(release, 200, `{}`)}, a, b)
		h := anyHost(t, m, tokens.GitHub)
		r := waiting("core")
		r.Owner = "acme"
		l := lease(t, h, r)
		l.Settle(unauthorized("Bad credentials"))
		go l.Confirm(t.Context(), nil)
		synctest.Wait()
		done := make(chan string)
		go func() {
			label, _ := wait(t, h, r)
			done <- label
		}()
		synctest.Wait()
		others := on("core")
		others.Owner = "beta"
		lease(t, h, others).Cancel()
		close(release)
		if got := <-done; got != "a" {
			t.Errorf("leased %q, want a", got)
		}
	})
}

func TestI12_A_probe_takes_ten_seconds_at_most(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := manager(t, tokens.Config{Base: slowly(nil, 0, "")}, gitHub("a", ""))
		l := suspect(t, anyHost(t, m, tokens.GitHub))
		start := time.Now()
		if got := l.Confirm(t.Context(), nil); got != tokens.Suspect {
			t.Errorf("Confirm() = %v, want suspect", got)
		}
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("took %v, want 10 s", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		l.Confirm(ctx, nil)
		if got := time.Since(start); got != time.Second {
			t.Errorf("took %v, want 1 s: the caller's context has ended", got)
		}
	})
}

func TestI7_A_panic_of_the_base_leaves_the_token_as_it_was(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{Base: roundTripper(func(*http.Request) (*http.Response, error) { panic("below") })}, gitHub("a", ""))
	h := anyHost(t, m, tokens.GitHub)
	l := suspect(t, h)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		l.Confirm(t.Context(), nil)
	}()
	wantInFlight(t, m, 0)
	lease(t, h, on("core")).Cancel()
}

func TestI12_When_everyone_answers_401_each_token_is_proven_by_its_own_probe(t *testing.T) {
	t.Parallel()
	var probed []string
	m := manager(t, tokens.Config{Base: roundTripper(func(r *http.Request) (*http.Response, error) {
		secret := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		for i := range 3 {
			if secret == canary.Token(fmt.Sprintf("t%d", i)) {
				probed = append(probed, fmt.Sprintf("t%d", i))
			}
		}
		if len(probed) == 3 {
			return nil, errors.New("unreachable")
		}
		return answer(401, badCredentials), nil
	})}, gitHubs(3)...)
	h := anyHost(t, m, tokens.GitHub)
	var tried tokens.Tried
	for range 3 {
		l := lease(t, h, but(&tried))
		l.Settle(unauthorized("Bad credentials"))
		tried.Token(l)
		if got := l.Confirm(t.Context(), nil); (got == tokens.Invalid) != (len(probed) < 3) {
			t.Errorf("%s is %v after %d probes", l, got, len(probed))
		}
	}
	if len(probed) != 3 || probed[0] == probed[1] || probed[1] == probed[2] || probed[0] == probed[2] {
		t.Errorf("probed %v, want each token once", probed)
	}
	if e := exhausted(t, h, but(&tried)); e.States[tokens.Invalid] != 2 || e.States[tokens.Suspect] != 1 {
		t.Errorf("states are %v, want 2 invalid and the unproven one suspect", e.States)
	}
}

func TestI12_Numbers_on_a_401_are_not_the_tokens_and_it_costs_nothing(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, gitHub("a", ""))
	tell(t, h, "core", left(5000, 40, time.Hour))
	o := unauthorized("Bad credentials")
	o.Scope, o.Limit, o.Remaining = ratelimit.IPNumbers, ratelimit.Known[int64](60), ratelimit.Known[int64](0)
	o.Reset = time.Now().Add(time.Hour)
	tell(t, h, "core", o)
	if s := status(t, m, "a"); s.Remaining.Or(-1) != 40 || s.Limit.Or(-1) != 5000 || s.State != tokens.Suspect {
		t.Errorf("status is %v, %v of %v left, want suspect with 40 of 5000", s, s.Remaining, s.Limit)
	}
	// The next answer clears it.
	tell(t, h, "core", left(5000, 39, time.Hour))
	if s := status(t, m, "a"); s.State != tokens.Available || s.Reason != "" {
		t.Errorf("status is %v, want available", s)
	}
}

func TestI12_A_suspect_token_is_used_last(t *testing.T) {
	t.Parallel()
	m := manager(t, tokens.Config{Base: answering(500, "")}, gitHub("a", ""), gitHub("b1", "b"), gitHub("b2", "b"))
	h := anyHost(t, m, tokens.GitHub)
	dead := suspect(t, h)
	dead.Confirm(t.Context(), nil) // proves nothing
	for range 20 {
		if l := tell(t, h, "core", left(5000, 10, time.Hour)); l.Label() == dead.Label() {
			t.Fatalf("the suspect token %s serves although others could", l)
		}
	}
	rest := leaseAll(t, h, on("core"))
	found := false
	for _, l := range rest {
		found = found || l.Label() == dead.Label()
	}
	if !found {
		t.Error("the suspect token does not serve when nothing else is left")
	}
}

func TestI12_Of_one_accounts_tokens_the_suspect_one_is_used_last(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, gitHub("a1", "a"), gitHub("a2", "a"))
	dead := suspect(t, h)
	for range 5 {
		if l := tell(t, h, "core", served()); l.Label() == dead.Label() {
			t.Fatalf("the suspect token %s serves although another could", l)
		}
	}
}

// The host counts the probe like any other call (I5), and where the answer
// tells of a limit it is believed.
func TestI5_A_probe_is_charged(t *testing.T) {
	t.Parallel()
	resource := ratelimit.GitLab.Draw(ratelimit.Request{URL: mustParse(t, "https://gitlab.com/api/v4/user")}).Resource
	for status, body := range map[int]string{500: "", 200: "{}"} {
		m := manager(t, tokens.Config{Base: answering(status, body)}, at(tokens.GitLab, ""))
		h := anyHost(t, m, tokens.GitLab)
		tell(t, h, resource, left(600, 10, time.Minute))
		l := lease(t, h, on(resource))
		l.Settle(unauthorized(""))
		l.Confirm(t.Context(), nil)
		if got := len(leaseAll(t, h, on(resource))); got != 9 {
			t.Errorf("probe answered %d: %d leases, want 9", status, got)
		}
	}
	m := manager(t, tokens.Config{Base: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("lost") })}, at(tokens.GitLab, ""))
	h := anyHost(t, m, tokens.GitLab)
	tell(t, h, resource, left(600, 10, time.Minute))
	l := lease(t, h, on(resource))
	l.Settle(unauthorized(""))
	l.Confirm(t.Context(), nil)
	if got := len(leaseAll(t, h, on(resource))); got != 9 {
		t.Errorf("probe got lost: %d leases, want 9", got)
	}
}
