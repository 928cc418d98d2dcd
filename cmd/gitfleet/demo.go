package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/ratelimit"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
)

// The demo's job and its fleet: 40 pages, for which three tokens have 36 calls,
// less what goes wrong on the way.
const (
	demoOrganization = "acme"
	demoRepositories = 2000
	demoPerPage      = 50
	demoLimit        = 12
	demoWindow       = 6 * time.Second
	demoLatency      = 60 * time.Millisecond

	revokedAtPage = 9  // the second token is revoked
	spentAtPage   = 17 // another program spends the third token's calls
)

// demoTokens are accepted by the simulated host and by nobody else.
var demoTokens = []struct{ label, secret string }{
	{"alice", "demo-token-of-alice"},
	{"bob", "demo-token-of-bob"},
	{"carol", "demo-token-of-carol"},
}

// runDemo lists an organization of a simulated GitHub through the transport.
func runDemo(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("gitfleet demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	plain := flags.Bool("plain", false, "print plain lines even on a terminal")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errUsage
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "gitfleet demo: unexpected argument %q\n", flags.Arg(0))
		return errUsage
	}
	d, err := newDemo(newDemoView(stdout, *plain))
	if err != nil {
		return err
	}
	defer d.fleet.Close()
	return d.run(ctx)
}

// demo is one run of it.
type demo struct {
	view  *demoView
	sim   *fleettest.GitHub
	fleet *gitfleet.Fleet
	calls map[string]int    // by label: requests sent with the token
	last  map[string]string // by label: what it had left at its last page
	seen  map[int64]int     // how often each repository came, by its ID
}

func newDemo(view *demoView) (*demo, error) {
	d := &demo{view: view, calls: map[string]int{}, last: map[string]string{}, seen: map[int64]int{}}
	config := fleettest.Config{
		Organizations: []fleettest.Owner{{Login: demoOrganization, Repositories: demoRepositories}},
		Limit:         demoLimit,
		Window:        demoWindow,
		Latency:       demoLatency,
	}
	var ts []tokens.Token
	for _, t := range demoTokens {
		config.Accounts = append(config.Accounts, fleettest.Account{Login: t.label, Tokens: []string{t.secret}})
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Label: t.label, Secret: tokens.Static(t.secret)})
	}
	d.sim = fleettest.NewGitHub(config)
	m, err := tokens.NewManager(tokens.Config{Base: d.sim}, ts...)
	if err != nil {
		return nil, err
	}
	d.fleet, err = gitfleet.New(gitfleet.Config{Manager: m, Base: d.sim, Hooks: d.hooks()})
	return d, err
}

// hooks tell the view what the transport does, as it does it.
func (d *demo) hooks() transport.Hooks {
	return transport.Hooks{
		Attempt: func(_ context.Context, a transport.Attempt) {
			d.calls[a.Label]++
		},
		Swap: func(_ context.Context, s transport.Swap) {
			switch {
			case s.State == tokens.Invalid:
				d.view.event(red, "%s: %d, revoked; a probe confirms it, put aside; another goes on", s.Label, s.Status)
			case s.Reason == ratelimit.Unauthorized:
				d.view.event(red, "%s: %d; another goes on", s.Label, s.Status)
			default:
				d.view.event(yellow, "%s: %d, another program spent its %s; another goes on",
					s.Label, s.Status, d.last[s.Label])
			}
		},
		Wait: func(_ context.Context, w transport.Wait) {
			d.view.waiting(w.Until)
		},
		Done: func(_ context.Context, e transport.Done) {
			if e.Status == http.StatusOK {
				d.last[e.Label] = d.left(e.Label)
				d.view.page(pageOf(e.URL), e.Label, d.last[e.Label])
			}
		},
	}
}

// left is what the manager knows the token to have left.
func (d *demo) left(label string) string {
	for _, t := range d.fleet.Manager().AllTokens(tokens.GitHub) {
		if left, ok := t.Status.Remaining.Get(); t.Label == label && ok {
			return fmt.Sprintf("%d of %d left", left, demoLimit)
		}
	}
	return ""
}

func pageOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Query().Get("page") == "" {
		return "1"
	}
	return u.Query().Get("page")
}

func (d *demo) run(ctx context.Context) error {
	d.view.intro()
	start := time.Now()
	err := d.list(ctx)
	d.view.report(d, time.Since(start))
	if err == nil && (len(d.seen) != demoRepositories || d.repeated() > 0) {
		err = fmt.Errorf("gitfleet: demo: got %d of %d repositories, %d of them more than once", len(d.seen), demoRepositories, d.repeated())
	}
	return err
}

// list is what any program with go-github does; GitFleet shows up in the first
// line only.
func (d *demo) list(ctx context.Context) error {
	client := github.NewClient(d.fleet.HTTPClient(tokens.GitHub))
	options := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{Page: 1, PerPage: demoPerPage}}
	for options.Page != 0 {
		d.trouble(options.Page)
		repos, resp, err := client.Repositories.ListByOrg(ctx, demoOrganization, options)
		if err != nil {
			return err
		}
		for _, r := range repos {
			d.seen[r.GetID()]++
		}
		d.view.progress(len(d.seen))
		options.Page = resp.NextPage
	}
	return nil
}

// trouble is what happens to tokens in the midst of real jobs.
func (d *demo) trouble(page int) {
	switch page {
	case revokedAtPage:
		d.sim.Revoke(demoTokens[1].secret)
	case spentAtPage:
		d.sim.Spend(demoTokens[2].secret, "core", demoLimit)
	}
}

// sent counts the requests of the job; what the host saw beyond are probes.
func (d *demo) sent() int {
	n := 0
	for _, calls := range d.calls {
		n += calls
	}
	return n
}

// repeated counts the repositories that came more than once.
func (d *demo) repeated() int {
	n := 0
	for _, times := range d.seen {
		if times > 1 {
			n++
		}
	}
	return n
}
