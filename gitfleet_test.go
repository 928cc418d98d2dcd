package gitfleet_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

func manager(t *testing.T, names ...string) *tokens.Manager {
	t.Helper()
	var ts []tokens.Token
	for _, name := range names {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: name, Secret: tokens.Static(canary.Token(name))})
	}
	m, err := tokens.NewManager(tokens.Config{}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConfig_Transport_sets_what_else_a_transport_has(t *testing.T) {
	t.Parallel()
	m := manager(t, "alice")
	calls := 0
	fleet, err := gitfleet.New(gitfleet.Config{Manager: m, MaxWait: time.Minute, Transport: func(tr *transport.Transport) {
		calls++
		if tr.Manager != m || tr.Provider == "" || tr.MaxWait != time.Minute {
			t.Errorf("called with manager %v, provider %q, MaxWait %v", tr.Manager, tr.Provider, tr.MaxWait)
		}
		tr.Retries = 2
		if tr.Provider == tokens.GitLab {
			tr.MaxWait = -1
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for p, wait := range map[tokens.ProviderType]time.Duration{tokens.GitHub: time.Minute, tokens.GitLab: -1, tokens.Bitbucket: time.Minute} {
		tr := fleet.Transport(p).(*transport.Transport)
		if tr.Retries != 2 || tr.MaxWait != wait {
			t.Errorf("%s: Retries %d, MaxWait %v, want 2 and %v", p, tr.Retries, tr.MaxWait, wait)
		}
	}
	if calls != 3 {
		t.Errorf("called %d times, want once a provider", calls)
	}
}

func TestNew_without_a_manager_says_how_to_get_one(t *testing.T) {
	t.Parallel()
	_, err := gitfleet.New(gitfleet.Config{})
	if err == nil || !strings.Contains(err.Error(), "Manager is nil: make one with tokens.NewManager") {
		t.Errorf("New() = %v, want an error that names Manager", err)
	}
}

func TestFleet_Transport_is_the_same_at_every_call_and_carries_the_configuration(t *testing.T) {
	t.Parallel()
	m := manager(t, "alice")
	base := &http.Transport{}
	logger := slog.New(slog.DiscardHandler)
	fleet, err := gitfleet.New(gitfleet.Config{Manager: m, Base: base, MaxWait: time.Minute, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []tokens.ProviderType{tokens.GitHub, tokens.GitLab, tokens.Bitbucket} {
		got, ok := fleet.Transport(p).(*transport.Transport)
		if !ok {
			t.Fatalf("Transport(%s) is a %T", p, fleet.Transport(p))
		}
		if got != fleet.Transport(p) || fleet.HTTPClient(p).Transport != got {
			t.Errorf("Transport(%s) is another one at the second call or below HTTPClient", p)
		}
		if got.Manager != m || got.Provider != p || got.Base != base || got.MaxWait != time.Minute || got.Logger != logger {
			t.Errorf("Transport(%s) does not have the fleet's configuration", p)
		}
	}
}

func TestFleet_an_unknown_provider_is_refused_at_the_first_request(t *testing.T) {
	t.Parallel()
	fleet, err := gitfleet.New(gitfleet.Config{Manager: manager(t, "alice")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = fleet.HTTPClient("githbu").Post("https://api.github.com/", "text/plain", strings.NewReader("x"))
	if err == nil || !strings.Contains(err.Error(), `unknown provider "githbu"`) {
		t.Errorf("error = %v, want one that names the provider", err)
	}
}

func TestI13_Fleet_without_tokens_does_not_fall_back_to_anonymous_requests(t *testing.T) {
	t.Parallel()
	fleet, err := gitfleet.New(gitfleet.Config{
		Manager: manager(t),
		Base: roundTripper(func(*http.Request) (*http.Response, error) {
			t.Error("a request was sent")
			return nil, errors.New("sent")
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = fleet.HTTPClient(tokens.GitHub).Get("https://api.github.com/user")
	var exhausted *tokens.ExhaustedError
	if !errors.As(err, &exhausted) || exhausted.Tokens != 0 {
		t.Errorf("error = %v, want an ExhaustedError of no token", err)
	}
}

func TestFleet_Close_ends_the_manager(t *testing.T) {
	t.Parallel()
	fleet, err := gitfleet.New(gitfleet.Config{Manager: manager(t, "alice")})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := fleet.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	}
	if _, err := fleet.HTTPClient(tokens.GitHub).Get("https://api.github.com/user"); !errors.Is(err, tokens.ErrClosed) {
		t.Errorf("error after Close = %v, want ErrClosed", err)
	}
}

// It sets the environment and so cannot run in parallel.
func TestFromEnv(t *testing.T) {
	for _, name := range []string{"GITHUB_TOKENS", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKENS", "GITLAB_TOKEN", "BITBUCKET_TOKENS", "BITBUCKET_TOKEN"} {
		t.Setenv(name, "")
	}
	if _, err := gitfleet.FromEnv(); !errors.Is(err, tokens.ErrNoTokens) {
		t.Errorf("FromEnv() of an empty environment = %v, want ErrNoTokens", err)
	}
	t.Setenv("GITHUB_TOKENS", "alice "+canary.Token("alice")+", "+canary.Token("bob"))
	t.Setenv("GITLAB_TOKEN", "ci "+canary.Token("ci")+" https://git.example.com")
	fleet, err := gitfleet.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	all := fleet.Manager().AllTokens("")
	if len(all) != 3 || all[0].Label != "alice" || all[2].Host != "https://git.example.com" {
		t.Errorf("AllTokens() = %v", all)
	}
	t.Setenv("GITHUB_TOKENS", "alice "+canary.Token("alice")+" nonsense")
	if _, err := gitfleet.FromEnv(); err == nil || strings.Contains(err.Error(), canary.Mark) {
		t.Error("FromEnv() of a malformed list succeeded or quoted it")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
