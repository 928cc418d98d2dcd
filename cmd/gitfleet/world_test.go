package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

// world is what a run of the tool sees: simulated hosts, a home of its own, and
// tokens in the environment.
type world struct {
	t         *testing.T
	github    *fleettest.GitHub
	gitlab    *fleettest.GitLab
	bitbucket *fleettest.Bitbucket
	base      http.RoundTripper
	home      string
	in        string
	terminal  bool
	plain     bool // a terminal without colours
}

// newWorld makes a world with the organization acme at all hosts, and a token of
// alice at GitHub. It sets the environment, so that its tests are not parallel.
func newWorld(t *testing.T) *world {
	t.Helper()
	config := func(account string) fleettest.Config {
		return fleettest.Config{
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 230, Private: 3}},
			Users:         []fleettest.Owner{{Login: "octocat", Repositories: 5}},
			Accounts:      []fleettest.Account{{Login: account, Tokens: []string{canary.Token(account)}}},
		}
	}
	w := &world{
		t: t, home: t.TempDir(),
		github: fleettest.NewGitHub(config("alice")), gitlab: fleettest.NewGitLab(config("gina")), bitbucket: fleettest.NewBitbucket(config("bea")),
	}
	w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
		switch r.URL.Hostname() {
		case "api.github.com":
			return w.github.RoundTrip(r)
		case "gitlab.com":
			return w.gitlab.RoundTrip(r)
		case "api.bitbucket.org":
			return w.bitbucket.RoundTrip(r)
		}
		return nil, fmt.Errorf("no such host: %s", r.URL.Host)
	})
	keyring.MockInit()
	for _, names := range envNames {
		for _, name := range names {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", w.home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(w.home, "config"))
	t.Setenv("XDG_STATE_HOME", filepath.Join(w.home, "state"))
	t.Setenv("GH_CONFIG_DIR", "")
	t.Setenv("GLAB_CONFIG_DIR", "")
	t.Setenv("GITHUB_TOKENS", "alice "+canary.Token("alice"))
	return w
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// result is what a run left.
type result struct {
	code     int
	out, err string
}

// run runs the tool, and fails if a secret is on the screen.
func (w *world) run(args ...string) result { return w.runIn(w.t.Context(), args...) }

func (w *world) runIn(ctx context.Context, args ...string) result {
	w.t.Helper()
	var out, errs bytes.Buffer
	code := run(ctx, args, streams{in: strings.NewReader(w.in), out: &out, err: &errs, terminal: w.terminal, colour: w.terminal && !w.plain}, w.base)
	r := result{code, out.String(), errs.String()}
	for name, text := range map[string]string{"stdout": r.out, "stderr": r.err} {
		if strings.Contains(text, canary.Mark) {
			w.t.Errorf("I1: %s of a run holds a token", name)
		}
	}
	return r
}

// file writes a file below the home.
func (w *world) file(name string, mode os.FileMode, text string) string {
	w.t.Helper()
	path := filepath.Join(w.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		w.t.Fatal(err)
	}
	return path
}

// want fails unless the run ended with the code and its streams contain the
// texts.
func (r result) want(t *testing.T, code int, out, err string) {
	t.Helper()
	if r.code != code || !strings.Contains(r.out, out) || !strings.Contains(r.err, err) || out == "" && r.out != "" || err == "" && r.err != "" {
		t.Errorf("exit code %d, want %d\nstdout, want %q in it:\n%s\nstderr, want %q in it:\n%s", r.code, code, out, head(r.out), err, head(r.err))
	}
}

func head(s string) string {
	if len(s) > 1500 {
		return s[:1500] + "…"
	}
	return s
}

func lines(s string) int { return strings.Count(s, "\n") }

// fresh makes the GitHub anew, for a world whose clock is another.
func (w *world) fresh() {
	w.github = fleettest.NewGitHub(fleettest.Config{
		Users:    []fleettest.Owner{{Login: "octocat", Repositories: 5}},
		Accounts: []fleettest.Account{{Login: "alice", Tokens: []string{canary.Token("alice")}}},
	})
	w.base = w.github
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
