//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gogitlab "github.com/xanzy/go-gitlab"
)

// throttle is the budget that all calls draw on.
const throttle = "throttle_authenticated_api"

// tokenA and tokenB are the tokens that a bench has.
var tokenA, tokenB = canary.Token("gla"), canary.Token("glb")

// bench is go-gitlab over our transport over a simulated GitLab.
type bench struct {
	sim       *fleettest.GitLab
	manager   *tokens.Manager
	transport *transport.Transport
	client    *gogitlab.Client
	open      atomic.Int64 // bodies of answers that are not closed
}

// newBench makes a bench with the tokens, or with tokenA and tokenB if none is
// given. Where cfg says nothing there is a group acme with three projects.
func newBench(t testing.TB, cfg fleettest.Config, secrets ...string) *bench {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{tokenA, tokenB}
	}
	if cfg.Organizations == nil {
		cfg.Organizations = []fleettest.Owner{{Login: "acme", Repositories: 3}}
	}
	cfg.Tokens = secrets
	b := &bench{sim: fleettest.NewGitLab(cfg)}
	b.over(t, b.sim, "", secrets...)
	return b
}

// over puts the client and the transport over base, for the host at address.
func (b *bench) over(t testing.TB, base http.RoundTripper, address string, secrets ...string) {
	t.Helper()
	var ts []tokens.Token
	for i, s := range secrets {
		ts = append(ts, tokens.Token{Provider: tokens.GitLab, Host: address, Label: fmt.Sprint("token", i+1), Secret: tokens.Static(s)})
	}
	var err error
	if b.manager, err = tokens.NewManager(tokens.Config{}, ts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.manager.Close() })
	b.transport = &transport.Transport{Manager: b.manager, Provider: tokens.GitLab, Base: b.counting(base)}
	if b.client, err = gitlab.NewClient(b.transport, address); err != nil {
		t.Fatal(err)
	}
}

// counting counts the bodies that are open.
func (b *bench) counting(base http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r)
		if resp != nil && resp.Body != nil {
			b.open.Add(1)
			resp.Body = &countedBody{ReadCloser: resp.Body, open: &b.open}
		}
		return resp, err
	})
}

type countedBody struct {
	io.ReadCloser
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedBody) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.ReadCloser.Close()
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// log is what arrived: token and status of each request, 0 for a token that is
// not accepted.
func (b *bench) log() string {
	var words []string
	for _, r := range b.sim.Requests() {
		words = append(words, fmt.Sprintf("%d:%d", r.Token, r.Status))
	}
	return strings.Join(words, " ")
}

// wantLog checks what arrived, with one credential on every request, and that
// no answer was left open.
func (b *bench) wantLog(t testing.TB, want string) {
	t.Helper()
	if got := b.log(); got != want {
		t.Errorf("arrived %q, want %q", got, want)
	}
	b.wantClean(t)
}

func (b *bench) wantClean(t testing.TB) {
	t.Helper()
	for i, r := range b.sim.Requests() {
		api := r.Scheme == "https" && r.Host == "gitlab.com" || strings.HasPrefix(r.Host, "127.")
		if api && strings.HasPrefix(r.URL, "/api/") && r.Authorizations != 1 {
			t.Errorf("request %d has %d headers with a credential, want 1", i+1, r.Authorizations)
		}
	}
	if n := b.open.Load(); n != 0 {
		t.Errorf("%d bodies of answers were not closed", n)
	}
	if leaks := b.sim.Leaks(); len(leaks) != 0 {
		t.Errorf("credentials arrived at %v", leaks)
	}
	for _, info := range b.manager.AllTokens("") {
		if info.Status.InFlight != 0 {
			t.Errorf("%s has %d leases out", info.Label, info.Status.InFlight)
		}
	}
}

// toNextMinute moves the clock of a bubble to where a window of GitLab begins.
func toNextMinute() { time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute))) }
