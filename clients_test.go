package gitfleet_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
)

// three is a GitHub, a GitLab and a Bitbucket below one transport, with a token
// each.
type three struct {
	github    *fleettest.GitHub
	gitlab    *fleettest.GitLab
	bitbucket *fleettest.Bitbucket
}

func newThree() three {
	cfg := func(name string) fleettest.Config {
		return fleettest.Config{
			Tokens:        []string{canary.Token(name)},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
		}
	}
	return three{fleettest.NewGitHub(cfg("gh")), fleettest.NewGitLab(cfg("gl")), fleettest.NewBitbucket(cfg("bb"))}
}

// RoundTrip implements [http.RoundTripper].
func (h three) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Host {
	case "gitlab.com":
		return h.gitlab.RoundTrip(r)
	case "api.bitbucket.org":
		return h.bitbucket.RoundTrip(r)
	}
	return h.github.RoundTrip(r)
}

func (h three) manager(t testing.TB) *tokens.Manager {
	t.Helper()
	m, err := tokens.NewManager(tokens.Config{Base: h},
		tokens.Token{Provider: tokens.GitHub, Label: "gh", Secret: tokens.Static(canary.Token("gh"))},
		tokens.Token{Provider: tokens.GitLab, Label: "gl", Secret: tokens.Static(canary.Token("gl"))},
		tokens.Token{Provider: tokens.Bitbucket, Label: "bb", Secret: tokens.Static(canary.Token("bb"))})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (h three) fleet(t testing.TB) *gitfleet.Fleet {
	t.Helper()
	f, err := gitfleet.New(gitfleet.Config{Manager: h.manager(t), Base: h})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFleet_has_one_client_for_each_host(t *testing.T) {
	t.Parallel()
	f := newThree().fleet(t)
	for _, c := range []*providers.Client{f.GitHub(), f.GitLab(), f.Bitbucket()} {
		got, err := c.FetchRepositories(t.Context(), "acme")
		if err != nil || len(got) != 3 {
			t.Errorf("%s: %d repositories, %v; want 3", c, len(got), err)
		}
	}
	for _, get := range []func() *providers.Client{f.GitHub, func() *providers.Client { return f.GitHubAt("git.example.com") }} {
		if first, second := get(), get(); first != second {
			t.Errorf("the client for %s is another one at the second call", first)
		}
	}
	if got := f.GitHubAt("git.example.com").Host(); got != "https://git.example.com" {
		t.Errorf("Host() = %q", got)
	}
	if n := len(f.Clients()); n != 3 {
		t.Errorf("%d clients, want one for each host with a token", n)
	}
	if _, err := f.Client("gitea", ""); err == nil || !strings.Contains(err.Error(), `unknown provider "gitea"`) {
		t.Errorf("Client(gitea) = %v", err)
	}
}

func TestFleet_a_host_that_is_none_is_an_error_of_each_call(t *testing.T) {
	t.Parallel()
	h := newThree()
	f := h.fleet(t)
	_, err := f.GitLabAt("ftp://x").FetchRepository(t.Context(), "acme/web")
	if !errors.Is(err, providers.ErrInvalid) {
		t.Errorf("FetchRepository() = %v, want ErrInvalid", err)
	}
	if n := h.gitlab.Stats().Requests; n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestFleet_Repositories_walks_all_hosts_and_goes_on_when_one_fails(t *testing.T) {
	t.Parallel()
	h := newThree()
	f := h.fleet(t)
	h.gitlab.Revoke(canary.Token("gl"))
	got := map[tokens.ProviderType]int{}
	var failed *providers.Error
	for r, err := range f.Repositories(t.Context(), "acme") {
		if err != nil {
			if !errors.As(err, &failed) {
				t.Errorf("error %v is no *providers.Error", err)
			}
			continue
		}
		got[r.Provider]++
	}
	if got[tokens.GitHub] != 3 || got[tokens.Bitbucket] != 3 || got[tokens.GitLab] != 0 {
		t.Errorf("got %v", got)
	}
	if failed == nil || failed.Provider != tokens.GitLab || !errors.Is(failed, providers.ErrUnauthorized) {
		t.Errorf("error %v, want GitLab's", failed)
	}
}

func TestI15_Fleet_Repositories_tells_that_its_context_has_ended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newThree()
		f := h.fleet(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		failed := 0
		for _, err := range f.Repositories(ctx, "acme", providers.PageSize(1)) {
			cancel()
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want the context's", err)
				}
				failed++
			}
		}
		if failed == 0 {
			t.Error("lists that were cut off look whole")
		}
	})
}

func TestFleet_without_tokens_names_the_variables_or_goes_anonymous_when_asked(t *testing.T) {
	t.Parallel()
	h := newThree()
	m, err := tokens.NewManager(tokens.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := gitfleet.New(gitfleet.Config{Manager: m, Base: h})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.GitHub().FetchRepository(t.Context(), "acme/repo-0001")
	if err == nil || !errors.Is(err, tokens.ErrNoTokens) || !strings.Contains(err.Error(), "GITHUB_TOKENS") || h.github.Stats().Requests != 0 {
		t.Errorf("FetchRepository() = %v after %d requests, want an error that names GITHUB_TOKENS", err, h.github.Stats().Requests)
	}
	f, err = gitfleet.New(gitfleet.Config{Manager: m, Base: h, Anonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := f.GitHub().FetchRepository(t.Context(), "acme/repo-0001"); err != nil || r.Name != "repo-0001" {
		t.Errorf("FetchRepository() = %q, %v", r.Name, err)
	}
}

func TestNew_names_all_that_is_wrong(t *testing.T) {
	t.Parallel()
	_, err := gitfleet.New(gitfleet.Config{UserAgent: "a\nb"})
	if err == nil || !strings.Contains(err.Error(), "Manager is nil") || !strings.Contains(err.Error(), "UserAgent") {
		t.Errorf("New() = %v, want an error that names Manager and UserAgent", err)
	}
}

func TestI1_Fleet_StateFile_keeps_limits_and_no_secret(t *testing.T) {
	t.Parallel()
	h := newThree()
	path := filepath.Join(t.TempDir(), "state", "state.json")
	open := func() *gitfleet.Fleet {
		f, err := gitfleet.New(gitfleet.Config{Manager: h.manager(t), Base: h, StateFile: path})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := open()
	h.github.SetRemaining(canary.Token("gh"), "core", 17)
	if _, err := f.GitHub().FetchRepository(t.Context(), "acme/repo-0001"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %#o, want 0600", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil || !json.Valid(text) || strings.Contains(string(text), canary.Mark) {
		t.Errorf("the state file is no JSON or holds a token, %v", err)
	}
	f = open()
	defer f.Close()
	if got, want := f.Manager().AllTokens(tokens.GitHub)[0].Status.Remaining.Or(-1), int64(16); got != want {
		t.Errorf("%d remain after a restart, want %d", got, want)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v, want the file alone", left, err)
	}
	if info, err = os.Stat(filepath.Dir(path)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v, want 0700", info.Mode(), err)
	}
}

func TestFleet_StateFile_that_is_none_is_refused_and_kept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	if err := os.WriteFile(path, []byte("half a"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	for file, want := range map[string]string{path: "is not what a fleet has written", link: "is a symbolic link and is not followed", dir: "is not a regular file"} {
		_, err := gitfleet.New(gitfleet.Config{Manager: newThree().manager(t), StateFile: file})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New() with %s = %v, want %q", filepath.Base(file), err, want)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "half a" {
		t.Errorf("the file is %q, %v; want what it was", text, err)
	}
}

func TestFleet_sends_a_user_agent_and_bounds_an_attempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newThree()
		var agent string
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			if agent = r.UserAgent(); r.URL.Path == "/repos/acme/slow" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return h.RoundTrip(r)
		})
		f, err := gitfleet.New(gitfleet.Config{Manager: h.manager(t), Base: base})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = f.GitHub().FetchRepository(t.Context(), "acme/slow")
		if !errors.Is(err, providers.ErrTimeout) || time.Since(start) != providers.DefaultTimeout {
			t.Errorf("FetchRepository() = %v after %v, want ErrTimeout after %v", err, time.Since(start), providers.DefaultTimeout)
		}
		if agent != providers.DefaultUserAgent {
			t.Errorf("user agent %q, want %q", agent, providers.DefaultUserAgent)
		}
	})
}
