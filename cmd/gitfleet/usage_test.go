package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

// recorded returns a world in which five calls were recorded: a repository three
// times, a user, and one who is not there.
func recorded(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.file("config/gitfleet/config.yaml", 0o600, "usage: true\n")
	for range 3 {
		w.run("repo", "acme/repo-0001").want(t, exitOK, "repo-0001", "")
	}
	w.run("user", "octocat").want(t, exitOK, "octocat", "")
	w.run("user", "nobody").want(t, exitFailed, "", "not found")
	return w
}

func TestUsage_shows_what_calls_came_to_in_groups(t *testing.T) {
	w := recorded(t)
	r := w.run("usage")
	for _, want := range []string{
		`(?m)^5 calls since \S+Z: 80\.0 % succeeded, 1 failed, 0 met a limit; half took \S+s or less, 95 % \S+s$`,
		`(?m)^LABEL +CALLS +SUCCEEDED +FAILED +LIMITED +SUCCESS RATE +P50 MS +P95 MS +P99 MS +BYTES$`,
		`(?m)^alice +5 +4 +1 +0 +0\.8 `,
	} {
		if r.code != exitOK || r.err != "" || !regexp.MustCompile(want).MatchString(r.out) {
			t.Errorf("exit code %d, stderr %q, and the table does not match %s:\n%s", r.code, r.err, want, r.out)
		}
	}
	const columns = ",calls,succeeded,failed,limited,success_rate,p50_ms,p95_ms,p99_ms,bytes\n"
	w.run("usage", "-o", "csv", "--by", "route,outcome").want(t, exitOK, "route,outcome"+columns+"GET /repos/{}/{},success,3,3,0,0,1,", "")
	for _, tt := range []struct{ args, want string }{
		{"--by provider,host", `{"calls":5,"host":"api.github.com","provider":"github"}`},
		{"--by resource", `{"calls":5,"resource":"core"}`},
		{"--by cause --outcome failed", `{"calls":1,"cause":"not_found"}`},
		{"--by outcome --outcome failed,success", `{"calls":4,"outcome":"success"}`},
		{"--by label --token alice", `{"calls":5,"label":"alice"}`},
		{"--by label --resource core --provider github --host https://api.github.com", `{"calls":5,"label":"alice"}`},
	} {
		fields := strings.Fields(tt.args)[1] + ",calls"
		w.run(append(strings.Fields("usage -o ndjson --fields "+fields), strings.Fields(tt.args)...)...).want(t, exitOK, tt.want+"\n", "")
	}
	w.run("usage", "--route", "GET /users/{}", "-o", "ndjson", "--fields", "calls").want(t, exitOK, `{"calls":2}`, "")
	for _, nothing := range []string{"--token nobody", "--resource search", "--provider gitlab", "--host gitlab.com", "--until 2020-01-01", "--since 0s"} {
		r := w.run(append([]string{"usage", "-o", "ndjson"}, strings.Fields(nothing)...)...)
		if r.code != exitOK || r.out != "" {
			t.Errorf("usage %s: exit code %d, want nothing:\n%s", nothing, r.code, r.out)
		}
	}
}

func TestUsage_timeline_has_a_row_for_every_interval_and_a_sparkline_on_a_terminal(t *testing.T) {
	w := recorded(t)
	r := w.run("usage", "timeline", "--since", "3h", "-o", "csv", "--fields", "start,calls")
	if got := lines(r.out); r.code != exitOK || got != 5 || strings.Count(r.out, "Z,0\n") != 3 || !strings.HasSuffix(r.out, "Z,5\n") {
		t.Errorf("exit code %d, %d lines, want three empty hours and one of 5 calls below the head:\n%s", r.code, got, r.out)
	}
	if strings.ContainsAny(w.run("usage").out, "·█") {
		t.Error("a sparkline where there is no terminal")
	}
	w.terminal = true
	for args, want := range map[string]string{
		"usage":                      `(?m)^·{24}█  by the hour$`,
		"usage --since 5m":           `(?m)^·{5}█  by the minute$`,
		"usage timeline --step day":  `(?m)^·{24}█  by the hour$`,
		"usage --since 30d":          `(?m)^·{30}█  by the day$`,
		"usage --since 2001-01-01":   `(?m)^·{119}█  by the day$`,
		"usage timeline --since=30d": `(?m)^START +CALLS`,
	} {
		if r := w.run(strings.Fields(args)...); !regexp.MustCompile(want).MatchString(r.out) {
			t.Errorf("%s does not match %s:\n%s", args, want, head(r.out))
		}
	}
}

func TestUsage_log_goes_on_where_a_page_ended(t *testing.T) {
	w := recorded(t)
	first := w.run("usage", "log", "--limit", "2", "-o", "csv", "--fields", "route,outcome,cause,status")
	first.want(t, exitOK, "GET /users/{},failed,not_found,404\nGET /users/{},success,none,200\n", "gitfleet: there are more: --after ")
	_, cursor, _ := strings.Cut(strings.TrimSpace(first.err), "--after ")
	w.run("usage", "log", "--after", cursor, "-o", "csv", "--fields", "route,status").
		want(t, exitOK, "route,status\nGET /repos/{}/{},200\nGET /repos/{}/{},200\nGET /repos/{}/{},200\n", "")
	r := w.run("usage", "log", "--limit", "0", "-o", "ndjson")
	var e usageEntry
	if err := json.Unmarshal([]byte(r.out[:strings.Index(r.out, "\n")]), &e); err != nil || lines(r.out) != 5 {
		t.Fatalf("%d lines, %v:\n%s", lines(r.out), err, r.out)
	}
	if e.Label != "alice" || e.Provider != "github" || e.Host != "api.github.com" || e.LatencyMS == nil || e.Bytes == nil || e.At.IsZero() {
		t.Errorf("the last call is %+v", e)
	}
	w.run("usage", "log").want(t, exitOK, "AT", "")
	w.run("usage", "log", "--after", "nowhere").want(t, exitFailed, "", "no cursor")
}

func TestUsage_is_recorded_only_where_it_was_asked_for(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(w.home, "state", "gitfleet", "usage.db")
	w.run("user", "octocat").want(t, exitOK, "octocat", "")
	w.run("usage").want(t, exitFailed, "", "nothing is recorded in "+file+"\nhint: usage: true in "+w.home+"/config/gitfleet/config.yaml records calls")
	w.file("config/gitfleet/config.yaml", 0o600, "usage: true\n")
	w.run("user", "octocat", "--no-state").want(t, exitOK, "octocat", "")
	if exists(file) {
		t.Error("there is a usage file that nobody asked for")
	}
	w.run("user", "octocat", "--no-state", "--usage", "x.db").want(t, exitUsage, "", "--usage and --no-state cannot go together")
	other := filepath.Join(w.home, "a ?#% folder", "calls.db")
	w.run("user", "octocat", "--usage", other).want(t, exitOK, "octocat", "")
	w.run("usage", "--usage", other).want(t, exitOK, "alice", "")
	w.file("config/gitfleet/config.yaml", 0o600, "usage: ~/a ?#% folder/calls.db\n")
	w.run("user", "octocat").want(t, exitOK, "octocat", "")
	w.run("usage", "-o", "ndjson", "--fields", "calls").want(t, exitOK, `{"calls":2}`, "")
	if exists(file) {
		t.Error("there is a default usage file beside the one that was asked for")
	}
	w.file("config/gitfleet/config.yaml", 0o600, "usage: []\n")
	w.run("usage").want(t, exitUsage, "", "line 1: want a text")
}

func TestUsage_every_attempt_is_a_call_also_in_a_batch(t *testing.T) {
	w := newWorld(t)
	w.file("config/gitfleet/config.yaml", 0o600, "usage: true\n")
	w.github.AddToken("bob", canary.Token("bob"))
	t.Setenv("GITHUB_TOKENS", "alice "+canary.Token("alice")+", bob "+canary.Token("bob"))
	w.github.Inject(fleettest.Fault{Times: 1, Status: 502})
	w.in = "acme\noctocat\n"
	if r := w.run("batch", "--concurrency", "1"); r.code != exitOK {
		t.Fatalf("exit code %d: %s", r.code, r.err)
	}
	w.run("usage", "--by", "outcome", "-o", "csv", "--fields", "outcome,calls").want(t, exitOK, "failed,1\n", "")
	w.run("usage", "--by", "cause", "--outcome", "failed", "-o", "csv", "--fields", "cause,calls").want(t, exitOK, "server,1\n", "")
}

func TestUsage_the_file_is_private(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes on Windows")
	}
	w := recorded(t)
	dir := filepath.Join(w.home, "state", "gitfleet")
	for name, want := range map[string]fs.FileMode{"": 0o700, "usage.db": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v, want %v", filepath.Join("gitfleet", name), info.Mode().Perm(), err, want)
		}
	}
	real := filepath.Join(w.home, "real.db")
	if err := os.Symlink(w.file("real.db", 0o600, ""), filepath.Join(w.home, "link.db")); err != nil {
		t.Fatal(err)
	}
	w.run("user", "octocat", "--usage", filepath.Join(w.home, "link.db")).want(t, exitOK, "octocat", "is a symbolic link and is not followed")
	if text := read(t, real); text != "" {
		t.Error("it writes through a link")
	}
}

// Neither an answer nor an exit code changes.
func TestUsage_a_file_that_cannot_be_written_fails_no_command(t *testing.T) {
	w := newWorld(t)
	broken := w.file("broken.db", 0o600, strings.Repeat("this is no database\n", 500))
	for _, path := range []string{broken, w.home, filepath.Join(broken, "below", "usage.db")} {
		r := w.run("user", "octocat", "-o", "ndjson", "--usage", path)
		r.want(t, exitOK, "octocat", "gitfleet: usage: 1 calls are not recorded in "+path)
		if lines(r.out) != 1 || lines(r.err) != 1 {
			t.Errorf("%d records and stderr %q, want one and one line", lines(r.out), r.err)
		}
	}
	w.run("usage", "--usage", broken).want(t, exitFailed, "", "not a database")
}

func TestI1_Usage_no_token_is_in_the_file(t *testing.T) {
	w := newWorld(t)
	secret := canary.Token("alice")
	t.Setenv("GITHUB_TOKENS", "")
	other := canary.Token("bob") // in the wrong place
	w.file("config/gitfleet/config.yaml", 0o600, "usage: true\ntokens:\n"+
		"  - {provider: github, secret: "+secret+", account: "+other+"}\n"+
		"  - {provider: gitlab, secret: "+other+"}\nprovider: github\n")
	w.run("user", "octocat").want(t, exitOK, "octocat", "")
	w.run("user", secret)
	w.run("api", "repos/acme/"+secret+"/keys?access_token="+secret)
	w.run("api", secret)
	w.run("usage", "-o", "csv", "--by", "account").want(t, exitOK, redacted+",", "")
	dir := filepath.Join(w.home, "state", "gitfleet")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		if text := read(t, filepath.Join(dir, e.Name())); strings.HasPrefix(e.Name(), "usage.db") && bytes.Contains([]byte(text), []byte(canary.Mark)) {
			t.Errorf("%s holds a token", e.Name())
		}
	}
}
