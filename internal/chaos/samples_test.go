package chaos_test

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
)

// sample is what there is at one moment.
type sample struct {
	At          time.Duration
	Heap        uint64 // bytes, after a collection
	Goroutines  int
	Connections int64
	InFlight    int
	Waiting     int64
	Budgets     int
	Calls       int64
}

// sampleEvery is how often the soak is looked at; a short one more often.
func sampleEvery(length time.Duration) time.Duration { return min(10*time.Second, length/8) }

// watch takes samples and prints them.
func (s *soak) watch(t *testing.T, length time.Duration) []sample {
	start := time.Now()
	fmt.Printf("%8s %9s %10s %11s %9s %7s %7s %9s\n", "time", "heap KiB", "goroutines", "connections", "in flight", "waiting", "budgets", "calls")
	var all []sample
	for time.Since(start) < length {
		sleep(sampleEvery(length))
		m := s.sample(time.Since(start))
		all = append(all, m)
		fmt.Printf("%8s %9d %10d %11d %9d %7d %7d %9d\n",
			m.At.Round(time.Second), m.Heap>>10, m.Goroutines, m.Connections, m.InFlight, m.Waiting, m.Budgets, m.Calls)
	}
	fmt.Printf("%d calls, %d answers, %d errors (%d of them because all is spent), %d swaps; %+v at the host\n",
		s.calls.Load(), s.answers.Load(), s.failures.Load(), s.refusals.Load(), s.swaps.Load(), s.sim.Stats().Counts)
	if s.leaked.Load() {
		t.Error("I1/I2: a token got out")
	}
	return all
}

func (s *soak) sample(at time.Duration) sample {
	runtime.GC()
	runtime.GC() // for what pools hold
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	m := sample{
		At: at, Heap: memory.HeapAlloc, Goroutines: runtime.NumGoroutine(), Connections: s.wire.open.Load(),
		Waiting: s.waiting.Load(), Calls: s.calls.Load(),
	}
	seen := map[string]bool{}
	for _, info := range s.manager.AllTokens(tokens.GitHub) {
		if !seen[info.Account] {
			seen[info.Account] = true
			m.InFlight += info.Status.InFlight
			m.Budgets += len(info.Status.Budgets)
		}
	}
	return m
}

// wantSettled wants no lease out when all callers have gone.
func (s *soak) wantSettled(t *testing.T) {
	t.Helper()
	if m := s.sample(0); m.InFlight != 0 || m.Waiting != 0 {
		t.Errorf("I7: %d leases are out and %d calls wait at the end, want none", m.InFlight, m.Waiting)
	}
}

// wantFlat compares the second quarter of the samples with the last: a tenth
// and a little more is chance.
func wantFlat(t *testing.T, samples []sample) {
	t.Helper()
	n := len(samples)
	before, after := samples[n/4:n/2], samples[3*n/4:]
	flat := func(what string, little float64, of func(sample) float64) {
		was, is := median(before, of), median(after, of)
		fmt.Printf("%s: median %.0f in the second quarter, %.0f in the last\n", what, was, is)
		if is > was*1.1+little {
			t.Errorf("%s grew from %.0f to %.0f", what, was, is)
		}
	}
	flat("heap KiB", 2048, func(s sample) float64 { return float64(s.Heap >> 10) })
	flat("goroutines", 20, func(s sample) float64 { return float64(s.Goroutines) })
	flat("connections", 10, func(s sample) float64 { return float64(s.Connections) })
	flat("budgets", 0, func(s sample) float64 { return float64(s.Budgets) })
}

func median(samples []sample, of func(sample) float64) float64 {
	sorted := slices.SortedFunc(slices.Values(samples), func(a, b sample) int { return cmp.Compare(of(a), of(b)) })
	return of(sorted[len(sorted)/2])
}
