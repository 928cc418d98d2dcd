package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestRun_usage(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"no command", nil, exitUsage, "", "Reading hosts:"},
		{"help", []string{"help"}, exitOK, "Reading hosts:", ""},
		{"help flag", []string{"--help"}, exitOK, "Reading hosts:", ""},
		{"unknown command", []string{"repoz"}, exitUsage, "", `unknown command "repoz": did you mean repos`},
		{"unknown flag", []string{"repos", "--fast"}, exitUsage, "", "unknown flag: --fast"},
		{"unknown flag of the demo", []string{"demo", "-fast"}, exitUsage, "", "flag provided but not defined: -fast"},
		{"flags of the demo", []string{"demo", "-h"}, exitOK, "", "-plain"},
		{"unexpected argument of the demo", []string{"demo", "acme"}, exitUsage, "", `unexpected argument "acme"`},
		{"too few arguments", []string{"repo"}, exitUsage, "", "it wants REPOSITORY"},
		{"too many arguments", []string{"repos", "a", "b"}, exitUsage, "", `unexpected argument "b"`},
		{"config alone", []string{"config"}, exitUsage, "", "it wants path or check"},
		{"version", []string{"version"}, exitOK, "gitfleet 0.", ""},
		{"completion", []string{"completion", "bash"}, exitOK, "__start_gitfleet", ""},
		{"completion", []string{"completion", "fish"}, exitOK, "complete -c gitfleet", ""},
		{"completion", []string{"completion", "zsh"}, exitOK, "#compdef gitfleet", ""},
		{"completion", []string{"completion", "powershell"}, exitOK, "Register-ArgumentCompleter", ""},
		{"completion of a flag", []string{"__complete", "prs", "--state", ""}, exitOK, "merged", "ShellCompDirectiveNoFileComp"},
		{"wrong source", []string{"repos", "--tokens-from", "vault"}, exitUsage, "", `--tokens-from has "vault"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := w.run(tt.args...)
			if r.code != tt.code || !strings.Contains(r.out, tt.stdout) {
				t.Errorf("exit code %d, stdout %q, want %d, %q", r.code, head(r.out), tt.code, tt.stdout)
			}
			if !strings.Contains(r.err, tt.stderr) {
				t.Errorf("stderr %q, want %q in it", head(r.err), tt.stderr)
			}
		})
	}
}

func TestExit_without_a_token_names_the_variables_to_set(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GITHUB_TOKENS", "")
	w.run("repos", "acme").want(t, exitUsage, "", "no tokens, and no --provider: set GITHUB_TOKENS")
	w.run("repos", "https://gitlab.com/acme").want(t, exitFailed, "", "hint: set GITLAB_TOKENS or GITLAB_TOKEN, or list tokens in "+w.home)
	w.run("tokens").want(t, exitFailed, "", "hint: set GITHUB_TOKENS")
	w.run("plan", "5", "--provider", "github").want(t, exitFailed, "", "hint: set GITHUB_TOKENS")
	w.run("repos", "octocat", "--provider", "github", "--anonymous").want(t, exitOK, "octocat/repo-0001", "")
}

func TestExit_when_every_token_is_spent_is_4_and_says_until_when(t *testing.T) {
	w := newWorld(t)
	w.github.Spend(canary.Token("alice"), "core", 5000)
	r := w.run("repos", "acme", "--max-wait", "0")
	r.want(t, exitSpent, "", "rate limited")
	if !strings.Contains(r.err, "hint: calls are possible again at 20") {
		t.Errorf("stderr %q does not say until when", r.err)
	}
	w.file("config/gitfleet/config.yaml", 0o600, "max_wait: 0s\n")
	w.run("repos", "acme").want(t, exitSpent, "", "rate limited")
	w.run("batch", "--op", "repos").want(t, exitOK, "", "")
	w.in = "acme\noctocat\n"
	w.run("batch", "--op", "repos").want(t, exitSpent, "", "rate limited")
}

func TestExit_after_waiting_for_a_reset_is_0_and_the_wait_is_told(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		w := *w
		w.t = t
		w.fresh()
		w.github.Spend(canary.Token("alice"), "core", 5000)
		start := time.Now()
		r := w.run("repos", "octocat")
		r.want(t, exitOK, "octocat/repo-0005", "gitfleet: every token is spent: waiting until 2000-01-01T01:00:0")
		if waited := time.Since(start); waited < 59*time.Minute || waited > 62*time.Minute {
			t.Errorf("it took %v, want about an hour", waited)
		}
	})
}

func TestExit_when_interrupted_is_130_at_once(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	inner := w.base
	w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("page") != "" {
			cancel()
		}
		return inner.RoundTrip(r)
	})
	w.runIn(ctx, "repos", "acme", "-o", "ndjson", "--concurrency", "1").want(t, exitInterrupted, "acme/repo-0001", "gitfleet: interrupted")
}

func TestExit_of_the_hosts_refusals(t *testing.T) {
	w := newWorld(t)
	w.run("repo", "acme/nothing").want(t, exitFailed, "", "gitfleet: github: fetch repository of acme/nothing: 404 not found: Not Found\n")
	w.github.Revoke(canary.Token("alice"))
	w.run("repos", "acme").want(t, exitFailed, "", "hint: gitfleet tokens --check tells")
}

func TestState_is_kept_between_runs_without_secrets_and_not_if_it_is_not_wanted(t *testing.T) {
	w := newWorld(t)
	w.run("repos", "octocat", "--no-state")
	state := w.home + "/state/gitfleet/state.json"
	if exists(state) {
		t.Error("--no-state: there is a state file")
	}
	w.file("config/gitfleet/config.yaml", 0o600, "state: false\n")
	w.run("repos", "octocat")
	if exists(state) {
		t.Error("state: false: there is a state file")
	}
	w.run("repos", "octocat", "--config", w.file("empty.yaml", 0o600, ""))
	text := read(t, state)
	if !strings.Contains(text, "core") || strings.Contains(text, canary.Mark) {
		t.Errorf("I1: the state is %s", head(text))
	}
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	w.run("repos", "octocat", "--config", w.home+"/empty.yaml").want(t, exitOK, "octocat", "set XDG_STATE_HOME")
	t.Setenv("XDG_STATE_HOME", w.home+"/state")
	n := len(w.github.Requests())
	w.run("tokens", "--offline", "--config", w.file("empty.yaml", 0o600, "")).want(t, exitOK, "/5000", "")
	if got := len(w.github.Requests()); got != n {
		t.Errorf("--offline sent %d requests", got-n)
	}
}

func TestExit_a_host_that_does_not_answer_in_time_ends_the_request(t *testing.T) {
	w := newWorld(t)
	w.file("config/gitfleet/config.yaml", 0o600, "timeout: 3s\n")
	synctest.Test(t, func(t *testing.T) {
		w := *w
		w.t = t
		w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		w.run("repo", "acme/web").want(t, exitFailed, "", "timeout")
		// Two more tries, and pauses before them.
		if took := time.Since(start); took < 9*time.Second || took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestExit_hints_say_what_can_be_done(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header http.Header
		hint   string
	}{
		{"single sign-on", http.Header{"X-Github-Sso": {"required; url=https://github.com/orgs/acme/sso?x=1"}}, "hint: authorize the token for the organization at https://github.com/orgs/acme/sso?x=1\n"},
		{"scope", http.Header{"X-Oauth-Scopes": {"gist"}, "X-Accepted-Oauth-Scopes": {"repo, admin:org"}}, "hint: give the token one of the scopes repo, admin:org\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.github.Inject(fleettest.Fault{Times: -1, Status: http.StatusForbidden, Header: tt.header, Body: `{"message":"no"}`})
			w.run("repo", "acme/repo-0001").want(t, exitFailed, "", tt.hint)
		})
	}
}

func TestTimes_for_people(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "now", 300 * time.Millisecond: "in 1 s", 59 * time.Second: "in 59 s", time.Minute: "in 1 min",
		time.Hour + time.Second: "in 60 min", 3 * time.Hour: "in 3 h", 72 * time.Hour: "in 3 days",
	} {
		if got := in(d); got != want {
			t.Errorf("in(%v) = %q, want %q", d, got, want)
		}
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-01-31": time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), "2026-01-31T10:00:00+02:00": time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC),
		"36h": now.Add(-36 * time.Hour), "30d": now.AddDate(0, 0, -30), "0d": now,
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("parseTime(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-1h", "-3d", "2026-13-01", "d"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("parseTime(%q) = %v, want an error", text, got)
		}
	}
}
