package chaos_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// world is a run while it runs.
type world struct {
	plan      plan
	start     time.Time // of the calls
	host      *host
	wire      *wire // nil in memory
	stop      func()
	base      http.RoundTripper
	tokens    [][]string // by account
	labels    map[[sha256.Size]byte]label
	manager   *tokens.Manager
	transport *transport.Transport
	records   []*record
	rests     rests

	mu         sync.Mutex
	log        bytes.Buffer // what the product told: log, hooks, errors
	violations []string
	probes     []*record
}

// label says whose a token is.
type label struct{ token, account string }

func newWorld(t testing.TB, p plan) *world {
	w := &world{plan: p, labels: map[[sha256.Size]byte]label{}, stop: func() {}}
	w.rests.until, w.rests.known = map[string][]rest{}, map[string][]window{}
	w.openHost()
	w.connect()
	w.openManager(t)
	w.transport = &transport.Transport{
		Manager: w.manager, Provider: p.Provider, Base: &tap{w, w.base},
		MaxWait: p.Policy.MaxWait, MaxAttempts: p.Policy.MaxAttempts, Timeout: p.Policy.Timeout,
		Retries: p.Policy.Retries, BreakAfter: p.Policy.BreakAfter, MaxBodyBuffer: p.Policy.MaxBodyBuffer,
		Secondary: p.Policy.Secondary, Exhausted: p.Policy.Exhausted, RawHeaders: p.Policy.RawHeaders,
		Hooks: w.hooks(), Logger: slog.New(slog.NewTextHandler(w, nil)),
	}
	return w
}

// openHost makes the simulated host, whose tokens and windows are the plan's.
func (w *world) openHost() {
	c := fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: walkLength}},
		Window:        w.plan.Window, Latency: w.plan.Latency, ClockAhead: w.plan.ClockAhead,
		GitLab: fleettest.GitLabConfig{NoApplicationLimits: true},
	}
	for i, a := range w.plan.Accounts {
		var secrets []string
		for j := range a.Tokens {
			name := fmt.Sprintf("chaos%da%dt%d", w.plan.Seed, i, j)
			secret := canary.Token(name)
			secrets = append(secrets, secret)
			w.labels[sha256.Sum256([]byte(secret))] = label{name, accountName(i)}
		}
		w.tokens = append(w.tokens, secrets)
		c.Accounts = append(c.Accounts, fleettest.Account{Login: accountName(i), Tokens: secrets, Limit: a.Limit})
	}
	w.host = &host{plan: w.plan, acts: map[string]int{}}
	for range w.plan.Regions {
		s := newSimulator(w.plan.Provider, c)
		w.prepare(s)
		w.host.regions = append(w.host.regions, s)
	}
}

func accountName(i int) string { return "account-" + strconv.Itoa(i) }

// prepare spends, revokes and injects what the plan says of the beginning.
func (w *world) prepare(s simulator) {
	for i, a := range w.plan.Accounts {
		if a.Spent {
			s.Spend(w.tokens[i][0], "", a.Limit)
		}
		if a.Dead {
			s.Revoke(w.tokens[i][0])
		}
	}
	for _, f := range w.plan.Faults {
		if injected, ok := f.injected(w.plan); ok {
			s.Inject(injected)
		}
	}
}

// connect makes the way to the host.
func (w *world) connect() {
	if w.plan.Way == inMemory {
		w.base = w.host
		return
	}
	w.wire = &wire{way: w.plan.Way, strike: planned(w.plan)}
	if w.plan.Way == overPipe {
		l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		w.wire.pipes = l.conns
		w.stop = serve(l, w.host, nil)
		w.base = w.wire.transport()
		return
	}
	w.stop = w.wire.listen(w.host)
	w.base = w.wire.transport()
}

func (w *world) openManager(t testing.TB) {
	var all []tokens.Token
	for i, secrets := range w.tokens {
		for _, s := range secrets {
			l := w.labels[sha256.Sum256([]byte(s))]
			all = append(all, tokens.Token{Provider: w.plan.Provider, Label: l.token, Account: accountName(i), Secret: tokens.Static(s)})
		}
	}
	c := tokens.Config{}
	if name := w.plan.Policy.Strategy; name != "" {
		s, err := tokens.ParseStrategy(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Strategy = s
	}
	m, err := tokens.NewManager(c, all...)
	if err != nil {
		t.Fatal(err)
	}
	w.manager = m
}

// violate writes down that something did not hold.
func (w *world) violate(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.violations) < 20 {
		w.violations = append(w.violations, fmt.Sprintf(format, args...))
	}
}

// trace tells of all calls.
func (w *world) trace() string {
	var out strings.Builder
	for _, rec := range append(w.records, w.probes...) {
		out.WriteString(rec.String())
	}
	return out.String()
}

// probe returns a record for a request of the manager's own.
func (w *world) probe() *record {
	w.mu.Lock()
	defer w.mu.Unlock()
	rec := &record{name: "probe", walk: true}
	w.probes = append(w.probes, rec)
	return rec
}

// Write takes a line of the product's log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

// told keeps what the product told, to be searched for secrets.
func (w *world) told(v any) { fmt.Fprintf(w, "%v %+v %#v\n", v, v, v) }

// stepOf returns the step of a call by its name.
func (p plan) stepOf(name string) (step, bool) {
	i, j, ok := strings.Cut(name, ".")
	caller, err := strconv.Atoi(i)
	number, err2 := strconv.Atoi(j)
	if !ok || err != nil || err2 != nil || caller >= len(p.Callers) || number >= len(p.Callers[caller]) {
		return step{}, false
	}
	return p.Callers[caller][number], true
}
