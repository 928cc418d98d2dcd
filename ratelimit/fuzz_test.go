package ratelimit_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// FuzzObserve feeds every dialect with arbitrary answers.
func FuzzObserve(f *testing.F) {
	f.Add(uint8(1), "GET", "/repos/o/r", 403, "5000", "0", "1772357400", "60", "Sun, 01 Mar 2026 09:00:00 GMT", "core", []byte(`{"message":"API rate limit exceeded for user ID 1."}`))
	f.Add(uint8(1), "POST", "/graphql", 200, "", "", "", "", "", "", []byte(`{"errors":[{"type":"RATE_LIMITED"}]}`))
	f.Add(uint8(3), "GET", "/api/v4/projects", 429, "60", "33", "1609844400", "-1", "", "throttle_unauthenticated_api", []byte("Retry later\n"))
	f.Add(uint8(0), "HEAD", "/", 429, "10, 10;w=1", "-4", "2026-03-01T09:30Z", "9223372036854775807", "x", `"a";r=0;t=1`, []byte("\xef\xbb\xbf{"))
	f.Add(uint8(5), "PUT", "/api/v3/search/code", 401, "1.5", "99999999999999999999", "0", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "", []byte(`{"errors":[{"message":"CAPTCHA"}]}`))
	f.Add(uint8(0), "0", "0", 510, "0", "A", "0", "0", "0", ";r=0", []byte("0"))
	f.Add(uint8(0), "GET", "/", 200, "9", "A", "0", "0", "0", `"";r=0`, []byte(nil))
	f.Fuzz(func(t *testing.T, dialect uint8, method, path string, status int, limit, remaining, reset, after, date, name string, body []byte) {
		d := ratelimit.Dialect(dialect % 8)
		h := http.Header{}
		for _, prefix := range []string{"X-Ratelimit-", "Ratelimit-"} {
			h[prefix+"Limit"], h[prefix+"Remaining"], h[prefix+"Reset"] = []string{limit}, []string{remaining}, []string{reset}
		}
		h["X-Ratelimit-Resource"], h["Ratelimit-Name"], h["Ratelimit"] = []string{name}, []string{name}, []string{name}
		h["Retry-After"], h["Date"], h["Github-Authentication-Token-Expiration"] = []string{after}, []string{date}, []string{date}
		req := ratelimit.Request{Method: method, URL: &url.URL{Path: path}, Body: body}
		resp := ratelimit.Response{Status: status, Header: h, Body: body}

		o := d.Observe(req, resp, epoch)
		checkObservation(t, o, remaining+name)
		if again := d.Observe(req, resp, epoch); again != o {
			t.Errorf("Observe() = %+v, then %+v", o, again)
		}
		if status/100 == 2 && !strings.HasSuffix(strings.TrimRight(path, "/"), "/graphql") && o.Class != ratelimit.OK {
			t.Errorf("class of a %d = %v, want ok", status, o.Class)
		}
		if !d.ReadsBody(req, ratelimit.Response{Status: status, Header: h}) {
			resp.Body = nil
			if bare := d.Observe(req, resp, epoch); bare != o {
				t.Errorf("Observe() reads a body that ReadsBody does not ask for: %+v, without it %+v", o, bare)
			}
		}
		if draw := d.Draw(req); draw.Units < 0 || draw.Units > 1 || draw.Points != 1 && draw.Points != 5 {
			t.Errorf("Draw() = %+v, want 0 or 1 unit, and 1 or 5 points", draw)
		}
	})
}

// checkObservation checks what holds for every answer; told is all that may say what
// remains.
func checkObservation(t *testing.T, o ratelimit.Observation, told string) {
	t.Helper()
	for name, n := range map[string]ratelimit.Optional[int64]{"limit": o.Limit, "remaining": o.Remaining, "used": o.Used} {
		if n.Or(0) < 0 {
			t.Errorf("%s = %v, want no negative number", name, n)
		}
	}
	if o.RetryAfter.Or(0) < 0 || o.RetryAfter.Or(0) > 87600*time.Hour {
		t.Errorf("Retry-After = %v, want 0 to ten years", o.RetryAfter)
	}
	if n, known := o.Remaining.Get(); known && n == 0 && !strings.ContainsAny(told, "0123456789") {
		t.Errorf("remaining %q is read as 0", told)
	}
	for _, now := range []time.Time{{}, epoch, epoch.Add(-time.Hour), epoch.AddDate(500, 0, 0)} {
		if d := o.Until(now); d < 0 {
			t.Errorf("Until(%v) = %v, want no negative time", now, d)
		}
		if d, asked := o.Wait(now); d < 0 || d > 0 && !asked {
			t.Errorf("Wait(%v) = %v, %v, want no negative time, and 0 for none", now, d, asked)
		}
	}
	if len(o.Message) > 200 || !utf8.ValidString(o.Message) || strings.ContainsFunc(o.Message, unprintable) {
		t.Errorf("message = %q, want at most 200 bytes of printable text on one line", o.Message)
	}
	if _, err := json.Marshal(o); err != nil {
		t.Errorf("json.Marshal() = %v", err)
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// FuzzHeaderValue feeds one value to every header that holds a number or time.
func FuzzHeaderValue(f *testing.F) {
	for _, s := range []string{"0", "1", "-1", "5000", "1772357400", "1772357400123", "10, 10;w=1", "1.5", "5e3", "", " ", "9223372036854775808",
		"Sun, 01 Mar 2026 09:30:00 GMT", "2026-03-01T09:30:00Z", "2026-03-01T09:30Z", `"a";r=5;t=5, "b";r=4`, "2026-04-12 09:29:42 +0200"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, d := range allDialects {
			h := http.Header{}
			for _, key := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Used", "X-Ratelimit-Reset",
				"Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Observed", "Ratelimit-Reset", "Ratelimit-Resettime",
				"Retry-After", "Date", "Github-Authentication-Token-Expiration"} {
				h[key] = []string{value}
			}
			o := d.Observe(ratelimit.Request{URL: &url.URL{}}, ratelimit.Response{Status: 200, Header: h}, epoch)
			checkObservation(t, o, value)
			if n, known := o.Limit.Get(); known && !strings.ContainsAny(value, "0123456789") {
				t.Errorf("%v: limit %q is read as %d", d, value, n)
			}
			h = http.Header{"Ratelimit": {value}, "Ratelimit-Policy": {value}}
			checkObservation(t, d.Observe(ratelimit.Request{URL: &url.URL{}}, ratelimit.Response{Status: 429, Header: h}, epoch), value)
		}
	})
}

// FuzzMessage cuts the body of a refusal at every byte: a plain answer must
// not turn into a limit, and a limit that was read stays one.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com/rest"}`))
	f.Add([]byte(`{"errors":[{"message":"secondary rate limit, said a title"}],"message":"Validation failed"}`))
	f.Add([]byte(`{"body":"You have exceeded a secondary rate limit","block":{"message":"API rate limit exceeded"}}`))
	f.Add([]byte("\xef\xbb\xbf {\"message\":\"A\\u0050I rate limit exceeded for 1.2.3.4\"}"))
	f.Add([]byte(`["secondary rate limit",{"message":"abuse detection mechanism"}]`))
	f.Add([]byte(`<html>secondary rate limit</html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req := ratelimit.Request{URL: &url.URL{Path: "/repos/o/r"}}
		read := func(body []byte) ratelimit.Class {
			resp := ratelimit.Response{Status: 403, Body: body, Header: http.Header{"X-Ratelimit-Remaining": {"9"}}}
			o := ratelimit.GitHub.Observe(req, resp, epoch)
			checkObservation(t, o, "9")
			return o.Class
		}
		whole := read(body)
		var parsed struct {
			Message string
			Guide   string `json:"documentation_url"`
		}
		said := strings.ToLower(string(body))
		if err := json.Unmarshal(body, &parsed); err == nil {
			said = strings.ToLower(string(bytes.ToValidUTF8(body, nil)) + parsed.Message + parsed.Guide)
		}
		if whole.Limit() && !strings.Contains(said, "rate") && !strings.Contains(said, "abuse") && !strings.Contains(said, "submitted") && !strings.Contains(said, `\u`) {
			t.Errorf("class = %v of a body that says nothing of limits: %q", whole, body)
		}
		if whole.Limit() || bytes.Contains(body, []byte(`"errors"`)) {
			return // errors count only while there is no message
		}
		for i := range min(len(body), 512) {
			if c := read(body[:i]); c.Limit() {
				t.Fatalf("class = %v of %q, cut from %q, which is %v", c, body[:i], body, whole)
			}
		}
	})
}

// FuzzGraphQL cuts a served GraphQL answer at every byte, and reads the same
// bytes as the document of a request.
func FuzzGraphQL(f *testing.F) {
	f.Add([]byte(`{"data":{"a":"RATE_LIMITED"},"errors":[{"type":"NOT_FOUND","message":"no"}]}`))
	f.Add([]byte(`{"data":null,"errors":[{"type":"RATE_LIMITED"}]}`))
	f.Add([]byte(`{"errors":[{"type":"A"},{"code":"graphql_rate_limit"}],"data":{"errors":[1,2]}}`))
	f.Add([]byte(`{"query":"query A($a: In = {x: 1}) { a(b: \"\"\"c\"\"\") } # d\n mutation B { b }"}`))
	f.Add([]byte(`{"query":"\u006dutation{a}"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req := ratelimit.Request{Method: http.MethodPost, URL: &url.URL{Path: "/graphql"}}
		read := func(body []byte) ratelimit.Class {
			o := ratelimit.GitHub.Observe(req, ratelimit.Response{Status: 200, Body: body}, epoch)
			checkObservation(t, o, "")
			return o.Class
		}
		whole := read(body)
		if whole != ratelimit.OK && !whole.Limit() {
			t.Errorf("class = %v, want ok or a limit", whole)
		}
		for i := range min(len(body), 512) {
			cut := body[:i]
			if c := read(cut); c.Limit() && !whole.Limit() {
				t.Fatalf("class = %v of %q, cut from %q, which is %v", c, cut, body, whole)
			}
			req.Body = cut
			ratelimit.GitHub.Draw(req)
		}
	})
}
