package usage_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"github.com/gitfleet/gitfleet/pool"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/usage"
)

func ExampleRecorder() {
	ctx := context.Background()
	store := usage.NewMemory(1000)
	recorder := usage.NewRecorder(store, usage.Config{})
	// transport.Transport{Hooks: recorder.Hooks()} records by itself; what is no
	// transport's is recorded by hand.
	recorder.Record(usage.Event{
		Series:  usage.Series{Provider: "acme", Token: "k1", Label: "first key", Route: "translate"},
		Outcome: usage.Success, Latency: 120 * time.Millisecond, Bytes: -1,
	})
	recorder.Record(usage.Event{
		Series:  usage.Series{Provider: "acme", Token: "k2", Label: "second key", Route: "translate"},
		Outcome: usage.ReachLimit, Cause: usage.CausePrimaryLimit, Latency: -1, Bytes: -1,
	})
	if err := recorder.Close(ctx); err != nil {
		log.Fatal(err)
	}

	groups, err := store.Groups(ctx, usage.Last(time.Hour), usage.ByToken, usage.ByOutcome)
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range groups {
		fmt.Println(g.Token, g.Outcome, g.Count)
	}
	// Output:
	// k1 success 1
	// k2 reach_limit 1
}

// The first key has no calls left, and the call goes on with the second: two events.
func ExampleRecorder_Pool() {
	ctx := context.Background()
	store := usage.NewMemory(1000)
	recorder := usage.NewRecorder(store, usage.Config{})
	p, err := pool.New(pool.Config[string]{
		Provider: "acme",
		Keys: []pool.Key{
			{ID: "k1", Secret: tokens.Static("example-key-1"), Priority: 1},
			{ID: "k2", Secret: tokens.Static("example-key-2")},
		},
		Open:   func(_ context.Context, k pool.Key) (string, error) { return k.ID, nil },
		Answer: recorder.Pool,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	call := pool.Call[string]{Operation: "translate"}
	_, err = pool.DoWith(ctx, p, call, func(_ context.Context, key string) (string, error) {
		if key == "k1" {
			return "", tokens.ErrRateLimited
		}
		return "bonjour", nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := recorder.Close(ctx); err != nil {
		log.Fatal(err)
	}

	groups, err := store.Groups(ctx, usage.Last(time.Hour), usage.ByToken, usage.ByRoute, usage.ByOutcome)
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range groups {
		fmt.Println(g.Token, g.Route, g.Outcome, g.Count)
	}
	// Output:
	// acme/k1 translate reach_limit 1
	// acme/k2 translate success 1
}

func ExampleOpenSQL() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:") // with import _ "modernc.org/sqlite"
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := usage.OpenSQL(ctx, db, usage.SQLite)
	if err != nil {
		log.Fatal(err)
	}
	event := usage.Event{Series: usage.Series{Token: "k1"}, At: time.Now(), Outcome: usage.Success, Latency: 80 * time.Millisecond}
	if err := store.Append(ctx, []usage.Event{event, event, event}); err != nil {
		log.Fatal(err)
	}
	for _, key := range []tokens.ID{"k1", "unknown"} {
		sum, err := usage.Total(ctx, store, usage.Query{Tokens: []tokens.ID{key}})
		if err != nil {
			log.Fatal(err)
		}
		p95, known := sum.Percentile(95)
		fmt.Println(key, sum.Count, p95.Round(10*time.Millisecond), known)
	}
	// Output:
	// k1 3 80ms true
	// unknown 0 0s false
}

func ExampleTimeline() {
	ctx := context.Background()
	store := usage.NewMemory(0)
	noon := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	for minute, n := range []int{1, 0, 4, 8} {
		for range n {
			e := usage.Event{At: noon.Add(time.Duration(minute) * time.Minute), Outcome: usage.Success}
			if err := store.Append(ctx, []usage.Event{e}); err != nil {
				log.Fatal(err)
			}
		}
	}
	line, err := usage.Timeline(ctx, store, usage.Query{From: noon, To: noon.Add(5 * time.Minute)}, usage.ByMinute)
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range line {
		fmt.Println(g.Start.Format(time.TimeOnly), g.Count)
	}
	fmt.Println(usage.Sparkline(line))
	// Output:
	// 12:00:00 1
	// 12:01:00 0
	// 12:02:00 4
	// 12:03:00 8
	// 12:04:00 0
	// ▁·▄█·
}
