package pool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

// prices is a client of some SDK.
type prices struct{ key string }

var errQuota = errors.New("quota exceeded")

func (c *prices) Get(_ context.Context, id string) (string, error) {
	if c.key == "example-key-1" {
		return "", errQuota
	}
	return "price of " + id, nil
}

func openPrices(_ context.Context, k pool.Key) (*prices, error) {
	return &prices{key: k.Secret.Reveal()}, nil
}

func examplePool(c pool.Config[*prices]) *pool.Pool[*prices] {
	c.Provider, c.Open, c.MaxWait = "prices", openPrices, -1
	c.Keys = []pool.Key{
		{ID: "key1", Secret: tokens.Static("example-key-1")},
		{ID: "key2", Secret: tokens.Static("example-key-2")},
	}
	p, err := pool.New(c)
	if err != nil {
		log.Fatal(err)
	}
	return p
}

func quotaReached(err error) pool.Verdict {
	if errors.Is(err, errQuota) {
		return pool.Verdict{Outcome: pool.Limited, Reset: time.Now().Add(time.Hour)}
	}
	return pool.Classify(err)
}

// The first key has no quota left, and the call goes on with the second.
func ExampleDo() {
	p := examplePool(pool.Config[*prices]{Classify: quotaReached})
	defer p.Close()

	price, err := pool.Do(context.Background(), p, func(ctx context.Context, c *prices) (string, error) {
		return c.Get(ctx, "bitcoin")
	})
	fmt.Println(price, err)
	// Output: price of bitcoin <nil>
}

// A configuration comes as JSON, as apipool-ng keeps it, and changes a pool that
// runs; one that is wrong changes nothing.
func ExamplePool_Apply() {
	p := examplePool(pool.Config[*prices]{})
	defer p.Close()

	var c pool.PoolConfig
	err := json.Unmarshal([]byte(`{"concurrency": 10, "retry_on_failure": true, "max_retries": 3}`), &c)
	fmt.Println(err, p.Apply(c), p.Config().Concurrency, p.Config().Timeout)

	c.Concurrency = -1
	fmt.Println(p.Apply(c))
	fmt.Println(p.Config().Concurrency)
	// Output:
	// <nil> <nil> 10 30s
	// gitfleet: pool configuration: concurrency is -1: want 0 or more
	// 10
}

// What is special about one call stands in place of the configuration.
func ExampleDoWith() {
	p := examplePool(pool.Config[*prices]{})
	defer p.Close()

	calls := 0
	special := pool.Call[[]string]{
		Timeout:    new(15 * time.Second),
		MaxRetries: new(1),
		RetryIf:    func(list []string) bool { return len(list) == 0 },
	}
	list, err := pool.DoWith(context.Background(), p, special, func(context.Context, *prices) ([]string, error) {
		calls++
		return nil, nil
	})
	fmt.Println(list, err, calls)
	// Output: [] <nil> 2
}

func ExamplePool_Keys() {
	p := examplePool(pool.Config[*prices]{})
	defer p.Close()

	for _, k := range p.Keys() {
		fmt.Println(k.ID, k.Status)
	}
	// Output:
	// prices/key1 unknown
	// prices/key2 unknown
}

func ExampleLimiter() {
	l, err := pool.NewLimiter(2, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Allow("a"), l.Allow("a"), l.Allow("a"), l.Allow("b"))
	// Output: true true false true
}

func ExamplePaced() {
	l, err := pool.NewLimiter(5, time.Second)
	if err != nil {
		log.Fatal(err)
	}
	get := pool.Paced(l, "maps", 3, func(context.Context) (string, error) { return "a map", nil })
	fmt.Println(get(context.Background()))
	// Output: a map <nil>
}
