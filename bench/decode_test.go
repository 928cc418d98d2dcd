//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; the library that providers/gitlab is over is the one to compare with.

package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v66/github"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
	"github.com/xanzy/go-gitlab"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	presetbitbucket "github.com/gitfleet/gitfleet/providers/bitbucket"
	portable "github.com/gitfleet/gitfleet/providers/github"
	presetgitlab "github.com/gitfleet/gitfleet/providers/gitlab"
)

const (
	rounds     = 40   // of each, in turn; the quickest counts
	pages      = 5    // a round
	perPage    = 100  // repositories
	dearerThan = 1.15 // times the library's allocations is what ours may have at most
)

// recorded answers with pages as a simulated host made them, at once and without
// a link to another.
type recorded map[string][]byte // by the path

// RoundTrip implements [http.RoundTripper].
func (r recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	text, ok := r[req.URL.Path]
	resp := &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(text)),
		Body: io.NopCloser(bytes.NewReader(text)), Request: req,
	}
	if !ok {
		resp.StatusCode, resp.Status = http.StatusNotFound, "404 Not Found"
	}
	return resp, nil
}

// record asks a simulated host for addresses.
func record(t *testing.T, sim http.RoundTripper, addresses ...string) recorded {
	t.Helper()
	r := recorded{}
	for _, address := range addresses {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := static{secret(0), sim}.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", address, resp.Status, err)
		}
		r[req.URL.Path] = text
	}
	return r
}

// reading reads one page of repositories and returns how many there were.
type reading func() (int, error)

// pair is a library beside our client over it.
type pair struct {
	name          string
	library, ours reading
	page          []byte
}

func githubPair(t *testing.T) pair {
	sim := fleettest.NewGitHub(world())
	base := record(t, sim, "https://api.github.com/users/acme", "https://api.github.com/orgs/acme/repos?per_page=100")
	library := github.NewClient(&http.Client{Transport: base})
	client, err := portable.New(providers.Config{Transport: base, Anonymous: true})
	return pair{"go-github v66", func() (int, error) {
		all, _, err := library.Repositories.ListByOrg(context.Background(), "acme",
			&github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: perPage}})
		return len(all), err
	}, fetching(t, client, err), base["/orgs/acme/repos"]}
}

func gitlabPair(t *testing.T) pair {
	sim := fleettest.NewGitLab(world())
	base := record(t, sim, "https://gitlab.com/api/v4/groups/acme/projects?per_page=100")
	library, err := gitlab.NewClient("", gitlab.WithHTTPClient(&http.Client{Transport: base}), gitlab.WithoutRetries())
	if err != nil {
		t.Fatal(err)
	}
	client, err := presetgitlab.New(providers.Config{Transport: base, Anonymous: true})
	return pair{"go-gitlab v0.115", func() (int, error) {
		all, _, err := library.Groups.ListGroupProjects("acme",
			&gitlab.ListGroupProjectsOptions{ListOptions: gitlab.ListOptions{PerPage: perPage}})
		return len(all), err
	}, fetching(t, client, err), base["/api/v4/groups/acme/projects"]}
}

func bitbucketPair(t *testing.T) pair {
	sim := fleettest.NewBitbucket(world())
	base := record(t, sim, "https://api.bitbucket.org/2.0/repositories/acme?pagelen=100")
	library, err := presetbitbucket.NewClient(t.Context(), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	library.HttpClient = &http.Client{Transport: base} // without the preset's own reading
	client, err := presetbitbucket.New(providers.Config{Transport: base, Anonymous: true})
	return pair{"go-bitbucket v0.10", func() (int, error) {
		all, err := library.Repositories.ListForAccount(&gobitbucket.RepositoriesOptions{Owner: "acme"})
		if err != nil {
			return 0, err
		}
		return len(all.Items), nil
	}, fetching(t, client, err), base["/2.0/repositories/acme"]}
}

// world is a host with one page of repositories.
func world() fleettest.Config {
	return fleettest.Config{
		Tokens: []string{secret(0)}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: perPage}},
	}
}

// fetching reads a page by a portable client.
func fetching(t *testing.T, client *providers.Client, err error) reading {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return func() (int, error) {
		all, err := client.FetchRepositories(context.Background(), "acme")
		return len(all), err
	}
}

// cost is what a repository costs.
type cost struct {
	ns, allocs, bytes float64
}

// measure reads some pages, and keeps in c the least of each.
func (c *cost) measure(t *testing.T, read reading) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	for range pages {
		if n, err := read(); err != nil || n != perPage {
			t.Fatalf("%d repositories, %v", n, err)
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	const all = pages * perPage
	least(&c.ns, float64(took)/all)
	least(&c.allocs, float64(after.Mallocs-before.Mallocs)/all)
	least(&c.bytes, float64(after.TotalAlloc-before.TotalAlloc)/all)
}

func least(to *float64, n float64) {
	if *to == 0 || n < *to {
		*to = n
	}
}

// TestDecoding prints what a repository of a page of 100 costs the library that
// decodes it, and the portable client, which makes its own records besides. Both
// do all that they do for a call, on answers that are in memory.
func TestDecoding(t *testing.T) {
	for _, p := range []pair{githubPair(t), gitlabPair(t), bitbucketPair(t)} {
		if n := strings.Count(string(p.page), `"acme/repo-`); n < perPage {
			t.Fatalf("%s: %d repositories on the page", p.name, n)
		}
		var library, ours cost
		for range rounds {
			library.measure(t, p.library)
			ours.measure(t, p.ours)
		}
		t.Logf("%-18s %6.1f µs  %6.1f allocations  %6.2f KiB a repository of %.1f KiB JSON", p.name,
			library.ns/1e3, library.allocs, library.bytes/1024, float64(len(p.page))/perPage/1024)
		t.Logf("%-18s %6.1f µs  %6.1f allocations  %6.2f KiB: %.3f x the time, %.3f x the allocations, %.3f x the memory", "GitFleet",
			ours.ns/1e3, ours.allocs, ours.bytes/1024, ours.ns/library.ns, ours.allocs/library.allocs, ours.bytes/library.bytes)
		// Time is printed only: a busy machine must not fail a test.
		if ours.allocs > dearerThan*library.allocs {
			t.Errorf("over %s: %.3f x the allocations, want %.2f at most", p.name, ours.allocs/library.allocs, dearerThan)
		}
	}
}
