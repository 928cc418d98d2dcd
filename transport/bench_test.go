package transport_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// canned answers every request with a 200 of twelve header lines.
type canned struct {
	header http.Header
	text   []byte
}

func newCanned() *canned {
	return &canned{
		header: http.Header{
			"Date":                  {"Sat, 26 Oct 2019 01:27:50 GMT"},
			"Content-Type":          {"application/json; charset=utf-8"},
			"Content-Length":        {"19"},
			"Server":                {"github.com"},
			"Etag":                  {`W/"ee1dcb6549b6c8fc14267ae3abde8f38"`},
			"Vary":                  {"Accept, Authorization, Cookie, X-GitHub-OTP"},
			"X-Github-Media-Type":   {"github.v3; format=json"},
			"X-Ratelimit-Limit":     {"5000"},
			"X-Ratelimit-Remaining": {"4987"},
			"X-Ratelimit-Reset":     {strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)},
			"X-Ratelimit-Resource":  {"core"},
			"X-Ratelimit-Used":      {"13"},
		},
		text: []byte(`{"login":"octocat"}`),
	}
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.header.Clone(), ContentLength: int64(len(c.text)),
		Body: io.NopCloser(bytes.NewReader(c.text)), Request: r,
	}, nil
}

// BenchmarkRoundTrip is the good path: ten tokens, a GET that is served. It
// stands beside the bare base and what oauth2.Transport does with one token.
func BenchmarkRoundTrip(b *testing.B) {
	var ts []tokens.Token
	for i := range 10 {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token(fmt.Sprint("bench", i)))})
	}
	// The pace is kept, and its bounds are out of reach.
	pace := ratelimit.Pace{PointsPerMinute: 1 << 40, GraphQLPointsPerMinute: 1 << 40, CreationsPerMinute: 1 << 40, CreationsPerHour: 1 << 40}
	m, err := tokens.NewManager(tokens.Config{Pace: &pace}, ts...)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	base := newCanned()
	for _, bb := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"bare", base},
		{"static", static{canary.Token("bench"), base}},
		{"fleet", over(base, m)},
	} {
		req := request(b, "GET", "https://api.github.com/users/octocat", "")
		req.Header.Set("Accept", "application/vnd.github.v3+json")
		req.Header.Set("User-Agent", "go-github/v66.0.0")
		req.Header.Set("X-Github-Api-Version", "2022-11-28")
		call := func(b *testing.B) {
			resp, err := bb.rt.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b)
			}
		})
		b.Run(bb.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					call(b)
				}
			})
		})
	}
}

// BenchmarkRoundTripGitLab has what a GitLab's answers are made of for the library
// above: the limit, which becomes that of all tokens, and what is left, which does
// if it is missing.
func BenchmarkRoundTripGitLab(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		var ts []tokens.Token
		for i := range n {
			ts = append(ts, tokens.Token{Provider: tokens.GitLab, Secret: tokens.Static(canary.Token(fmt.Sprint("lab", i)))})
		}
		m, err := tokens.NewManager(tokens.Config{}, ts...)
		if err != nil {
			b.Fatal(err)
		}
		reset := strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
		base := &canned{text: []byte(`{"id":1}`), header: http.Header{
			"Ratelimit-Limit": {"1000000"}, "Ratelimit-Remaining": {"990000"}, "Ratelimit-Reset": {reset},
		}}
		rt := &transport.Transport{Base: base, Provider: tokens.GitLab, Manager: m}
		req := request(b, "GET", "https://gitlab.com/api/v4/projects/1", "")
		call := func(b *testing.B) {
			resp, err := rt.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		for range n { // until the numbers of all are known
			call(b)
		}
		b.Run(fmt.Sprintf("tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b)
			}
		})
		base.header.Del("Ratelimit-Remaining")
		b.Run(fmt.Sprintf("tokens=%d/nothing left", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b)
			}
		})
		_ = m.Close()
	}
}
