package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// way is how requests reach the simulated host.
type way string

const (
	inMemory way = "memory" // a RoundTripper
	overPipe way = "pipe"   // net/http over net.Pipe
	overTCP  way = "tcp"    // net/http over loopback sockets, not encrypted
	overTLS  way = "tls"    // likewise, with TLS
	overH2   way = "h2"     // likewise, with TLS and HTTP/2
)

// virtual reports whether the way works in a bubble, where time is virtual.
func (w way) virtual() bool { return w == inMemory || w == overPipe }

// plan is a run before it runs. It holds no secret: tokens are made from their
// names.
type plan struct {
	Seed       uint64
	Way        way
	Provider   tokens.ProviderType
	Regions    int // windows of its own that the host has for each account
	ClockAhead time.Duration
	Window     time.Duration
	Latency    time.Duration
	Accounts   []account
	Policy     policy
	Callers    [][]step
	Faults     []fault
	Events     []event
	Walks      int // callers that walk a list with the portable client
}

// account is what the host counts, and its tokens.
type account struct {
	Limit  int
	Tokens int
	Spent  bool // by another program, before the run
	Dead   bool // its first token is revoked
}

// policy is what varies of a [transport.Transport] and of a manager.
type policy struct {
	MaxWait       time.Duration
	MaxAttempts   int
	Timeout       time.Duration
	Retries       int
	BreakAfter    int
	MaxBodyBuffer int64
	Secondary     transport.SecondaryPolicy
	Exhausted     transport.ExhaustedPolicy
	RawHeaders    bool
	Strategy      string
}

// draw makes the plan of a seed.
func draw(seed uint64) plan {
	r := dice{rand.New(rand.NewPCG(seed, 6))}
	p := plan{
		Seed:     seed,
		Way:      pick(r, inMemory, inMemory, inMemory, overPipe, overPipe, overPipe, overPipe, overPipe, overTCP, overTLS, overH2),
		Provider: pick(r, tokens.GitHub, tokens.GitHub, tokens.GitHub, tokens.GitHub, tokens.GitLab, tokens.Bitbucket),
		Regions:  1,
		Window:   pick(r, 20*time.Second, time.Minute, 10*time.Minute, time.Hour),
		Latency:  time.Duration(1+r.IntN(300)) * time.Millisecond,
	}
	p.Policy = drawPolicy(r, p.Way)
	if !p.Way.virtual() {
		p.Latency = time.Duration(r.IntN(2)) * time.Millisecond
	}
	if r.chance(30) {
		p.ClockAhead = pick(r, 10*time.Minute, -10*time.Minute)
	}
	calm := r.chance(40) // only faults that leave the host's numbers true
	p.Accounts = drawAccounts(r, calm)
	if !calm && p.Provider == tokens.GitHub && r.chance(20) {
		p.Regions = 2
	}
	p.Callers = drawCallers(r, p, calm)
	p.Faults = drawFaults(r, p, calm)
	if !calm {
		p.Events = drawEvents(r, p)
	}
	if p.Way.virtual() && r.chance(12) {
		p.Walks = 1 + r.IntN(2)
		if !calm { // a token ends in the midst of it
			p.Events = append([]event{{Kind: expires, Account: r.IntN(len(p.Accounts)), Amount: 1 + r.IntN(4)}}, p.Events...)
		}
	}
	return p
}

func drawPolicy(r dice, w way) policy {
	p := policy{
		MaxWait:       pick(r, 0, 0, 0, -1, 30*time.Second, 5*time.Minute),
		MaxAttempts:   pick(r, 0, 0, 0, 1, 2, 5),
		Timeout:       pick(r, 0, 10*time.Second),
		Retries:       pick(r, 0, 0, 1, 3),
		BreakAfter:    pick(r, 0, 0, -1, 3),
		MaxBodyBuffer: pick(r, int64(0), 1<<20),
		Secondary:     pick(r, transport.SwapOnce, transport.SwapOnce, transport.WaitOut),
		Exhausted:     pick(r, transport.ReturnRefusal, transport.ReturnRefusal, transport.ReturnError, transport.MakeRefusal),
		RawHeaders:    r.chance(10),
		Strategy:      pick(r, "", "", "lru", "round_robin", "random", "earliest_reset"),
	}
	if !w.virtual() { // nobody waits for real
		p.MaxWait = -1
		p.Timeout = pick(r, 0, 500*time.Millisecond)
	}
	return p
}

func drawAccounts(r dice, calm bool) []account {
	all := make([]account, 1+r.IntN(5))
	for i := range all {
		all[i] = account{
			Limit:  pick(r, 1, 3, 4, 8, 20, 60, 5000),
			Tokens: pick(r, 1, 1, 1, 2, 3),
			Spent:  r.chance(15),
			Dead:   !calm && r.chance(15),
		}
	}
	return all
}

// dice draws from a seed.
type dice struct{ *rand.Rand }

// chance is true in so many of a hundred cases.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// pick draws one of several.
func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// honest reports whether the host's numbers are true, whole and nobody else's,
// so that not one call too many is excused.
func (p plan) honest() bool {
	for _, f := range p.Faults {
		if !f.Kind.calm() {
			return false
		}
	}
	for _, a := range p.Accounts {
		if a.Dead {
			return false
		}
	}
	for _, c := range p.Callers {
		for _, s := range c {
			if s.Kind == redirected {
				return false
			}
		}
	}
	if p.Way != inMemory && p.has(dropDone, dropUndone, resetEarly, resetMidst) {
		return false // net/http sends a read again by itself
	}
	return p.Regions == 1 && len(p.Events) == 0 && p.Provider != tokens.Bitbucket
}

// again is the command that repeats the run.
func (p plan) again() string {
	return fmt.Sprintf("GITFLEET_CHAOS_SEED=%d GITFLEET_CHAOS_RUNS=1 go test -count=20 -run 'TestChaos_runs' ./internal/chaos", p.Seed)
}
