package bench

import (
	"context"
	"database/sql"
	"net/http"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	"github.com/gitfleet/gitfleet/usage"
)

// nowhere is a store that keeps nothing, so that what is measured is the
// recorder alone.
type nowhere struct{ usage.Store }

func (nowhere) Append(context.Context, []usage.Event) error               { return nil }
func (nowhere) Compact(context.Context, usage.Retention, time.Time) error { return nil }

// What a call pays for being recorded: in bursts that the queue has room for,
// since what is dropped costs less.
func BenchmarkUsageRecord(b *testing.B) {
	event := answered(0)
	for _, bb := range []struct {
		name   string
		record func(*usage.Recorder) func()
	}{
		{"event", func(r *usage.Recorder) func() { return func() { r.Record(event) } }},
		{"hook", func(r *usage.Recorder) func() {
			hook := r.Hooks().Answer
			a := transport.Answer{
				Attempt: transport.Attempt{Method: "GET", URL: "https://api.github.com/repos/acme/tool/issues/17", Token: "token-1", Label: "alice"},
				Status:  http.StatusOK, Duration: 80 * time.Millisecond, Bytes: 4096, Resource: "core",
				Seen: ratelimit.Observation{Class: ratelimit.OK},
			}
			return func() { hook(context.Background(), a) }
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			const burst = 16_000
			r := usage.NewRecorder(nowhere{}, usage.Config{})
			record := bb.record(r)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%burst == burst-1 {
					b.StopTimer()
					if err := r.Flush(b.Context()); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				record()
			}
			if c := r.Counts(); c.Dropped > 0 {
				b.Errorf("%d events were dropped", c.Dropped)
			}
			if err := r.Close(context.Background()); err != nil {
				b.Error(err)
			}
		})
	}
}

// How many events a second SQLite takes, in a file and in batches as the recorder
// makes them.
func BenchmarkUsageSQLite(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "usage.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	store, err := usage.OpenSQL(b.Context(), db, usage.SQLite)
	if err != nil {
		b.Fatal(err)
	}
	batch := make([]usage.Event, 2000)
	for i := range batch {
		batch[i] = answered(i)
	}
	events := 0
	for b.Loop() {
		if err := store.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		events += len(batch)
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op") // of a batch, which says nothing
}

// answered is the n-th of many events: 10 tokens, 20 routes.
func answered(n int) usage.Event {
	return usage.Event{
		Series: usage.Series{
			Provider: tokens.GitHub, Host: "api.github.com", Token: tokens.ID("token-" + strconv.Itoa(n%10)),
			Label: "alice", Account: "octocat", Resource: "core", Route: "GET /repos/{}/{}/" + string(rune('a'+n%20)),
		},
		At: time.Now(), Outcome: usage.Success, Status: 200,
		Latency: time.Duration(n) * 37 * time.Microsecond, Bytes: int64(n),
	}
}
