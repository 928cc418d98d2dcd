package fleettest_test

import (
	"net/http"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-github/v66/github"
)

// staticToken puts one token on every request, as a program without a manager
// does.
type staticToken struct {
	token string
	base  http.RoundTripper
}

func (s staticToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+s.token)
	return s.base.RoundTrip(r)
}

// client is go-github with one token.
func client(token string, base http.RoundTripper) *github.Client {
	return github.NewClient(&http.Client{Transport: staticToken{token, base}})
}

// listAll lists an organization's repositories the way go-github's
// documentation shows.
func listAll(t *testing.T, c *github.Client, org string) []*github.Repository {
	t.Helper()
	var all []*github.Repository
	opt := &github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for {
		page, resp, err := c.Repositories.ListByOrg(t.Context(), org, opt)
		if err != nil {
			t.Fatalf("list page %d: %v", opt.Page, err)
		}
		all = append(all, page...)
		if resp.NextPage == 0 {
			return all
		}
		opt.Page = resp.NextPage
	}
}

func TestGitHub_lists_an_organization_once_each(t *testing.T) {
	t.Parallel()
	token := canary.Token("list")
	cfg := fleettest.Config{
		Tokens:        []string{token},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 2000, Private: 5}},
	}
	tests := []struct {
		name    string
		connect func(*testing.T, *fleettest.GitHub) *github.Client
	}{
		{"in memory", func(_ *testing.T, sim *fleettest.GitHub) *github.Client {
			return client(token, sim)
		}},
		{"over a socket", func(t *testing.T, sim *fleettest.GitHub) *github.Client {
			s := sim.Serve()
			t.Cleanup(s.Close)
			c, err := client(token, s.Transport()).WithEnterpriseURLs(s.URL, s.URL)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}},
		{"over a pipe", func(t *testing.T, sim *fleettest.GitHub) *github.Client {
			s := sim.ServePipe()
			t.Cleanup(s.Close)
			return client(token, s.Transport())
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim := fleettest.NewGitHub(cfg)
			repos := listAll(t, tt.connect(t, sim), "acme")
			seen := make(map[int64]bool)
			for _, r := range repos {
				seen[r.GetID()] = true
			}
			if len(repos) != 2000 || len(seen) != 2000 {
				t.Errorf("listed %d repositories, %d different ones, want 2000", len(repos), len(seen))
			}
			if got := sim.Stats().Requests; got != 20 {
				t.Errorf("listing took %d requests, want 20", got)
			}
		})
	}
}
