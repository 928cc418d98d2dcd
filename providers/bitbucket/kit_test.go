package bitbucket_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// api is the budget that all calls draw on.
const api = "api"

// tokenA and tokenB are the tokens that a bench has.
var tokenA, tokenB = canary.Token("bba"), canary.Token("bbb")

// bench is go-bitbucket over our transport over a simulated Bitbucket.
type bench struct {
	sim       *fleettest.Bitbucket
	manager   *tokens.Manager
	transport *transport.Transport
	open      atomic.Int64 // bodies of answers that are not closed
}

// newBench makes a bench with the tokens, or with tokenA and tokenB if none is
// given. Where cfg says nothing there is a workspace acme with three projects.
func newBench(t testing.TB, cfg fleettest.Config, secrets ...string) *bench {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{tokenA, tokenB}
	}
	if cfg.Organizations == nil {
		cfg.Organizations = []fleettest.Owner{{Login: "acme", Repositories: 3}}
	}
	cfg.Tokens = secrets
	b := &bench{sim: fleettest.NewBitbucket(cfg)}
	b.over(t, b.sim, secrets...)
	return b
}

// over puts the transport over base.
func (b *bench) over(t testing.TB, base http.RoundTripper, secrets ...string) {
	t.Helper()
	var ts []tokens.Token
	for i, s := range secrets {
		ts = append(ts, tokens.Token{Provider: tokens.Bitbucket, Label: fmt.Sprint("token", i+1), Secret: tokens.Static(s)})
	}
	var err error
	if b.manager, err = tokens.NewManager(tokens.Config{}, ts...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.manager.Close() })
	b.transport = &transport.Transport{Manager: b.manager, Provider: tokens.Bitbucket, Base: b.counting(base)}
}

// client returns go-bitbucket for one call under ctx.
func (b *bench) client(t testing.TB, ctx context.Context) *gobitbucket.Client {
	t.Helper()
	c, err := bitbucket.NewClient(ctx, b.transport, "")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// get asks for a repository.
func (b *bench) get(t testing.TB, ctx context.Context, slug string) error {
	t.Helper()
	r, err := b.client(t, ctx).Repositories.Repository.Get(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: slug})
	if err == nil && r.Full_name != "acme/"+slug {
		t.Errorf("got %s, want acme/%s", r.Full_name, slug)
	}
	return err
}

// list lists the workspace's repositories.
func (b *bench) list(t testing.TB, ctx context.Context) (int, error) {
	t.Helper()
	res, err := b.client(t, ctx).Repositories.ListForAccount(&gobitbucket.RepositoriesOptions{Owner: "acme"})
	if err != nil {
		return 0, err
	}
	return len(res.Items), nil
}

// propose opens a pull request.
func (b *bench) propose(t testing.TB, ctx context.Context) error {
	t.Helper()
	_, err := b.client(t, ctx).Repositories.PullRequests.Create(&gobitbucket.PullRequestsOptions{
		Owner: "acme", RepoSlug: "repo-0001", Title: "Mend it", Description: "Here: „ä“ & so on",
		SourceBranch: "mend", DestinationBranch: "main",
	})
	return err
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
		if r.Scheme == "https" && r.Host == "api.bitbucket.org" && r.Authorizations != 1 {
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
