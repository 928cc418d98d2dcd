package bitbucket_test

import (
	"errors"
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

// Behind another address requests carry the token, to the API below it only.
func TestI2_New_at_another_address_sends_the_token_below_its_2_0(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"https://proxy.example.com/bb", "https://proxy.example.com/bb/2.0"} {
		var sent []string
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = append(sent, r.URL.String(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			return &http.Response{StatusCode: 404, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"type":"error","error":{"message":"no"}}`)), Request: r}, nil
		})
		c, err := bitbucket.New(providers.Config{Host: host, Base: base, Token: tokens.Token{Label: "ci", Secret: tokens.Static(tokenA)}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.FetchRepository(t.Context(), "acme/web")
		if !errors.Is(err, providers.ErrNotFound) || len(sent) != 2 || sent[0] != "https://proxy.example.com/bb/2.0/repositories/acme/web" || sent[1] != tokenA {
			t.Errorf("%s: %v after a request to %q", host, err, sent[:min(1, len(sent))])
		}
		if limits, err := c.FetchRateLimits(t.Context()); err != nil || len(c.Host()) == 0 {
			t.Errorf("%s: limits %v, %v", host, limits, err)
		}
	}
}
