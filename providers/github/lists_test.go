package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
)

// simulated returns a portable client of a simulated host.
func simulated(t testing.TB, sim *fleettest.GitHub) *providers.Client {
	t.Helper()
	return clientOver(t, sim, "")
}

// urlsOf are what a simulated host was asked for.
func urlsOf(sim *fleettest.GitHub) []string {
	var all []string
	for _, r := range sim.Requests() {
		all = append(all, r.URL)
	}
	return all
}

func TestDriver_private_repositories_of_an_organization_are_listed(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 7, Private: 3}}})
	c := simulated(t, sim)
	for range 2 {
		if got, err := c.FetchRepositories(t.Context(), "acme"); err != nil || len(got) != 7 {
			t.Errorf("%d, %v; want 7", len(got), err)
		}
	}
	list := "/orgs/acme/repos?direction=asc&per_page=100&sort=created&type=all"
	if want := []string{"/users/acme", list, list}; !slices.Equal(urlsOf(sim), want) {
		t.Errorf("asked for %q, want %q", urlsOf(sim), want)
	}
}

func TestDriver_repositories_of_a_user(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Users: []fleettest.Owner{{Login: "octocat", Repositories: 7, Private: 3}}})
	c := simulated(t, sim)
	if got, err := c.FetchRepositories(t.Context(), "octocat"); err != nil || len(got) != 4 {
		t.Errorf("%d, %v; want the 4 public ones", len(got), err)
	}
	if want := []string{"/users/octocat", "/user", "/users/octocat/repos?direction=asc&per_page=100&sort=created&type=owner"}; !slices.Equal(urlsOf(sim), want) {
		t.Errorf("asked for %q, want %q", urlsOf(sim), want)
	}
}

func TestDriver_repositories_of_the_tokens_own_account(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Users: []fleettest.Owner{{Login: "user-1", Repositories: 7, Private: 3}}})
	c := simulated(t, sim)
	if got, err := c.FetchRepositories(t.Context(), "", providers.SortBy(providers.ByName, false)); err != nil || len(got) != 7 {
		t.Errorf("%d, %v; want 7", len(got), err)
	}
	if want := []string{"/user/repos?affiliation=owner&direction=desc&per_page=100&sort=full_name"}; !slices.Equal(urlsOf(sim), want) {
		t.Errorf("asked for %q, want %q", urlsOf(sim), want)
	}
}

// No failure of the first question turns into a shorter list.
func TestI15_an_owner_that_cannot_be_looked_up_has_no_list(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/users/acme/repos": `[{"id": 1}]`, "/orgs/acme/repos": `[{"id": 1}]`})
	s.answers["/users/acme"] = reply{status: http.StatusInternalServerError}
	if got, err := s.client(t).FetchRepositories(t.Context(), "acme"); err == nil || len(got) != 0 {
		t.Errorf("%d, %v", len(got), err)
	}
}

// An account may become an organization while it is remembered as a user.
func TestDriver_forgets_what_an_owner_is_when_its_list_fails(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/users/acme": `{"id": 1, "type": "User"}`, "/orgs/acme/repos": `[]`})
	c := s.client(t)
	if _, err := c.FetchRepositories(t.Context(), "acme"); err == nil {
		t.Error("a list that is 404 is no error")
	}
	s.answers["/users/acme"] = reply{body: `{"id": 1, "type": "Organization"}`}
	if _, err := c.FetchRepositories(t.Context(), "acme"); err != nil {
		t.Error(err)
	}
}

// cursored is a list whose links have cursors, as those of long lists of issues.
func cursored(of string, pages int) *script {
	s := told(nil)
	for n := range pages {
		where, r := of, reply{body: fmt.Sprintf(`[{"id": %d, "number": %d}]`, n+1, n+1)}
		if n > 0 {
			where = fmt.Sprint("/repositories/5/issues?after=c", n)
		}
		if n+1 < pages {
			r.header = http.Header{"Link": {fmt.Sprintf(`<https://api.github.com/repositories/5/issues?after=c%d>; rel="next"`, n+1)}}
		}
		s.answers[where] = r
	}
	return s
}

// go-github's NextPage is 0 there, and its lists end after the first page.
func TestI15_a_list_with_cursors_is_followed_to_its_end(t *testing.T) {
	t.Parallel()
	s := cursored("/repos/acme/web/issues", 4)
	got, err := s.client(t).FetchIssues(t.Context(), "acme/web")
	if err != nil || len(got) != 4 {
		t.Errorf("%d, %v; want 4", len(got), err)
	}
}

// Where there are cursors besides numbers, a number is refused for long lists.
func TestI15_numbers_beside_cursors_are_not_used(t *testing.T) {
	t.Parallel()
	s := cursored("/repos/acme/web/issues", 4)
	first := s.answers["/repos/acme/web/issues"]
	first.header = http.Header{"Link": {`<https://api.github.com/repositories/5/issues?after=c1&page=2>; rel="next", <https://api.github.com/repositories/5/issues?page=9>; rel="last"`}}
	s.answers["/repos/acme/web/issues"] = first
	s.answers["/repositories/5/issues?after=c1&page=2"] = s.answers["/repositories/5/issues?after=c1"]
	got, err := s.client(t).FetchIssues(t.Context(), "acme/web")
	if err != nil || len(got) != 4 || len(s.urls()) != 4 {
		t.Errorf("%d, %v; want 4 in 4 requests, there were %q", len(got), err, s.urls())
	}
}

func TestDriver_pages_by_number_are_asked_for_at_once_and_in_order(t *testing.T) {
	t.Parallel()
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{tokenA}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250}}})
	c := simulated(t, sim)
	got, err := c.FetchRepositories(t.Context(), "acme", providers.PageSize(10))
	if err != nil || len(got) != 250 || !slices.IsSortedFunc(got, func(a, b providers.Repository) int { return strings.Compare(a.Name, b.Name) }) {
		t.Errorf("%d, %v; want 250 in order", len(got), err)
	}
	asked := urlsOf(sim)
	slices.Sort(asked)
	if len(asked) != 26 || len(slices.Compact(asked)) != 26 {
		t.Errorf("%d requests, want 26, each once", len(asked))
	}
}

// dated answers with rows of repositories or pull requests by their last update.
func dated(days ...int) string {
	var rows []string
	for i, day := range days {
		rows = append(rows, fmt.Sprintf(`{"id": %d, "number": %d, "updated_at": "2024-01-%02dT00:00:00Z"}`, i+1, i+1, day))
	}
	return "[" + strings.Join(rows, ",") + "]"
}

func TestDriver_Since_is_exact_where_GitHub_has_no_parameter_for_it(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/users/acme": `{"id": 1, "type": "Organization"}`, "/orgs/acme/repos": dated(9, 1, 10, 11), "/repos/acme/web/pulls": dated(9, 1, 10, 11)})
	c := s.client(t)
	since := providers.Since(at("2024-01-10T00:00:00Z"))
	if got, err := c.FetchRepositories(t.Context(), "acme", since); err != nil || len(got) != 2 {
		t.Errorf("%d repositories, %v; want 2", len(got), err)
	}
	if got, err := c.FetchPullRequests(t.Context(), "acme/web", since); err != nil || len(got) != 2 {
		t.Errorf("%d pull requests, %v; want 2", len(got), err)
	}
}

func TestDriver_Since_with_the_latest_update_first_reads_no_further_than_it_must(t *testing.T) {
	t.Parallel()
	const next, last = `<https://api.github.com/repositories/5/pulls?page=2>; rel="next"`, `<https://api.github.com/repositories/5/pulls?page=9>; rel="last"`
	s := told(map[string]string{"/repositories/5/pulls?page=2": dated(5, 4)})
	s.answers["/repos/acme/web/pulls"] = reply{body: dated(12, 11, 10), header: http.Header{"Link": {next + ", " + last}}}
	s.answers["/repositories/5/pulls?page=2"] = reply{body: dated(9, 8), header: http.Header{"Link": {strings.ReplaceAll(next, "page=2", "page=3") + ", " + last}}}
	got, err := s.client(t).FetchPullRequests(t.Context(), "acme/web", providers.Since(at("2024-01-10T00:00:00Z")), providers.SortBy(providers.ByUpdated, false))
	if err != nil || len(got) != 3 || len(s.urls()) != 2 {
		t.Errorf("%d, %v; want 3 in 2 requests, there were %q", len(got), err, s.urls())
	}
}

func TestDriver_what_GitHub_has_no_order_or_state_for_sends_nothing(t *testing.T) {
	t.Parallel()
	s := told(nil)
	c := s.client(t)
	_, byName := c.FetchPullRequests(t.Context(), "acme/web", providers.SortBy(providers.ByName, true))
	_, issuesByName := c.FetchIssues(t.Context(), "acme/web", providers.SortBy(providers.ByName, true))
	_, merged := c.FetchIssues(t.Context(), "acme/web", providers.InState(providers.Merged))
	for _, err := range []error{byName, issuesByName, merged} {
		wantError(t, err, providers.ErrUnsupported, "")
	}
	if len(s.urls()) != 0 {
		t.Errorf("asked for %q", s.urls())
	}
}

func TestDriver_an_empty_repository_has_no_commits_and_no_tree(t *testing.T) {
	t.Parallel()
	s := told(nil)
	empty := reply{status: http.StatusConflict, body: `{"message":"Git Repository is empty."}`}
	s.answers["/repos/acme/web/commits"], s.answers["/repos/acme/web/git/trees/HEAD"] = empty, empty
	c := s.client(t)
	if got, err := c.FetchCommits(t.Context(), "acme/web"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := c.FetchTree(t.Context(), "acme/web", ""); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestI2_next_links_of_an_Enterprise_Server_stay_below_its_API(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]error{
		"https://git.example.com/api/v3/repositories/5/tags?page=2": nil,
		"https://GIT.example.com/api/v3/repositories/5/tags?page=2": nil,
		"https://git.example.com/elsewhere?page=2":                  providers.ErrMalformed,
		"http://git.example.com/api/v3/repositories/5/tags?page=2":  providers.ErrMalformed,
		"https://u@git.example.com/api/v3/x":                        providers.ErrMalformed,
		"https://api.github.com/repositories/5/tags?page=2":         providers.ErrMalformed,
	} {
		s := &script{base: "https://git.example.com", answers: map[string]reply{
			"/api/v3/repos/acme/web/tags":                        {body: `[{"name": "a"}]`, header: http.Header{"Link": {"<" + link + `>; rel="next"`}}},
			"/api/v3/repositories/5/tags":                        {body: `[{"name": "b"}]`},
			"https://GIT.example.com/api/v3/repositories/5/tags": {body: `[{"name": "b"}]`},
		}}
		got, err := s.client(t).FetchTags(t.Context(), "acme/web")
		if want == nil && (err != nil || len(got) != 2) {
			t.Errorf("%s: %d, %v", link, len(got), err)
		}
		if want != nil {
			wantError(t, err, want, "")
		}
	}
}
