package tokens_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

func TestI12_RevalidateAll_reports_on_each_and_the_network_kills_none(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b"), canary.Token("c"), canary.Token("d")}})
	sim.Revoke(canary.Token("b"))
	down := errors.New("no network")
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.Header.Get("Authorization"), canary.Token("c")) {
			return nil, down
		}
		return sim.RoundTrip(r)
	})
	m := manager(t, tokens.Config{Base: base}, letters(4)...)
	if err := m.MarkInvalid(idOf(t, m, "d"), "by hand"); err != nil {
		t.Fatal(err)
	}
	report := m.RevalidateAll(t.Context(), "")
	want := map[string]tokens.State{"a": tokens.Available, "b": tokens.Invalid, "c": tokens.Unknown, "d": tokens.Available}
	if len(report) != len(want) {
		t.Fatalf("%d tokens are reported on, want %d", len(report), len(want))
	}
	for i, r := range report {
		if label := string(rune('a' + i)); r.Label != label || r.ID != idOf(t, m, label) || r.State != want[label] || r.State != status(t, m, label).State {
			t.Errorf("%s: report %+v, want %v", label, r, want[label])
		}
		if failed := r.Err != nil; failed != (r.Label == "c") || failed && (!errors.Is(r.Err, down) || holdsSecret(r.Err.Error())) {
			t.Errorf("%s: error %v", r.Label, r.Err)
		}
	}
	wantInFlight(t, m, 0)
	if got := m.RevalidateAll(t.Context(), tokens.GitHub, tokens.InState(tokens.Invalid)); len(got) != 1 || got[0].Label != "b" {
		t.Errorf("of the invalid ones %+v", got)
	}
	if got := m.RevalidateAll(t.Context(), tokens.GitLab); len(got) != 0 {
		t.Errorf("of GitLab %+v", got)
	}
}

func TestRevalidateAll_uses_no_step_of_the_rotation(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"most_remaining", "lru", "round_robin", "least_used"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				strategy, err := tokens.ParseStrategy(name)
				if err != nil {
					t.Fatal(err)
				}
				sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{canary.Token("a"), canary.Token("b"), canary.Token("c")}})
				m := manager(t, tokens.Config{Base: sim, Strategy: strategy}, letters(3)...)
				h := anyHost(t, m, tokens.GitHub)
				for _, want := range []string{"a", "b", "c", "a"} {
					if got := tell(t, h, "core", left(5000, 4000, time.Hour)).Label(); got != want {
						t.Fatalf("%s serves, want %s", got, want)
					}
					time.Sleep(time.Second)
				}
				used := status(t, m, "b").LastUsed
				for _, label := range []string{"b", "c"} {
					if _, err := m.Revalidate(t.Context(), idOf(t, m, label)); err != nil {
						t.Fatal(err)
					}
				}
				m.RevalidateAll(t.Context(), "")
				if got := status(t, m, "b").LastUsed; !got.Equal(used) {
					t.Errorf("b was last used at %v, want %v as before", got, used)
				}
				if got := tell(t, h, "core", left(5000, 4000, time.Hour)).Label(); got != "b" {
					t.Errorf("%s is next, want b", got)
				}
			})
		})
	}
}

func TestI12_A_probe_path_of_ones_own_decides_where_the_usual_one_is_blocked(t *testing.T) {
	t.Parallel()
	var asked []string
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.String())
		if r.URL.Path == "/proxied/api/v3/meta" {
			return answer(http.StatusUnauthorized, badCredentials), nil
		}
		return answer(http.StatusForbidden, "<html>blocked"), nil
	})
	token := labelled("a", "")
	token.Host, token.ProbePath = "https://ghe.example.com/proxied", "/api/v3/meta?x=1"
	m := manager(t, tokens.Config{Base: base}, token)
	h := hostOf(t, m, tokens.GitHub, "https://ghe.example.com/proxied/api/v3/user")
	l := lease(t, h, on("core"))
	l.Settle(unauthorized("Bad credentials"))
	if got := l.Confirm(t.Context(), nil); got != tokens.Invalid {
		t.Errorf("Confirm() = %v, want invalid", got)
	}
	if got, err := m.Revalidate(t.Context(), idOf(t, m, "a")); got != tokens.Invalid || err != nil {
		t.Errorf("Revalidate() = %v, %v", got, err)
	}
	for _, u := range asked {
		if u != "https://ghe.example.com/proxied/api/v3/meta?x=1" {
			t.Errorf("asked %s", u)
		}
	}
	if len(asked) != 2 {
		t.Errorf("%d requests, want 2", len(asked))
	}
}

func TestI2_A_probe_path_stays_within_the_API_of_the_tokens_host(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"meta", "//evil.example.com/api/v3/meta", "https://evil.example.com/api/v3/meta", "@evil.example.com/api/",
		"/api/../login", "/api/v3/%2e%2e/%2e%2e/login", "/login", "/api/v3/meta#x", "/api/%zz",
	} {
		token := labelled("a", "")
		token.Host, token.ProbePath = "https://ghe.example.com", path
		if _, err := tokens.NewManager(tokens.Config{}, token); err == nil || !strings.Contains(err.Error(), "probe path") {
			t.Errorf("%s: NewManager() = %v, want it refused", path, err)
		}
	}
}

func TestI13_A_token_that_turns_out_dead_serves_nobody_in_line(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var last tokens.Lease
		base := roundTripper(func(*http.Request) (*http.Response, error) {
			last.Cancel() // the answer makes room for who waits
			return answer(http.StatusUnauthorized, badCredentials), nil
		})
		m := manager(t, tokens.Config{MaxInFlight: 1, Base: base}, gitHub("a", ""))
		h := hostOf(t, m, tokens.GitHub, "https://api.github.com/user")
		last = lease(t, h, on("core"))
		failed := make(chan error, 1)
		go func() {
			l, err := h.Lease(t.Context(), waiting("core"))
			l.Cancel()
			failed <- err
		}()
		synctest.Wait()
		_, _ = m.Revalidate(t.Context(), idOf(t, m, "a"))
		if err := <-failed; err == nil {
			t.Error("a call was given a token that the host had just refused")
		}
	})
}
