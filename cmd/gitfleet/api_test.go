package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

func TestAPI_prints_the_answer_as_it_is(t *testing.T) {
	w := newWorld(t)
	r := w.run("api", "repos/acme/repo-0001")
	r.want(t, exitOK, `{"id":1001000001,"node_id":`, "")
	w.run("api", "https://api.github.com/repos/acme/repo-0001").want(t, exitOK, `{"id":1001000001,`, "")
	w.run("api", "/orgs/acme/repos", "-X", "get", "-f", "per_page=1").want(t, exitOK, `"full_name":"acme/repo-0001"`, "")
	w.run("api", "repos/acme/nothing").want(t, exitFailed, `{"message":"Not Found"`, "404 not found: Not Found")
	w.run("api", "https://evil.example.com/user").want(t, exitUsage, "", `there is no token for "evil.example.com"`)
	w.run("api", "https://:443/user").want(t, exitUsage, "", "the address is no URL")
}

func TestAPI_paginate_merges_the_lists_of_all_pages(t *testing.T) {
	w := newWorld(t)
	r := w.run("api", "orgs/acme/repos?per_page=100", "--paginate")
	var all []map[string]any
	if err := json.Unmarshal([]byte(r.out), &all); err != nil || len(all) != 230 || r.code != exitOK {
		t.Errorf("exit code %d, %d records, %v, want 230", r.code, len(all), err)
	}
	r = w.run("api", "orgs/acme/repos", "-f", "per_page=100", "--paginate", "--ndjson")
	if lines(r.out) != 230 {
		t.Errorf("%d lines, want 230\n%s", lines(r.out), r.err)
	}
	t.Setenv("BITBUCKET_TOKENS", "bea "+canary.Token("bea"))
	r = w.run("api", "2.0/repositories/acme?pagelen=100", "--paginate", "--ndjson", "--provider", "bitbucket")
	if lines(r.out) != 230 {
		t.Errorf("%d lines of Bitbucket, want 230: what is in values\n%s", lines(r.out), r.err)
	}
	w.github.Inject(fleettest.Fault{
		Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == "2" },
		Times: -1, Status: http.StatusGone,
	})
	r = w.run("api", "orgs/acme/repos?per_page=100", "--paginate", "--provider", "github")
	if err := json.Unmarshal([]byte(r.out), &all); err != nil || len(all) != 100 || r.code != exitPartial {
		t.Errorf("exit code %d, %d records, %v, want 3 and those of the first page", r.code, len(all), err)
	}
}

func TestAPI_sends_fields_input_and_headers(t *testing.T) {
	w := newWorld(t)
	var seen *http.Request
	var body []byte
	w.base = roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = r
		if body = nil; r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		return &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"ok":true}`)), Request: r}, nil
	})
	w.run("api", "repos/acme/web/issues", "-f", "title=broken = bad", "-H", "X-Tracing: 7").want(t, exitOK, `{"ok":true}`, "")
	if seen.Method != http.MethodPost || string(body) != `{"title":"broken = bad"}`+"\n" && string(body) != `{"title":"broken = bad"}` || seen.Header.Get("X-Tracing") != "7" {
		t.Errorf("sent %s %q with %v", seen.Method, body, seen.Header.Get("X-Tracing"))
	}
	w.in = `{"title":"from input"}`
	w.run("api", "repos/acme/web/issues/3", "-X", "PATCH", "--input", "-").want(t, exitOK, `{"ok":true}`, "")
	if seen.Method != http.MethodPatch || !strings.Contains(string(body), `"from input"`) {
		t.Errorf("sent %s %q", seen.Method, body)
	}
	for _, tt := range []struct {
		args   []string
		stderr string
	}{
		{[]string{"api", "x", "-f", "title"}, "--field wants key=value"},
		{[]string{"api", "x", "-H", "title"}, "--header wants name: value"},
		{[]string{"api", "x", "--paginate", "-X", "POST"}, "--paginate is for GET"},
		{[]string{"api", "x", "-f", "a=b", "--input", "-"}, "--field and --input cannot go together"},
		{[]string{"api", "x", "--input", "/no/such/file"}, "no such file"},
		{[]string{"api", "graphql"}, "graphql wants -f query="},
	} {
		w.run(tt.args...).want(t, exitUsage, "", tt.stderr)
	}
	w.in = "no JSON"
	w.run("api", "x", "--input", "-").want(t, exitUsage, "", "--input is no JSON")
}

func TestAPI_graphql_prints_the_data(t *testing.T) {
	w := newWorld(t)
	w.run("api", "graphql", "-f", "query={viewer{login}}").want(t, exitOK, "{", "")
}
