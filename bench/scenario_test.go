package bench

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
)

// scenario is a job on a simulated GitHub: 5,000 calls an hour and 900 points a
// minute for each account, and 100 requests at once; whoever goes beyond the
// latter rests for a minute. A request takes 50 to 150 ms.
type scenario struct {
	name    string
	calls   int
	workers int // of each process
	tokens  int
	users   int // whose tokens these are; 0 means one a token
	dead    int // of the tokens
	uneven  bool
	twice   bool // two processes share the tokens and know nothing of each other

	// most is what GitFleet may take, as a multiple of the ideal, and refused how
	// many requests it may have refused. Negative means that it is only printed.
	most    float64
	refused int
}

var scenarios = []scenario{
	{name: "A even tokens", calls: 100_000, workers: 32, tokens: 10, most: 1.01},
	{name: "B burst", calls: 20_000, workers: 256, tokens: 10, most: 1.03},
	{name: "C one token revoked", calls: 20_000, workers: 32, tokens: 10, dead: 1, most: 1.03, refused: 6},
	{name: "D uneven budgets", calls: 25_000, workers: 32, tokens: 10, uneven: true, most: 1.03},
	{name: "E two processes", calls: 24_000, workers: 32, tokens: 5, twice: true, most: -1, refused: -1},
	{name: "F two tokens a user", calls: 24_000, workers: 32, tokens: 10, users: 5, most: 1.03},
}

const (
	hourly    = 5000
	perMinute = 900
	latency   = 100 * time.Millisecond // on average
)

// secret returns the i-th token of a scenario.
func secret(i int) string { return fmt.Sprintf("bench-token-%02d", i) }

// user returns the account of the i-th token.
func (s scenario) user(i int) int {
	if s.users == 0 {
		return i
	}
	return i % s.users
}

func (s scenario) accounts() int {
	if s.users == 0 {
		return s.tokens
	}
	return s.users
}

// left returns what the i-th account has left at the start of an uneven
// scenario.
func left(i int) int { return 500 * (i + 1) }

// origin returns the host of the scenario.
func (s scenario) origin() *fleettest.GitHub {
	var c fleettest.Config
	for u := range s.accounts() {
		a := fleettest.Account{Login: fmt.Sprintf("user-%02d", u)}
		for i := range s.tokens {
			if s.user(i) == u {
				a.Tokens = append(a.Tokens, secret(i))
			}
		}
		c.Accounts = append(c.Accounts, a)
	}
	sim := fleettest.NewGitHub(c)
	for i := range s.dead {
		sim.Revoke(secret(i))
	}
	if s.uneven {
		for i := range s.tokens {
			sim.SetRemaining(secret(i), "core", left(i))
		}
	}
	return sim
}

// ideal is the arithmetic bound: no schedule can be faster than the points of
// the minutes, the budgets and the workers allow.
func (s scenario) ideal() time.Duration {
	workers := s.workers
	if s.twice {
		workers *= 2
	}
	rate := float64(workers) / latency.Seconds()
	before := 0
	for minute := 0; ; minute++ {
		now := s.capacity(minute)
		if now >= s.calls {
			return time.Duration(minute)*time.Minute + time.Duration(float64(s.calls-before)/rate*float64(time.Second))
		}
		before = now
	}
}

// capacity is how many calls can have been served by the end of a minute.
func (s scenario) capacity(minute int) int {
	sum := 0
	for i := range s.accounts() - s.dead {
		budget := hourly
		if s.uneven {
			budget = left(i)
		}
		hours := minute / 60
		sum += hours*budget + min(budget, perMinute*(minute%60+1))
	}
	return sum
}

// strategy is a way of making calls with the tokens of a scenario. It returns
// what makes one call and reports whether it was served.
type strategy struct {
	name  string
	start func(t *testing.T, s scenario, base http.RoundTripper) (call func() bool, stop func())
}

// outcome is what came of a strategy in a scenario.
type outcome struct {
	took   time.Duration
	failed int
	stats  fleettest.Stats
}

// run makes all calls of the scenario in virtual time.
func (s scenario) run(t *testing.T, with strategy) (out outcome) {
	synctest.Test(t, func(t *testing.T) {
		sim := s.origin()
		processes := 1
		if s.twice {
			processes = 2
		}
		var mu sync.Mutex
		todo := s.calls
		next := func() bool {
			mu.Lock()
			defer mu.Unlock()
			todo--
			return todo >= 0
		}
		start := time.Now()
		var wg sync.WaitGroup
		var stops []func()
		for range processes {
			call, stop := with.start(t, s, &distant{base: sim})
			stops = append(stops, stop)
			for range s.workers {
				wg.Go(func() {
					for next() {
						if !call() {
							mu.Lock()
							out.failed++
							mu.Unlock()
						}
					}
				})
			}
		}
		wg.Wait()
		out.took, out.stats = time.Since(start), sim.Stats()
		for _, stop := range stops {
			stop()
		}
	})
	return out
}

// TestScenarios prints how long each strategy takes in each scenario, and what
// the host had to refuse.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios {
		ideal := s.ideal()
		t.Logf("%s: %d calls, %d tokens, ideal %v", s.name, s.calls, s.tokens, ideal.Round(time.Second))
		for _, with := range strategies {
			out := s.run(t, with)
			ratio := out.took.Seconds() / ideal.Seconds()
			refused := out.stats.RefusedPrimary + out.stats.RefusedSecondary + out.stats.Unauthorized
			t.Logf("    %-34s %10v  %6.3f x ideal  refused: %d for a budget, %d for speed, %d for the token; %d calls failed",
				with.name, out.took.Round(time.Second), ratio,
				out.stats.RefusedPrimary, out.stats.RefusedSecondary, out.stats.Unauthorized, out.failed)
			if with.name != ours || s.most < 0 {
				continue
			}
			if ratio > s.most || out.failed > 0 || refused > s.refused {
				t.Errorf("%s: %.3f x ideal, %d refused, %d failed, want %.2f, %d and 0", s.name, ratio, refused, out.failed, s.most, s.refused)
			}
		}
	}
}
