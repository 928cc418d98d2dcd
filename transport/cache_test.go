package transport_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// cachedOver returns a transport for GitHub over base with a cache.
func cachedOver(base http.RoundTripper, m *tokens.Manager) *transport.Transport {
	tr := over(base, m)
	tr.Cache = new(transport.Cache)
	tr.MaxWait = -1
	return tr
}

// tagged answers with this text, or with a 304 to who has its validator.
func tagged(text string, header ...string) *wire {
	return &wire{answer: func(s sent) (*http.Response, error) { return taggedAnswer(s, text, header...), nil }}
}

func taggedAnswer(s sent, text string, header ...string) *http.Response {
	etag := fmt.Sprintf(`"%s-%.8x"`, s.Token, sha256.Sum256([]byte(text)))
	header = append([]string{"ETag", etag}, header...)
	if slices.Contains(strings.Split(s.Header.Get("If-None-Match"), ", "), etag) {
		return reply(304, "", header...)()
	}
	return reply(200, text, header...)()
}

// download sends a GET and returns the body.
func download(t testing.TB, rt http.RoundTripper, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req := request(t, "GET", url, "")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return send(t, rt, req)
}

// simLeft asks a simulated GitHub what a token has left.
func simLeft(t testing.TB, sim http.RoundTripper, token string) int64 {
	t.Helper()
	req := request(t, "GET", "https://api.github.com/rate_limit", "")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, _ := send(t, sim, req)
	n, err := strconv.ParseInt(resp.Header.Get("X-RateLimit-Remaining"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The figures of the guide: what has not changed costs nothing, and the manager
// knows to a unit what is left.
func TestI5_Cache_leaves_the_budgets_of_ten_tokens_as_the_host_counts_them(t *testing.T) {
	t.Parallel()
	const urls, rounds = 200, 10
	var names, secrets []string
	for i := range 10 {
		names = append(names, fmt.Sprint("figure", i))
		secrets = append(secrets, canary.Token(names[i]))
	}
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: secrets, Organizations: []fleettest.Owner{{Login: "acme", Repositories: urls}}})
	m := manager(t, names...)
	tr := cachedOver(sim, m)
	for range rounds + 1 {
		each(urls, 16, func(i int) {
			download(t, tr, fmt.Sprintf("https://api.github.com/repos/acme/repo-%04d", i+1))
		})
	}
	s := tr.Cache.Stats()
	if s.Hits != urls*rounds || s.Paid() != urls || s.Entries != urls {
		t.Errorf("%d hits, %d paid, %d entries, want %d, %d and %[3]d", s.Hits, s.Paid(), s.Entries, urls*rounds, urls)
	}
	used := int64(0)
	for i, name := range names {
		left, _ := status(t, m, name).Remaining.Get()
		host := simLeft(t, sim, secrets[i])
		if used += 5000 - host; left != host {
			t.Errorf("%s: the manager has %d left, the host %d", name, left, host)
		}
	}
	if used != urls {
		t.Errorf("%d calls were charged, want %d", used, urls)
	}
	if n := inFlight(m); n != 0 {
		t.Errorf("%d leases are out", n)
	}
}

// each calls f for 0 to n-1, so many at a time.
func each(n, width int, f func(int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range width {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// A request that may turn out free is charged as long as it is out.
func TestI5_Cache_reserves_a_unit_for_a_conditional_request(t *testing.T) {
	t.Parallel()
	block, entered := make(chan struct{}), make(chan struct{}, 2)
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.Header.Get("If-None-Match") != "" {
			entered <- struct{}{}
			<-block
		}
		return taggedAnswer(s, s.URL, rate(5000, 1, time.Now().Add(time.Hour), "core")...), nil
	}}
	m := manager(t, "a")
	tr := cachedOver(w, m)
	download(t, tr, userURL+"1")
	var wg sync.WaitGroup
	wg.Go(func() { download(t, tr, userURL+"1") })
	<-entered
	if _, err := tr.RoundTrip(request(t, "GET", userURL+"2", "")); !isExhausted(err) {
		t.Errorf("with the last unit out on a conditional request: error %v, want an ExhaustedError", err)
	}
	close(block)
	wg.Wait()
	if left, _ := status(t, m, "a").Remaining.Get(); left != 1 {
		t.Errorf("%d left after a free answer, want 1", left)
	}
}

func TestCache_returns_what_is_kept_with_the_header_of_now(t *testing.T) {
	t.Parallel()
	text := "kept"
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.Number == 1 {
			return taggedAnswer(s, text, "Link", `<https://api.github.com/x?page=2>; rel="next"`, "X-Old", "old", "X-Both", "old",
				"Content-Type", "application/json", "Set-Cookie", "a=b", "Connection", "X-Hop", "X-Hop", "1", "Keep-Alive", "5",
				"X-RateLimit-Remaining", "7", "X-RateLimit-Used", "3", "Date", "Sat, 26 Oct 2019 01:27:50 GMT"), nil
		}
		return taggedAnswer(s, text, "X-Both", "new", "Content-Type", "text/plain", "Content-Length", "0",
			"X-RateLimit-Remaining", "6", "Date", "Sat, 26 Oct 2019 02:27:50 GMT", "Cache-Status", "edge; hit"), nil
	}}
	tr := cachedOver(w, manager(t, "a"))
	download(t, tr, userURL)
	resp, got := download(t, tr, userURL)
	if got != text || resp.StatusCode != 200 || resp.Status != "200 OK" || resp.ContentLength != int64(len(text)) {
		t.Errorf("%s %q, length %d", resp.Status, got, resp.ContentLength)
	}
	want := map[string]string{
		"Link": `<https://api.github.com/x?page=2>; rel="next"`, "X-Old": "old", "X-Both": "new", "Content-Type": "application/json",
		"Set-Cookie": "", "X-Hop": "", "Keep-Alive": "", "Connection": "", "Content-Length": strconv.Itoa(len(text)),
		"X-Ratelimit-Remaining": "6", "X-Ratelimit-Used": "", "Date": "Sat, 26 Oct 2019 02:27:50 GMT",
		"X-From-Cache": "1", "Cache-Status": "edge; hit|gitfleet; fwd=stale; fwd-status=304",
	}
	for key, value := range want {
		if got := strings.Join(resp.Header[key], "|"); got != value {
			t.Errorf("%s is %q, want %q", key, got, value)
		}
	}
	if _, label, ok := transport.TokenOf(resp); !ok || label != "a" {
		t.Errorf("TokenOf() = %q, %v", label, ok)
	}
	if closed, ended := w.bodies[1].state(); closed != 1 || !ended {
		t.Errorf("the body of the 304 was closed %d times, read to its end: %v", closed, ended)
	}
}

func TestCache_asks_again_and_returns_what_has_changed(t *testing.T) {
	t.Parallel()
	var text string
	w := &wire{answer: func(s sent) (*http.Response, error) { return taggedAnswer(s, text), nil }}
	tr := cachedOver(w, manager(t, "a"))
	for i, want := range []string{"one", "one", "two", "two", "one"} {
		text = want
		if _, got := download(t, tr, userURL); got != want {
			t.Errorf("call %d: %q, want %q", i+1, got, want)
		}
	}
	want := transport.CacheStats{Hits: 2, Changed: 2, Misses: 1, Kept: 3, Entries: 1}
	got := tr.Cache.Stats()
	got.Bytes = 0
	if got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

// Requests and answers that a cache must leave alone; each is sent twice.
func TestCache_leaves_alone(t *testing.T) {
	t.Parallel()
	old, now := "Sat, 26 Oct 2019 01:27:50 GMT", "Sat, 26 Oct 2019 01:28:49 GMT"
	tests := []struct {
		name    string
		method  string
		url     string
		request []string
		answer  []string
		status  int
	}{
		{name: "HEAD", method: "HEAD"},
		{name: "OPTIONS", method: "OPTIONS"},
		{name: "a Range", request: []string{"Range", "bytes=0-1"}},
		{name: "the caller's If-None-Match", request: []string{"If-None-Match", `"x"`}},
		{name: "the caller's If-Modified-Since", request: []string{"If-Modified-Since", old}},
		{name: "no-store in the request", request: []string{"Cache-Control", "max-age=0, No-Store"}},
		{name: "no-store in the answer", answer: []string{"Cache-Control", "private, no-store"}},
		{name: "Vary *", answer: []string{"Vary", "Accept, *"}},
		{name: "a part", answer: []string{"Content-Range", "bytes 0-1/2"}},
		{name: "/rate_limit", url: "https://api.github.com/rate_limit"},
		{name: "a secret in the URL", url: userURL + "?access_token=x"},
		{name: "a secret in the URL, spelt otherwise", url: userURL + "?access%5ftoken=x"},
		{name: "a query that cannot be read", url: userURL + "?a=%zz"},
		{name: "no validator", answer: []string{"ETag", ""}},
		{name: "a validator that cannot be sent", answer: []string{"ETag", "bare"}},
		{name: "two validators in one", answer: []string{"ETag", `"a", "b"`}},
		{name: "GitHub's Last-Modified", answer: []string{"ETag", "", "Last-Modified", old, "Date", "Sun, 27 Oct 2019 01:27:50 GMT"}},
		{name: "a Last-Modified of just now", answer: []string{"ETag", "", "Last-Modified", old, "Date", now}},
		{name: "another status", status: 203},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answer: func(s sent) (*http.Response, error) {
				a := reply(max(tt.status, 200), "{}", "ETag", `"v"`)()
				for i := 0; i < len(tt.answer); i += 2 {
					a.Header.Set(tt.answer[i], tt.answer[i+1])
				}
				return a, nil
			}}
			tr := cachedOver(w, manager(t, "a"))
			for range 2 {
				url := userURL
				if tt.url != "" {
					url = tt.url
				}
				req := request(t, "GET", url, "")
				if tt.method != "" {
					req.Method = tt.method
				}
				for i := 0; i < len(tt.request); i += 2 {
					req.Header.Set(tt.request[i], tt.request[i+1])
				}
				send(t, tr, req)
			}
			for _, s := range w.calls() {
				for _, key := range []string{"If-None-Match", "If-Modified-Since"} {
					if got := s.Header.Get(key); got != "" && !slices.Contains(tt.request, got) {
						t.Errorf("request %d has %s %q", s.Number, key, got)
					}
				}
			}
			if s := tr.Cache.Stats(); s.Hits+s.Kept != 0 || s.Entries != 0 || s.Bytes != 0 {
				t.Errorf("Stats() = %+v", s)
			}
		})
	}
}

func TestCache_takes_a_Last_Modified_of_other_hosts_for_a_validator(t *testing.T) {
	t.Parallel()
	const modified = "Sat, 26 Oct 2019 01:27:50 GMT"
	for date, hits := range map[string]int64{"Sat, 26 Oct 2019 01:28:50 GMT": 1, "Sat, 26 Oct 2019 01:28:49 GMT": 0, "": 0} {
		w := &wire{answer: func(s sent) (*http.Response, error) {
			status, text := 200, "{}"
			if s.Header.Get("If-Modified-Since") == modified && s.Header.Get("If-None-Match") == "" {
				status, text = 304, ""
			}
			return reply(status, text, "Last-Modified", modified, "Date", date)(), nil
		}}
		m := managerOf(t, tokens.Token{Provider: tokens.GitLab, Secret: tokens.Static(canary.Token("gl"))})
		tr := cachedOver(w, m)
		tr.Provider = tokens.GitLab
		for range 2 {
			download(t, tr, "https://gitlab.com/api/v4/projects/1")
		}
		if s := tr.Cache.Stats(); s.Hits != hits || s.Kept != hits {
			t.Errorf("with Date %q: Stats() = %+v, want %d hits", date, s, hits)
		}
	}
}

func TestCache_keeps_an_answer_for_each_value_of_what_it_varies_by(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(s sent) (*http.Response, error) {
		text := s.Header.Get("X-Way") + s.Header.Get("Accept") + s.Header.Get("Cookie")
		return taggedAnswer(s, text, "Vary", "x-way, Authorization", "Vary", "Cookie"), nil
	}}
	tr := cachedOver(w, manager(t, "a"))
	ways := [][]string{{}, {"X-Way", "1"}, {"X-Way", "2"}, {"Accept", "text/html"}, {"Cookie", "a=1"}, {"X-Other", "1"}, {"Authorization", "Bearer replaced"}}
	for round := range 2 {
		for _, way := range ways {
			resp, got := download(t, tr, userURL, way...)
			want, same := "", len(way) > 0 && (way[0] == "X-Other" || way[0] == "Authorization")
			if len(way) > 0 && !same {
				want = way[1]
			}
			hit := round == 1 || same
			if got != want || hit != (resp.Header.Get("X-From-Cache") == "1") {
				t.Errorf("round %d, %v: %q, from the cache %q", round, way, got, resp.Header.Get("X-From-Cache"))
			}
		}
	}
}

func TestCache_forgets_what_a_write_may_have_changed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		method string
		url    string
		header []string
		status int
		forgot bool
	}{
		{"PATCH", "PATCH", userURL, nil, 200, true},
		{"DELETE", "DELETE", userURL, nil, 204, true},
		{"a redirected PUT", "PUT", userURL, nil, 307, true},
		{"a refused POST", "POST", userURL, nil, 422, false},
		{"a POST elsewhere", "POST", userURL + "x", nil, 201, false},
		{"a POST that made it", "POST", "https://api.github.com/users", []string{"Location", "/users/user-1"}, 201, true},
		{"a POST whose content it is", "POST", "https://api.github.com/users", []string{"Content-Location", userURL}, 200, true},
		{"a POST with a location elsewhere", "POST", "https://api.github.com/users", []string{"Location", "https://example.com/users/user-1"}, 201, false},
		{"HEAD", "HEAD", userURL, nil, 200, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answer: func(s sent) (*http.Response, error) {
				if s.Method != "GET" {
					return reply(tt.status, "", tt.header...)(), nil
				}
				return taggedAnswer(s, "text"), nil
			}}
			m := manager(t, "a", "b")
			tr := cachedOver(w, m)
			for _, info := range m.AllTokens("") { // both have it
				r := get(t)
				send(t, tr, r.WithContext(transport.WithToken(r.Context(), info.ID)))
			}
			send(t, tr, request(t, tt.method, tt.url, ""))
			if s := tr.Cache.Stats(); (s.Entries == 0) != tt.forgot || tt.forgot && s.Bytes != 0 {
				t.Errorf("%d entries of %d bytes are left", s.Entries, s.Bytes)
			}
		})
	}
}

// readsJSON reads as a JSON decoder does: to the end of the value and no further.
func readsJSON(body io.Reader, n int) { _, _ = io.ReadFull(body, make([]byte, n)) }

// Only a whole body is kept.
func TestCache_keeps_what_was_read_to_the_end(t *testing.T) {
	t.Parallel()
	long := big(2 << 20)
	tests := []struct {
		name   string
		text   string
		length int64 // that is announced
		cut    bool
		read   func(io.Reader)
		kept   bool
	}{
		{"read to the end", `{"a":1}`, 7, false, func(r io.Reader) { io.Copy(io.Discard, r) }, true},
		{"read as far as was announced", `{"a":1}`, 7, false, func(r io.Reader) { readsJSON(r, 7) }, true},
		{"abandoned", `{"a":1}`, 7, false, func(r io.Reader) { readsJSON(r, 6) }, false},
		{"not read", `{"a":1}`, 7, false, func(io.Reader) {}, false},
		{"of unknown length, read to the end", `{"a":1}`, -1, false, func(r io.Reader) { io.Copy(io.Discard, r) }, true},
		{"of unknown length, read as JSON", `{"a":1}` + "\n", -1, false, func(r io.Reader) { readsJSON(r, 7) }, true},
		{"of unknown length, an array", `[1]`, -1, false, func(r io.Reader) { readsJSON(r, 3) }, true},
		{"of unknown length, half a value", `[[1],2]`, -1, false, func(r io.Reader) { readsJSON(r, 4) }, false},
		{"of unknown length, more than JSON", `[1]` + strings.Repeat(" ", 999), -1, false, func(r io.Reader) { readsJSON(r, 3) }, false},
		{"of unknown length, no JSON", `a]b`, -1, false, func(r io.Reader) { readsJSON(r, 2) }, false},
		{"cut off", `{"a":1}`, -1, true, func(r io.Reader) { io.Copy(io.Discard, r) }, false},
		{"cut off where JSON ends", `{"a":1}`, -1, true, func(r io.Reader) { readsJSON(r, 7) }, false},
		{"cut off, and read on", `{"a":1}`, -1, true, func(r io.Reader) { io.Copy(io.Discard, r); io.Copy(io.Discard, r) }, false},
		{"shorter than announced", `{"a":1}`, 9, false, func(r io.Reader) { io.Copy(io.Discard, r) }, false},
		{"longer than announced", `{"a":1}`, 5, false, func(r io.Reader) { io.Copy(io.Discard, r) }, false},
		{"empty", ``, 0, false, func(io.Reader) {}, true},
		{"too long", long, int64(len(long)), false, func(r io.Reader) { io.Copy(io.Discard, r) }, false},
		{"too long, of unknown length", long, -1, false, func(r io.Reader) { io.Copy(io.Discard, r) }, false},
		{"as long as may be", long[:1<<20], -1, false, func(r io.Reader) { io.Copy(io.Discard, r) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{answer: func(s sent) (*http.Response, error) {
				a := reply(200, "", "ETag", `"v"`)()
				var r io.Reader = strings.NewReader(tt.text)
				if tt.cut {
					r = io.MultiReader(r, new(cutOnce))
				}
				a.ContentLength, a.Body = tt.length, io.NopCloser(r)
				return a, nil
			}}
			tr := cachedOver(w, manager(t, "a"))
			resp, err := tr.RoundTrip(get(t))
			if err != nil {
				t.Fatal(err)
			}
			tt.read(resp.Body)
			resp.Body.Close()
			if s := tr.Cache.Stats(); (s.Kept == 1) != tt.kept {
				t.Errorf("%d answers kept", s.Kept)
			}
			if closed, _ := w.bodies[0].state(); closed != 1 {
				t.Errorf("the body was closed %d times", closed)
			}
		})
	}
}

// cutOnce is where a connection breaks, and then says that this was the end.
type cutOnce struct{ told bool }

func (c *cutOnce) Read([]byte) (int, error) {
	if c.told {
		return 0, io.EOF
	}
	c.told = true
	return 0, io.ErrUnexpectedEOF
}

// cutOff is where a connection breaks.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestCache_stays_within_its_bounds_and_forgets_what_was_used_last_the_longest_ago(t *testing.T) {
	t.Parallel()
	w := tagged(big(1000))
	for _, cache := range []*transport.Cache{{MaxEntries: 3}, {MaxBytes: 6000}} {
		tr := cachedOver(w, manager(t, "a"))
		tr.Cache = cache
		url := func(i int) string { return userURL + strconv.Itoa(i) }
		for i := range 3 {
			download(t, tr, url(i))
		}
		download(t, tr, url(0))
		download(t, tr, url(3)) // drives out 1
		if s := cache.Stats(); s.Entries != 3 || s.Bytes > 6000 || s.Hits != 1 {
			t.Errorf("Stats() = %+v", s)
		}
		for i, want := range map[int]string{0: "1", 2: "1", 3: "1", 1: ""} {
			if i == 1 {
				continue
			}
			if resp, _ := download(t, tr, url(i)); resp.Header.Get("X-From-Cache") != want {
				t.Errorf("%+v: URL %d is not kept", cache.Stats(), i)
			}
		}
		if resp, _ := download(t, tr, url(1)); resp.Header.Get("X-From-Cache") != "" {
			t.Errorf("%+v: URL 1 is still kept", cache.Stats())
		}
	}
	one := cachedOver(w, manager(t, "a"))
	one.Cache = &transport.Cache{MaxBytes: 900}
	download(t, one, userURL)
	if s := one.Cache.Stats(); s.Entries != 0 || s.Bytes > 900 {
		t.Errorf("an answer that is longer than all that may be kept: Stats() = %+v", s)
	}
}

func TestCache_keeps_at_most_eight_answers_of_a_resource(t *testing.T) {
	t.Parallel()
	tr := cachedOver(&wire{answer: func(s sent) (*http.Response, error) { return taggedAnswer(s, s.Header.Get("Accept")), nil }}, manager(t, "a"))
	for i := range 20 {
		download(t, tr, userURL, "Accept", fmt.Sprint("text/", i))
	}
	if s := tr.Cache.Stats(); s.Entries != 8 {
		t.Errorf("%d entries, want 8", s.Entries)
	}
	if resp, _ := download(t, tr, userURL, "Accept", "text/12"); resp.Header.Get("X-From-Cache") != "1" {
		t.Error("the eighth from the end is not kept")
	}
}

// isExhausted reports whether nothing was sent because nothing is left.
func isExhausted(err error) bool {
	_, ok := err.(*tokens.ExhaustedError)
	return ok
}

// GitHub does not charge for a 304, also where something has taken its numbers out.
func TestI11_Cache_books_nothing_for_a_304_without_numbers(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(s sent) (*http.Response, error) {
		if s.Number == 1 {
			return taggedAnswer(s, "x", rate(5000, 4000, time.Now().Add(time.Hour), "core")...), nil
		}
		return taggedAnswer(s, "x"), nil
	}}
	m := manager(t, "a")
	tr := cachedOver(w, m)
	for range 10 {
		download(t, tr, userURL)
	}
	if left, _ := status(t, m, "a").Remaining.Get(); left != 4000 {
		t.Errorf("%d left, want 4000", left)
	}
}
