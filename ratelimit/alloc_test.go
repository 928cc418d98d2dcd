package ratelimit_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// exchange is a request with its answer, for measurements.
type exchange struct {
	name    string
	dialect ratelimit.Dialect
	req     ratelimit.Request
	resp    ratelimit.Response
}

// exchanges returns healthy answers, and one refusal as the last.
func exchanges() []exchange {
	date := "Sun, 01 Mar 2026 09:00:00 GMT"
	github := http.Header{
		"Date":                                   {date},
		"X-Ratelimit-Limit":                      {"5000"},
		"X-Ratelimit-Remaining":                  {"4987"},
		"X-Ratelimit-Used":                       {"13"},
		"X-Ratelimit-Reset":                      {"1772357400"},
		"X-Ratelimit-Resource":                   {"core"},
		"Github-Authentication-Token-Expiration": {"2026-04-12 09:29:42 +0200"},
	}
	gitlab := http.Header{
		"Date":                {date},
		"Ratelimit-Limit":     {"2000"},
		"Ratelimit-Name":      {"throttle_authenticated_api"},
		"Ratelimit-Observed":  {"3"},
		"Ratelimit-Remaining": {"1997"},
		"Ratelimit-Reset":     {"1772357400"},
	}
	bitbucket := http.Header{
		"Date":                  {date},
		"X-Ratelimit-Limit":     {"1000"},
		"X-Ratelimit-Resource":  {"api"},
		"X-Ratelimit-Nearlimit": {"false"},
	}
	document := []byte(`{"query":"query Q($n: Int) { viewer { repositories(first: $n) { nodes { name } } } }","variables":{"n":100}}`)
	data := []byte(`{"data":{"viewer":{"name":"` + strings.Repeat("x", 4096) + `"}}}`)
	notFound := []byte(`{"data":{"a":null},"errors":[{"type":"NOT_FOUND","message":"no"}]}`)
	refusal := []byte(`{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.github.com/rest"}`)
	at := func(method, address string, body []byte) ratelimit.Request {
		u, err := url.Parse(address)
		if err != nil {
			panic(err)
		}
		return ratelimit.Request{Method: method, URL: u, Body: body}
	}
	return []exchange{
		{"GitHub", ratelimit.GitHub, at("GET", "https://api.github.com/repos/acme/app/issues", nil), ratelimit.Response{Status: 200, Header: github}},
		{"GitHub_304", ratelimit.GitHub, at("GET", "https://api.github.com/repos/acme/app/issues", nil), ratelimit.Response{Status: 304, Header: github}},
		{"GitHubEnterprise", ratelimit.GitHubEnterprise, at("GET", "https://git.example.com/api/v3/search/code?q=a", nil), ratelimit.Response{Status: 200, Header: http.Header{}}},
		{"GraphQL", ratelimit.GitHub, at("POST", "https://api.github.com/graphql", document), ratelimit.Response{Status: 200, Header: github, Body: data}},
		{"GitLab", ratelimit.GitLab, at("GET", "https://gitlab.com/api/v4/projects/acme%2Fapp/repository/files/a", nil), ratelimit.Response{Status: 200, Header: gitlab}},
		{"BitbucketCloud", ratelimit.BitbucketCloud, at("GET", "https://api.bitbucket.org/2.0/repositories/acme/app", nil), ratelimit.Response{Status: 200, Header: bitbucket}},
		{"Generic", ratelimit.Generic, at("GET", "https://git.example.com/api/v1/repos/acme/app", nil), ratelimit.Response{Status: 200, Header: github}},
		{"GraphQL_errors", ratelimit.GitHub, at("POST", "https://api.github.com/graphql", document), ratelimit.Response{Status: 200, Header: github, Body: notFound}},
		{"GitHub_refused", ratelimit.GitHub, at("GET", "https://api.github.com/repos/acme/app", nil), ratelimit.Response{Status: 403, Header: github, Body: refusal}},
	}
}

// refusals is how many of the exchanges, at the end, are allowed to allocate.
const refusals = 2

// Not parallel: testing.AllocsPerRun counts the allocations of all goroutines.
func TestObserve_of_a_healthy_answer_allocates_nothing(t *testing.T) {
	all := exchanges()
	for _, x := range all[:len(all)-refusals] {
		var o ratelimit.Observation
		if n := testing.AllocsPerRun(100, func() { o = x.dialect.Observe(x.req, x.resp, epoch) }); n != 0 {
			t.Errorf("%s: Observe() allocates %v times, want 0", x.name, n)
		}
		if o.Class != ratelimit.OK {
			t.Errorf("%s: class = %v, want ok", x.name, o.Class)
		}
	}
}

// Not parallel: testing.AllocsPerRun counts the allocations of all goroutines.
func TestDraw_allocates_nothing(t *testing.T) {
	all := exchanges()
	mutation := all[3]
	mutation.req.Body = []byte(`{"query":"query A { a(b: \"c\") } \u006dutation { d }"}`)
	for _, x := range append(all, mutation) {
		var d ratelimit.Draw
		if n := testing.AllocsPerRun(100, func() { d = x.dialect.Draw(x.req) }); n != 0 {
			t.Errorf("%s: Draw() allocates %v times, want 0", x.name, n)
		}
		if d.Units != 1 {
			t.Errorf("%s: units = %v, want 1", x.name, d.Units)
		}
	}
}

func BenchmarkObserve_GitHub(b *testing.B)         { benchmarkObserve(b, "GitHub") }
func BenchmarkObserve_GraphQL(b *testing.B)        { benchmarkObserve(b, "GraphQL") }
func BenchmarkObserve_GraphQL_errors(b *testing.B) { benchmarkObserve(b, "GraphQL_errors") }
func BenchmarkObserve_GitLab(b *testing.B)         { benchmarkObserve(b, "GitLab") }
func BenchmarkObserve_BitbucketCloud(b *testing.B) { benchmarkObserve(b, "BitbucketCloud") }
func BenchmarkObserve_Generic(b *testing.B)        { benchmarkObserve(b, "Generic") }
func BenchmarkObserve_GitHub_refused(b *testing.B) { benchmarkObserve(b, "GitHub_refused") }
func BenchmarkDraw_GitHub(b *testing.B)            { benchmarkDraw(b, "GitHub") }
func BenchmarkDraw_GraphQL(b *testing.B)           { benchmarkDraw(b, "GraphQL") }
func BenchmarkDraw_GitLab(b *testing.B)            { benchmarkDraw(b, "GitLab") }
func BenchmarkDraw_BitbucketCloud(b *testing.B)    { benchmarkDraw(b, "BitbucketCloud") }

func benchmarkObserve(b *testing.B, name string) {
	x := named(b, name)
	b.ReportAllocs()
	for b.Loop() {
		x.dialect.Observe(x.req, x.resp, epoch)
	}
}

func benchmarkDraw(b *testing.B, name string) {
	x := named(b, name)
	b.ReportAllocs()
	for b.Loop() {
		x.dialect.Draw(x.req)
	}
}

func named(b *testing.B, name string) exchange {
	b.Helper()
	for _, x := range exchanges() {
		if x.name == name {
			return x
		}
	}
	b.Fatalf("no exchange is called %q", name)
	return exchange{}
}
