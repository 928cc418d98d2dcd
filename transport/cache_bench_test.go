package transport_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"fmt"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// revalidating answers with canned, or with a 304 to whoever has that.
type revalidating struct{ *canned }

func (r revalidating) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.canned.RoundTrip(req)
	if req.Header.Get("If-None-Match") == resp.Header.Get("Etag") {
		resp.Status, resp.StatusCode, resp.ContentLength, resp.Body = "304 Not Modified", 304, 0, http.NoBody
	}
	return resp, err
}

// BenchmarkCache is a request that the host answers with 304, with and without a
// Cache.
func BenchmarkCache(b *testing.B) {
	for _, bb := range []struct {
		name  string
		cache *transport.Cache
		ctx   context.Context
	}{
		{"without", nil, context.Background()},
		{"hit", new(transport.Cache), context.Background()},
		{"cancellable_hit", new(transport.Cache), b.Context()},
		{"recompute", &transport.Cache{Recompute: true}, context.Background()},
	} {
		var ts []tokens.Token
		for i := range 10 {
			ts = append(ts, tokens.Token{Provider: tokens.GitHub, Secret: tokens.Static(canary.Token(fmt.Sprint("bench", i)))})
		}
		m, err := tokens.NewManager(tokens.Config{Pace: &ratelimit.Pace{PointsPerMinute: 1 << 40}}, ts...)
		if err != nil {
			b.Fatal(err)
		}
		defer m.Close()
		tr := over(revalidating{newCanned()}, m)
		tr.Cache = bb.cache
		req := request(b, "GET", "https://api.github.com/users/octocat", "").WithContext(bb.ctx)
		req.Header.Set("Accept", "application/vnd.github.v3+json")
		req.Header.Set("User-Agent", "go-github/v66.0.0")
		req.Header.Set("X-Github-Api-Version", "2022-11-28")
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				resp, err := tr.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
}
