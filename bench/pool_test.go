package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

// BenchmarkPool is a call of a pool of ten keys whose function does nothing: by one
// goroutine and by 64, without bounds and with a bound on the calls at once.
func BenchmarkPool(b *testing.B) {
	var keys []pool.Key
	for i := range 10 {
		keys = append(keys, pool.Key{Secret: tokens.Static(fmt.Sprintf("bench-key-%d", i))})
	}
	for _, concurrency := range []int{0, 20} {
		config := pool.DefaultPoolConfig()
		config.Concurrency = concurrency
		p, err := pool.New(pool.Config[int]{
			Provider: "bench", Keys: keys, Pool: &config,
			Open: func(context.Context, pool.Key) (int, error) { return 0, nil },
		})
		if err != nil {
			b.Fatal(err)
		}
		call := func(b *testing.B) {
			if _, err := pool.Do(b.Context(), p, func(_ context.Context, client int) (int, error) { return client, nil }); err != nil {
				b.Error(err)
			}
		}
		b.Run(fmt.Sprintf("concurrency=%d", concurrency), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(b)
			}
		})
		b.Run(fmt.Sprintf("concurrency=%d/goroutines=64", concurrency), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32) // times GOMAXPROCS, which is 2
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					call(b)
				}
			})
		})
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
