package ratelimit

import (
	"math"
	"net/http"
	"strings"
	"time"
)

// The bounds that tell the notations of a reset apart. An epoch in seconds has
// passed 1e8 since 1973 and reaches 1e11 in the year 5138, so anything below is
// a delta and anything above counts milliseconds.
const (
	leastEpoch = 100_000_000
	mostEpoch  = 100_000_000_000
)

// maxRetryAfter is ten years. Bitbucket Data Center sends 9223372036854775807
// for a user whose quota is 0, which would overflow a time.Duration.
const maxRetryAfter = 315_360_000

// first returns the first field line of a header, trimmed. The key must be in
// canonical form: looking it up directly spares the copy that Header.Get may
// make of a key.
func first(h http.Header, key string) string {
	lines := h[key]
	if len(lines) == 0 {
		return ""
	}
	s := lines[0]
	if n := len(s); n > 0 && isGraphic(s[0]) && isGraphic(s[n-1]) {
		return s // net/http has trimmed it
	}
	return trim(s)
}

// isGraphic reports whether c is a byte of ASCII that can be seen.
func isGraphic(c byte) bool { return c-'!' <= '~'-'!' }

// trim cuts the white space that may surround a header value.
func trim(s string) string { return strings.TrimSpace(s) }

// resourceName reads the name of a budget, in lower case. Hosts send it in
// lower case already, so that nothing is copied.
func resourceName(h http.Header, key string) string { return strings.ToLower(first(h, key)) }

// digits reads ASCII digits and nothing else; strconv would take a sign, and
// make an error, which allocates, of what is no number. A sign, a fraction, an exponent
// or a number beyond int64 is no number.
func digits(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		c := int64(s[i]) - '0'
		if c < 0 || c > 9 || n > (math.MaxInt64-c)/10 {
			return 0, false
		}
		n = n*10 + c
	}
	return n, true
}

// member returns the first member of a list, or the whole value if it is none:
// Envoy writes the limit as "10, 10;w=1".
func member(s string) string {
	head, _, _ := strings.Cut(s, ",")
	return trim(head)
}

// amount reads a limit or a count of used calls.
func amount(s string) Optional[int64] {
	if n, ok := number(s); ok {
		return Known(n)
	}
	return Optional[int64]{}
}

// number reads the first member of a list, which nearly always has one.
func number(s string) (int64, bool) {
	if n, ok := digits(s); ok {
		return n, true
	}
	return digits(member(s))
}

// left reads the calls that remain. Some hosts count below zero once a budget
// is spent, which means that nothing is left.
func left(s string) Optional[int64] {
	if n, ok := number(s); ok {
		return Known(n)
	}
	if debt, negative := strings.CutPrefix(member(s), "-"); negative {
		if _, ok := digits(debt); ok {
			return Known[int64](0)
		}
	}
	return Optional[int64]{}
}

// reset reads the end of a window: epoch seconds (GitHub, GitLab, Azure
// DevOps, Tyk), epoch milliseconds, seconds from now (Kong, Envoy, the IETF
// drafts), RFC 3339 (Jira) or an HTTP date (RateLimit-ResetTime of GitLab). It
// returns the zero time for anything else, and for 0, which is not 1970.
func reset(s string, clock time.Time) time.Time {
	t := time.Time{}
	n, ok := number(s)
	switch {
	case !ok:
		t = timestamp(s)
	case n == 0:
	case n > mostEpoch:
		t = time.UnixMilli(n).UTC()
	case n < leastEpoch:
		t = clock.Add(time.Duration(n) * time.Second)
	default:
		return time.Unix(n, 0).UTC()
	}
	return printable(t)
}

// printable drops a time outside the years that RFC 3339 can write: nobody
// could store it as JSON, and it is nanoseconds or a mistake anyway.
func printable(t time.Time) time.Time {
	if year := t.Year(); year < 1 || year > 9999 {
		return time.Time{}
	}
	return t
}

// timestamp reads RFC 3339 or an HTTP date. Jira's documentation shows its
// reset without seconds, in the form that ISO 8601 allows and RFC 3339 does not.
func timestamp(s string) time.Time {
	if len(s) < len("2006-01-02T15:04Z") {
		return time.Time{}
	}
	if s[4] != '-' {
		return httpDate(s)
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// httpDate reads a date as RFC 9110 defines it, or returns the zero time. The
// weekday is skipped: gitlab.com has sent a wrong one.
func httpDate(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	if t, ok := fixdate(s); ok {
		return t
	}
	if _, rest, found := strings.Cut(s, ", "); found {
		if t, err := time.Parse("02 Jan 2006 15:04:05 GMT", rest); err == nil {
			return printable(t)
		}
	}
	if len(s) < len(time.ANSIC) {
		return time.Time{}
	}
	// The two obsolete forms, which a recipient must still accept.
	if t, err := http.ParseTime(s); err == nil {
		return printable(t.UTC())
	}
	return time.Time{}
}

// fixdate reads the one form of a date that hosts send, such as "Sun, 01 Mar
// 2026 09:00:00 GMT". Every answer has one, and reading it by position takes a
// fraction of what time.Parse takes.
func fixdate(s string) (time.Time, bool) {
	if len(s) != len("Sun, 01 Mar 2026 09:00:00 GMT") || s[25:] != " GMT" ||
		s[3] != ',' || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' {
		return time.Time{}, false
	}
	month := strings.Index("JanFebMarAprMayJunJulAugSepOctNovDec", s[8:11])
	if month%3 != 0 {
		return time.Time{}, false
	}
	return moment(s[12:16], month/3+1, s[5:7], s[17:25])
}

// moment reads a time in UTC by position: a year of four digits, a day of two, and
// a clock such as "09:00:00".
func moment(year string, month int, day, clock string) (time.Time, bool) {
	century, years, d := twoDigits(year[:2]), twoDigits(year[2:]), twoDigits(day)
	hour, minute, second := twoDigits(clock[:2]), twoDigits(clock[3:5]), twoDigits(clock[6:])
	if clock[2] != ':' || clock[5] != ':' || century|years|d|hour|minute|second < 0 ||
		hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 {
		return time.Time{}, false
	}
	y := century*100 + years
	t := time.Date(y, time.Month(month), d, hour, minute, second, 0, time.UTC)
	// Nobody could print the year 0, and time.Date turns 31 February into March.
	return t, y > 0 && d > 0 && (d <= 28 || t.Day() == d)
}

// twoDigits reads a number of two digits; any other text is negative.
func twoDigits(s string) int {
	tens, ones := s[0]-'0', s[1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

// retryAfter reads seconds or an HTTP date, which counts from clock. A date in
// the past asks for no pause.
func retryAfter(s string, clock time.Time) Optional[time.Duration] {
	if n, ok := digits(s); ok {
		return pause(time.Duration(min(n, maxRetryAfter+1)) * time.Second)
	}
	if t := httpDate(s); !t.IsZero() {
		return pause(max(0, t.Sub(clock)))
	}
	return Optional[time.Duration]{}
}

// pause drops a wait that no host can mean.
func pause(d time.Duration) Optional[time.Duration] {
	if d > maxRetryAfter*time.Second {
		return Optional[time.Duration]{}
	}
	return Known(d)
}

// tokenExpiry reads GitHub-Authentication-Token-Expiration, which GitHub
// writes as "2024-12-14 02:28:22 UTC" and as "2024-04-12 09:29:42 +0200". Every
// answer to a token that ends has it.
func tokenExpiry(s string) time.Time {
	const length = len("2024-12-14 02:28:22")
	if len(s) <= length || s[4] != '-' || s[7] != '-' || s[10] != ' ' {
		return time.Time{}
	}
	east, known := zone(s[length:])
	t, ok := moment(s[:4], twoDigits(s[5:7]), s[8:10], s[11:length])
	if !known || !ok {
		return time.Time{}
	}
	return printable(t.Add(-east))
}

// zone reads how far east of Greenwich a clock is, from " UTC" or " +0200".
func zone(s string) (east time.Duration, ok bool) {
	if s == " UTC" {
		return 0, true
	}
	if len(s) != len(" +0200") || s[0] != ' ' || s[1] != '+' && s[1] != '-' {
		return 0, false
	}
	hours, minutes := twoDigits(s[2:4]), twoDigits(s[4:])
	east = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[1] == '-' {
		east = -east
	}
	return east, hours|minutes >= 0 && hours <= 24 && minutes < 60
}
