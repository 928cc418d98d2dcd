//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitfleet_test

import (
	"testing"

	"github.com/gitfleet/gitfleet"
	"github.com/gitfleet/gitfleet/providers/bitbucket"
	"github.com/gitfleet/gitfleet/providers/github"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/gitfleet/gitfleet/transport"
	gobitbucket "github.com/ktrysmt/go-bitbucket"
)

// cachingFleet is a fleet on three hosts, with one cache.
func cachingFleet(t *testing.T) (three, *gitfleet.Fleet, *transport.Cache) {
	t.Helper()
	hosts, cache := newThree(), new(transport.Cache)
	f, err := gitfleet.New(gitfleet.Config{Manager: hosts.manager(t), Base: hosts, Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return hosts, f, cache
}

func TestI14_go_github_over_a_cache_pays_once(t *testing.T) {
	t.Parallel()
	hosts, f, cache := cachingFleet(t)
	gh, err := github.NewClient(f.Transport(tokens.GitHub), "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		r, resp, err := gh.Repositories.Get(t.Context(), "acme", "repo-0001")
		if err != nil || r.GetFullName() != "acme/repo-0001" || resp.StatusCode != 200 || resp.Rate.Remaining != 4999 {
			t.Fatalf("call %d: %v, %v", i+1, r, err)
		}
		if i == 0 { // the next window
		}
	}
	if s := cache.Stats(); s.Hits != 4 || s.Paid() != 1 || hosts.github.Stats().NotModified != 4 {
		t.Errorf("Stats() = %+v", s)
	}
}

func TestI14_go_gitlab_over_a_cache_gets_what_is_kept(t *testing.T) {
	t.Parallel()
	hosts, f, cache := cachingFleet(t)
	gl, err := gitlab.NewClient(f.Transport(tokens.GitLab), "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		p, _, err := gl.Projects.GetProject("acme/repo-0001", nil)
		if err != nil || p.PathWithNamespace != "acme/repo-0001" {
			t.Fatalf("call %d: %v, %v", i+1, p, err)
		}
	}
	if s := cache.Stats(); s.Hits != 2 || hosts.gitlab.Stats().NotModified != 2 {
		t.Errorf("Stats() = %+v", s)
	}
}

// Bitbucket forbids keeping its answers (Cache-Control: no-store).
func TestI14_go_bitbucket_over_a_cache_asks_each_time(t *testing.T) {
	t.Parallel()
	hosts, f, cache := cachingFleet(t)
	for i := range 3 {
		bb, err := bitbucket.NewClient(t.Context(), f.Transport(tokens.Bitbucket), "")
		if err != nil {
			t.Fatal(err)
		}
		r, err := bb.Repositories.Repository.Get(&gobitbucket.RepositoryOptions{Owner: "acme", RepoSlug: "repo-0001"})
		if err != nil || r.Full_name != "acme/repo-0001" {
			t.Fatalf("call %d: %v, %v", i+1, r, err)
		}
	}
	if s := cache.Stats(); s.Hits != 0 || s.Kept != 0 || hosts.bitbucket.Stats().NotModified != 0 {
		t.Errorf("Stats() = %+v", s)
	}
}

// The portable clients' lists go through the cache, too.
func TestConfig_Cache_is_one_for_all_hosts(t *testing.T) {
	t.Parallel()
	hosts, f, cache := cachingFleet(t)
	for range 2 {
		for r, err := range f.Repositories(t.Context(), "acme") {
			if err != nil || r.Owner.Login != "acme" {
				t.Errorf("%+v, %v", r, err)
			}
		}
	}
	if hosts.github.Stats().NotModified == 0 || hosts.gitlab.Stats().NotModified == 0 || cache.Stats().Hits == 0 {
		t.Errorf("Stats() = %+v", cache.Stats())
	}
}
