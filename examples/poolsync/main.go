// Poolsync keeps a pool in step with a store of keys and of settings: new keys come
// in, missing ones go, and the rest keep what is known of them.
//
//	go run ./examples/poolsync
//
// Nothing leaves the machine: the store is made up. In a program of yours it is a
// server, a file or a database.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
	"time"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
)

func main() {
	if err := run(context.Background(), os.Stdout, time.Second); err != nil {
		log.Fatal(err)
	}
}

// store is where keys and settings are kept.
type store struct {
	mu       sync.Mutex
	keys     []string
	settings string
}

func (s *store) set(settings string, keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.settings = keys, settings
}

func (s *store) Keys(context.Context) ([]pool.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []pool.Key
	for _, name := range s.keys {
		all = append(all, pool.Key{ID: name, Secret: tokens.Static("example-" + name)})
	}
	return all, nil
}

func (s *store) Settings(context.Context) (c pool.PoolConfig, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = json.Unmarshal([]byte(s.settings), &c)
	return c, err
}

func run(ctx context.Context, stdout io.Writer, every time.Duration) error {
	var s store
	s.set(`{"concurrency": 10, "timeout": 15}`, "key1", "key2")
	p, err := pool.New(pool.Config[string]{
		Provider: "coins",
		Open:     func(_ context.Context, k pool.Key) (string, error) { return k.Secret.Reveal(), nil },
	})
	if err != nil {
		return err
	}
	defer p.Close()
	err = p.Sync(ctx, pool.SyncConfig{
		Keys:     s.Keys,
		Settings: s.Settings,
		Interval: every, // a minute, unless it is set
		OnChange: func(c tokens.SyncChange) { // IDs, not keys
			fmt.Fprintln(stdout, "added:", c.Added, "removed:", c.Removed, "restored:", c.Restored)
		},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "pool size:", p.Len(), "concurrency:", p.Config().Concurrency, "timeout:", p.Config().Timeout)

	s.set(`{"concurrency": 20}`, "key2", "key3")
	if err := p.Refresh(ctx); err != nil { // or wait for the next listing
		return err
	}
	fmt.Fprintln(stdout, "pool size:", p.Len(), "concurrency:", p.Config().Concurrency, "timeout:", p.Config().Timeout)

	byHand := p.Config()
	byHand.MaxRetries = -1
	fmt.Fprintln(stdout, p.Apply(byHand)) // nothing changes
	byHand.RetryOnFailure, byHand.MaxRetries = true, 2
	return p.Apply(byHand)
}
