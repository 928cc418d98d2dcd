package ratelimit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/ratelimit"
)

func TestMessage_is_one_short_line_of_printable_text(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 99)
	tests := []struct{ name, body, want string }{
		{"string", `{"message":"Not here"}`, "Not here"},
		{"escapes", `{"message":"a\nb\t\u0007c\u202e\u00e9 \u2028 d"}`, "a b cé d"},
		{"spaces around", `{"message":"  a \u0007 b  "}`, "a b"},
		{"200 bytes", `{"message":"` + long + `ab"}`, long + "ab"},
		{"cut between characters", `{"message":"` + long + `aä"}`, long + "a"},
		{"cut before a space", `{"message":"` + long + `a bc"}`, long + "a"},
		{"invalid UTF-8", "{\"message\":\"a\xffb\"}", "ab"},
		{"broken escape", `{"message":"a\qb"}`, ""},
		{"number", `{"message":7}`, ""},
		{"null", `{"message":null,"error":"e"}`, "e"},
		{"object with error", `{"message":{"error":"too many"}}`, "too many"},
		{"object of lists", `{"message":{"name":["is taken"]}}`, `{"name":["is taken"]}`},
		{"the first counts", `{"message":"a","message":"b"}`, "a"},
		{"message before errors", `{"errors":[{"message":"e"}],"message":"m"}`, "m"},
		{"first of errors", `{"errors":[{"code":1},{"message":"e"},{"message":"f"}]}`, "e"},
		{"errors of strings", `{"errors":["e"]}`, "e"},
		{"error of Bitbucket", `{"type":"error","error":{"message":"m","detail":"d"}}`, "m"},
		{"error of OAuth", `{"error":"invalid_token","error_description":"revoked"}`, "invalid_token: revoked"},
		{"description first", `{"error_description":"revoked","error":"invalid_token"}`, "invalid_token: revoked"},
		{"array", `["a"]`, ""},
		{"empty object", `{}`, ""},
		{"colon missing", `{"message" "a"}`, ""},
		{"comma missing", `{"a":1 "message":"a"}`, ""},
		{"only a brace", `{`, ""},
		{"cut in an object", `{"message":{"error":"too many"`, ""},
		{"cut in the key", `{"mess`, ""},
		{"value missing", `{"message":`, ""},
		{"plain text", "  Forbidden\r\n", "Forbidden"},
		{"long plain text", strings.Repeat("é", 900), strings.Repeat("é", 100)},
		{"odd long plain text", "x" + strings.Repeat("é", 900), "x" + strings.Repeat("é", 99)},
		{"compressed", "\x1f\x8b\x08\x00\x00\x00\x00\x00 garbage", ""},
		{"markup", "\n<!DOCTYPE html><p>rate limit", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range allDialects {
				resp := ratelimit.Response{Status: http.StatusForbidden, Body: []byte(tt.body)}
				compare(t, d.String(), d.Observe(get(t, "https://git.example.com/x"), resp, epoch).Message, tt.want)
			}
		})
	}
}

func TestObserve_gives_up_on_endless_lists_of_errors(t *testing.T) {
	t.Parallel()
	req := get(t, "https://api.github.com/graphql")
	req.Method = http.MethodPost
	read := func(before int) ratelimit.Class {
		body := `{"errors":[` + strings.Repeat(`{"type":"NOT_FOUND"},`, before) + `{"type":"RATE_LIMITED"}]}`
		return ratelimit.GitHub.Observe(req, ratelimit.Response{Status: 200, Body: []byte(body)}, epoch).Class
	}
	compare(t, "class of the 100th error", read(99), ratelimit.PrimaryLimit)
	compare(t, "class of the 101st error", read(100), ratelimit.OK)
}

func TestObserve_reads_deep_nesting_without_recursion(t *testing.T) {
	t.Parallel()
	req := get(t, "https://api.github.com/graphql")
	req.Method = http.MethodPost
	body := `{"data":` + strings.Repeat(`{"a":[`, 10000) + strings.Repeat(`]}`, 10000) + `,"errors":[{"type":"RATE_LIMITED"}]}`
	o := ratelimit.GitHub.Observe(req, ratelimit.Response{Status: 200, Body: []byte(body)}, epoch)
	compare(t, "class", o.Class, ratelimit.PrimaryLimit)
}

func TestObserve_says_nothing_of_a_token_that_the_host_did_not_see(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]ratelimit.Validity{
		0: ratelimit.Unproven, 101: ratelimit.Unproven, 407: ratelimit.Unproven, 600: ratelimit.Unproven,
		200: ratelimit.Valid, 404: ratelimit.Valid, 401: ratelimit.Invalid, 503: ratelimit.Unproven,
	} {
		o := ratelimit.GitHub.Observe(get(t, "https://api.github.com/x"), ratelimit.Response{Status: status}, epoch)
		compare(t, http.StatusText(status), o.Validity, want)
	}
}
