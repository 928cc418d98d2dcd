package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
)

// noEnv takes the tokens out of the environment.
func noEnv(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	t.Setenv("GITHUB_TOKENS", "")
	return w
}

func TestConfig_path_is_that_of_the_flag_or_below_XDG_CONFIG_HOME(t *testing.T) {
	w := newWorld(t)
	w.run("config", "path").want(t, exitOK, w.home+"/config/gitfleet/config.yaml\n", "")
	w.run("config", "path", "--config", "/etc/gitfleet.yaml").want(t, exitOK, "/etc/gitfleet.yaml\n", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	w.run("config", "path").want(t, exitOK, w.home+"/.config/gitfleet/config.yaml\n", "")
	w.run("config", "check", "--config", w.home+"/none.yaml").want(t, exitUsage, "", "no such file")
}

func TestConfig_tokens_come_from_everywhere_it_says(t *testing.T) {
	w := noEnv(t)
	t.Setenv("BOB", canary.Token("bob"))
	file := w.file("tokens.txt", 0o600, "carol "+canary.Token("carol")+"\ndora "+canary.Token("dora")+"\n")
	script := w.file("print.sh", 0o700, "#!/bin/sh\necho "+canary.Token("erin")+"\n")
	if err := keyring.Set("work", "frank", canary.Token("frank")); err != nil {
		t.Fatal(err)
	}
	w.file("config/gitfleet/config.yaml", 0o600, `
tokens:
  - {provider: github, label: alice, secret: `+canary.Token("alice")+`, account: team, tags: [ci, night], floor: 10%, priority: 2, description: mine}
  - provider: github
    label: bob
    secret: ${BOB}
    floor: 500
  - {provider: github, file: `+file+`, label: unused}
  - {provider: github, label: erin, command: [sh, `+script+`]}
  - {provider: github, label: frank, keychain: work/frank}
  - {provider: gitlab, label: ci, secret: `+canary.Token("ci")+`, host: "https://git.example.com/gitlab"}
`)
	r := w.run("config", "check")
	r.want(t, exitOK, `alice  github  https://api.github.com
bob  github  https://api.github.com
carol  github  https://api.github.com
dora  github  https://api.github.com
erin  github  https://api.github.com
frank  github  https://api.github.com
ci  gitlab  https://git.example.com/gitlab
`, "7 tokens")
	w.run("tokens", "--offline", "-o", "ndjson", "--fields", "label,account,tags,description", "--provider", "github").
		want(t, exitOK, `{"account":"team","description":"mine","label":"alice","tags":["ci","night"]}`, "")
	w.run("user").want(t, exitUsage, "", "there are tokens for github at https://api.github.com and gitlab at https://git.example.com/gitlab")
	w.run("user", "--provider", "github").want(t, exitOK, "alice", "")
}

func TestConfig_values(t *testing.T) {
	w := noEnv(t)
	path := w.file("config.yaml", 0o600, `
provider: gitlab
max_wait: 10m
timeout: 5s
state: false
usage: ~/calls.db
cache: ~/answers
ca_file: /etc/ssl/acme.pem
proxy: http://proxy.example.com:3128
gh: true
tokens:
  - {provider: github, secret: x, floor: 10%, expires: 2026-12-31, user: me, weight: 3, scheme: basic}
`)
	tl := &tool{streams: streams{err: io.Discard}, hide: newRedactor()}
	tl.flags.config = path
	c, err := tl.configure()
	if err != nil {
		t.Fatal(err)
	}
	if c.provider != tokens.GitLab || *c.maxWait != 10*time.Minute || c.timeout != 5*time.Second || !c.noState || !c.record || c.usage != filepath.Join(w.home, "calls.db") ||
		c.cache != filepath.Join(w.home, "answers") || c.caFile != "/etc/ssl/acme.pem" || c.proxy == "" || !c.gh || c.glab {
		t.Errorf("configure() = %+v", c)
	}
	token := c.tokens[0].token
	if token.Floor.Percent != 10 || !token.Expires.Equal(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)) || token.User != "me" || token.Weight != 3 || token.Scheme != tokens.Basic {
		t.Errorf("token = %+v", token)
	}
	w.run("config", "check", "--config", path).want(t, exitUsage, "", "ca_file: open /etc/ssl/acme.pem: no such file")
}

// Whatever is wrong, the line is named and nothing of the file is quoted that
// could be a token in the wrong place.
func TestI1_Config_faults_name_the_line_and_no_secret(t *testing.T) {
	w := noEnv(t)
	secret := canary.Token("wrong")
	for _, tt := range []struct {
		name, text, want string
	}{
		{"unknown key", "tokns: []", `line 1: unknown key "tokns": want ca_file, cache, gh, glab`},
		{"unknown key of a token", "tokens:\n  - provider: github\n    secert: " + secret, `line 3: unknown key "secert"`},
		{"a token for a key", "tokens:\n  - provider: github\n    " + secret + ": x", "line 3: unknown key: want account"},
		{"a token for a file", secret, "line 1: want keys and values"},
		{"a token for a list", "tokens: " + secret, "line 1: want a list"},
		{"a token for an entry", "tokens:\n  - " + secret, "line 2: want keys and values"},
		{"a token for a provider", "provider: " + secret, "line 1: want github, gitlab or bitbucket"},
		{"a token for a number", "tokens:\n  - {provider: github, secret: x, priority: " + secret + "}", "line 2: want a whole number"},
		{"a token for a time", "max_wait: " + secret, "line 1: want a time such as"},
		{"a port alone for a proxy", "proxy: http://:3128/", "line 1: want a URL such as http://proxy.example.com:3128"},
		{"a token for a truth", "state: " + secret, "line 1: want true or false"},
		{"a token for a variable", "tokens:\n  - {provider: github, secret: \"${" + secret + "}\"}", "line 2: between ${ and } stands no name"},
		{"a token for a label", "tokens:\n  - {provider: github, label: " + secret + ", secret: x}", "its label looks like a token"},
		{"a token for a host", "tokens:\n  - {provider: github, host: \"http://" + secret + "@x.example\", secret: x}", "host must not hold a user"},
		{"a token for a scheme", "tokens:\n  - {provider: github, scheme: " + secret + ", secret: x}", "unknown scheme"},
		{"a token for a command", "tokens:\n  - {provider: github, command: [" + secret + "]}", "line 2: "},
		{"a token for a file name", "tokens:\n  - {provider: github, file: " + secret + "}", "line 2: token file"},
		{"a token for a keychain", "tokens:\n  - {provider: github, keychain: " + secret + "/x}", "line 2: keychain"},
		{"a token with a space in it", "tokens:\n  - {provider: github, secret: \"" + secret + " x\"}", "a space, control or non-ASCII character"},
		{"no YAML", "tokens: [" + secret + "\n  : :", "this is no YAML"},
		{"an anchor", "tokens: *" + secret, "this is no YAML"},
		{"a variable that is not set", "tokens:\n  - provider: github\n    secret: ${NOT_SET}", "line 3: the variable NOT_SET is not set"},
		{"no provider", "tokens:\n  - secret: " + secret, "line 2: the token has no provider"},
		{"two secrets", "tokens:\n  - {provider: github, secret: " + secret + ", file: x}", "exactly one of secret, command, keychain and file, and has 2"},
		{"no secret", "tokens:\n  - {provider: github}", "exactly one of secret, command, keychain and file, and has 0"},
		{"a key twice", "state: true\nstate: false", `line 2: the key "state" stands twice`},
		{"two documents", "state: true\n---\nstate: false", "more than one document"},
		{"two faults", "a: 1\nb: 2", `line 1: unknown key "a": want ca_file, cache, gh, glab, max_wait, provider, proxy, state, timeout, tokens, usage; line 2: unknown key "b"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.file("config/gitfleet/config.yaml", 0o600, tt.text+"\n")
			w.run("config", "check").want(t, exitUsage, "", tt.want)
		})
	}
}

func TestConfig_that_others_can_read_or_change_is_refused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing there")
	}
	w := noEnv(t)
	t.Setenv("BOB", canary.Token("bob"))
	literal := "tokens:\n  - {provider: github, secret: " + canary.Token("alice") + "}\n"
	reference := "tokens:\n  - {provider: github, secret: \"${BOB}\"}\n"
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		stderr     string
	}{
		{"a secret for all to read", literal, 0o644, "it holds a secret and has mode 0644, so that others can read it: run chmod 600"},
		{"a secret for the group", literal, 0o640, "it holds a secret and has mode 0640"},
		{"a secret", literal, 0o600, ""},
		{"a reference for all to read", reference, 0o644, ""},
		{"a reference for all to change", reference, 0o666, "config.yaml has mode 0666, so that others can change it: run chmod 600"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.file("config/gitfleet/config.yaml", tt.mode, tt.text)
			r := w.run("config", "check")
			if tt.stderr == "" {
				r.want(t, exitOK, "github", "1 tokens")
				return
			}
			r.want(t, exitUsage, "", tt.stderr)
		})
	}
	file := w.file("config/gitfleet/config.yaml", 0o600, literal)
	if err := os.Chmod(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	w.run("config", "check").want(t, exitUsage, "", "everybody can exchange its files")
	link := w.home + "/link.yaml"
	if err := os.Symlink(w.file("elsewhere/config.yaml", 0o600, literal), link); err != nil {
		t.Fatal(err)
	}
	w.run("config", "check", "--config", link).want(t, exitUsage, "", "link.yaml is a symbolic link and is not followed")
	if _, err := exec.LookPath("mkfifo"); err == nil {
		pipe := w.home + "/pipe"
		if err := exec.Command("mkfifo", pipe).Run(); err == nil {
			w.run("config", "check", "--config", pipe).want(t, exitUsage, "", "is not a regular file")
		}
	}
}

func TestSources_gh_and_glab_are_read_when_they_are_asked_for(t *testing.T) {
	w := noEnv(t)
	hosts := w.file("elsewhere/hosts.yml", 0o600, `
github.com:
    user: alice
    oauth_token: `+canary.Token("alice")+`
    git_protocol: https
github.acme.com:
    user: bob
`)
	link := w.home + "/config/gh/hosts.yml" // where it is kept is that program's own matter
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(hosts, link); err != nil {
		t.Skip(err)
	}
	if err := keyring.Set("gh:github.acme.com", "bob", canary.Token("bob")); err != nil {
		t.Fatal(err)
	}
	w.file("config/glab-cli/config.yml", 0o600, `
git_protocol: ssh
hosts:
    gitlab.com:
        token: !!null `+canary.Token("gina")+`
        user: gina
    git.example.com:
        api_protocol: https
        token: ""
`)
	w.run("config", "check").want(t, exitOK, "", "0 tokens")
	w.run("config", "check", "--tokens-from", "gh,glab").want(t, exitOK,
		"gh-alice  github  https://api.github.com\ngh-bob  github  https://github.acme.com\nglab-gina  gitlab  https://gitlab.com\n", "3 tokens")
	w.run("user", "--tokens-from", "gh", "--provider", "github", "--host", "https://github.com").want(t, exitOK, "alice", "")
	w.file("config/gitfleet/config.yaml", 0o600, "glab: true\n")
	w.run("user").want(t, exitOK, "gina", "")
	w.run("config", "check", "--tokens-from", "env").want(t, exitOK, "", "0 tokens")

	w.file("config/gh/hosts.yml", 0o600, "github.com: [\n  "+canary.Token("alice"))
	w.run("config", "check", "--tokens-from", "gh").want(t, exitUsage, "", "hosts.yml: line 2: this is no YAML")
	if err := os.Remove(w.home + "/config/gh/hosts.yml"); err != nil {
		t.Fatal(err)
	}
	w.run("config", "check", "--tokens-from", "gh").want(t, exitUsage, "", "gh: there is no ")
}

func TestSources_a_token_added_to_the_keychain_is_used_when_asked_for(t *testing.T) {
	w := noEnv(t)
	w.run("tokens", "--tokens-from", "keychain").want(t, exitUsage, "", "gitfleet tokens add puts one there")
	w.in = canary.Token("alice") + "\n"
	w.run("tokens", "add").want(t, exitUsage, "", "say with --provider whose token it is")
	w.run("tokens", "add", "--provider", "github").want(t, exitOK, "", "the token for github is in the keychain")
	w.run("user", "--tokens-from", "keychain").want(t, exitOK, "alice", "")
	w.in = "two words of " + canary.Token("x")
	w.run("tokens", "add", "--provider", "github").want(t, exitUsage, "", "a space")
	w.in = "\n"
	w.run("tokens", "add", "--provider", "github").want(t, exitUsage, "", "standard input has no token")
}

// A token that is put where something else belongs must not be echoed.
func TestI1_a_token_in_the_wrong_argument_is_not_shown(t *testing.T) {
	w := newWorld(t)
	secret := canary.Token("misplaced")
	for _, args := range [][]string{
		{secret}, {"--" + secret}, {"repos", "--" + secret}, {"repos", secret}, {"repos", secret, secret}, {"repo", secret}, {"repo", "acme/" + secret},
		{"repo", "https://" + secret + "@github.com/acme/nothing"}, {"repo", "https://x:" + secret + "@git.example.com/acme/web"},
		{"repos", "https://" + secret + "@git.example.com/acme"},
		{"repos", "--provider", secret}, {"repos", "--host", secret}, {"repos", "--host", "https://x:" + secret + "@h.example", "--provider", "gitlab"},
		{"repos", "--config", secret}, {"repos", "--tokens-from", secret}, {"repos", "-o", secret}, {"repos", "--fields", secret},
		{"repos", "--max-wait", secret}, {"repos", "--limit", secret}, {"repos", "--since", secret}, {"repos", "--sort", secret},
		{"issues", "acme/repo-0001", "--state", secret}, {"user", secret}, {"orgs", secret}, {"plan", secret}, {"plan", "1", "--resource", secret},
		{"contents", "acme/repo-0001", secret}, {"api", secret}, {"api", "user", "-X", secret}, {"api", "user", "-H", secret}, {"api", "user", "-f", secret},
		{"api", "user", "-H", "Authorization: Bearer " + secret}, {"api", "user", "--input", secret},
		{"batch", secret}, {"batch", "--op", secret}, {"batch", "--resume", secret + "/x"}, {"version", secret}, {"completion", secret}, {"demo", secret}, {"config", secret},
	} {
		w.in = "acme\n"
		w.run(args...) // looks for the canary
	}
	w.in = secret + "\n"
	r := w.run("batch")
	if r.code != exitPartial || strings.Contains(r.out, canary.Mark) {
		t.Errorf("exit code %d, stdout %q", r.code, r.out)
	}
}

func TestI1_verbose_output_has_labels_and_no_secret(t *testing.T) {
	w := newWorld(t)
	w.github.AddToken("bob", canary.Token("bob"))
	t.Setenv("GITHUB_TOKENS", "alice "+canary.Token("alice")+", bob "+canary.Token("bob"))
	w.github.Revoke(canary.Token("alice"))
	w.run("repos", "octocat", "-v").want(t, exitOK, "octocat", "alice")
}

func TestConfig_a_label_is_for_one_token_only(t *testing.T) {
	t.Parallel()
	e := tokenEntry{token: tokens.Token{Provider: tokens.GitHub, Label: "team", Account: "team"}}
	for _, tt := range []struct {
		found string
		only  bool
		want  string
	}{
		{"", true, "team"}, {"alice", true, "team"}, {"", false, ""}, {"alice", false, "alice"},
	} {
		if got := e.declare(tokens.Token{Label: tt.found}, tt.only); got.Label != tt.want || got.Account != "team" {
			t.Errorf("declare(%q, %v) = label %q of %q, want %q", tt.found, tt.only, got.Label, got.Account, tt.want)
		}
	}
}
