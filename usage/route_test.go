package usage_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/usage"
)

func TestRoute_is_the_pattern_of_a_request(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ method, path, want string }{
		{"GET", "/repos/acme/tool/issues/17/comments", "GET /repos/{}/{}/issues/{}/comments"},
		{"GET", "/repos/issues/issues/issues", "GET /repos/{}/{}/issues"},
		{"GET", "/repositories/1300192/issues", "GET /repositories/{}/issues"},
		{"GET", "/users/octocat/repos", "GET /users/{}/repos"},
		{"GET", "/user/repos", "GET /user/repos"},
		{"GET", "/orgs/acme/teams/core/members", "GET /orgs/{}/teams/{}/members"},
		{"GET", "/repos/acme/tool/contents/docs/guide/a.md", "GET /repos/{}/{}/contents/{}"},
		{"GET", "/repos/acme/tool/git/refs/heads/main", "GET /repos/{}/{}/git/refs/{}"},
		{"GET", "/repos/acme/tool/commits/main/status", "GET /repos/{}/{}/commits/{}/status"},
		{"POST", "/graphql", "POST /graphql"},
		{"GET", "/api/v3/repos/acme/tool", "GET /api/v3/repos/{}/{}"},
		{"GET", "/api/v4/projects/acme%2Ftools%2Fone/merge_requests/5", "GET /api/v4/projects/{}/merge_requests/{}"},
		{"GET", "/api/v4/groups/acme/projects", "GET /api/v4/groups/{}/projects"},
		{"GET", "/2.0/repositories/acme/tool/pullrequests/7", "GET /2.0/repositories/{}/{}/pullrequests/{}"},
		{"GET", "/search/issues?q=secret", "GET /search/issues"},
		{"GET", "/gists/aa5a315d61ae9438b18d", "GET /gists/{}"},
		{"GET", "/bot12345:AAbb/sendMessage", "GET /{}/{}"},
		{"GET", "", "GET /"},
		{"GET", "//a//b/", "GET /a/b"},
		{"G E T", "/a", "{} /a"},
		{"GET", strings.Repeat("/a", 50), "GET " + strings.Repeat("/a", 12) + "/{}"},
	} {
		if got := usage.Route(tt.method, tt.path); got != tt.want {
			t.Errorf("Route(%q, %q) = %q, want %q", tt.method, tt.path, got, tt.want)
		}
	}
}

func FuzzRoute(f *testing.F) {
	f.Add("GET", "/repos/acme/tool/issues/17")
	f.Add("", "/%2F//?a=b")
	f.Add("POST", "/"+canary.Token("path")+"/x")
	f.Fuzz(func(t *testing.T, method, path string) {
		got := usage.Route(method, path)
		if len(got) > 17+33*13 || !utf8.ValidString(got) || strings.ContainsAny(got, "?#%@:=") {
			t.Errorf("Route(%q, %q) = %q", method, path, got)
		}
		if !strings.Contains(got, " /") {
			t.Errorf("Route(%q, %q) = %q: no method and path", method, path, got)
		}
		if _, rest, _ := strings.Cut(got, " "); usage.Route(method, rest) != got && !strings.Contains(got, "{}") {
			t.Errorf("Route() of its own %q is %q", got, usage.Route(method, rest))
		}
	})
}

func FuzzBounded(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\xff")
	f.Add(strings.Repeat("ö", 300))
	f.Fuzz(func(t *testing.T, s string) {
		got := usage.Bounded(s)
		if len(got) > 255 || !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Errorf("bounded(%q) = %q", s, got)
		}
		if usage.Bounded(got) != got {
			t.Errorf("bounded(%q) is not stable: %q", s, got)
		}
	})
}

func FuzzCursor(f *testing.F) {
	store := usage.NewMemory(4)
	if err := store.Append(f.Context(), []usage.Event{used("a", 0), used("a", 1000), used("a", 2000)}); err != nil {
		f.Fatal(err)
	}
	_, next, err := store.Events(f.Context(), usage.Query{}, "", 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(next))
	f.Add("-1.1")
	f.Add(".")
	f.Fuzz(func(t *testing.T, s string) {
		events, next, err := store.Events(t.Context(), usage.Query{}, usage.Cursor(s), 2)
		if err != nil && (events != nil || next != "" || strings.ContainsAny(err.Error(), "\n\x00")) {
			t.Errorf("Events(%q) = %d events, %q, %v", s, len(events), next, err)
		}
	})
}

func TestNames_read_back(t *testing.T) {
	t.Parallel()
	for _, o := range []usage.Outcome{usage.Success, usage.Failed, usage.ReachLimit} {
		if got, err := usage.ParseOutcome(o.String()); err != nil || got != o {
			t.Errorf("ParseOutcome(%q) = %v, %v", o, got, err)
		}
	}
	for d := usage.ByProvider; d <= usage.ByDay; d++ {
		if got, err := usage.ParseDimension(d.String()); err != nil || got != d {
			t.Errorf("ParseDimension(%q) = %v, %v", d, got, err)
		}
	}
	for name, want := range map[string]usage.Dialect{
		"sqlite": usage.SQLite, "postgres": usage.PostgreSQL, "postgresql": usage.PostgreSQL, "mysql": usage.MySQL, "mariadb": usage.MySQL,
	} {
		if got, err := usage.ParseDialect(name); err != nil || got != want {
			t.Errorf("ParseDialect(%q) = %v, %v", name, got, err)
		}
	}
	_, outcome := usage.ParseOutcome("ok")
	_, dimension := usage.ParseDimension("key")
	_, dialect := usage.ParseDialect("")
	if outcome == nil || dimension == nil || dialect == nil {
		t.Errorf("names of nothing: %v, %v, %v, want three errors", outcome, dimension, dialect)
	}
}

// Databases and other people's queries hold these numbers.
func TestOutcome_and_Cause_have_stable_numbers(t *testing.T) {
	t.Parallel()
	if usage.Success != 1 || usage.Failed != 5 || usage.ReachLimit != 9 {
		t.Errorf("outcomes are %d, %d, %d, want 1, 5, 9", usage.Success, usage.Failed, usage.ReachLimit)
	}
	names := "none primary_limit secondary_limit exhausted unauthorized forbidden not_found client server network timeout canceled"
	for n, name := range strings.Fields(names) {
		if got := usage.Cause(n).String(); got != name {
			t.Errorf("cause %d is %s, want %s", n, got, name)
		}
	}
}
