package tokens_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
)

// idOf returns the ID of the token with the label.
func idOf(t testing.TB, m *tokens.Manager, label string) tokens.ID {
	t.Helper()
	for _, info := range m.AllTokens("") {
		if info.Label == label {
			return info.ID
		}
	}
	t.Fatalf("no token is called %q", label)
	return ""
}

// labelled returns a token for github.com under its name.
func labelled(name, account string) tokens.Token {
	token := gitHub(name, account)
	token.Label = name
	return token
}

func TestManager_Lookup_finds_a_token_by_its_ID_and_says_if_there_is_none(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, labelled("a", ""), labelled("b", ""))
	info, ok := m.Lookup(idOf(t, m, "b"))
	if !ok || info.Label != "b" {
		t.Errorf("Lookup() = %v, %t, want b", info.Label, ok)
	}
	if _, ok := m.Lookup("none"); ok {
		t.Error("Lookup() found a token that is not there")
	}
}

func TestManager_operations_on_an_unknown_ID_say_so(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, labelled("a", ""))
	_, err := m.Revalidate(t.Context(), "none")
	for name, err := range map[string]error{
		"Disable":     m.Disable("none", ""),
		"Enable":      m.Enable("none"),
		"MarkInvalid": m.MarkInvalid("none", ""),
		"Revalidate":  err,
	} {
		if !errors.Is(err, tokens.ErrUnknownToken) {
			t.Errorf("%s() = %v, want ErrUnknownToken", name, err)
		}
	}
}

func TestManager_Disable_puts_a_token_aside_until_Enable_and_keeps_what_is_known(t *testing.T) {
	t.Parallel()
	m, h := gitHubHost(t, labelled("a", ""), labelled("b", ""))
	tell(t, h, "core", left(5000, 4000, time.Hour))
	a := idOf(t, m, "a")
	if err := m.Disable(a, "on holiday"); err != nil {
		t.Fatal(err)
	}
	info, _ := m.Lookup(a)
	if got := info.Status; got.State != tokens.Disabled || got.String() != "disabled: on holiday" {
		t.Errorf("status = %v, want disabled: on holiday", got)
	}
	for range 3 {
		if l := lease(t, h, on("core")); l.Label() != "b" {
			t.Errorf("%s serves, want b", l.Label())
		}
	}
	if err := m.Enable(a); err != nil {
		t.Fatal(err)
	}
	info, _ = m.Lookup(a)
	if got := info.Status.String(); got != "available (4000 of 5000 left)" {
		t.Errorf("status = %q, want what was known before", got)
	}
}

func TestI9_Those_in_line_are_sent_away_when_the_last_token_is_disabled_and_served_when_one_is_enabled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, labelled("a", ""), labelled("b", ""))
		tell(t, h, "core", left(5000, 0, time.Hour))
		if err := m.Disable(idOf(t, m, "b"), ""); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			l, err := h.Lease(t.Context(), waiting("core"))
			if err != nil || l.Label() != "b" {
				t.Errorf("Lease() = %q, %v, want b", l.Label(), err)
			}
		})
		synctest.Wait()
		if err := m.Enable(idOf(t, m, "b")); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		tell(t, h, "core", left(5000, 0, time.Hour)) // b is spent, too
		start := time.Now()
		wg.Go(func() {
			_, err := h.Lease(t.Context(), waiting("core"))
			if got := time.Since(start); got != 0 {
				t.Errorf("sent away after %v, want at once", got)
			}
			var e *tokens.ExhaustedError
			if !errors.As(err, &e) || !e.ReadyAt.IsZero() {
				t.Errorf("error = %v, want an ExhaustedError that time does not end", err)
			}
		})
		synctest.Wait()
		for _, label := range []string{"a", "b"} {
			if err := m.Disable(idOf(t, m, label), ""); err != nil {
				t.Fatal(err)
			}
		}
		wg.Wait()
	})
}

func TestManager_MarkInvalid_and_Revalidate(t *testing.T) {
	t.Parallel()
	code, body := http.StatusOK, `{}`
	var fails error
	base := roundTripper(func(*http.Request) (*http.Response, error) {
		if fails != nil {
			return nil, fails
		}
		return answer(code, body), nil
	})
	m := manager(t, tokens.Config{Base: base}, labelled("a", ""))
	a := idOf(t, m, "a")
	status := func() string {
		info, _ := m.Lookup(a)
		return info.Status.String()
	}
	if err := m.MarkInvalid(a, "told so"); err != nil || status() != "invalid: told so" {
		t.Fatalf("status = %q, %v, want invalid: told so", status(), err)
	}
	fails = errors.New("no network")
	if s, err := m.Revalidate(t.Context(), a); !errors.Is(err, fails) || s != tokens.Invalid {
		t.Errorf("Revalidate() without network = %v, %v, want the state unchanged and the cause", s, err)
	}
	fails = nil
	if s, err := m.Revalidate(t.Context(), a); err != nil || s != tokens.Available || status() != "available" {
		t.Errorf("Revalidate() of a token that is honoured = %v, %v, status %q", s, err, status())
	}
	code, body = http.StatusUnauthorized, `{"message":"Bad credentials"}`
	if s, err := m.Revalidate(t.Context(), a); err != nil || s != tokens.Invalid || status() != "invalid: Bad credentials" {
		t.Errorf("Revalidate() of a dead token = %v, %v, status %q", s, err, status())
	}
	info, _ := m.Lookup(a)
	if info.Status.InFlight != 0 {
		t.Errorf("%d requests are in flight, want 0", info.Status.InFlight)
	}
}

func TestManager_CountAvailable_and_NextReset_look_at_the_resources_they_are_asked_for(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, h := gitHubHost(t, labelled("a", ""), labelled("b", ""), labelled("c", ""))
		if _, ok := m.NextReset(tokens.GitHub); ok {
			t.Error("NextReset() knows one before any limit was met")
		}
		start := time.Now()
		tell(t, h, "core", left(5000, 0, 20*time.Minute)) // a
		tell(t, h, "core", left(5000, 0, 10*time.Minute)) // b
		tell(t, h, "search", left(30, 0, time.Minute))
		if err := m.Disable(idOf(t, m, "c"), ""); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			resources []string
			count     int
			reset     time.Duration
		}{
			{nil, 0, 10 * time.Minute},
			{[]string{"core"}, 0, 10 * time.Minute},
			{[]string{"graphql"}, 2, 0},
			{[]string{"search"}, 1, time.Minute},
			{[]string{"core", "search"}, 0, 10 * time.Minute},
		}
		for _, tt := range tests {
			if got := m.CountAvailable(tokens.GitHub, tt.resources...); got != tt.count {
				t.Errorf("CountAvailable(%q) = %d, want %d", tt.resources, got, tt.count)
			}
			at, ok := m.NextReset("", tt.resources...)
			if want := start.Add(tt.reset + time.Second); ok != (tt.reset > 0) || ok && !at.Equal(want) {
				t.Errorf("NextReset(%q) = %v, %t, want %v", tt.resources, at.Sub(start), ok, tt.reset+time.Second)
			}
		}
		if got := m.CountAvailable(tokens.GitLab); got != 0 {
			t.Errorf("CountAvailable(gitlab) = %d, want 0", got)
		}
		time.Sleep(11 * time.Minute)
		if got := m.CountAvailable(tokens.GitHub); got != 1 {
			t.Errorf("after a reset %d are available, want 1", got)
		}
	})
}

func TestManager_AllTokens_filters(t *testing.T) {
	t.Parallel()
	elsewhere := labelled("d", "")
	elsewhere.Host = "https://ghe.example.com"
	elsewhere.Tags, elsewhere.Description = []string{"ci", "night"}, "for the nightly run"
	m, _ := gitHubHost(t, labelled("a", "octocat"), labelled("b", "octocat"), labelled("c", ""), elsewhere)
	if err := m.Disable(idOf(t, m, "b"), ""); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		filters []tokens.Filter
		want    string
	}{
		{"none", nil, "abcd"},
		{"state", []tokens.Filter{tokens.InState(tokens.Disabled)}, "b"},
		{"several states", []tokens.Filter{tokens.InState(tokens.Disabled, tokens.Unknown)}, "abcd"},
		{"account", []tokens.Filter{tokens.OfAccount("octocat")}, "ab"},
		{"host", []tokens.Filter{tokens.AtHost("https://ghe.example.com")}, "d"},
		{"tag", []tokens.Filter{tokens.WithTag("night")}, "d"},
		{"all of them hold", []tokens.Filter{tokens.OfAccount("octocat"), tokens.InState(tokens.Unknown)}, "a"},
	}
	for _, tt := range tests {
		got := ""
		for _, info := range m.AllTokens(tokens.GitHub, tt.filters...) {
			got += info.Label
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestManager_AllTokens_returns_copies(t *testing.T) {
	t.Parallel()
	token := labelled("a", "")
	token.Tags, token.Description = []string{"ci"}, "for builds"
	m, _ := gitHubHost(t, token)
	token.Tags[0] = "changed by the caller"
	m.AllTokens("")[0].Tags[0] = "changed in the copy"
	if got := m.AllTokens("")[0]; got.Tags[0] != "ci" || got.Description != "for builds" {
		t.Errorf("tags %q, description %q, want those that were added", got.Tags, got.Description)
	}
}

func TestHost_Limit_is_the_sum_of_the_accounts(t *testing.T) {
	t.Parallel()
	_, h := gitHubHost(t, labelled("a", "one"), labelled("b", "one"), labelled("c", ""))
	if got := h.Limit("core"); got != 0 {
		t.Errorf("Limit() = %d before any answer, want 0", got)
	}
	tell(t, h, "core", left(5000, 4000, time.Hour))
	tell(t, h, "core", ratelimit.Observation{
		Class: ratelimit.OK, Scope: ratelimit.TokenNumbers, Validity: ratelimit.Valid,
		Limit: ratelimit.Known[int64](15000), Remaining: ratelimit.Known[int64](9000), Reset: time.Now().Add(time.Hour),
	})
	if got := h.Limit("core"); got != 20000 {
		t.Errorf("Limit() = %d, want 20000", got)
	}
}

func TestManager_AllTokens_calls_filters_that_ask_the_manager(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, gitHubs(3)...)
	got := m.AllTokens("", func(info tokens.TokenInfo) bool {
		m.Remove(info.ID, "by a filter")
		again, ok := m.Lookup(info.ID)
		return !ok && again.ID == "" && m.CountAvailable("") < 3
	})
	if len(got) != 3 || len(m.AllTokens("")) != 0 {
		t.Errorf("%d tokens were shown, and %d are left", len(got), len(m.AllTokens("")))
	}
}

func TestManager_AllTokens_leaves_out_what_goes_meanwhile(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, letters(3)...)
	got := m.AllTokens("", func(info tokens.TokenInfo) bool {
		if info.Label == "a" {
			m.Remove(idOf(t, m, "b"), "meanwhile")
		}
		return true
	})
	if len(got) != 2 || got[0].Label != "a" || got[1].Label != "c" {
		t.Errorf("%d tokens were shown, want a and c", len(got))
	}
}

func TestAdd_to_a_manager_that_was_closed_is_an_error_also_without_tokens(t *testing.T) {
	t.Parallel()
	m, _ := gitHubHost(t, letters(1)...)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{m.Add(), m.Add(letters(2)...), m.Replace()} {
		if !errors.Is(err, tokens.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	}
}
