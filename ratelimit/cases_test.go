package ratelimit_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// responseCase is one response with what a reader must conclude from it.
type responseCase struct {
	ID       string       `json:"id"`
	Provider string       `json:"provider"`
	Request  caseRequest  `json:"request"`
	Response caseResponse `json:"response"`
	Now      time.Time    `json:"now"`
	Expect   expectation  `json:"expect"`
}

type caseRequest struct {
	Method   string `json:"method"`
	URL      string `json:"url"`
	AuthKind string `json:"authKind"`
}

type caseResponse struct {
	Status  int                    `json:"status"`
	Headers map[string]headerLines `json:"headers"`
	Body    string                 `json:"body"`
}

// expectation lists what is told apart; null is unknown. The fields below
// Bucket are checked only where a case has them.
type expectation struct {
	Class             string     `json:"class"`
	Resource          *string    `json:"resource"`
	Limit             *int64     `json:"limit"`
	Remaining         *int64     `json:"remaining"`
	Reset             *time.Time `json:"reset"`
	RetryAfterSeconds *int64     `json:"retry_after_seconds"`
	TokenValid        *bool      `json:"token_valid"`
	RetryWithOther    *bool      `json:"retry_with_other_token"`
	Bucket            string     `json:"bucket"`

	Used        *int64     `json:"used"`
	Message     *string    `json:"message"`
	TokenExpiry *time.Time `json:"token_expiry"`
	// WaitSeconds is the pause that the host asks for, -1 for none.
	WaitSeconds *int64 `json:"wait_seconds"`
}

// headerLines reads a string, or a list for a repeated header.
type headerLines []string

func (l *headerLines) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		*l = headerLines{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// readCases reads a file of cases; none at all is a failure.
func readCases(t *testing.T, path string) []responseCase {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []responseCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s: no cases", path)
	}
	return cases
}

// dialectOf maps the provider of a case to its dialect.
func dialectOf(t *testing.T, provider string) ratelimit.Dialect {
	t.Helper()
	switch provider {
	case "github":
		return ratelimit.GitHub
	case "ghes":
		return ratelimit.GitHubEnterprise
	case "gitlab":
		return ratelimit.GitLab
	case "bitbucket":
		return ratelimit.BitbucketCloud
	case "bitbucket-dc":
		return ratelimit.BitbucketDataCenter
	case "gitea", "forgejo", "generic":
		return ratelimit.Generic
	case "azure-devops":
		return ratelimit.AzureDevOps
	}
	t.Fatalf("no dialect for provider %q", provider)
	return ratelimit.Generic
}

// exchange builds the two arguments of Observe.
func (c responseCase) exchange(t *testing.T) (ratelimit.Request, ratelimit.Response) {
	t.Helper()
	u, err := url.Parse(c.Request.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	for key, lines := range c.Response.Headers {
		for _, line := range lines {
			h.Add(key, line)
		}
	}
	req := ratelimit.Request{Method: c.Request.Method, URL: u, Anonymous: c.Request.AuthKind == "none"}
	return req, ratelimit.Response{Status: c.Response.Status, Header: h, Body: []byte(c.Response.Body)}
}

// run reads the response and compares every field. The body goes in only where
// ReadsBody asks for it, and it must make no difference elsewhere.
func (c responseCase) run(t *testing.T) {
	t.Helper()
	d := dialectOf(t, c.Provider)
	req, resp := c.exchange(t)
	whole := d.Observe(req, resp, c.Now)
	if !d.ReadsBody(req, ratelimit.Response{Status: resp.Status, Header: resp.Header}) {
		resp.Body = nil
	}
	o := d.Observe(req, resp, c.Now)
	if o != whole {
		t.Errorf("Observe() with a body that ReadsBody does not ask for = %+v, without %+v", whole, o)
	}
	c.Expect.compare(t, o, c.Now)
}

func (e expectation) compare(t *testing.T, o ratelimit.Observation, now time.Time) {
	t.Helper()
	compare(t, "class", o.Class.String(), e.Class)
	compare(t, "resource", o.Resource, deref(e.Resource))
	compare(t, "limit", o.Limit.String(), number(e.Limit))
	compare(t, "remaining", o.Remaining.String(), number(e.Remaining))
	compare(t, "reset", instant(o.Reset), instant(deref(e.Reset)))
	compare(t, "retry_after_seconds", seconds(o.RetryAfter), number(e.RetryAfterSeconds))
	compare(t, "token_valid", o.Validity, validity(e.TokenValid))
	compare(t, "retry_with_other_token", o.Swap, advice(e.RetryWithOther))
	compare(t, "bucket", o.Scope.String(), e.Bucket)
	if e.Used != nil {
		compare(t, "used", o.Used.String(), number(e.Used))
	}
	if e.Message != nil {
		compare(t, "message", o.Message, *e.Message)
	}
	if e.TokenExpiry != nil {
		compare(t, "token_expiry", instant(o.TokenExpiry), instant(*e.TokenExpiry))
	}
	if e.WaitSeconds != nil {
		pause, asked := o.Wait(now)
		got := int64(pause / time.Second)
		if !asked {
			got = -1
		}
		compare(t, "wait_seconds", got, *e.WaitSeconds)
	}
}

func compare[T comparable](t *testing.T, field string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", field, got, want)
	}
}

func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// number prints an expected number as Optional does.
func number(n *int64) string {
	if n == nil {
		return "unknown"
	}
	return ratelimit.Known(*n).String()
}

// seconds prints a pause in whole seconds.
func seconds(d ratelimit.Optional[time.Duration]) string {
	if d, ok := d.Get(); ok {
		n := int64(d / time.Second)
		return number(&n)
	}
	return "unknown"
}

// instant prints a time, or "unknown" for the zero one.
func instant(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func validity(valid *bool) ratelimit.Validity {
	switch {
	case valid == nil:
		return ratelimit.Unproven
	case *valid:
		return ratelimit.Valid
	}
	return ratelimit.Invalid
}

func advice(swap *bool) ratelimit.Advice {
	switch {
	case swap == nil:
		return ratelimit.SwapByPolicy
	case *swap:
		return ratelimit.SwapAlways
	}
	return ratelimit.SwapNever
}

// TestObserve_reads_the_table_of_responses runs the package's own cases.
func TestObserve_reads_the_table_of_responses(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		for _, c := range readCases(t, "testdata/"+entry.Name()) {
			if seen[c.ID] {
				t.Errorf("%s: id %q is used twice", entry.Name(), c.ID)
			}
			seen[c.ID] = true
			t.Run(c.ID, func(t *testing.T) {
				t.Parallel()
				c.run(t)
			})
		}
	}
	if len(seen) < 80 {
		t.Errorf("%d cases in testdata, want at least 80", len(seen))
	}
}
