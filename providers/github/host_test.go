package github_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
)

// script is a host that answers in memory what it is told to: by the request's
// URL below the base as it was sent, else by its path alone. What it is not told
// of is 404.
type script struct {
	base    string // where the API is
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

// told is a script of bodies for github.com.
func told(bodies map[string]string) *script {
	s := &script{base: "https://api.github.com", answers: map[string]reply{}}
	for where, body := range bodies {
		s.answers[where] = reply{body: body}
	}
	return s
}

// client returns a portable client of the script.
func (s *script) client(t testing.TB) *providers.Client {
	t.Helper()
	return clientOver(t, s, s.base)
}

// clientOver returns a portable client of any host.
func clientOver(t testing.TB, rt http.RoundTripper, base string) *providers.Client {
	t.Helper()
	m, err := tokens.NewManager(tokens.Config{Base: rt},
		tokens.Token{Provider: tokens.GitHub, Host: base, Label: "ci", Secret: tokens.Static(tokenA)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	c, err := github.New(providers.Config{Manager: m, Host: base, Base: rt})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r)
	where := strings.TrimPrefix(r.URL.String(), s.base)
	path, _, _ := strings.Cut(where, "?")
	a, ok := s.answers[where]
	if !ok {
		a, ok = s.answers[path]
	}
	if !ok {
		a = reply{status: http.StatusNotFound, body: `{"message":"Not Found"}`}
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	header := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	maps.Copy(header, a.header)
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
		all = append(all, strings.TrimPrefix(r.URL.String(), s.base))
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
