package ratelimit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/ratelimit"
)

var allDialects = []ratelimit.Dialect{
	ratelimit.Generic, ratelimit.GitHub, ratelimit.GitHubEnterprise, ratelimit.GitLab,
	ratelimit.BitbucketCloud, ratelimit.BitbucketDataCenter, ratelimit.AzureDevOps,
}

func TestDraw_names_the_bucket_GitHub_books_a_request_on(t *testing.T) {
	t.Parallel()
	tests := []struct{ method, path, want string }{
		{"GET", "/", "core"},
		{"GET", "", "core"},
		{"GET", "/repos/o/r", "core"},
		{"GET", "/search/code?q=a", "code_search"},
		{"GET", "/search/code/", "code_search"},
		{"GET", "/search/codes", "search"},
		{"GET", "/search/issues?q=a", "search"},
		{"GET", "/search/commits", "search"},
		{"GET", "/search", "core"},
		{"GET", "/repos/search/code", "core"},
		{"POST", "/graphql", "graphql"},
		{"GET", "/graphql", "graphql"},
		{"GET", "/users/graphql", "core"},
		{"GET", "/repos/graphql/graphql", "core"},
		{"POST", "/app-manifests/abc/conversions", "integration_manifest"},
		{"GET", "/app-manifests/abc/conversions", "core"},
		{"POST", "/app-manifests/a/b/conversions", "core"},
		{"PUT", "/repos/o/r/import", "source_import"},
		{"PATCH", "/repos/o/r/import", "core"},
		{"PUT", "/repositories/7/import", "source_import"},
		{"PUT", "/repos/o/r/contents/import", "core"},
		{"POST", "/repos/o/r/dependency-graph/snapshots", "dependency_snapshots"},
		{"GET", "/repos/o/r/dependency-graph/sbom", "dependency_sbom"},
		{"GET", "/repositories/7/dependency-graph/sbom", "dependency_sbom"},
		{"GET", "/repos/o/r/dependency-graph/compare/a...b", "core"},
		{"GET", "/orgs/o/audit-log?phrase=a", "audit_log"},
		{"GET", "/enterprises/e/audit-log", "audit_log"},
		{"GET", "/organizations/7/audit-log", "audit_log"},
		{"GET", "/repos/o/audit-log", "core"},
		{"GET", "/repos/o/r/contents/docs/audit-log", "core"},
		{"GET", "/repos/o/r/branches/audit-log", "core"},
		{"GET", "/scim/v2/organizations/o/Users", "scim"},
		{"POST", "/repos/o/r/actions/runners/registration-token", "actions_runner_registration"},
		{"POST", "/orgs/o/actions/runners/registration-token", "actions_runner_registration"},
		{"GET", "/orgs/o/actions/runners", "core"},
		{"POST", "/repos/o/r/code-scanning/sarifs", "core"},
		{"GET", "/rate_limit", "core"},
	}
	bases := map[ratelimit.Dialect][]string{
		ratelimit.GitHub:           {"https://api.github.com", "https://api.acme.ghe.com"},
		ratelimit.GitHubEnterprise: {"https://git.example.com/api/v3"},
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			t.Parallel()
			for d, prefixes := range bases {
				for _, prefix := range prefixes {
					req := get(t, prefix+tt.path)
					req.Method = tt.method
					compare(t, prefix, d.Draw(req).Resource, tt.want)
				}
			}
		})
	}
}

func TestDraw_of_Enterprise_Server_knows_GraphQL_beside_v3(t *testing.T) {
	t.Parallel()
	req := get(t, "https://git.example.com/api/graphql")
	req.Method = http.MethodPost
	want := ratelimit.Draw{Resource: "graphql", Units: 1, Points: 1}
	compare(t, "Draw()", ratelimit.GitHubEnterprise.Draw(req), want)
}

func TestDraw_predicts_the_throttle_of_GitLab(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{"/api/v4/projects", "api"},
		{"/api/graphql", "api"},
		{"/api/v4/projects/1/packages", "api"},
		{"/api/v4/projects/1/packages/", "api"},
		{"/api/v4/projects/1/packages/npm/a", "packages_api"},
		{"/api/v4/projects/a%2Fb/packages/npm/a", "packages_api"},
		{"/gitlab/api/v4/packages/maven/a", "packages_api"},
		{"/api/v4/groups/1/-/packages/maven/a", "packages_api"},
		{"/api/v4/groups/a%2Fpackages/projects", "api"},
		{"/api/v4/projects/1/repository/files/README.md", "files_api"},
		{"/api/v4/projects/a%2Fb/repository/files/doc%2Fa.md?ref=main", "files_api"},
		{"/api/v4/projects/1/repository/tree", "api"},
		{"/api/v4/groups/1/repository/files/a", "api"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			req := get(t, "https://gitlab.example.com"+tt.path)
			compare(t, "resource", ratelimit.GitLab.Draw(req).Resource, "throttle_authenticated_"+tt.want)
			req.Anonymous = true
			compare(t, "anonymous", ratelimit.GitLab.Draw(req).Resource, "throttle_unauthenticated_"+tt.want)
		})
	}
	lfs := get(t, "https://gitlab.com/a/b.git/info/lfs/objects/batch")
	compare(t, "lfs", ratelimit.GitLab.Draw(lfs).Resource, "throttle_authenticated_git_lfs")
	lfs.Anonymous = true
	compare(t, "anonymous lfs", ratelimit.GitLab.Draw(lfs).Resource, "throttle_unauthenticated_git_http")
}

func TestDraw_of_the_other_hosts_knows_one_budget(t *testing.T) {
	t.Parallel()
	for d, want := range map[ratelimit.Dialect]string{
		ratelimit.BitbucketCloud:      "api",
		ratelimit.BitbucketDataCenter: "",
		ratelimit.AzureDevOps:         "",
		ratelimit.Generic:             "",
	} {
		req := get(t, "https://git.example.com/search/code")
		compare(t, d.String(), d.Draw(req), ratelimit.Draw{Resource: want, Units: 1, Points: 1})
	}
}

func TestDraw_counts_points_by_method_and_rate_limit_for_nothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path  string
		units, points int64
	}{
		{"", "/user", 1, 1},
		{"GET", "/user", 1, 1},
		{"HEAD", "/user", 1, 1},
		{"OPTIONS", "/user", 1, 1},
		{"POST", "/user", 1, 5},
		{"PATCH", "/user", 1, 5},
		{"PUT", "/user", 1, 5},
		{"DELETE", "/user", 1, 5},
		{"", "/rate_limit", 0, 1},
		{"GET", "/rate_limit", 0, 1},
		{"GET", "/rate_limit/", 0, 1},
		{"POST", "/rate_limit", 1, 5},
		{"GET", "/users/rate_limit", 1, 1},
		{"POST", "/graphql", 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			t.Parallel()
			req := get(t, "https://api.github.com"+tt.path)
			req.Method = tt.method
			draw := ratelimit.GitHub.Draw(req)
			compare(t, "units", draw.Units, tt.units)
			compare(t, "points", draw.Points, tt.points)
			req = get(t, "https://git.example.com/api/v3"+tt.path)
			req.Method = tt.method
			compare(t, "units of Enterprise Server", ratelimit.GitHubEnterprise.Draw(req).Units, tt.units)
		})
	}
	compare(t, "units of GitLab", ratelimit.GitLab.Draw(get(t, "https://gitlab.com/rate_limit")).Units, 1)
}

func TestDraw_knows_a_mutation_from_a_query(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		points     int64
	}{
		{"no body", "", 1},
		{"shorthand query", `{"query":"{ viewer { login } }"}`, 1},
		{"query", `{"query":"query Q($a: Int = 1) { viewer { login } }"}`, 1},
		{"mutation", `{"query":"mutation { addStar(input: {}) { clientMutationId } }"}`, 5},
		{"named mutation with variables", `{"query":"mutation M($a: In = {x: 1}) { f }","variables":{}}`, 5},
		{"mutation after other members", ` {"operationName":"M","variables":{"a":["}\"",{"query":"q"}]}, "query" : "mutation M{f}"}`, 5},
		{"mutation after blank lines and comma", `{"query":"\n\t\r ,\n mutation{f}"}`, 5},
		{"mutation after a comment", `{"query":"# query { a\n mutation{f}"}`, 5},
		{"mutation after a fragment", `{"query":"fragment F on Q { a { b } } mutation M { ...F }"}`, 5},
		{"mutation after a query", `{"query":"query A { a } mutation B { b }"}`, 5},
		{"mutation after a default with braces", `{"query":"query A($a: In = {x: {y: 1}}) { a } mutation B { b }"}`, 5},
		{"mutation in escapes", `{"query":"\u006dutation { f }"}`, 5},
		{"mutation after a byte order mark", `{"query":"\ufeffmutation { f }"}`, 5},
		{"body with a byte order mark", "\ufeff" + `{"query":"mutation { f }"}`, 5},
		{"cut after the keyword", `{"query":"mutation Long($a`, 5},
		{"cut inside the keyword", `{"query":"mutat`, 1},
		{"cut inside an escape", `{"query":"\u00`, 1},
		{"field called mutation", `{"query":"{ mutation { a } }"}`, 1},
		{"query called mutation", `{"query":"query mutation { a }"}`, 1},
		{"fragment called mutation", `{"query":"fragment mutation on Q { a } query { b }"}`, 1},
		{"longer name", `{"query":"mutations { a }"}`, 1},
		{"directive called mutation", `{"query":"query A($a: Int) @mutation { a }"}`, 1},
		{"mutation in a comment", `{"query":"# mutation\n query { a }"}`, 1},
		{"mutation in a string", `{"query":"query { a(b: \"} mutation { c\") } "}`, 1},
		{"mutation in a string with escapes", `{"query":"query { a(b: \"\\\" } mutation {\") }"}`, 1},
		{"mutation in a block string", `{"query":"query { a(b: \"\"\"} \" mutation { c\"\"\") }"}`, 1},
		{"mutation after an empty string", `{"query":"query { a(b: \"\") } mutation { c }"}`, 5},
		{"mutation in the variables", `{"variables":{"query":"mutation { f }"},"query":"{ a }"}`, 1},
		{"cut in a string", `{"query":"query { a(b: \"mutation`, 1},
		{"cut before an escape", `{"variables":"mutation","query":"{ a }\`, 1},
		{"subscription", `{"query":"subscription { a }"}`, 1},
		{"query that is no string", `{"query":{"mutation":1}}`, 1},
		{"array", `[{"query":"mutation { f }"}]`, 1},
		{"no JSON", `mutation { f }`, 1},
		{"braces that close nothing", `{"query":"}} mutation { f }"}`, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := get(t, "https://api.github.com/graphql")
			req.Method, req.Body = http.MethodPost, []byte(tt.body)
			compare(t, "points", ratelimit.GitHub.Draw(req).Points, tt.points)
			compare(t, "units", ratelimit.GitHub.Draw(req).Units, 1)
			req.URL.Path = "/repos/o/r/issues"
			compare(t, "points of a REST request with this body", ratelimit.GitHub.Draw(req).Points, 5)
		})
	}
}

func TestReadsBody_asks_only_where_the_text_matters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		github, rest bool
	}{
		{"GET", "/repos/o/r", 200, false, false},
		{"POST", "/repos/o/r/issues", 201, false, false},
		{"GET", "/repos/o/r", 304, false, false},
		{"GET", "/repos/o/r", 301, false, false},
		{"GET", "/repos/o/r", 401, true, true},
		{"", "/repos/o/r", 403, true, true},
		{"GET", "/repos/o/r", 429, true, true},
		{"HEAD", "/repos/o/r", 401, false, false},
		{"HEAD", "/repos/o/r", 403, false, false},
		{"HEAD", "/repos/o/r", 429, false, false},
		{"GET", "/repos/o/r", 404, false, false},
		{"GET", "/repos/o/r", 451, false, false},
		{"GET", "/repos/o/r", 502, false, false},
		{"POST", "/graphql", 200, true, false},
		{"POST", "/api/graphql", 200, true, false},
		{"POST", "/graphql", 204, false, false},
		{"POST", "/graphql", 403, true, true},
		{"POST", "/graphql", 502, false, false},
		{"GET", "/graphql", 200, false, false},
	}
	for _, tt := range tests {
		for _, d := range allDialects {
			req := get(t, "https://git.example.com"+tt.path)
			req.Method = tt.method
			want := tt.rest
			if strings.HasPrefix(d.String(), "github") {
				want = tt.github
			}
			if got := d.ReadsBody(req, ratelimit.Response{Status: tt.status}); got != want {
				t.Errorf("%v: ReadsBody(%s %s, %d) = %v, want %v", d, tt.method, tt.path, tt.status, got, want)
			}
		}
	}
}
