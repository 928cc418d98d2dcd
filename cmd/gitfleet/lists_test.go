package main

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestRepos_lists_every_repository_in_every_format(t *testing.T) {
	w := newWorld(t)
	r := w.run("repos", "acme")
	r.want(t, exitOK, "acme/repo-0230", "")
	if lines(r.out) != 231 || !strings.HasPrefix(r.out, "FULL NAME") {
		t.Errorf("the table has %d lines, want a head and 230:\n%s", lines(r.out), head(r.out))
	}
	r = w.run("repos", "acme", "-o", "ndjson", "--fields", "full_name,stars")
	r.want(t, exitOK, `{"full_name":"acme/repo-0001","stars":`, "")
	if lines(r.out) != 230 {
		t.Errorf("%d lines of NDJSON, want 230", lines(r.out))
	}
	var all []map[string]any
	if r = w.run("repos", "acme", "-o", "json"); json.Unmarshal([]byte(r.out), &all) != nil || len(all) != 230 {
		t.Errorf("JSON with %d records, want 230", len(all))
	}
	r = w.run("repos", "acme", "-o", "csv", "--limit", "3")
	rows, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	if err != nil || len(rows) != 4 || rows[0][0] != "provider" {
		t.Errorf("CSV %v, %v, want a head and 3 rows", rows, err)
	}
}

func TestLists_every_command_works_at_every_host_that_has_it(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GITLAB_TOKENS", "gina "+canary.Token("gina"))
	t.Setenv("BITBUCKET_TOKENS", "bea "+canary.Token("bea"))
	for _, host := range []string{"https://github.com/", "https://gitlab.com/", "https://bitbucket.org/"} {
		for _, command := range []string{"repo", "branches", "tags", "commits", "contributors", "prs", "issues", "releases", "contents"} {
			r := w.run(command, host+"acme/repo-0002", "-o", "ndjson")
			unsupported := strings.Contains(host, "bitbucket") && (command == "contributors" || command == "issues" || command == "releases")
			switch {
			case unsupported:
				r.want(t, exitFailed, "", "not supported")
			case r.code != exitOK || r.err != "":
				t.Errorf("%s %s: exit code %d, stderr %s", command, host, r.code, r.err)
			}
		}
		w.run("repos", host+"octocat").want(t, exitOK, "octocat/repo-0001", "")
	}
}

func TestTarget_the_host_is_that_of_the_address_of_a_token_of_a_flag_or_the_only_one(t *testing.T) {
	for _, tt := range []struct {
		name       string
		env        map[string]string
		config     string
		args       []string
		code       int
		stdout     string
		stderrPart string
	}{
		{"the only provider", nil, "", []string{"repo", "acme/repo-0001"}, exitOK, `"host":"https://api.github.com"`, ""},
		{"web address", gitlabToo, "", []string{"repo", "https://gitlab.com/acme/repo-0001"}, exitOK, `"host":"https://gitlab.com"`, ""},
		{"page of a project", gitlabToo, "", []string{"repo", "https://gitlab.com/acme/repo-0001/-/tree/main"}, exitOK, `"host":"https://gitlab.com"`, ""},
		{"page of a repository", nil, "", []string{"repo", "https://github.com/acme/repo-0001/pull/3"}, exitOK, `"acme/repo-0001"`, ""},
		{"as scp has it", gitlabToo, "", []string{"repo", "git@gitlab.com:acme/repo-0001.git"}, exitOK, `"host":"https://gitlab.com"`, ""},
		{"--provider", gitlabToo, "", []string{"repo", "acme/repo-0001", "--provider", "gitlab"}, exitOK, `"host":"https://gitlab.com"`, ""},
		{"--host", gitlabToo, "", []string{"repo", "acme/repo-0001", "--host", "https://gitlab.com"}, exitOK, `"host":"https://gitlab.com"`, ""},
		{"the configuration's", gitlabToo, "provider: gitlab\n", []string{"repo", "acme/repo-0001"}, exitOK, `"host":"https://gitlab.com"`, ""},
		{"several providers", gitlabToo, "", []string{"repo", "acme/repo-0001"}, exitUsage, "", "there are tokens for github at https://api.github.com and gitlab at https://gitlab.com: say which with --provider"},
		{"unknown host", nil, "", []string{"repo", "https://git.example.com/acme/web"}, exitUsage, "", `there is no token for "git.example.com": say with --provider`},
		{"unknown provider", nil, "", []string{"repo", "acme/web", "--provider", "githbu"}, exitUsage, "", `--provider is "githbu": want github, gitlab or bitbucket`},
		{"provider of another host", nil, "", []string{"repo", "https://github.com/acme/web", "--provider", "gitlab"}, exitUsage, "", "github.com is at github"},
		{"no repository", nil, "", []string{"repo", "acme"}, exitUsage, "", `"acme" is not a repository: want owner/name`},
		{"a repository for an owner", nil, "", []string{"repos", "https://github.com/acme/web"}, exitUsage, "", `want an owner such as "acme"`},
		{"scp for an owner", nil, "", []string{"repos", "git@github.com:acme/web.git"}, exitUsage, "", `"acme/web" names a repository: want an owner`},
		{"an address that is a port alone", nil, "", []string{"repos", "https://:443/acme"}, exitUsage, "", "the address is no URL: want for example https://github.com/acme"},
		{"a --host that is a port alone", nil, "", []string{"repo", "acme/web", "--host", "https://:443/"}, exitUsage, "", "--host is no URL: want for example"},
		{"a group of a group", gitlabToo, "", []string{"repos", "https://gitlab.com/acme/-/children"}, exitOK, `"full_name":"acme/repo-0001"`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			if tt.config != "" {
				w.file("config/gitfleet/config.yaml", 0o600, tt.config)
			}
			args := tt.args
			if tt.code == exitOK {
				args = append(args, "-o", "ndjson")
			}
			w.run(args...).want(t, tt.code, tt.stdout, tt.stderrPart)
		})
	}
}

var gitlabToo = map[string]string{"GITLAB_TOKEN": canary.Token("gina")}

func TestTarget_a_self_managed_host_below_a_path_is_found_by_its_token(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GITHUB_TOKENS", "")
	t.Setenv("GITLAB_TOKENS", "ci "+canary.Token("ci")+" https://git.example.com/gitlab")
	s := openSession(t, w)
	c, name, err := s.repository("https://git.example.com/gitlab/acme/platform/web")
	if err != nil || name != "acme/platform/web" || c.Host() != "https://git.example.com/gitlab" {
		t.Errorf("repository() = %v, %q, %v", c, name, err)
	}
	if c, _, err := s.repository("git@git.example.com:acme/web.git"); err != nil || c.Host() != "https://git.example.com/gitlab" {
		t.Errorf("repository() of scp = %v, %v", c, err)
	}
	if c, err := s.client(); err != nil || c.Host() != "https://git.example.com/gitlab" {
		t.Errorf("client() = %v, %v, want the only host that there is a token for", c, err)
	}
}

func TestTarget_of_two_hosts_with_one_name_the_path_tells_which(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GITHUB_TOKENS", "")
	t.Setenv("GITLAB_TOKENS", canary.Token("a")+" https://git.example.com/one,"+canary.Token("b")+" https://git.example.com/two")
	s := openSession(t, w)
	c, name, err := s.repository("https://git.example.com/two/acme/web")
	if err != nil || name != "acme/web" || c.Host() != "https://git.example.com/two" {
		t.Errorf("repository() = %v, %q, %v", c, name, err)
	}
}

func TestTarget_of_a_provider_with_tokens_for_one_host_only_is_there(t *testing.T) {
	w := newWorld(t)
	t.Setenv("GITLAB_TOKENS", "ci "+canary.Token("ci")+" https://git.example.com")
	s := openSession(t, w)
	s.tool.flags.provider = "gitlab"
	if c, err := s.client(); err != nil || c.Host() != "https://git.example.com" {
		t.Errorf("client() = %v, %v", c, err)
	}
}

func TestSort_begins_with_the_first_or_with_a_minus_with_the_last(t *testing.T) {
	w := newWorld(t)
	for by, want := range map[string]string{"created": "acme/repo-0001", "-created": "acme/repo-0230"} {
		w.run("repos", "acme", "--sort", by, "--limit", "1", "-o", "csv", "--fields", "full_name").want(t, exitOK, "full_name\n"+want+"\n", "")
	}
}

func openSession(t *testing.T, w *world) *session {
	t.Helper()
	tl := &tool{streams: streams{err: t.Output()}, base: w.base, hide: newRedactor()}
	cmd := tl.root()
	cmd.SetContext(t.Context())
	s, err := tl.open(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestFields_that_do_not_exist_are_refused_before_anything_is_asked(t *testing.T) {
	w := newWorld(t)
	w.run("repos", "acme", "--fields", "full_name,starz").want(t, exitUsage, "", `there is no field "starz"`)
	w.run("repos", "acme", "-o", "xml").want(t, exitUsage, "", `"xml" is no format: want table, json, ndjson or csv`)
	w.run("repos", "acme", "--since", "yesterday").want(t, exitUsage, "", `--since is "yesterday": want a time such as`)
	w.run("repos", "acme", "--sort", "stars").want(t, exitUsage, "", `want created, updated or name`)
	w.run("repos", "acme", "--limit", "-1").want(t, exitUsage, "", `--limit is -1`)
	w.run("issues", "acme/repo-0001", "--state", "opne").want(t, exitUsage, "", `--state is "opne": want open, closed or merged`)
	if n := len(w.github.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestContents_prints_files_as_they_are_and_lists_directories(t *testing.T) {
	w := newWorld(t)
	files := w.run("contents", "acme/repo-0001", "-o", "ndjson", "--fields", "path,kind")
	files.want(t, exitOK, `"path":"README.md"`, "")
	file := w.run("contents", "acme/repo-0001", "README.md")
	file.want(t, exitOK, "repo-0001", "")
	w.run("contents", "acme/repo-0001", "README.md", "-o", "ndjson").want(t, exitOK, `"data":"`, "")
	w.run("contents", "acme/repo-0001", "README.md", "--limit", "3").want(t, exitUsage, "", "--limit means nothing to a file")
	w.run("contents", "acme/repo-0001", "no/such/file").want(t, exitFailed, "", "404 not found")
	if all := w.run("contents", "acme/repo-0001", "--recursive", "-o", "ndjson"); lines(all.out) <= lines(files.out) {
		t.Errorf("%d entries with all below, %d at the root", lines(all.out), lines(files.out))
	}
}

func TestI15_a_list_that_breaks_off_is_written_and_ends_with_3(t *testing.T) {
	for _, format := range []string{"ndjson", "json", "csv", "table"} {
		w := newWorld(t)
		w.github.Inject(fleettest.Fault{
			Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/repos") },
			After: 1, Times: -1, Status: http.StatusGone, Body: `{"message":"gone"}`,
		})
		r := w.run("repos", "acme", "-o", format, "--concurrency", "1", "--page-size", "50")
		r.want(t, exitPartial, "acme/repo-0050", "page 2: 410 not found: gone")
		if strings.Contains(r.out, "acme/repo-0051") {
			t.Errorf("%s: records of the page that failed", format)
		}
		if format == "json" && !json.Valid([]byte(r.out)) {
			t.Errorf("what was read is no JSON:\n%s", head(r.out))
		}
	}
}

func TestLists_write_what_has_come_before_they_ask_for_more(t *testing.T) {
	for _, format := range []string{"ndjson", "csv"} {
		w := newWorld(t)
		var out strings.Builder
		inner, before := w.base, -1
		w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Query().Get("page") == "2" {
				before = lines(out.String())
			}
			return inner.RoundTrip(r)
		})
		run(t.Context(), []string{"repos", "acme", "-o", format, "--concurrency", "1"}, streams{out: &out, err: t.Output()}, w.base)
		if before < 50 { // CSV goes out in blocks of 4 KiB
			t.Errorf("%s: %d lines were written when the second page was asked for", format, before)
		}
	}
}
