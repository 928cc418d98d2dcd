package fleettest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v66/github"
)

// acme is a simulator with one organization and one user that own things.
func acme(token string) *fleettest.GitHub {
	return fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{token},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 250, Private: 10}},
		Users:         []fleettest.Owner{{Login: "user-1", Repositories: 4, Private: 3}},
	})
}

func TestGitHub_links_lead_on_by_id_in_GitHubs_order(t *testing.T) {
	t.Parallel()
	token := canary.Token("link")
	sim := acme(token)
	const by = "https://api.github.com/organizations/1001/repos?per_page=100&page="
	tests := []struct{ path, want string }{
		{"/orgs/acme/repos?per_page=100", fmt.Sprintf(`<%s2>; rel="next", <%s3>; rel="last"`, by, by)},
		{"/organizations/1001/repos?per_page=100&page=2", fmt.Sprintf(`<%s1>; rel="prev", <%s3>; rel="next", <%s3>; rel="last", <%s1>; rel="first"`, by, by, by, by)},
		{"/organizations/1001/repos?page=3&per_page=100", fmt.Sprintf(`<%s2>; rel="prev", <%s1>; rel="first"`, by, by)},
		{"/repos/acme/repo-0001/branches?per_page=100", ""},
	}
	for _, tt := range tests {
		if got := get(t, sim, token, tt.path).header.Get("Link"); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.path, got, tt.want)
		}
	}
}

func TestGitHub_pages_are_of_the_size_asked_for(t *testing.T) {
	t.Parallel()
	token := canary.Token("pages")
	gh := client(token, acme(token))
	tests := []struct{ perPage, page, want int }{{0, 0, 30}, {500, 1, 100}, {100, 3, 50}, {100, 4, 0}, {7, 2, 7}}
	for _, tt := range tests {
		repos, _, err := gh.Repositories.ListByOrg(t.Context(), "acme",
			&github.RepositoryListByOrgOptions{ListOptions: github.ListOptions{PerPage: tt.perPage, Page: tt.page}})
		if err != nil || len(repos) != tt.want {
			t.Errorf("page %d of %d has %d repositories, %v; want %d", tt.page, tt.perPage, len(repos), err, tt.want)
		}
	}
}

func TestGitHub_repositories_are_the_same_for_the_same_seed(t *testing.T) {
	t.Parallel()
	token := canary.Token("seed")
	body := func(seed uint64) string {
		sim := fleettest.NewGitHub(fleettest.Config{
			Tokens: []string{token}, Seed: seed,
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 20}},
		})
		return get(t, sim, token, "/orgs/acme/repos").body
	}
	first := body(1)
	if body(1) != first {
		t.Error("two simulators with one seed differ")
	}
	if body(2) == first {
		t.Error("two seeds give the same")
	}
}

func TestGitHub_repository_has_what_go_github_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("fields")
	r, _, err := client(token, acme(token)).Repositories.Get(t.Context(), "ACME", "Repo-0007")
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		r.GetFullName(), r.GetOwner().GetLogin(), r.GetOwner().GetType(), r.GetDefaultBranch(), r.GetVisibility(),
		r.GetHTMLURL(), r.GetCloneURL(), r.GetSSHURL(), r.GetURL(), r.GetBranchesURL(), r.GetOrganization().GetLogin(),
	}
	want := []string{
		"acme/repo-0007", "acme", "Organization", "main", "public",
		"https://github.com/acme/repo-0007", "https://github.com/acme/repo-0007.git", "git@github.com:acme/repo-0007.git",
		"https://api.github.com/repos/acme/repo-0007", "https://api.github.com/repos/acme/repo-0007/branches{/branch}", "acme",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("repository (-want +got):\n%s", diff)
	}
	if r.GetCreatedAt().IsZero() || r.GetPushedAt().Before(r.GetCreatedAt().Time) || r.GetUpdatedAt().Before(r.GetPushedAt().Time) {
		t.Errorf("created %v, pushed %v, updated %v", r.GetCreatedAt(), r.GetPushedAt(), r.GetUpdatedAt())
	}
	if !r.GetPermissions()["push"] || r.GetPermissions()["admin"] {
		t.Errorf("permissions %v, want a member's", r.GetPermissions())
	}
}

func TestGitHub_lists_show_what_the_account_sees(t *testing.T) {
	t.Parallel()
	member, guest := canary.Token("member"), canary.Token("guest")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens:        []string{member},
		Accounts:      []fleettest.Account{{Tokens: []string{guest}, Owners: []string{}}},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 25, Private: 10}},
		Users:         []fleettest.Owner{{Login: "user-1", Repositories: 4, Private: 3}},
	})
	tests := []struct {
		name, token, path string
		want              int
	}{
		{"a member sees an organization's private ones", member, "/orgs/acme/repos", 25},
		{"public alone", member, "/orgs/acme/repos?type=public", 15},
		{"private alone", member, "/orgs/acme/repos?type=private", 10},
		{"a guest sees the public ones", guest, "/orgs/acme/repos", 15},
		{"nobody sees the public ones", "", "/orgs/acme/repos", 15},
		{"a user's list is public even to the user", member, "/users/user-1/repos", 1},
		{"the links of a user's list", member, "/user/1002/repos", 1},
		{"one's own and one's organizations'", member, "/user/repos", 29},
		{"one's own", member, "/user/repos?affiliation=owner", 4},
		{"organizations' of a member", member, "/user/orgs", 1},
		{"organizations' of a guest", guest, "/user/orgs", 0},
		{"organizations' of another member", guest, "/users/user-1/orgs", 1},
		{"the links of that list", "", "/user/1002/orgs", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sep := "?"
			if strings.Contains(tt.path, "?") {
				sep = "&"
			}
			r := get(t, sim, tt.token, tt.path+sep+"per_page=100")
			var got []any
			if err := json.Unmarshal([]byte(r.body), &got); r.status != 200 || err != nil || len(got) != tt.want {
				t.Errorf("%d with %d entries, %v; want %d", r.status, len(got), err, tt.want)
			}
		})
	}
}

func TestGitHub_what_is_missing_or_private_is_404(t *testing.T) {
	t.Parallel()
	token := canary.Token("missing")
	sim := acme(token)
	tests := []struct{ token, path string }{
		{token, "/repos/acme/repo-0251"}, {token, "/repos/acme/repo-1"}, {token, "/repos/none/repo-0001"}, {token, "/orgs/user-1"},
		{token, "/users/none"}, {token, "/repositories/1"}, {token, "/repositories/x"}, {token, "/organizations/99"}, {token, "/no/such/path"},
		{"", "/repos/acme/repo-0250"}, {token, "/repos/acme/repo-0001/issues/9999"}, {token, "/repos/acme/repo-0001/releases/assets/x"},
	}
	for _, tt := range tests {
		if r := get(t, sim, tt.token, tt.path); r.status != 404 || r.field(t, "message") != "Not Found" {
			t.Errorf("%s: %d %.60s, want 404", tt.path, r.status, r.body)
		}
	}
}

func TestGitHub_renamed_repository_is_found_under_its_old_name(t *testing.T) {
	t.Parallel()
	token := canary.Token("renamed")
	sim := acme(token)
	sim.Rename("acme", "repo-0002", "rockets")
	r := get(t, sim, token, "/repos/acme/repo-0002")
	if got := r.header.Get("Location"); r.status != 301 || got != "https://api.github.com/repositories/1001000002" {
		t.Errorf("GET of the old name: %d to %q", r.status, got)
	}
	gh := client(token, sim)
	if repo, _, err := gh.Repositories.Get(t.Context(), "acme", "repo-0002"); err != nil || repo.GetFullName() != "acme/rockets" {
		t.Errorf("followed to %q, %v", repo.GetFullName(), err)
	}
	sim.Rename("acme", "rockets", "Boosters")
	for _, name := range []string{"repo-0002", "rockets", "boosters"} {
		if repo, _, err := gh.Repositories.Get(t.Context(), "acme", name); err != nil || repo.GetName() != "Boosters" {
			t.Errorf("%s followed to %q, %v", name, repo.GetName(), err)
		}
	}
	branches, _, err := gh.Repositories.ListBranches(t.Context(), "acme", "repo-0002", nil)
	if err != nil || len(branches) == 0 || branches[0].GetName() != "main" || len(branches[0].GetCommit().GetSHA()) != 40 {
		t.Errorf("branches of the old name: %v, %v", branches, err)
	}
	write := request{method: "POST", path: "/repos/acme/repo-0002/issues", token: token, body: `{"title":"t"}`}
	if got := send(t, sim, write); got.status != 307 || !strings.HasSuffix(got.header.Get("Location"), "/repositories/1001000002/issues") {
		t.Errorf("POST to the old name: %d to %q", got.status, got.header.Get("Location"))
	}
}

func TestGitHub_search_reads_owner_and_words(t *testing.T) {
	t.Parallel()
	token := canary.Token("search")
	gh := client(token, acme(token))
	tests := []struct {
		query string
		want  int
	}{{"org:acme", 250}, {"repo-00 org:acme", 99}, {"user:user-1", 4}, {"repo-0001", 2}, {"org:none", 0}}
	for _, tt := range tests {
		found, _, err := gh.Search.Repositories(t.Context(), tt.query, nil)
		if err != nil || found.GetTotal() != tt.want || len(found.Repositories) != min(30, tt.want) {
			t.Errorf("search %q: %d, %v; want %d", tt.query, found.GetTotal(), err, tt.want)
		}
	}
}

func TestGitHub_issue_comes_back_as_it_was_sent(t *testing.T) {
	t.Parallel()
	token := canary.Token("issue")
	sim := acme(token)
	sim.SetContents("acme", "repo-0003", fleettest.Contents{Issues: -1, PullRequests: -1})
	gh := client(token, sim)
	title, body := "Ünïcode & <tags>", strings.Repeat("line\r\n\"quoted\"\t", 5000)
	for n := range 2 {
		i, resp, err := gh.Issues.Create(t.Context(), "acme", "repo-0003", &github.IssueRequest{Title: &title, Body: &body, Labels: &[]string{"bug"}})
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 201 || i.GetTitle() != title || i.GetBody() != body || i.GetNumber() != n+1 || i.Labels[0].GetName() != "bug" {
			t.Errorf("created %d: issue %d %q with a body of %d", resp.StatusCode, i.GetNumber(), i.GetTitle(), len(i.GetBody()))
		}
	}
	if got := sim.Issues(); len(got) != 2 || got[1].Body != body || got[1].Repository != "acme/repo-0003" || got[1].Account != "user-1" {
		t.Errorf("simulator kept %d issues", len(got))
	}
	list, _, err := gh.Issues.ListByRepo(t.Context(), "acme", "repo-0003", nil)
	if err != nil || len(list) != 2 || list[0].GetNumber() != 2 {
		t.Errorf("listed %d issues, %v; want 2, the newest first", len(list), err)
	}
	if i, _, err := gh.Issues.Get(t.Context(), "acme", "repo-0003", 1); err != nil || i.GetBody() != body {
		t.Errorf("get issue 1: %v", err)
	}
}

func TestGitHub_GraphQL_costs_points_and_refuses_with_200(t *testing.T) {
	t.Parallel()
	token := canary.Token("graphql")
	sim := fleettest.NewGitHub(fleettest.Config{
		Tokens: []string{token}, Limits: map[string]int{"graphql": 10},
		QueryCost: func(q string) int { return strings.Count(q, "x") },
	})
	query := request{method: "POST", path: "/graphql", token: token, body: `{"query":"{ xxxx }"}`}
	for i := range int64(2) {
		r := send(t, sim, query)
		want := fmt.Sprintf(`"cost":4,"limit":10,"nodeCount":0,"remaining":%d`, 6-4*i)
		if r.status != 200 || !strings.Contains(r.body, want) || !strings.Contains(r.body, `"login":"user-1"`) {
			t.Errorf("query %d: %d %s", i+1, r.status, r.body)
		}
	}
	r := send(t, sim, query)
	if r.status != 200 || !strings.Contains(r.body, `"errors":[{"type":"RATE_LIMITED"`) || r.number("X-RateLimit-Remaining") != 2 {
		t.Errorf("third: %d %s with %d left, want RATE_LIMITED with 2", r.status, r.body, r.number("X-RateLimit-Remaining"))
	}
	if got := sim.Stats().RefusedPrimary; got != 1 {
		t.Errorf("counted %d refusals, want 1", got)
	}
	if got := send(t, sim, request{method: "POST", path: "/graphql", body: `{"query":"{x}"}`}).status; got != 401 {
		t.Errorf("without a token: %d, want 401", got)
	}
}

func TestGitHub_asset_is_at_a_storage_host_that_takes_no_token(t *testing.T) {
	t.Parallel()
	token := canary.Token("asset")
	sim := acme(token)
	gh := client(token, sim)
	const want = "asset 5 of repository 1001000001\n"
	body, _, err := gh.Repositories.DownloadReleaseAsset(t.Context(), "acme", "repo-0001", 5, &http.Client{Transport: sim})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(body); string(got) != want {
		t.Errorf("asset is %q, want %q", got, want)
	}
	if got := sim.Leaks(); len(got) != 0 {
		t.Errorf("leaks %v, want none", got)
	}
	// The token goes along, as RoundTrippers that add it to every hop do.
	_, _, err = gh.Repositories.DownloadReleaseAsset(context.Background(), "acme", "repo-0001", 5, gh.Client())
	if err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("storage host took a second credential: %v", err)
	}
	if got, want := sim.Leaks(), []fleettest.Leak{{Scheme: "https", Host: "release-assets.githubusercontent.com", Header: "Authorization"}}; !cmp.Equal(got, want) {
		t.Errorf("leaks %v, want %v", got, want)
	}
}

func TestGitHub_uploads_count_but_tell_no_numbers(t *testing.T) {
	t.Parallel()
	token := canary.Token("upload")
	sim := acme(token)
	r := send(t, sim, request{method: "POST", path: "https://uploads.github.com/repos/acme/repo-0001/releases/9/assets?name=a.zip", token: token, body: "zip"})
	if r.status != 201 || r.field(t, "name") != "a.zip" || r.field(t, "size") != 3.0 || r.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("upload: %d %s", r.status, r.body)
	}
	if got := get(t, sim, token, "/user").number("X-RateLimit-Used"); got != 2 {
		t.Errorf("used %d, want 2", got)
	}
}
