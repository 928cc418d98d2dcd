package fleettest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

// lists are every list of a repository, and the field that tells its items
// apart.
var lists = []struct {
	host, path, key string
	field           func(*fleettest.Contents) *int
}{
	{"GitHub", "/branches", "name", func(c *fleettest.Contents) *int { return &c.Branches }},
	{"GitHub", "/tags", "name", func(c *fleettest.Contents) *int { return &c.Tags }},
	{"GitHub", "/commits", "sha", func(c *fleettest.Contents) *int { return &c.Commits }},
	{"GitHub", "/contributors?anon=1", "", func(c *fleettest.Contents) *int { return &c.Contributors }},
	{"GitHub", "/pulls?state=all", "number", func(c *fleettest.Contents) *int { return &c.PullRequests }},
	{"GitHub", "/issues?state=all", "number", func(c *fleettest.Contents) *int { return &c.Issues }},
	{"GitHub", "/releases", "tag_name", func(c *fleettest.Contents) *int { return &c.Releases }},
	{"GitLab", "/repository/branches", "name", func(c *fleettest.Contents) *int { return &c.Branches }},
	{"GitLab", "/repository/tags", "name", func(c *fleettest.Contents) *int { return &c.Tags }},
	{"GitLab", "/repository/commits", "id", func(c *fleettest.Contents) *int { return &c.Commits }},
	{"GitLab", "/repository/contributors", "email", func(c *fleettest.Contents) *int { return &c.Contributors }},
	{"GitLab", "/merge_requests", "iid", func(c *fleettest.Contents) *int { return &c.PullRequests }},
	{"GitLab", "/issues", "iid", func(c *fleettest.Contents) *int { return &c.Issues }},
	{"GitLab", "/releases", "tag_name", func(c *fleettest.Contents) *int { return &c.Releases }},
	{"GitLab", "/repository/tree?path=src/part-000&recursive=true", "path", func(c *fleettest.Contents) *int { return &c.Files }},
	{"GitLab", "/repository/tree?pagination=keyset&path=src/part-000", "path", func(c *fleettest.Contents) *int { return &c.Files }},
	{"Bitbucket", "/refs/branches", "name", func(c *fleettest.Contents) *int { return &c.Branches }},
	{"Bitbucket", "/refs/tags", "name", func(c *fleettest.Contents) *int { return &c.Tags }},
	{"Bitbucket", "/commits", "hash", func(c *fleettest.Contents) *int { return &c.Commits }},
	{"Bitbucket", "/pullrequests?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED&pagelen=50", "id", func(c *fleettest.Contents) *int { return &c.PullRequests }},
}

// repositoryAt is where a host has a repository.
var repositoryAt = map[string]string{
	"GitHub": "https://api.github.com/repos/acme/repo-0001", "GitLab": "https://gitlab.com/api/v4/projects/acme%2Frepo-0001",
	"Bitbucket": "https://api.bitbucket.org/2.0/repositories/acme/repo-0001",
}

// makeHost makes a simulator with one repository and no limits.
func makeHost(host, token string, contents fleettest.Contents) simulator {
	cfg := fleettest.Config{
		Tokens: []string{token}, Limit: -1, PointsPerMinute: -1, GitLab: fleettest.GitLabConfig{NoApplicationLimits: true},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 1, Contents: contents}},
	}
	for _, h := range hosts {
		if h.name == host {
			return h.make(cfg)
		}
	}
	panic("no host " + host)
}

// walk reads a list to its end by the links to the next page, and returns its
// items' keys. between is called after each page.
func walk(t *testing.T, rt http.RoundTripper, token, url, key string, between func(page int)) (keys []string) {
	t.Helper()
	for page := 1; url != ""; page++ {
		r := send(t, rt, request{path: url, token: token})
		if r.status == 204 {
			return keys
		}
		if r.status != 200 || page > 1100 {
			t.Fatalf("%s: page %d: %d %.200s", url, page, r.status, r.body)
		}
		var items []map[string]json.RawMessage
		next := nextLink(r.header)
		if strings.HasPrefix(r.body, "{") {
			var v struct {
				Values []map[string]json.RawMessage
				Next   string
			}
			if err := json.Unmarshal([]byte(r.body), &v); err != nil {
				t.Fatal(err)
			}
			items, next = v.Values, v.Next
		} else if err := json.Unmarshal([]byte(r.body), &items); err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if key == "" { // a contributor has a login or a name
				i[""] = slices.Concat(i["login"], i["email"])
			}
			keys = append(keys, string(i[key]))
		}
		between(page)
		url = next
	}
	return keys
}

// nextLink is the link to the next page, "" if there is none.
func nextLink(h http.Header) string {
	for _, part := range strings.Split(h.Get("Link"), ", ") {
		if link, ok := strings.CutSuffix(part, `>; rel="next"`); ok {
			return strings.TrimPrefix(link, "<")
		}
	}
	return ""
}

// listURL is where a list begins, with pages of a size.
func listURL(host, path string, size int) string {
	url := repositoryAt[host] + path
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	name := "per_page"
	if host == "Bitbucket" {
		if name = "pagelen"; strings.Contains(url, "pagelen") {
			return url
		}
	}
	return fmt.Sprintf("%s%s%s=%d", url, sep, name, size)
}

func TestHosts_lists_are_whole_at_any_length(t *testing.T) {
	t.Parallel()
	for _, l := range lists {
		many := 350
		if key := strings.Trim(l.path, "/"); !testing.Short() && (strings.HasPrefix(key, "issues") || key == "commits") {
			many = 10_000 // one list of each way of paging
		}
		for _, n := range []int{-1, 1, 101, many} {
			t.Run(fmt.Sprintf("%s%s/%d", l.host, l.path, n), func(t *testing.T) {
				t.Parallel()
				contents := fleettest.Contents{PullRequests: -1, Issues: -1}
				*l.field(&contents) = n
				want := max(0, n)
				if strings.Contains(l.path, "tree") {
					want = min(97, max(0, n-3)) // part-000 begins with the fourth
				}
				if n < 0 && l.host == "GitHub" && l.field(&contents) == &contents.Commits {
					return // it says that the repository is empty
				}
				if n < 0 && (l.field(&contents) == &contents.Branches || l.field(&contents) == &contents.Contributors) {
					want = 1 // who committed has an address, on a branch
				}
				token := canary.Token("lists")
				sim := makeHost(l.host, token, contents)
				url := listURL(l.host, l.path, 100)
				if want == 0 && strings.Contains(l.path, "tree") {
					if r := send(t, sim, request{path: url, token: token}); r.status != 404 {
						t.Errorf("a directory that is not there: %d", r.status)
					}
					return
				}
				keys := walk(t, sim, token, url, l.key, func(int) {})
				seen := make(map[string]bool)
				for _, k := range keys {
					seen[k] = true
				}
				if len(keys) != want || len(seen) != want {
					t.Errorf("listed %d, %d different ones; want %d", len(keys), len(seen), want)
				}
			})
		}
	}
}

func TestHosts_lists_keep_what_they_had_when_they_grow_under_a_walk(t *testing.T) {
	t.Parallel()
	for _, l := range lists {
		if strings.Contains(l.path, "tree") || strings.Contains(l.path, "branches") || strings.Contains(l.path, "contributors") {
			continue // nothing comes in at their head
		}
		t.Run(l.host+l.path, func(t *testing.T) {
			t.Parallel()
			contents := fleettest.Contents{PullRequests: -1, Issues: -1, Commits: 400}
			*l.field(&contents) = 95
			token := canary.Token("grow")
			sim := makeHost(l.host, token, contents)
			url := listURL(l.host, strings.ReplaceAll(l.path, "pagelen=50", "pagelen=10"), 10)
			before := walk(t, sim, token, url, l.key, func(int) {})
			grown := contents
			*l.field(&grown) = 98
			sim.Inject(fleettest.Fault{After: 1, Do: func() { sim.SetContents("acme", "repo-0001", grown) }})
			during := walk(t, sim, token, url, l.key, func(int) {})
			after := walk(t, sim, token, url, l.key, func(int) {})
			if len(before) != 95 || len(after) != 98 || strings.Join(after[3:], " ") != strings.Join(before, " ") {
				t.Fatalf("%d before, %d after: %v …", len(before), len(after), after[:5])
			}
			// Pages with numbers move by what came in; cursors do not.
			cursor := strings.HasSuffix(l.path, "/commits") && l.host == "Bitbucket"
			if repeated := during[10] == during[7] && during[11] == during[8] && during[12] == during[9]; !repeated && !cursor {
				t.Errorf("the second page begins %v after %v", during[10:13], during[7:10])
			}
		})
	}
}

func TestHosts_a_repository_without_commits_is_empty(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host, path string
		status     int
		want       string
	}{
		{"GitHub", "/commits", 409, `"message":"Git Repository is empty."`},
		{"GitHub", "/commits/main", 409, `"message":"Git Repository is empty."`},
		{"GitHub", "/git/trees/main?recursive=1", 409, `"message":"Git Repository is empty."`},
		{"GitHub", "/contributors", 204, ""},
		{"GitHub", "/branches", 200, "[]"},
		{"GitHub", "/tags", 200, "[]"},
		{"GitHub", "/pulls", 200, "[]"},
		{"GitHub", "/releases", 200, "[]"},
		{"GitHub", "/releases/latest", 404, "Not Found"},
		{"GitHub", "/languages", 200, "{}"},
		{"GitHub", "/contents/", 404, "This repository is empty."},
		{"GitHub", "/branches/main", 404, "Branch not found"},
		{"GitHub", "", 200, `"size":0`},
		{"GitLab", "", 200, `"default_branch":null`},
		{"GitLab", "", 200, `"empty_repo":true`},
		{"GitLab", "/repository/commits", 200, "[]"},
		{"GitLab", "/repository/commits/main", 404, "404 Commit Not Found"},
		{"GitLab", "/repository/contributors", 200, "[]"},
		{"GitLab", "/repository/tree", 404, "404 Tree Not Found"},
		{"GitLab", "/repository/branches", 200, "[]"},
		{"GitLab", "/merge_requests", 200, "[]"},
		{"GitLab", "/languages", 200, "{}"},
		{"Bitbucket", "", 200, `"mainbranch":null`},
		{"Bitbucket", "/refs/branches", 200, `"values":[]`},
		{"Bitbucket", "/commits", 200, `"values":[]`},
		{"Bitbucket", "/commits/main", 404, "Commit not found"},
		{"Bitbucket", "/src", 404, "no commits"},
		{"Bitbucket", "/pullrequests", 200, `"values":[]`},
	}
	token := canary.Token("empty")
	sims := make(map[string]simulator)
	for _, h := range hosts {
		sims[h.name] = makeHost(h.name, token, fleettest.Contents{Commits: -1})
	}
	for _, tt := range tests {
		r := send(t, sims[tt.host], request{path: repositoryAt[tt.host] + tt.path, token: token})
		if r.status != tt.status || !strings.Contains(r.body, tt.want) {
			t.Errorf("%s %s: %d %.200s, want %d with %s", tt.host, tt.path, r.status, r.body, tt.status, tt.want)
		}
	}
}

func TestHosts_repositories_can_have_other_names(t *testing.T) {
	t.Parallel()
	token := canary.Token("names")
	cfg := fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 3, Names: []string{"web.site", ".github"}}}}
	for _, h := range hosts {
		sim := h.make(cfg)
		at := strings.TrimSuffix(repositoryAt[h.name], "repo-0001")
		for name, want := range map[string]int{"web.site": 200, ".github": 200, "WEB.site": 200, "repo-0001": 404, "repo-0003": 200} {
			if r := send(t, sim, request{path: at + name, token: token}); r.status != want {
				t.Errorf("%s: %s is %d, want %d", h.name, name, r.status, want)
			}
		}
	}
}
