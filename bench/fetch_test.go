package bench

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	portable "github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/tokens"
)

const (
	repositories = 5000
	away         = 50 * time.Millisecond
	faster       = 8.0 // than the sequential loop is what FetchRepositories must be
)

// acme is a GitHub on which the organization acme has n repositories, and ten
// tokens.
func acme(n int, latency time.Duration) (sim *fleettest.GitHub, secrets []string) {
	for i := range 10 {
		secrets = append(secrets, secret(i))
	}
	return fleettest.NewGitHub(fleettest.Config{
		Tokens: secrets, Latency: latency, Organizations: []fleettest.Owner{{Login: "acme", Repositories: n}},
	}), secrets
}

// listing is a way of listing the repositories of acme. It returns how many there
// were. The host is where a server of the simulated GitHub is, or empty.
type listing struct {
	name string
	list func(t *testing.T, base http.RoundTripper, host string, secrets []string) int
}

var listings = []listing{
	{"go-github v66, page after page", listByGoGitHub},
	{"GitFleet, FetchRepositories", fetchRepositories},
	{"GitFleet, Repositories, an iterator", iterateRepositories},
}

// listByGoGitHub is the loop that go-github documents, with the largest pages.
func listByGoGitHub(t *testing.T, base http.RoundTripper, host string, secrets []string) int {
	client := github.NewClient(&http.Client{Transport: static{secrets[0], base}})
	if host != "" {
		var err error
		if client, err = client.WithEnterpriseURLs(host, host); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	opts := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for {
		page, resp, err := client.Repositories.ListByOrg(context.Background(), "acme", opts)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page)
		if resp.NextPage == 0 {
			return n
		}
		opts.Page = resp.NextPage
	}
}

func fetchRepositories(t *testing.T, base http.RoundTripper, host string, secrets []string) int {
	client, m := fleet(t, base, host, secrets)
	defer m.Close()
	all, err := client.FetchRepositories(context.Background(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func iterateRepositories(t *testing.T, base http.RoundTripper, host string, secrets []string) int {
	client, m := fleet(t, base, host, secrets)
	defer m.Close()
	n := 0
	for _, err := range client.Repositories(context.Background(), "acme") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// fleet is a new portable client of all tokens, with nothing changed.
func fleet(t *testing.T, base http.RoundTripper, host string, secrets []string) (*providers.Client, *tokens.Manager) {
	t.Helper()
	var ts []tokens.Token
	for _, s := range secrets {
		ts = append(ts, tokens.Token{Provider: tokens.GitHub, Host: host, Secret: tokens.Static(s)})
	}
	m, err := tokens.NewManager(tokens.Config{Base: base}, ts...)
	if err != nil {
		t.Fatal(err)
	}
	client, err := portable.New(providers.Config{Manager: m, Base: base, Host: host})
	if err != nil {
		t.Fatal(err)
	}
	return client, m
}

// TestFetch prints how long it takes to list 5,000 repositories at 50 ms a
// request, in virtual time: what is measured are round trips.
func TestFetch(t *testing.T) {
	took := map[string]time.Duration{}
	for _, l := range listings {
		synctest.Test(t, func(t *testing.T) {
			sim, secrets := acme(repositories, away)
			start := time.Now()
			n := l.list(t, sim, "", secrets)
			took[l.name] = time.Since(start)
			t.Log(line(l.name, n, took[l.name], took[listings[0].name], sim.Stats().Requests))
			if n != repositories {
				t.Errorf("%d repositories, want %d", n, repositories)
			}
		})
	}
	if ratio := took[listings[0].name].Seconds() / took[listings[1].name].Seconds(); ratio < faster {
		t.Errorf("FetchRepositories is %.2f times as fast as the loop, want %.0f", ratio, faster)
	}
}

// TestFetchOverASocket is TestFetch in real time. The simulated GitHub is in the
// same process and makes the pages on the same processors.
func TestFetchOverASocket(t *testing.T) {
	var loop time.Duration
	for _, l := range listings {
		sim, secrets := acme(repositories, away)
		server := sim.Serve()
		start := time.Now()
		n := l.list(t, server.Transport(), server.URL, secrets)
		took := time.Since(start)
		server.Close()
		if loop == 0 {
			loop = took
		}
		t.Log(line(l.name, n, took, loop, sim.Stats().Requests))
		if n != repositories {
			t.Errorf("%d repositories, want %d", n, repositories)
		}
	}
}

func line(name string, n int, took, loop time.Duration, requests int) string {
	return fmt.Sprintf("%-36s %d repositories in %8v  %5.2f x as fast as the loop, %d requests",
		name, n, took.Round(time.Millisecond), loop.Seconds()/took.Seconds(), requests)
}
