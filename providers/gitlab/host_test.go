package gitlab_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// host is a GitLab that says what a test wants it to.
type host struct {
	answer func(*http.Request) (status int, header http.Header, body string)

	mu    sync.Mutex
	asked []string
}

// says makes a host that answers by path, with the API's base left out and the
// query with it. What is not listed is 404.
func says(bodies map[string]string) *host {
	return &host{answer: func(r *http.Request) (int, http.Header, string) {
		path := pathOf(r)
		if body, ok := bodies[path+"?"+r.URL.RawQuery]; ok {
			return http.StatusOK, nil, body
		}
		if body, ok := bodies[path]; ok {
			return http.StatusOK, nil, body
		}
		return http.StatusNotFound, nil, `{"message":"404 Project Not Found"}`
	}}
}

func pathOf(r *http.Request) string {
	_, path, _ := strings.Cut(r.URL.EscapedPath(), "/api/v4/")
	return path
}

// RoundTrip implements [http.RoundTripper].
func (h *host) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.asked = append(h.asked, r.Method+" "+r.URL.RequestURI())
	h.mu.Unlock()
	status, header, body := h.answer(r)
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

// client makes a client of the host.
func (h *host) client(t testing.TB) *providers.Client {
	t.Helper()
	return newClient(t, providers.Config{Base: h})
}

// wantAsked checks what was asked for.
func (h *host) wantAsked(t testing.TB, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if got := strings.Join(h.asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("asked for\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// file reads a file of testdata.
func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
