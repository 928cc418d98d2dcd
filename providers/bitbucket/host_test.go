package bitbucket_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/tokens"
)

// script is a host that answers in memory what it is told to: by the request's
// URL below /2.0 as it was sent, else by its path alone. What it is not told of
// is 404.
type script struct {
	answers map[string]reply

	mu    sync.Mutex
	asked []*http.Request
}

// reply is an answer of a script.
type reply struct {
	status int // 200 if it is 0
	header http.Header
	body   string
}

// home is where the API is.
const home = "https://api.bitbucket.org/2.0"

// told is a script of bodies.
func told(bodies map[string]string) *script {
	s := &script{answers: map[string]reply{}}
	for where, body := range bodies {
		s.answers[where] = reply{body: body}
	}
	return s
}

// client returns a portable client of the script.
func (s *script) client(t testing.TB) *providers.Client {
	t.Helper()
	c, err := bitbucket.New(providers.Config{
		Token: tokens.Token{Label: "ci", Secret: tokens.Static(tokenA)}, Base: s,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r)
	where := strings.TrimPrefix(r.URL.String(), home)
	path, _, _ := strings.Cut(where, "?")
	a, ok := s.answers[where]
	if !ok {
		a, ok = s.answers[path]
	}
	if !ok {
		a = reply{status: http.StatusNotFound, body: `{"type":"error","error":{"message":"nothing is here"}}`}
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, values := range a.header {
		header[name] = values
	}
	return &http.Response{
		Status: fmt.Sprint(a.status, " ", http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: header, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

// urls are what was asked for, without the API's base.
func (s *script) urls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.asked {
		all = append(all, strings.TrimPrefix(r.URL.String(), home))
	}
	return all
}

// testdata returns a file of testdata.
func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
