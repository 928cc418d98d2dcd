package chaos_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// runs is how many seeds are run if nobody says so.
const runs = 500

// number reads an environment variable.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q: want a number", name, text)
	}
	return n
}

func TestChaos_runs_of_many_seeds_lose_nothing_and_let_nothing_out(t *testing.T) {
	t.Parallel()
	first, n := number(t, "GITFLEET_CHAOS_SEED", 1), number(t, "GITFLEET_CHAOS_RUNS", runs)
	if testing.Short() && os.Getenv("GITFLEET_CHAOS_RUNS") == "" {
		n = runs / 5
	}
	var seeds []uint64
	for i := range n {
		seeds = append(seeds, first+i)
	}
	runAll(t, seeds)
}

func TestChaos_seeds_of_past_failures_stay_mended(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/seeds")
	if err != nil {
		t.Fatal(err)
	}
	var seeds []uint64
	for line := range strings.Lines(string(text)) {
		field, _, _ := strings.Cut(line, "#")
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		seed, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			t.Fatalf("testdata/seeds: %q is no seed", field)
		}
		seeds = append(seeds, seed)
	}
	runAll(t, seeds)
}

// runAll runs seeds, two at a time, and stops at the third that fails.
func runAll(t *testing.T, seeds []uint64) {
	next := make(chan uint64)
	var mu sync.Mutex
	failures := 0
	for i := range 2 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			for seed := range next {
				p := draw(seed)
				violations := run(t, p)
				if len(violations) == 0 {
					continue
				}
				t.Errorf("seed %d, %s over %s:\n\t%s\nagain: %s", seed, p.Provider, p.Way, strings.Join(violations, "\n\t"), p.again())
				if len(seeds) == 1 {
					t.Logf("%+v", p) // for who looks into one
				}
				mu.Lock()
				failures++
				mu.Unlock()
			}
		})
	}
	go func() {
		defer close(next)
		for _, seed := range seeds {
			mu.Lock()
			enough := failures >= 3
			mu.Unlock()
			if enough {
				return
			}
			next <- seed
		}
	}()
}

// run runs a plan, and returns what did not hold.
func run(t *testing.T, p plan) (violations []string) {
	t.Helper()
	defer func() {
		if stuck := recover(); stuck != nil {
			violations = append(violations, fmt.Sprintf("stuck: %v", stuck))
		}
	}()
	if !p.Way.virtual() {
		return play(t, p, eventually)
	}
	synctest.Test(t, func(t *testing.T) {
		violations = play(t, p, func(still func() bool) bool { synctest.Wait(); return still() })
	})
	return violations
}

// eventually reports whether something comes true within two seconds. Nobody
// tells when net/http has closed a socket.
func eventually(still func() bool) bool {
	for range 400 {
		if still() {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

// play runs a plan and checks what it leaves. Settled waits until nothing moves
// and reports whether a thing is so then.
func play(t *testing.T, p plan, settled func(func() bool) bool) []string {
	w := newWorld(t, p)
	done := make(chan struct{})
	var events sync.WaitGroup
	events.Go(func() { w.play(done) })
	w.call()
	close(done)
	events.Wait()
	if !settled(func() bool { return w.still() }) {
		w.violate("leases, bodies or answers are left open")
	}
	w.check()
	if err := w.manager.Close(); err != nil {
		w.violate("Close: %v", err)
	}
	if w.wire != nil && !settled(func() bool { return w.wire.idle(w.base) == 0 }) {
		w.violate("I3: %d connections are left open", w.wire.open.Load())
	}
	w.stop()
	if len(w.violations) > 0 && os.Getenv("GITFLEET_CHAOS_TRACE") != "" {
		t.Log(w.trace())
	}
	return w.violations
}

// still reports whether all request bodies are closed, which net/http may do a
// moment after the answer.
func (w *world) still() bool {
	for _, rec := range w.records {
		if rec.upload != nil && !rec.upload.closed.Load() {
			return false
		}
	}
	return true
}
