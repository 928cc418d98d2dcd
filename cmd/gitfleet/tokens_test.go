package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestTokens_shows_what_each_has_left(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GITLAB_TOKENS", "ci "+canary.Token("gina"))
	w.github.Spend(canary.Token("alice"), "search", 20)
	r := w.run("tokens")
	r.want(t, exitOK, "LABEL  HOST        STATE      RESOURCE  LEFT       RESET\n", "")
	for _, want := range []string{
		`(?m)^alice  github\.com  available  core      5000/5000`,
		`(?m)^ +search    10/30      in \d+ (s|min)$`,
		`(?m)^ci     gitlab\.com +unknown$`,
	} {
		if !regexp.MustCompile(want).MatchString(r.out) {
			t.Errorf("the table does not match %s:\n%s", want, r.out)
		}
	}
	if strings.Contains(r.out, "graphql") || !strings.Contains(w.run("tokens", "--all").out, "graphql") {
		t.Error("budgets that nothing was drawn from are shown, or are not with --all")
	}
	if strings.ContainsAny(r.out, "\x1b█") {
		t.Errorf("colours or bars where there is no terminal:\n%s", r.out)
	}
	r = w.run("tokens", "--provider", "gitlab")
	if strings.Contains(r.out, "alice") {
		t.Errorf("--provider gitlab shows others:\n%s", r.out)
	}
}

func TestTokens_on_a_terminal_have_bars_and_colours(t *testing.T) {
	w := newWorld(t)
	w.terminal = true
	w.github.Spend(canary.Token("alice"), "core", 2500)
	w.run("tokens").want(t, exitOK, "\x1b[32m████░░░░\x1b[0m 2500/5000", "")
	w.github.Spend(canary.Token("alice"), "core", 2400)
	w.run("tokens").want(t, exitOK, "\x1b[31m█░░░░░░░\x1b[0m 100/5000", "")
	w.plain = true
	if r := w.run("tokens"); strings.ContainsAny(r.out, "\x1b█") {
		t.Errorf("colours or bars where they are not wanted:\n%s", r.out)
	}
}

func TestTokens_as_records(t *testing.T) {
	w := newWorld(t)
	var rows []tokenRow
	r := w.run("tokens", "-o", "json")
	if json.Unmarshal([]byte(r.out), &rows) != nil || len(rows) != 1 {
		t.Fatalf("it is no JSON of one token:\n%s", r.out)
	}
	if rows[0].Label != "alice" || len(rows[0].Limits) == 0 || *rows[0].Limits[0].Limit == 0 {
		t.Errorf("the record is %+v", rows[0])
	}
	w.run("tokens", "-o", "csv", "--fields", "label,provider").want(t, exitOK, "label,provider\nalice,github\n", "")
}

func TestTokens_check_asks_about_each_and_fails_if_one_is_not_accepted(t *testing.T) {
	w := newWorld(t)
	w.github.AddToken("bob", canary.Token("bob"))
	t.Setenv("GITHUB_TOKENS", "alice "+canary.Token("alice")+", bob "+canary.Token("bob"))
	w.run("tokens", "--check").want(t, exitOK, "valid", "")
	w.run("tokens", "--check", "-o", "ndjson", "--fields", "login,kind,scopes,valid").want(t, exitOK,
		`{"kind":"classic personal access token","login":"alice","scopes":["read:org","repo","user"],"valid":true}`, "")
	w.github.Expire(canary.Token("alice"), time.Now().Add(73*time.Hour))
	w.run("tokens", "--check").want(t, exitOK, "ACCOUNT  KIND     SCOPES              EXPIRES", "")
	w.github.Revoke(canary.Token("bob"))
	r := w.run("tokens", "--check")
	r.want(t, exitFailed, "invalid: Bad credentials", "gitfleet: 1 of the tokens are not accepted")
	if !regexp.MustCompile(`(?m)^alice .*valid`).MatchString(r.out) {
		t.Errorf("alice is not shown as valid:\n%s", r.out)
	}
	w.run("tokens", "--check", "-o", "ndjson", "--fields", "label,valid").want(t, exitFailed, `{"label":"bob","valid":false}`, "not accepted")
	w.run("tokens", "--check", "--watch").want(t, exitUsage, "", "--check goes neither")
}

func TestTokens_watch_draws_until_it_is_interrupted_and_restores_the_terminal(t *testing.T) {
	w := newWorld(t)
	w.run("tokens", "--watch").want(t, exitUsage, "", "--watch wants a terminal")
	synctest.Test(t, func(t *testing.T) {
		w := *w
		w.t, w.terminal = t, true
		w.fresh()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(31*time.Second, cancel)
		r := w.runIn(ctx, "tokens", "--watch")
		if r.code != exitInterrupted || !strings.HasPrefix(r.out, enterScreen) || !strings.HasSuffix(r.out, leaveScreen) {
			t.Errorf("exit code %d, output %q", r.code, head(r.out))
		}
		if n := strings.Count(r.out, clearScreen); n != 16 {
			t.Errorf("drawn %d times in 31 s, want every 2 s", n)
		}
		if n := len(w.github.Requests()); n != 2 {
			t.Errorf("%d requests in 31 s, want one every 30 s", n)
		}
	})
}

func TestTokens_nothing_in_the_table_can_steer_the_terminal(t *testing.T) {
	w := newWorld(t)
	w.file("config/gitfleet/config.yaml", 0o600, `tokens: [{provider: github, label: "a\u001b[2Jb", account: "c\u202ed", secret: "`+canary.Token("x")+`"}]`)
	w.github.Inject(fleettest.Fault{Times: -1, Status: 401, Body: `{"message":"bad \u001b[2J\u202e token"}`})
	for _, args := range [][]string{{"tokens"}, {"tokens", "--check"}, {"config", "check"}} {
		if r := w.run(args...); strings.ContainsAny(r.out, "\x1b\u202e") || !strings.Contains(r.out, "\uFFFD") {
			t.Errorf("an escape sequence is on the screen, or the label is not: %q", r.out)
		}
	}
}

func TestPlan_tells_when_calls_would_be_done(t *testing.T) {
	w := newWorld(t)
	w.run("plan", "100", "-o", "ndjson", "--fields", "provider,resource,calls,tokens,seconds").
		want(t, exitOK, `{"calls":100,"provider":"github","resource":"core","seconds":0,"tokens":1}`, "")
	var row planRow
	r := w.run("plan", "10000", "-o", "ndjson")
	if json.Unmarshal([]byte(r.out), &row) != nil || row.Seconds < 3600 || row.Seconds > 3*3600 {
		t.Errorf("10,000 calls take %d s, want more than an hour:\n%s", row.Seconds, r.out)
	}
	t.Setenv("BITBUCKET_TOKENS", "bea "+canary.Token("bea"))
	t.Setenv("GITLAB_TOKENS", "gina "+canary.Token("gina")+", ci "+canary.Token("ci")+" https://git.example.com/gitlab")
	w.run("repos", "https://gitlab.com/acme", "--limit", "1")
	w.run("repos", "https://bitbucket.org/acme", "--limit", "1")
	for provider, resource := range map[string]string{"gitlab": "throttle_authenticated_api", "bitbucket": "api"} {
		w.run("plan", "10", "--provider", provider, "--host", "https://"+provider+map[string]string{"gitlab": ".com", "bitbucket": ".org"}[provider]).
			want(t, exitOK, resource, "")
	}
	w.run("plan", "10", "--host", "https://git.example.com/gitlab").want(t, exitFailed, "", "the limit is not known")
	w.run("plan", "none").want(t, exitUsage, "", `N is "none": want a number of calls`)
	w.run("plan", "5", "--resource", "no_such", "--provider", "github").want(t, exitFailed, "", "plan: nobody can tell when 5 calls on no_such")
}
