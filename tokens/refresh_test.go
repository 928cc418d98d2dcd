package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// mint is a source of secrets for tests: it counts how often it is asked.
type mint struct {
	name  string
	life  time.Duration // of each secret; 0 is for ever
	takes time.Duration

	mu   sync.Mutex
	asks []time.Time
	fail error
}

func (m *mint) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *mint) asked() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asks
}

func (m *mint) mint(ctx context.Context) (string, time.Time, error) {
	m.mu.Lock()
	m.asks = append(m.asks, time.Now())
	n, fail := len(m.asks), m.fail
	m.mu.Unlock()
	select {
	case <-time.After(m.takes):
	case <-ctx.Done():
		return "", time.Time{}, ctx.Err()
	}
	if fail != nil {
		return "", time.Time{}, fail
	}
	var expires time.Time
	if m.life > 0 {
		expires = time.Now().Add(m.life)
	}
	return m.secret(n), expires, nil
}

// secret is the n-th secret, from 1 on.
func (m *mint) secret(n int) string { return canary.Token(fmt.Sprintf("%s-%d", m.name, n)) }

func (m *mint) token() tokens.Token {
	return tokens.Token{Provider: tokens.GitHub, Label: m.name, Secret: tokens.Refreshing(m.name, m.mint)}
}

// wantSecret wants the lease to write the n-th secret of m.
func wantSecret(t testing.TB, l tokens.Lease, m *mint, n int) {
	t.Helper()
	h := http.Header{}
	l.Authorize(h)
	if h.Get("Authorization") != "Bearer "+m.secret(n) {
		t.Errorf("the lease of %s does not write secret %d", l, n)
	}
}

func wantAsked(t testing.TB, m *mint, want int) {
	t.Helper()
	if got := len(m.asked()); got != want {
		t.Fatalf("the source was asked %d times, want %d", got, want)
	}
}

func TestRefreshing_is_asked_on_first_need_and_not_before(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		m.AllTokens("")
		wantAsked(t, src, 0)
		for range 3 {
			l := lease(t, h, on("core"))
			wantSecret(t, l, src, 1)
			l.Settle(served())
		}
		wantAsked(t, src, 1)
		if !m.Holds(http.Header{"Authorization": {"token " + src.secret(1)}}) || m.Holds(http.Header{"Authorization": {src.secret(2)}}) {
			t.Error("Holds() does not know the minted secret, or one that is none")
		}
	})
}

// A secret that was replaced may still be on its way somewhere; older ones are
// forgotten, so that a year of refreshes does not pile up.
func TestI2_Refreshing_Holds_knows_the_last_two_secrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		for n := 1; n <= 4; n++ {
			tell(t, h, "core", served())
			for i := 1; i <= 4; i++ {
				want := i == n || i == n-1
				if got := m.Holds(http.Header{"Authorization": {"Bearer " + src.secret(i)}}); got != want {
					t.Errorf("after %d secrets Holds(secret %d) is %t", n, i, got)
				}
			}
			time.Sleep(2 * time.Hour)
		}
	})
}

func TestI12_Refreshing_a_probe_that_the_host_honours_gives_another_refresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		tell(t, h, "core", served())
		time.Sleep(10 * time.Minute)
		var l tokens.Lease
		for range 2 {
			l = lease(t, h, on("core"))
			l.Settle(unauthorized("Bad credentials"))
		}
		if got := l.Confirm(t.Context(), answering(200, "{}")); got != tokens.Available {
			t.Fatalf("the token is %v after a good probe", got)
		}
		time.Sleep(10 * time.Minute)
		lease(t, h, on("core")).Settle(unauthorized("Bad credentials"))
		if got := status(t, m, "app").State; got != tokens.Available {
			t.Errorf("the token is %v after one 401, want a refresh first", got)
		}
		wantSecret(t, lease(t, h, on("core")), src, 3)
	})
}

func TestRefreshing_has_an_ID_from_its_name(t *testing.T) {
	t.Parallel()
	id := func(name, host string) tokens.ID {
		t.Helper()
		m := manager(t, tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Host: host, Secret: tokens.Refreshing(name, (&mint{}).mint)})
		return m.AllTokens("")[0].ID
	}
	if id("a", "") != id(" a ", "") {
		t.Error("two sources of one name have different IDs")
	}
	if id("a", "") == id("b", "") || id("a", "") == id("a", "https://git.example.com") {
		t.Error("two sources have one ID")
	}
	m := manager(t, tokens.Config{}, (&mint{name: "a"}).token(), (&mint{name: "a"}).token())
	if got := len(m.AllTokens("")); got != 1 {
		t.Errorf("two tokens of one name became %d entries, want 1", got)
	}
	if s := tokens.Refreshing("a", (&mint{}).mint); s.IsZero() || s.Reveal() != "" {
		t.Error("a refreshing secret is zero, or reveals something")
	}
	for want, s := range map[string]tokens.Secret{
		"no name":               tokens.Refreshing(" ", (&mint{}).mint),
		"no function or source": tokens.FromTokenSource("a", nil),
	} {
		_, err := tokens.NewManager(tokens.Config{}, tokens.Token{Provider: tokens.GitHub, Secret: s})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestRefreshing_is_asked_once_for_all_who_wait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour, takes: time.Second}
		m, h := gitHubHost(t, src.token())
		start := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				l, err := h.Lease(t.Context(), waiting("core"))
				if err != nil {
					t.Error(err)
					return
				}
				wantSecret(t, l, src, 1)
				l.Settle(served())
			})
		}
		all.Wait()
		wantAsked(t, src, 1)
		wantInFlight(t, m, 0)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v, want 1s", took)
		}
	})
}

func TestI9_Refreshing_each_waiter_leaves_when_its_context_ends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour, takes: 10 * time.Second}
		m, h := gitHubHost(t, src.token())
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Lease(ctx, on("core")); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("error %v after %v, want the context's after 1s", err, time.Since(start))
		}
		wantInFlight(t, m, 0)
		// The call goes on, and the next waits for it.
		wantSecret(t, lease(t, h, on("core")), src, 1)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("the secret came after %v, want 10s", took)
		}
		wantAsked(t, src, 1)
	})
}

func TestRefreshing_refreshes_early_without_waiting(t *testing.T) {
	t.Parallel()
	for life, early := range map[time.Duration]time.Duration{time.Hour: time.Minute, 5 * time.Minute: 30 * time.Second} {
		t.Run(life.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				src := &mint{name: "app", life: life, takes: 2 * time.Second}
				_, h := gitHubHost(t, src.token())
				tell(t, h, "core", served())
				time.Sleep(life - early - time.Nanosecond)
				tell(t, h, "core", served())
				wantAsked(t, src, 1)
				time.Sleep(time.Nanosecond)
				before := time.Now()
				wantSecret(t, tell(t, h, "core", served()), src, 1)
				if time.Since(before) != 0 {
					t.Errorf("the lease took %v", time.Since(before))
				}
				time.Sleep(3 * time.Second)
				wantSecret(t, tell(t, h, "core", served()), src, 2)
				wantAsked(t, src, 2)
			})
		})
	}
}

func TestRefreshing_that_fails_serves_the_old_secret_to_its_end_and_backs_off(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		start := time.Now()
		tell(t, h, "core", served())
		src.setFail(errors.New("endpoint is down"))
		time.Sleep(59 * time.Minute)
		for time.Since(start) < time.Hour {
			wantSecret(t, tell(t, h, "core", served()), src, 1)
			time.Sleep(100 * time.Millisecond)
		}
		// Pauses of 1, 2, 4, 8, 16 and 32 s at least leave no room for more.
		if got := len(src.asked()); got < 5 || got > 7 {
			t.Errorf("the source was asked %d times in the last minute", got-1)
		}
		e := exhausted(t, h, on("core"))
		if !strings.Contains(e.Error(), `token "app": refresh: endpoint is down`) || e.Cause == nil {
			t.Errorf("error %q does not name its cause", e)
		}
		if s := status(t, m, "app"); s.Reason != "endpoint is down" {
			t.Errorf("the status has reason %q", s.Reason)
		}
		wantInFlight(t, m, 0)
		src.setFail(nil)
		time.Sleep(time.Minute)
		tell(t, h, "core", served())
		if s := status(t, m, "app"); s.Reason != "" || s.State != tokens.Available {
			t.Errorf("the status is %v, %q after the source has recovered", s, s.Reason)
		}
	})
}

func TestRefreshing_that_fails_does_not_hammer_its_source(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", fail: errors.New("down")}
		_, h := gitHubHost(t, src.token())
		for range 10_000 {
			exhausted(t, h, on("core"))
			time.Sleep(60 * time.Millisecond)
		}
		asks := src.asked()
		if got := len(asks); got < 10 || got > 16 {
			t.Errorf("10,000 calls in 10 minutes asked %d times", got)
		}
		for i, least := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second} {
			if got := asks[i+1].Sub(asks[i]); got < least {
				t.Errorf("pause %d was %v, want %v at least", i+1, got, least)
			}
		}
	})
}

func TestI8_Refreshing_that_fails_lets_another_token_serve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", fail: errors.New("down")}
		m, h := gitHubHost(t, src.token(), gitHub("static", ""))
		for range 20 {
			l := lease(t, h, on("core"))
			if l.Label() != "static" {
				t.Errorf("%s served", l)
			}
			l.Settle(served())
			time.Sleep(time.Second)
		}
		wantAsked(t, src, 1) // the other was always free
		wantInFlight(t, m, 0)
		// With the other spent, the call waits for it rather than fail.
		tell(t, h, "core", spent(5000, time.Minute))
		if label, took := wait(t, h, waiting("core")); label != "static" || took != time.Minute+time.Second {
			t.Errorf("%s served after %v", label, took)
		}
	})
}

func TestI12_Refreshing_is_refreshed_once_before_it_is_suspect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		tell(t, h, "core", served())
		time.Sleep(10 * time.Minute)
		for range 2 { // a success in between makes the second 401 a first one again
			n := len(src.asked())
			var tried tokens.Tried
			r := on("core")
			r.Tried = &tried
			first, burst := lease(t, h, r), lease(t, h, r)
			for _, l := range []tokens.Lease{first, burst} {
				l.Settle(unauthorized("Bad credentials"))
				if s := status(t, m, "app"); s.State != tokens.Available {
					t.Fatalf("the token is %v after the first 401", s)
				}
			}
			tried.Token(first)
			again := lease(t, h, r)
			wantSecret(t, again, src, n+1)
			again.Settle(served())
			time.Sleep(10 * time.Minute)
		}
		wantAsked(t, src, 3)
		// Two in a row are too many, and the call does not meet it a third time.
		var tried tokens.Tried
		r := on("core")
		r.Tried = &tried
		for i := range 2 {
			l := lease(t, h, r)
			wantSecret(t, l, src, 3+i)
			l.Settle(unauthorized("Bad credentials"))
			tried.Token(l)
			if got, want := status(t, m, "app").State == tokens.Suspect, i == 1; got != want {
				t.Errorf("after 401 %d suspect is %t", i+1, got)
			}
		}
		exhausted(t, h, r)
		wantAsked(t, src, 4)
	})
}

func TestI12_Refreshing_a_fresh_secret_is_tried_again_after_a_moment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		l, burst := lease(t, h, on("core")), lease(t, h, on("core"))
		l.Settle(unauthorized("Bad credentials"))
		burst.Settle(unauthorized("Bad credentials"))
		if s := status(t, m, "app"); s.State == tokens.Suspect {
			t.Error("two calls that were under way at once made the token suspect")
		}
		start := time.Now()
		l = lease(t, h, on("core"))
		if took := time.Since(start); took != time.Second {
			t.Errorf("it was tried again after %v, want 1s", took)
		}
		wantSecret(t, l, src, 1)
		l.Settle(served())
		wantAsked(t, src, 1)
		if s := status(t, m, "app"); s.State != tokens.Available {
			t.Errorf("the token is %v", s)
		}
	})
}

func TestI12_Refreshing_a_probe_carries_the_newest_secret(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		want   tokens.State
	}{{200, tokens.Available}, {401, tokens.Invalid}} {
		synctest.Test(t, func(t *testing.T) {
			src := &mint{name: "app", life: time.Hour}
			m, h := gitHubHost(t, src.token())
			tell(t, h, "core", served())
			time.Sleep(10 * time.Minute)
			var l tokens.Lease
			for range 2 {
				l = lease(t, h, on("core"))
				l.Settle(unauthorized("Bad credentials"))
			}
			got := l.Confirm(t.Context(), roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Authorization") != "Bearer "+src.secret(2) {
					t.Error("the probe does not carry the second secret")
				}
				return answer(tt.status, badCredentials), nil
			}))
			if got != tt.want {
				t.Errorf("after a probe with %d the token is %v, want %v", tt.status, got, tt.want)
			}
			wantInFlight(t, m, 0)
		})
	}
}

func TestI12_Refreshing_a_late_401_of_an_old_secret_changes_nothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", life: time.Hour}
		m, h := gitHubHost(t, src.token())
		slow := lease(t, h, on("core"))
		time.Sleep(2 * time.Hour)
		tell(t, h, "core", served())
		wantAsked(t, src, 2)
		slow.Settle(unauthorized("Bad credentials"))
		wantSecret(t, tell(t, h, "core", served()), src, 2)
		wantAsked(t, src, 2)
		if s := status(t, m, "app"); s.State != tokens.Available {
			t.Errorf("the token is %v", s)
		}
	})
}

func TestI16_Refreshing_Close_ends_a_refresh_and_names_one_that_is_stuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &mint{name: "app", takes: time.Hour}
		m, h := gitHubHost(t, src.token())
		var err error
		go func() { _, err = h.Lease(t.Context(), on("core")) }()
		synctest.Wait()
		start := time.Now()
		if closing := m.Close(); closing != nil || time.Since(start) != 0 {
			t.Errorf("Close() = %v after %v", closing, time.Since(start))
		}
		synctest.Wait()
		if !errors.Is(err, tokens.ErrClosed) {
			t.Errorf("the lease ended with %v, want ErrClosed", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		m, h := gitHubHost(t, tokens.Token{Provider: tokens.GitHub, Label: "deaf", Secret: tokens.FromTokenSource("deaf", tokenSource(func() (*oauth2.Token, error) {
			<-stuck
			return nil, errors.New("too late")
		}))})
		start := time.Now()
		e := exhausted(t, h, on("core"))
		if took := time.Since(start); took != 30*time.Second || !strings.Contains(e.Error(), `token "deaf": refresh: no answer within 30s`) {
			t.Errorf("error %q after %v, want one after 30s", e, took)
		}
		exhausted(t, h, on("core")) // at once, without a second goroutine
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("the second call ended after %v", took-30*time.Second)
		}
		start = time.Now()
		err := m.Close()
		if took := time.Since(start); took != 5*time.Second || err == nil || !strings.Contains(err.Error(), `refresh of token "deaf"`) {
			t.Errorf("Close() = %v after %v, want the stuck source named after 5s", err, took)
		}
		close(stuck)
		synctest.Wait()
		if err := m.Close(); err != nil {
			t.Errorf("Close() = %v when the source has returned", err)
		}
	})
}

type tokenSource func() (*oauth2.Token, error)

func (f tokenSource) Token() (*oauth2.Token, error) { return f() }

func TestFromTokenSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		src := tokenSource(func() (*oauth2.Token, error) {
			n++
			return &oauth2.Token{AccessToken: canary.Token(fmt.Sprint("o", n)), Expiry: time.Now().Add(time.Hour)}, nil
		})
		// What x/oauth2 itself puts around a source must do no harm either.
		_, h := gitHubHost(t, tokens.Token{Provider: tokens.GitHub, Secret: tokens.FromTokenSource("o", oauth2.ReuseTokenSource(nil, src))})
		for i := range 720 {
			l := lease(t, h, on("core"))
			header := http.Header{}
			l.Authorize(header)
			if i == 0 && header.Get("Authorization") != "Bearer "+canary.Token("o1") {
				t.Error("the lease does not write the access token")
			}
			l.Settle(served())
			time.Sleep(10 * time.Second)
		}
		if n < 2 || n > 3 {
			t.Errorf("two hours took %d tokens, want 2 or 3", n)
		}
	})
}

func TestI1_FromTokenSource_errors_hold_no_body(t *testing.T) {
	t.Parallel()
	secret := canary.Token("body")
	for _, tt := range []struct {
		name  string
		token *oauth2.Token
		err   error
		want  string
	}{
		{"refused", nil, &oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, Body: []byte(secret), ErrorCode: "invalid_grant", ErrorDescription: secret}, `status 400: "invalid_grant"`},
		{"refused without a code", nil, fmt.Errorf("wrapped: %w", &oauth2.RetrieveError{Response: &http.Response{StatusCode: 503, Status: secret}, Body: []byte(secret)}), "the token endpoint answered status 503"},
		{"refused without an answer", nil, &oauth2.RetrieveError{ErrorCode: "a"}, `answered an error: "a"`},
		{"nothing", nil, nil, "returned nothing"},
		{"empty", &oauth2.Token{}, nil, "secret is empty"},
		{"malformed", &oauth2.Token{AccessToken: secret + " " + secret}, nil, "secret has a space"},
		{"ended", &oauth2.Token{AccessToken: secret, Expiry: time.Unix(1, 0)}, nil, "has ended at 1970-01-01T00:00:01Z already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := tokenSource(func() (*oauth2.Token, error) { return tt.token, tt.err })
			_, h := gitHubHost(t, tokens.Token{Provider: tokens.GitHub, Label: "o", Secret: tokens.FromTokenSource("o", src)})
			e := exhausted(t, h, on("core"))
			if holdsSecret(fmt.Sprintf("%v%+v%#v%v", e, e, *e, e.Cause)) {
				t.Fatal("the error holds a secret")
			}
			if !strings.Contains(e.Error(), tt.want) {
				t.Errorf("error %q does not say %q", e, tt.want)
			}
		})
	}
}

// A function that ends its goroutine must not leave others waiting.
func TestRefreshing_whose_function_does_not_return(t *testing.T) {
	t.Parallel()
	secret := tokens.Refreshing("exits", func(context.Context) (string, time.Time, error) {
		runtime.Goexit()
		return "", time.Time{}, nil
	})
	_, h := gitHubHost(t, tokens.Token{Provider: tokens.GitHub, Secret: secret})
	if e := exhausted(t, h, on("core")); !strings.Contains(e.Error(), "the function did not return") {
		t.Errorf("error is %q", e)
	}
}
