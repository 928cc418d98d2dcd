//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package fleettest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/xanzy/go-gitlab"
)

// labAPI is where the simulated GitLab's API is.
const labAPI = "https://gitlab.com/api/v4"

// noLimit keeps go-gitlab from pacing its calls itself.
type noLimit struct{}

func (noLimit) Wait(context.Context) error { return nil }

// labClient is go-gitlab with one token, and without its own limiter and
// retries.
func labClient(t *testing.T, token string, base http.RoundTripper, url string) *gitlab.Client {
	t.Helper()
	c, err := gitlab.NewClient(token, gitlab.WithBaseURL(url), gitlab.WithHTTPClient(&http.Client{Transport: base}),
		gitlab.WithCustomLimiter(noLimit{}), gitlab.WithoutRetries())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// labGet asks the simulated GitLab for a path with a PRIVATE-TOKEN, "" for
// none.
func labGet(t *testing.T, rt http.RoundTripper, token, path string) reply {
	t.Helper()
	q := request{path: labAPI + path}
	if token != "" {
		q.header = http.Header{"Private-Token": {token}}
	}
	return send(t, rt, q)
}

// lab is a simulator with groups in one another and a user that owns things.
func lab(token string) *fleettest.GitLab {
	return fleettest.NewGitLab(fleettest.Config{
		Tokens: []string{token},
		Organizations: []fleettest.Owner{
			{Login: "acme", Repositories: 25, Private: 5},
			{Login: "acme/platform/tools", Repositories: 3},
			{Login: "acme/platform", Repositories: 10, Private: 1},
		},
		Users: []fleettest.Owner{{Login: "user-1", Repositories: 4, Private: 3}},
	})
}

// listGroup lists a group's projects the way go-gitlab's documentation shows.
func listGroup(t *testing.T, c *gitlab.Client, group string, subgroups bool) []*gitlab.Project {
	t.Helper()
	var all []*gitlab.Project
	opt := &gitlab.ListGroupProjectsOptions{ListOptions: gitlab.ListOptions{PerPage: 100}, IncludeSubGroups: &subgroups}
	for {
		page, resp, err := c.Groups.ListGroupProjects(group, opt, gitlab.WithContext(t.Context()))
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

func TestGitLab_lists_a_group_once_each(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-list")
	cfg := fleettest.Config{
		Tokens: []string{token},
		Organizations: []fleettest.Owner{
			{Login: "acme", Repositories: 1000, Private: 5}, {Login: "acme/platform", Repositories: 200},
		},
	}
	tests := []struct {
		name    string
		connect func(*testing.T, *fleettest.GitLab) *gitlab.Client
	}{
		{"in memory", func(t *testing.T, sim *fleettest.GitLab) *gitlab.Client {
			return labClient(t, token, sim, "https://gitlab.com")
		}},
		{"over a socket", func(t *testing.T, sim *fleettest.GitLab) *gitlab.Client {
			s := sim.Serve()
			t.Cleanup(s.Close)
			return labClient(t, token, s.Transport(), s.URL)
		}},
		{"below a relative URL root", func(t *testing.T, sim *fleettest.GitLab) *gitlab.Client {
			s := httptest.NewServer(sim)
			t.Cleanup(s.Close)
			return labClient(t, token, s.Client().Transport, s.URL+"/dev/gitlab")
		}},
		{"over a pipe", func(t *testing.T, sim *fleettest.GitLab) *gitlab.Client {
			s := sim.ServePipe()
			t.Cleanup(s.Close)
			return labClient(t, token, s.Transport(), s.URL)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim := fleettest.NewGitLab(cfg)
			c := tt.connect(t, sim)
			projects := listGroup(t, c, "acme", true)
			seen := make(map[int]bool)
			for _, p := range projects {
				seen[p.ID] = true
			}
			if len(projects) != 1200 || len(seen) != 1200 {
				t.Errorf("listed %d projects, %d different ones, want 1200", len(projects), len(seen))
			}
			if got := sim.Stats().Requests; got != 12 {
				t.Errorf("listing took %d requests, want 12", got)
			}
			if got := len(listGroup(t, c, "acme/platform", false)); got != 200 {
				t.Errorf("a group in a group has %d projects, want 200", got)
			}
		})
	}
}

func TestGitLab_keyset_pages_have_a_next_link_only(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-keyset")
	sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}, {Login: "zoo", Repositories: 50}}})
	c := labClient(t, token, sim, "https://gitlab.com")
	for _, sort := range []string{"asc", "desc"} {
		opt := &gitlab.ListProjectsOptions{
			ListOptions: gitlab.ListOptions{PerPage: 100, Pagination: "keyset", OrderBy: "id", Sort: sort},
		}
		var ids []int
		var sizes []int
		for next := []gitlab.RequestOptionFunc{gitlab.WithContext(t.Context())}; ; {
			page, resp, err := c.Projects.ListProjects(opt, next...)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page {
				ids = append(ids, p.ID)
			}
			sizes = append(sizes, len(page))
			if resp.NextPage != 0 || resp.TotalItems != 0 || resp.LastLink != "" || resp.FirstLink != "" {
				t.Errorf("%s: next page %d, total %d, last %q", sort, resp.NextPage, resp.TotalItems, resp.LastLink)
			}
			if resp.NextLink == "" {
				break
			}
			next = []gitlab.RequestOptionFunc{gitlab.WithKeysetPaginationParameters(resp.NextLink)}
		}
		if want := []int{100, 100, 100, 0}; !cmp.Equal(sizes, want) {
			t.Errorf("%s: pages of %v, want %v", sort, sizes, want)
		}
		for i := 1; i < len(ids); i++ {
			if ids[i] == ids[i-1] || (ids[i] > ids[i-1]) != (sort == "asc") {
				t.Fatalf("%s: id %d after %d", sort, ids[i], ids[i-1])
			}
		}
	}
}

func TestGitLab_refuses_ways_of_paging_it_does_not_offer(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-405")
	sim := lab(token)
	const (
		noKeyset = "Keyset pagination is not yet available for this type of request"
		tooFar   = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type Project. Remaining records can be retrieved using keyset pagination."
	)
	tests := []struct {
		path   string
		status int
		want   any
	}{
		{"/projects?pagination=keyset", 405, noKeyset},
		{"/projects?pagination=keyset&order_by=name", 405, noKeyset},
		{"/groups/acme/projects?pagination=keyset&order_by=id", 405, noKeyset},
		{"/groups?pagination=keyset", 405, noKeyset},
		{"/projects?per_page=100&page=502", 405, tooFar},
	}
	for _, tt := range tests {
		if r := labGet(t, sim, token, tt.path); r.status != tt.status || r.field(t, "error") != tt.want {
			t.Errorf("%s: %d %s", tt.path, r.status, r.body)
		}
	}
	if got := labGet(t, sim, token, "/projects?per_page=100&page=501").status; got != 200 {
		t.Errorf("offset 50000: status %d, want 200", got)
	}
}

func TestGitLab_page_headers_are_GitLabs(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-pages")
	sim := lab(token)
	const by = "<https://gitlab.com/api/v4/groups/acme%2Fplatform/projects?"
	const rest = "&per_page=4&sort=asc>; rel="
	tests := []struct {
		path string
		want []string // X-Page, X-Per-Page, X-Next-Page, X-Prev-Page, X-Total, X-Total-Pages, Link
	}{
		{"/groups/acme%2Fplatform/projects?sort=asc&per_page=4", []string{
			"1", "4", "2", "", "10", "3",
			by + "page=2" + rest + `"next", ` + by + "page=1" + rest + `"first", ` + by + "page=3" + rest + `"last"`,
		}},
		{"/groups/acme%2Fplatform/projects?page=2&per_page=4&sort=asc", []string{
			"2", "4", "3", "1", "10", "3",
			by + "page=1" + rest + `"prev", ` + by + "page=3" + rest + `"next", ` + by + "page=1" + rest + `"first", ` + by + "page=3" + rest + `"last"`,
		}},
		{"/groups/acme%2Fplatform/projects?page=3&per_page=4&sort=asc", []string{
			"3", "4", "", "2", "10", "3",
			by + "page=2" + rest + `"prev", ` + by + "page=1" + rest + `"first", ` + by + "page=3" + rest + `"last"`,
		}},
	}
	for _, tt := range tests {
		r := labGet(t, sim, token, tt.path)
		var got []string
		for _, name := range []string{"X-Page", "X-Per-Page", "X-Next-Page", "X-Prev-Page", "X-Total", "X-Total-Pages", "Link"} {
			got = append(got, r.header.Get(name))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
	r := labGet(t, sim, token, "/projects/1001000001/repository/commits?per_page=2")
	if r.header.Get("X-Total") != "" || r.header.Get("X-Next-Page") != "2" || strings.Contains(r.header.Get("Link"), `rel="last"`) {
		t.Errorf("commits are counted: %v", r.header)
	}
	if r := labGet(t, sim, token, "/groups/acme/projects?private_token="+token); strings.Contains(r.header.Get("Link"), canary.Mark) {
		t.Error("a link holds the token")
	}
}

func TestGitLab_pages_are_of_the_size_asked_for(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-size")
	big := fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 10_001}}})
	c := labClient(t, token, big, "https://gitlab.com")
	tests := []struct{ perPage, page, want int }{{0, 0, 20}, {500, 1, 100}, {100, 101, 1}, {100, 102, 0}, {7, 2, 7}}
	for _, tt := range tests {
		projects, resp, err := c.Groups.ListGroupProjects("acme", &gitlab.ListGroupProjectsOptions{ListOptions: gitlab.ListOptions{PerPage: tt.perPage, Page: tt.page}})
		if err != nil || len(projects) != tt.want {
			t.Errorf("page %d of %d has %d projects, %v; want %d", tt.page, tt.perPage, len(projects), err, tt.want)
			continue
		}
		if resp.TotalItems != 0 || resp.LastLink != "" {
			t.Errorf("more than 10,000 are counted: %d, last %q", resp.TotalItems, resp.LastLink)
		}
	}
}

// listCommits are options for the history of a revision.
func listCommits(revision string) *gitlab.ListCommitsOptions {
	return &gitlab.ListCommitsOptions{RefName: &revision}
}
