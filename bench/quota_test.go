package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gitfleet/gitfleet/quota"
)

// quotaService serves a handler in memory and counts the calls.
type quotaService struct {
	handler http.Handler
	calls   atomic.Int64
}

func (s *quotaService) RoundTrip(r *http.Request) (*http.Response, error) {
	s.calls.Add(1)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// quotaClient has buckets of size tokens.
func quotaClient(tb testing.TB, handler http.Handler, size int) (*quota.Client, *quotaService) {
	tb.Helper()
	service := &quotaService{handler: handler}
	c, err := quota.New("bench-key", "bench",
		quota.WithHTTPClient(&http.Client{Transport: service}), quota.WithBucketSize(size))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c, service
}

// generous gives as many tokens as a bucket can hold.
var generous = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"tokensRemaining":0,"tokensConsumed":2147483647,
		"rule":{"id":"r","name":"r","refillRate":1,"burstRate":2147483647,"isDefault":false,"matcher":"send_email","httpMethod":null}}`)
})

// BenchmarkQuotaLocal is a decision from a local bucket, by 64 goroutines that share
// one bucket or have one each. The budget is 150 ns and no allocation.
func BenchmarkQuotaLocal(b *testing.B) {
	for _, users := range []int{1, 64} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			c, _ := quotaClient(b, generous, 1<<31-1)
			target := quota.Operation("send_email")
			for u := range users {
				if _, err := c.Allow(b.Context(), fmt.Sprint("user-", u), target); err != nil {
					b.Fatal(err)
				}
			}
			var n atomic.Int64
			b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				user := fmt.Sprint("user-", int(n.Add(1))%users)
				for pb.Next() {
					if d, err := c.Allow(ctx, user, target); err != nil || !d.Local {
						b.Error(d, err)
						return
					}
				}
			})
		})
	}
}

func TestQuota_a_million_consumptions_at_bucket_size_100_make_at_most_10010_calls(t *testing.T) {
	const total, workers = 1_000_000, 64
	server := quota.NewServer(quota.ServerConfig{})
	if err := server.AddApplication(quota.Application{ID: "bench", Key: quota.NewKey("bench-key"), BurstRate: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.AddRule("bench", quota.RuleSpec{Operation: "send_email", BurstRate: total + 100}); err != nil {
		t.Fatal(err)
	}
	c, service := quotaClient(t, server, 100)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range total / workers {
				if d, err := c.Allow(t.Context(), "user", quota.Operation("send_email")); err != nil || !d.Allowed {
					t.Error(d, err)
					return
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d consumptions, %d calls", total, service.calls.Load())
	if n := service.calls.Load(); n > 10_010 {
		t.Errorf("%d calls, want at most 10010", n)
	}
}
