package chaos_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

const (
	soakCallers  = 64
	soakAccounts = 800
	soakTokens   = 1000 // so that 200 accounts have two
)

// soak is a fleet under load for a long time.
type soak struct {
	sim       *fleettest.GitHub
	wire      *wire
	secrets   []string
	manager   *tokens.Manager
	transport *transport.Transport

	calls, answers, refusals, failures, swaps atomic.Int64
	waiting                                   atomic.Int64
	leaked                                    atomic.Bool
}

func TestSoak_memory_goroutines_and_connections_stay_flat(t *testing.T) {
	text := os.Getenv("GITFLEET_SOAK")
	if text == "" {
		t.Skip("GITFLEET_SOAK is not set: make soak SOAK=30m")
	}
	length, err := time.ParseDuration(text)
	if err != nil || length < 8*time.Second {
		t.Fatalf("GITFLEET_SOAK is %q: want a time of 8s or more", text)
	}
	s := newSoak(t)
	stop := s.wire.listen(s.host())
	base := s.wire.transport()
	s.transport.Base = base

	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i := range soakCallers {
		running.Go(func() { s.keepCalling(ctx, rand.New(rand.NewPCG(uint64(i), 8))) })
	}
	running.Go(func() { s.keepRevoking(ctx) })
	samples := s.watch(t, length)
	cancel()
	running.Wait()

	s.wantSettled(t)
	if !eventually(func() bool { return s.wire.idle(base) == 0 }) {
		t.Errorf("%d connections are left open", s.wire.open.Load())
	}
	if err := s.manager.Close(); err != nil {
		t.Error(err)
	}
	stop()
	wantFlat(t, samples)
}

func newSoak(t *testing.T) *soak {
	s := &soak{}
	c := fleettest.Config{
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3}},
		Limit:         6, Window: 30 * time.Second, Latency: 20 * time.Millisecond, MaxLog: 100, ClockAhead: 10 * time.Minute,
	}
	var all []tokens.Token
	for i := range soakTokens {
		secret := canary.Token("soak" + accountName(i))
		s.secrets = append(s.secrets, secret)
		if i < soakAccounts {
			c.Accounts = append(c.Accounts, fleettest.Account{Login: accountName(i)})
		}
		owner := &c.Accounts[i%soakAccounts]
		owner.Tokens = append(owner.Tokens, secret)
		all = append(all, tokens.Token{Provider: tokens.GitHub, Account: owner.Login, Label: "t" + accountName(i), Secret: tokens.Static(secret)})
	}
	s.sim = fleettest.NewGitHub(c)
	s.inject()
	m, err := tokens.NewManager(tokens.Config{}, all...)
	if err != nil {
		t.Fatal(err)
	}
	s.manager = m
	s.wire = &wire{way: overTLS, strike: s.strike}
	s.transport = &transport.Transport{
		Manager: m, Provider: tokens.GitHub, MaxWait: 20 * time.Second, Retries: 1, Timeout: 5 * time.Second,
		Logger: slog.New(slog.NewTextHandler(s, nil)),
		Hooks: transport.Hooks{
			Swap: func(context.Context, transport.Swap) { s.swaps.Add(1) },
			Wait: func(ctx context.Context, _ transport.Wait) { ctx.Value(soakKey{}).(*soakCall).wait(s, true) },
			Attempt: func(ctx context.Context, _ transport.Attempt) {
				ctx.Value(soakKey{}).(*soakCall).wait(s, false)
			},
			Done: func(ctx context.Context, _ transport.Done) { ctx.Value(soakKey{}).(*soakCall).wait(s, false) },
		},
	}
	return s
}

// Write takes a line of the log, and looks for tokens in it.
func (s *soak) Write(line []byte) (int, error) {
	if strings.Contains(string(line), canary.Mark) {
		s.leaked.Store(true)
	}
	return len(line), nil
}

// host is the simulated host, and everybody else, whom redirects lead to.
func (s *soak) host() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != elsewhere {
			s.sim.ServeHTTP(w, r)
			return
		}
		if r.Header.Get("Authorization") != "" {
			s.leaked.Store(true)
		}
	})
}

// inject has about one request in thirty go wrong, for ever.
func (s *soak) inject() {
	in := func(n int, f fleettest.Fault) {
		f.Times = -1
		f.Match = func(*http.Request) bool { return rand.IntN(n) == 0 }
		s.sim.Inject(f)
	}
	in(300, fleettest.Fault{Drop: true})
	in(300, fleettest.Fault{Drop: true, Edge: true})
	in(300, fleettest.Fault{Pause: 50 * time.Millisecond})
	in(300, fleettest.Fault{Cut: 200})
	in(300, fleettest.Fault{Length: 1 << 20})
	in(300, fleettest.Fault{Body: `{"message":`})
	in(300, fleettest.Fault{Header: http.Header{"Connection": {"close"}}})
	in(200, fleettest.Fault{Status: 502, Edge: true, Body: "<html>unicorn</html>"})
	in(500, fleettest.Fault{Status: 302, Header: http.Header{"Location": {"https://" + elsewhere + "/file"}}})
	in(1000, fleettest.Fault{Status: 401, Edge: true, Body: `{"message":"Bad credentials"}`})
	in(2000, fleettest.Fault{Status: 502, Body: `{"message":"x"}`, Size: gibibyte})
	in(2000, fleettest.Fault{Status: 403, Size: gibibyte, Gzip: true, Header: http.Header{"Retry-After": {"2"}},
		Body: `{"message":"You have exceeded a secondary rate limit."}`})
}

// strike has about one connection in fifty go wrong.
func (s *soak) strike() fault {
	f := fault{Size: 1 + rand.IntN(400)}
	if rand.IntN(50) == 0 {
		f.Kind = onTheWay[rand.IntN(len(onTheWay))]
	}
	return f
}

// keepRevoking has a token refused for some seconds, one after the other, and
// then tells the manager that it is alive again.
func (s *soak) keepRevoking(ctx context.Context) {
	infos := s.manager.AllTokens(tokens.GitHub)
	for i := 0; ctx.Err() == nil; i = (i + 1) % len(s.secrets) {
		s.sim.Revoke(s.secrets[i])
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
		s.sim.Restore(s.secrets[i])
		_ = s.manager.MarkValid(infos[i].ID) // it is there
	}
}

type soakKey struct{}

// soakCall knows whether a call waits.
type soakCall struct{ waits bool }

func (c *soakCall) wait(s *soak, now bool) {
	if c.waits != now {
		c.waits = now
		s.waiting.Add(map[bool]int64{true: 1, false: -1}[now])
	}
}

func (s *soak) keepCalling(ctx context.Context, r *rand.Rand) {
	client := &http.Client{Transport: s.transport}
	for ctx.Err() == nil {
		s.call(ctx, client, dice{r})
		sleep(time.Duration(r.IntN(80)) * time.Millisecond)
	}
}

// call makes one call and does with the answer what callers do.
func (s *soak) call(ctx context.Context, client *http.Client, d dice) {
	ctx = context.WithValue(ctx, soakKey{}, new(soakCall))
	if d.chance(5) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(d.IntN(60))*time.Millisecond)
		defer cancel()
	}
	method, path, body := "GET", "/repos/acme/repo-0001", io.Reader(nil)
	if d.chance(20) {
		method, path, body = "POST", "/graphql", strings.NewReader(`{"query":"{ viewer { login } }"}`)
	}
	req, err := http.NewRequestWithContext(ctx, method, origin(tokens.GitHub)+path, body)
	if err != nil {
		panic(err)
	}
	s.calls.Add(1)
	resp, err := client.Do(req)
	if err != nil {
		s.failures.Add(1)
		if strings.Contains(err.Error(), canary.Mark) {
			s.leaked.Store(true)
		}
		if errors.Is(err, tokens.ErrRateLimited) {
			s.refusals.Add(1)
		}
		return
	}
	s.answers.Add(1)
	_, _ = io.CopyN(io.Discard, resp.Body, int64(d.IntN(8<<10))) // callers may stop anywhere
	resp.Body.Close()
}
