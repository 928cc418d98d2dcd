package ratelimit_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/ratelimit"
)

var (
	// epoch is the local clock of these tests; the host's clock, where there is
	// a Date, shows one minute more.
	epoch    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	hostDate = "Sun, 01 Mar 2026 09:01:00 GMT"
)

// observe reads a 200 of a host of the dialect with these headers, in pairs.
func observe(t *testing.T, d ratelimit.Dialect, pairs ...string) ratelimit.Observation {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return d.Observe(get(t, "https://git.example.com/x"), ratelimit.Response{Status: 200, Header: h}, epoch)
}

// get returns a GET request.
func get(t *testing.T, address string) ratelimit.Request {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return ratelimit.Request{Method: http.MethodGet, URL: u}
}

func TestI11_what_is_no_number_is_unknown_and_never_zero(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, limit, remaining string }{
		{"5000", "5000", "5000"},
		{" 5000\t", "5000", "5000"},
		{"007", "7", "7"},
		{"0", "0", "0"},
		{"9223372036854775807", "9223372036854775807", "9223372036854775807"},
		{"10, 10;w=1", "10", "10"},
		{"10 ,20", "10", "10"},
		{"-1", "unknown", "0"},
		{"-0", "unknown", "0"},
		{"", "unknown", "unknown"},
		{" ", "unknown", "unknown"},
		{"-", "unknown", "unknown"},
		{"- 5", "unknown", "unknown"},
		{"--5", "unknown", "unknown"},
		{"+5", "unknown", "unknown"},
		{"5.0", "unknown", "unknown"},
		{"0.0", "unknown", "unknown"},
		{"5e3", "unknown", "unknown"},
		{"0x10", "unknown", "unknown"},
		{"5_000", "unknown", "unknown"},
		{"5 000", "unknown", "unknown"},
		{"5000;w=60", "unknown", "unknown"},
		{", 5", "unknown", "unknown"},
		{"９", "unknown", "unknown"},
		{"null", "unknown", "unknown"},
		{"unlimited", "unknown", "unknown"},
		{"9223372036854775808", "unknown", "unknown"},
		{"-9223372036854775809", "unknown", "unknown"},
		{"99999999999999999999", "unknown", "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			for _, d := range allDialects {
				prefix := "X-RateLimit-"
				if d == ratelimit.GitLab {
					prefix = "RateLimit-"
				}
				o := observe(t, d, prefix+"Limit", tt.value, prefix+"Remaining", tt.value)
				compare(t, d.String()+" limit", o.Limit.String(), tt.limit)
				compare(t, d.String()+" remaining", o.Remaining.String(), tt.remaining)
			}
		})
	}
}

func TestObserve_reads_a_reset_in_every_notation(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, want string }{
		{"epoch seconds", "1772357400", "2026-03-01T09:30:00Z"},
		{"epoch seconds in a list", "1772357400, 1772357400", "2026-03-01T09:30:00Z"},
		{"epoch seconds in the past", "1377140429", "2013-08-22T03:00:29Z"},
		{"the least epoch", "100000000", "1973-03-03T09:46:40Z"},
		{"the greatest epoch", "100000000000", "5138-11-16T09:46:40Z"},
		{"epoch milliseconds", "1772357400123", "2026-03-01T09:30:00.123Z"},
		{"the least milliseconds", "100000000001", "1973-03-03T09:46:40.001Z"},
		{"delta seconds count from Date", "30", "2026-03-01T09:01:30Z"},
		{"the greatest delta", "99999999", "2029-05-01T18:47:39Z"},
		{"zero is not 1970", "0", "unknown"},
		{"RFC 3339", "2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"},
		{"RFC 3339 with fraction and offset", "2026-03-01T10:30:00.5+01:00", "2026-03-01T09:30:00.5Z"},
		{"ISO 8601 without seconds", "2026-03-01T09:30Z", "2026-03-01T09:30:00Z"},
		{"HTTP date", "Sun, 01 Mar 2026 09:30:00 GMT", "2026-03-01T09:30:00Z"},
		{"HTTP date with a wrong weekday", "Mon, 01 Mar 2026 09:30:00 GMT", "2026-03-01T09:30:00Z"},
		{"RFC 850 date", "Sunday, 01-Mar-26 09:30:00 GMT", "2026-03-01T09:30:00Z"},
		{"asctime date", "Sun Mar  1 09:30:00 2026", "2026-03-01T09:30:00Z"},
		{"HTTP date with fraction", "Sun, 01 Mar 2026 09:30:00.5 GMT", "2026-03-01T09:30:00.5Z"},
		{"HTTP date of another zone", "Sun, 01 Mar 2026 09:30:00 CET", "unknown"},
		{"impossible month", "Sun, 01 anF 2026 09:30:00 GMT", "unknown"},
		{"impossible hour", "Sun, 01 Mar 2026 24:30:00 GMT", "unknown"},
		{"impossible minute", "Sun, 01 Mar 2026 09:60:00 GMT", "unknown"},
		{"impossible year", "Sat, 01 Jan 0000 09:30:00 GMT", "unknown"},
		{"year below 1 by its offset", "0001-01-01T00:00:00+01:00", "unknown"},
		{"year of five digits by its offset", "9999-12-31T23:59:59-01:00", "unknown"},
		{"impossible day", "Sun, 31 Feb 2026 09:30:00 GMT", "unknown"},
		{"nanoseconds", "1772357400000000000", "unknown"},
		{"negative", "-30", "unknown"},
		{"fraction", "1772357400.5", "unknown"},
		{"beyond int64", "99999999999999999999", "unknown"},
		{"a word", "tomorrow", "unknown"},
		{"a long text", "this is not a date, and it is long enough", "unknown"},
		{"blank", " ", "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, ratelimit.Generic, "Date", hostDate, "X-RateLimit-Reset", tt.value)
			compare(t, "reset", instant(o.Reset), tt.want)
			o = observe(t, ratelimit.GitLab, "Date", hostDate, "RateLimit-Reset", tt.value)
			compare(t, "reset of GitLab", instant(o.Reset), tt.want)
		})
	}
}

func TestObserve_counts_a_delta_from_now_without_a_Date(t *testing.T) {
	t.Parallel()
	for _, date := range []string{"", "yesterday", "2026-03-01T09:01:00Z"} {
		o := observe(t, ratelimit.Generic, "Date", date, "RateLimit-Reset", "30")
		compare(t, "reset", instant(o.Reset), "2026-03-01T09:00:30Z")
		compare(t, "date", instant(o.Date), "unknown")
	}
}

func TestObserve_reads_Retry_After_or_leaves_it_unknown(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, want string }{
		{"seconds", "120", "2m0s"},
		{"padded", " 120 ", "2m0s"},
		{"zero", "0", "0s"},
		{"a day", "86400", "24h0m0s"},
		{"ten years", "315360000", "87600h0m0s"},
		{"more than ten years", "315360001", "unknown"},
		{"the greatest int64", "9223372036854775807", "unknown"},
		{"beyond int64", "9223372036854775808", "unknown"},
		{"date counts from Date", "Sun, 01 Mar 2026 09:02:30 GMT", "1m30s"},
		{"date in the past", "Sun, 01 Mar 2026 08:00:00 GMT", "0s"},
		{"date after ten years", "Sun, 01 Mar 2037 09:00:00 GMT", "unknown"},
		{"negative", "-5", "unknown"},
		{"fraction", "1.5", "unknown"},
		{"list", "30, 60", "unknown"},
		{"RFC 3339", "2026-03-01T09:02:30Z", "unknown"},
		{"unit", "30s", "unknown"},
		{"blank", "", "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range allDialects {
				o := observe(t, d, "Date", hostDate, "Retry-After", tt.value)
				compare(t, d.String(), o.RetryAfter.String(), tt.want)
			}
		})
	}
}

func TestObserve_takes_used_from_its_header_or_works_it_out(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                   string
		limit, remaining, used string
		want                   string
	}{
		{"told", "5000", "4000", "1003", "1003"},
		{"told above the limit", "5000", "0", "5003", "5003"},
		{"not told", "5000", "4000", "", "1000"},
		{"garbled", "5000", "4000", "many", "1000"},
		{"more left than the limit", "120", "7000", "", "0"},
		{"limit unknown", "", "4000", "", "unknown"},
		{"remaining unknown", "5000", "", "", "unknown"},
		{"alone", "", "", "7", "7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, ratelimit.GitHub,
				"X-RateLimit-Limit", tt.limit, "X-RateLimit-Remaining", tt.remaining, "X-RateLimit-Used", tt.used)
			compare(t, "used", o.Used.String(), tt.want)
		})
	}
}

func TestObserve_reads_both_spellings_of_the_token_expiry(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"2026-12-14 02:28:22 UTC":   "2026-12-14T02:28:22Z",
		"2026-04-12 09:29:42 +0200": "2026-04-12T07:29:42Z",
		"2026-04-12 09:29:42 -0730": "2026-04-12T16:59:42Z",
		"2026-04-12 09:29:42 CEST":  "unknown",
		"2026-04-12 09:29:42 +2500": "unknown",
		"2026-04-12 09:29:42 +02x0": "unknown",
		"2026-04-12 09:29:42 +0260": "unknown",
		"2026-04-12 09:29:42 0200Z": "unknown",
		"2026-04-12 09:29:42":       "unknown",
		"2026-04-12 24:29:42 UTC":   "unknown",
		"2026-02-30 09:29:42 UTC":   "unknown",
		"2026-13-12 09:29:42 UTC":   "unknown",
		"2026/04/12 09:29:42 UTC":   "unknown",
		"0000-04-12 09:29:42 UTC":   "unknown",
		"0001-01-01 00:00:00 +0200": "unknown",
		"2026-04-12":                "unknown",
		"UTC":                       "unknown",
		"":                          "unknown",
	} {
		o := observe(t, ratelimit.GitHub, "GitHub-Authentication-Token-Expiration", value)
		compare(t, value, instant(o.TokenExpiry), want)
	}
}

func TestObserve_does_not_panic_without_header_or_URL(t *testing.T) {
	t.Parallel()
	for _, d := range append(allDialects, ratelimit.Dialect(99)) {
		for _, status := range []int{-1, 0, 100, 200, 401, 403, 429, 503, 999} {
			req, resp := ratelimit.Request{}, ratelimit.Response{Status: status}
			o := d.Observe(req, resp, time.Time{})
			if o.Limit.IsKnown() || o.Remaining.IsKnown() || o.Scope != ratelimit.NoNumbers {
				t.Errorf("%v: Observe() of an empty %d = %+v, want no numbers", d, status, o)
			}
			d.Draw(req)
			d.ReadsBody(req, resp)
		}
	}
}

func TestObserve_reads_the_Date_of_every_day(t *testing.T) {
	t.Parallel()
	read := func(text string) time.Time {
		header := http.Header{"Date": {text}}
		return ratelimit.GitHub.Observe(ratelimit.Request{}, ratelimit.Response{Status: 200, Header: header}, epoch).Date
	}
	day := time.Date(1899, 12, 31, 23, 58, 59, 0, time.UTC)
	for range 250 * 366 {
		if got := read(day.Format(http.TimeFormat)); got != day {
			t.Fatalf("Date = %v, want %v", got, day)
		}
		day = day.Add(24*time.Hour + 7*time.Second)
	}
	for _, text := range []string{
		"Sun, 29 Feb 2026 09:00:00 GMT", "Sun, 00 Mar 2026 09:00:00 GMT", "Sun, 32 Mar 2026 09:00:00 GMT",
		"Sun, 01 Mar 2026 24:00:00 GMT", "Sun, 01 Mar 2026 09:60:00 GMT", "Sun, 01 Mar 2026 09:00:60 GMT",
		"Sun, 01 Mar 0000 09:00:00 GMT", "Sun, 01 arA 2026 09:00:00 GMT", "Sun, -1 Mar 2026 09:00:00 GMT",
		"Sun, 01 Mar 2x26 09:00:00 GMT", "Sun, 01 Mar 2026 0 :00:00 GMT",
	} {
		if got := read(text); !got.IsZero() {
			t.Errorf("Date of %q = %v, want none", text, got)
		}
	}
}
