package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// manager holds n tokens; the pace is kept account of, its bounds are out of
// reach.
func manager(b *testing.B, n int) *tokens.Manager {
	b.Helper()
	ts := make([]tokens.Token, n)
	for i := range ts {
		ts[i] = tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(fmt.Sprintf("bench-token-%06d", i))}
	}
	m, err := tokens.NewManager(tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// headers are those of a healthy answer of GitHub.
func headers() http.Header {
	return http.Header{
		"Content-Type":          {"application/json; charset=utf-8"},
		"Date":                  {time.Now().UTC().Format(http.TimeFormat)},
		"Etag":                  {`W/"ee1dcb6549b6c8fc14267ae3abde8f38"`},
		"Vary":                  {"Accept, Authorization, Cookie, X-GitHub-OTP"},
		"X-Github-Media-Type":   {"github.v3; format=json"},
		"X-Github-Request-Id":   {"4C32:E66A2:1:2:3"},
		"X-Ratelimit-Limit":     {"1000000000"},
		"X-Ratelimit-Remaining": {"999999999"},
		"X-Ratelimit-Used":      {"1"},
		"X-Ratelimit-Resource":  {"core"},
		"X-Ratelimit-Reset":     {strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)},
		"X-Oauth-Scopes":        {"repo, user"},
	}
}

// canned answers in memory, with a fresh header and body each time.
type canned struct{ header http.Header }

// RoundTrip implements [http.RoundTripper].
func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  c.header.Clone(),
		Body:    io.NopCloser(strings.NewReader("{}")),
		Request: req,
	}, nil
}

func BenchmarkTransport(b *testing.B) {
	base := canned{headers()}
	for _, tt := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"bare", base},
		{"oauth2", &oauth2.Transport{Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "bench-token"}), Base: base}},
		{"barest", newBarest(10, base)},
		{"gitfleet", &transport.Transport{Manager: manager(b, 10), Provider: tokens.GitHub, Base: base}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				once(b, tt.rt)
			}
		})
		b.Run(tt.name+"/parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					once(b, tt.rt)
				}
			})
		})
	}
}

func once(b *testing.B, rt http.RoundTripper) {
	req := &http.Request{
		Method: http.MethodGet,
		URL:    user,
		Host:   user.Host,
		Header: http.Header{"Accept": {"application/vnd.github+json"}, "User-Agent": {"bench"}, "X-Github-Api-Version": {"2022-11-28"}},
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

var user = &url.URL{Scheme: "https", Host: "api.github.com", Path: "/users/octocat"}

func BenchmarkLease(b *testing.B) {
	limiter := rate.NewLimiter(1e12, 1<<40)
	b.Run("rate.Allow", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			limiter.Allow()
		}
	})
	for _, n := range []int{10, 10_000} {
		m := manager(b, n)
		lease := leaser(b, m)
		for range n { // until the numbers of all are known
			lease()
		}
		b.Run(fmt.Sprintf("gitfleet/tokens=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lease()
			}
		})
		for _, goroutines := range []int{2, 64} {
			b.Run(fmt.Sprintf("gitfleet/tokens=%d/goroutines=%d", n, goroutines), func(b *testing.B) {
				b.SetParallelism(max(1, goroutines/2)) // times GOMAXPROCS, which is 2
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						lease()
					}
				})
			})
		}
	}
}

// leaser returns what takes a lease and settles it with a good answer.
func leaser(b *testing.B, m *tokens.Manager) func() {
	h, ok := m.Host(tokens.GitHub, user)
	if !ok {
		b.Fatal("no host")
	}
	ctx := context.Background()
	asked := ratelimit.Request{Method: http.MethodGet, URL: user}
	request := tokens.Request{Draw: h.Dialect().Draw(asked)}
	answer := h.Dialect().Observe(asked, ratelimit.Response{Status: http.StatusOK, Header: headers()}, time.Now())
	return func() {
		l, err := h.Lease(ctx, request)
		if err != nil {
			b.Error(err)
			return
		}
		l.Settle(answer)
	}
}
