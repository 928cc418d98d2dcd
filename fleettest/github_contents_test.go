package fleettest_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v66/github"
)

// hub is a simulated GitHub with one repository of known contents.
func hub(token string) *fleettest.GitHub {
	return fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{
		Login: "acme", Repositories: 5,
		Contents: fleettest.Contents{Branches: 4, Tags: 6, Commits: 40, Contributors: 7, PullRequests: 30, Issues: 25, Releases: 5, Files: 250},
	}}})
}

func TestGitHub_contents_that_go_github_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub")
	gh, ctx := client(token, hub(token)), t.Context()
	repos, pulls := gh.Repositories, gh.PullRequests
	tests := []struct {
		name string
		ask  func() (any, error)
		want any
	}{
		{"branches", func() (any, error) {
			b, _, err := repos.ListBranches(ctx, "acme", "repo-0001", nil)
			return []any{b[0].GetName(), b[0].GetProtected(), b[2].GetName(), len(b[2].GetCommit().GetSHA())}, err
		}, []any{"main", true, "feature/branch-2", 40}},
		{"branch with a slash", func() (any, error) {
			b, _, err := repos.GetBranch(ctx, "acme", "repo-0001", "feature/branch-2", 0)
			return []any{b.GetName(), b.GetCommit().GetCommit().GetMessage() != "", b.GetCommit().GetCommit().GetAuthor().GetDate().IsZero()}, err
		}, []any{"feature/branch-2", true, false}},
		{"tags", func() (any, error) {
			tags, _, err := repos.ListTags(ctx, "acme", "repo-0001", nil)
			return []any{len(tags), tags[0].GetName(), len(tags[0].GetCommit().GetSHA()), tags[0].GetZipballURL()}, err
		}, []any{6, "v1.5.0", 40, "https://api.github.com/repos/acme/repo-0001/zipball/refs/tags/v1.5.0"}},
		{"commit", func() (any, error) {
			v, _, err := repos.GetCommit(ctx, "acme", "repo-0001", "main", nil)
			return []any{v.GetStats().GetTotal() > 0, len(v.Files), v.GetAuthor().GetLogin() != "" || v.Author == nil, len(v.Parents)}, err
		}, []any{true, 1, true, 1}},
		{"commit of a branch with a slash", func() (any, error) {
			v, _, err := repos.GetCommit(ctx, "acme", "repo-0001", "feature/branch-2", nil)
			return strings.HasPrefix(v.GetCommit().GetMessage(), "Change 39 of feature/branch-2"), err
		}, true},
		{"contributors with an account", func() (any, error) {
			all, _, err := repos.ListContributors(ctx, "acme", "repo-0001", nil)
			return []any{len(all), all[0].GetLogin(), all[0].GetContributions()}, err
		}, []any{5, "ada", 6}},
		{"all contributors", func() (any, error) {
			all, _, err := repos.ListContributors(ctx, "acme", "repo-0001", &github.ListContributorsOptions{Anon: "1"})
			return []any{len(all), all[2].GetLogin(), all[2].GetType(), all[2].GetName(), all[2].GetEmail()}, err
		}, []any{7, "", "Anonymous", "Edsger Wybe", "edsger@example.com"}},
		{"languages", func() (any, error) {
			all, _, err := repos.ListLanguages(ctx, "acme", "repo-0003")
			return len(all), err
		}, 2},
		{"releases", func() (any, error) {
			all, _, err := repos.ListReleases(ctx, "acme", "repo-0001", nil)
			v := all[0]
			return []any{len(all), v.GetTagName(), v.GetPublishedAt().After(v.GetCreatedAt().Time), len(v.Assets), v.GetAuthor().GetLogin() != ""}, err
		}, []any{5, "v1.4.0", true, 1, true}},
		{"latest release", func() (any, error) {
			v, _, err := repos.GetLatestRelease(ctx, "acme", "repo-0001")
			return []any{v.GetTagName(), v.GetPrerelease()}, err
		}, []any{"v1.4.0", false}},
		{"release by tag", func() (any, error) {
			v, _, err := repos.GetReleaseByTag(ctx, "acme", "repo-0001", "v1.3.0")
			return v.GetTagName(), err
		}, "v1.3.0"},
		{"pull request", func() (any, error) {
			v, _, err := pulls.Get(ctx, "acme", "repo-0001", 2)
			return []any{v.GetNumber(), v.GetHead().GetRef(), v.GetBase().GetRef(), v.GetBase().GetRepo().GetFullName(), v.GetMerged() == !v.GetMergedAt().IsZero()}, err
		}, []any{2, "feature/1", "main", "acme/repo-0001", true}},
		{"pull request as an issue", func() (any, error) {
			v, _, err := gh.Issues.Get(ctx, "acme", "repo-0001", 2)
			return []any{v.GetTitle(), v.IsPullRequest()}, err
		}, []any{"Pull request 1 of repo-0001", true}},
		{"organizations of a user", func() (any, error) {
			all, _, err := gh.Organizations.List(ctx, "user-1", nil)
			return []any{len(all), all[0].GetLogin()}, err
		}, []any{1, "acme"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.ask()
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestGitHub_commits_by_author_path_and_time(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-commits")
	gh := client(token, hub(token))
	all := func(opt github.CommitsListOptions) []*github.RepositoryCommit {
		opt.PerPage = 100
		list, _, err := gh.Repositories.ListCommits(t.Context(), "acme", "repo-0001", &opt)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	whole := all(github.CommitsListOptions{})
	at := func(i int) time.Time { return whole[i].GetCommit().GetAuthor().GetDate().Time }
	tests := []struct {
		name string
		opt  github.CommitsListOptions
		want int
	}{
		{"of main", github.CommitsListOptions{SHA: "main"}, 40},
		{"of a branch", github.CommitsListOptions{SHA: "feature/branch-2"}, 39},
		{"from a hash", github.CommitsListOptions{SHA: whole[10].GetSHA()}, 30},
		{"of an author", github.CommitsListOptions{Author: "ada"}, 6},
		{"of a file", github.CommitsListOptions{Path: "README.md"}, 1},
		{"of a directory", github.CommitsListOptions{Path: "src"}, 37},
		{"since", github.CommitsListOptions{Since: at(4)}, 5},
		{"until", github.CommitsListOptions{Until: at(4)}, 36},
		{"of nobody", github.CommitsListOptions{Author: "nobody"}, 0},
	}
	for _, tt := range tests {
		if got := len(all(tt.opt)); got != tt.want {
			t.Errorf("%s: %d commits, want %d", tt.name, got, tt.want)
		}
	}
	_, resp, err := gh.Repositories.GetCommit(t.Context(), "acme", "repo-0001", "nothing", nil)
	if err == nil || resp.StatusCode != 422 || !strings.Contains(err.Error(), "No commit found for SHA: nothing") {
		t.Errorf("a commit that is not there: %v", err)
	}
	if _, resp, _ := gh.Repositories.ListCommits(t.Context(), "acme", "repo-0001", &github.CommitsListOptions{SHA: "nothing"}); resp.StatusCode != 404 {
		t.Errorf("the history of nothing: %d", resp.StatusCode)
	}
}

func TestGitHub_pull_requests_by_state_and_order(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-pulls")
	gh := client(token, hub(token))
	list := func(opt github.PullRequestListOptions) []*github.PullRequest {
		opt.PerPage = 100
		all, _, err := gh.PullRequests.List(t.Context(), "acme", "repo-0001", &opt)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	open, closed, all := list(github.PullRequestListOptions{}), list(github.PullRequestListOptions{State: "closed"}), list(github.PullRequestListOptions{State: "all"})
	if len(open)+len(closed) != 30 || len(all) != 30 || len(open) == 0 || len(closed) == 0 {
		t.Errorf("%d open, %d closed, %d in all; want 30", len(open), len(closed), len(all))
	}
	for _, p := range closed {
		if p.GetState() != "closed" || p.ClosedAt == nil || p.Merged != nil {
			t.Errorf("%d is %s, closed at %v, merged %v", p.GetNumber(), p.GetState(), p.ClosedAt, p.Merged)
		}
	}
	if !slices.ContainsFunc(closed, func(p *github.PullRequest) bool { return p.MergedAt != nil }) || !slices.ContainsFunc(all, func(p *github.PullRequest) bool { return p.User == nil }) {
		t.Error("nothing was merged, or everybody has an account")
	}
	if !slices.IsSortedFunc(all, func(a, b *github.PullRequest) int { return b.GetNumber() - a.GetNumber() }) {
		t.Error("they are not in order, the newest first")
	}
	updated := list(github.PullRequestListOptions{State: "all", Sort: "updated", Direction: "desc"})
	if !slices.IsSortedFunc(updated, func(a, b *github.PullRequest) int { return b.GetUpdatedAt().Compare(a.GetUpdatedAt().Time) }) {
		t.Error("they are not in the order of updates")
	}
	if got := list(github.PullRequestListOptions{State: "all", Head: "acme:feature/7"}); len(got) != 1 || got[0].GetNumber() != 14 {
		t.Errorf("%d come from feature/7", len(got))
	}
	if got := list(github.PullRequestListOptions{State: "all", Base: "none"}); len(got) != 0 {
		t.Errorf("%d are for another branch", len(got))
	}
}

func TestGitHub_issues_have_pull_requests_among_them(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-issues")
	gh := client(token, hub(token))
	list := func(opt github.IssueListByRepoOptions) (issues, pulls []*github.Issue) {
		opt.PerPage = 100
		all, _, err := gh.Issues.ListByRepo(t.Context(), "acme", "repo-0001", &opt)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			if i.IsPullRequest() {
				pulls = append(pulls, i)
			} else {
				issues = append(issues, i)
			}
		}
		return issues, pulls
	}
	issues, pulls := list(github.IssueListByRepoOptions{State: "all"})
	if len(issues) != 25 || len(pulls) != 30 {
		t.Errorf("%d issues and %d pull requests, want 25 and 30", len(issues), len(pulls))
	}
	open, _ := list(github.IssueListByRepoOptions{})
	closed, _ := list(github.IssueListByRepoOptions{State: "closed"})
	if len(open)+len(closed) != 25 || len(open) == 0 || closed[0].GetStateReason() == "" {
		t.Errorf("%d open and %d closed", len(open), len(closed))
	}
	since := issues[10].GetUpdatedAt().Time
	recent, _ := list(github.IssueListByRepoOptions{State: "all", Since: since})
	for _, i := range recent {
		if i.GetUpdatedAt().Before(since) {
			t.Errorf("%d was updated at %v, before %v", i.GetNumber(), i.GetUpdatedAt(), since)
		}
	}
	if len(recent) == 0 || len(recent) == 25 {
		t.Errorf("%d were updated since", len(recent))
	}
	bugs, _ := list(github.IssueListByRepoOptions{State: "all", Labels: []string{"bug"}})
	if len(bugs) == 0 || len(bugs) == 25 || bugs[0].Labels[0].GetName() != "bug" {
		t.Errorf("%d are bugs", len(bugs))
	}
}

func TestGitHub_a_long_list_of_issues_leads_on_by_cursors_only(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-cursors")
	sim := fleettest.NewGitHub(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{
		Login: "acme", Repositories: 1, Contents: fleettest.Contents{Issues: 10_000, PullRequests: -1},
	}}})
	const path = "/repos/acme/repo-0001/issues?state=all&per_page=100"
	first := get(t, sim, token, path)
	next := nextLink(first.header)
	if strings.Contains(next, "page=2") || !strings.Contains(next, "after=") || !strings.HasPrefix(next, api+"/repositories/1001000001/issues") || strings.Contains(first.header.Get("Link"), "last") {
		t.Errorf("the links are %s", first.header.Get("Link"))
	}
	list, resp, err := client(token, sim).Issues.ListByRepo(t.Context(), "acme", "repo-0001", &github.IssueListByRepoOptions{State: "all"})
	if err != nil || resp.NextPage != 0 || resp.After == "" || len(list) != 30 {
		t.Errorf("go-github reads page %d after %q, %v", resp.NextPage, resp.After, err)
	}
	late := get(t, sim, token, path+"&page=100")
	if late.status != 422 || !strings.Contains(late.body, "cursor based pagination (after/before)") {
		t.Errorf("page 100: %d %s", late.status, late.body)
	}
	second := get(t, sim, token, next)
	prev, _, _ := strings.Cut(strings.Split(second.header.Get("Link"), "<")[2], ">")
	if back := get(t, sim, token, prev); back.body != first.body {
		t.Errorf("the link back leads to %.200s", back.body)
	}
}

func TestGitHub_files_come_in_base64_or_as_they_are(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-files")
	sim := hub(token)
	gh, ctx := client(token, sim), t.Context()
	f, _, _, err := gh.Repositories.GetContents(ctx, "acme", "repo-0001", "README.md", nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := f.GetContent(); err != nil || !strings.HasPrefix(text, "# repo-0001\n") || f.GetSize() != len(text) || f.GetEncoding() != "base64" {
		t.Errorf("README.md is %d of %q, %v", f.GetSize(), text, err)
	}
	f, _, _, err = gh.Repositories.GetContents(ctx, "acme", "repo-0001", "docs/Maße & größe.md", &github.RepositoryContentGetOptions{Ref: "feature/branch-2"})
	if err != nil || f.GetName() != "Maße & größe.md" {
		t.Errorf("a name with more than ASCII: %v, %v", f.GetName(), err)
	}
	_, dir, _, err := gh.Repositories.GetContents(ctx, "acme", "repo-0001", "", nil)
	var names []string
	for _, e := range dir {
		names = append(names, e.GetType()+" "+e.GetName())
	}
	if want := []string{"file README.md", "dir assets", "dir docs", "dir src"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("the root has %q, %v", names, err)
	}
	if _, part, _, err := gh.Repositories.GetContents(ctx, "acme", "repo-0001", "src/part-001", nil); err != nil || len(part) != 100 {
		t.Errorf("%d entries, %v", len(part), err)
	}
	large := get(t, sim, token, "/repos/acme/repo-0001/contents/assets/large.bin")
	if large.field(t, "encoding") != "none" || large.field(t, "content") != "" || large.field(t, "size").(float64) <= 1<<20 {
		t.Errorf("a large file: %.200s", large.body)
	}
	raw := send(t, sim, request{path: "/repos/acme/repo-0001/contents/assets/large.bin", token: token, header: http.Header{"Accept": {"application/vnd.github.raw"}}})
	if float64(len(raw.body)) != large.field(t, "size") {
		t.Errorf("as it is: %d bytes", len(raw.body))
	}
	for path, want := range map[string]string{"none": "Not Found", "README.md?ref=none": "No commit found for the ref none"} {
		if r := get(t, sim, token, "/repos/acme/repo-0001/contents/"+path); r.status != 404 || r.field(t, "message") != want {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

func TestGitHub_trees_are_whole_or_say_that_they_are_not(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-trees")
	sim := hub(token)
	gh, ctx := client(token, sim), t.Context()
	root, _, err := gh.Git.GetTree(ctx, "acme", "repo-0001", "main", false)
	if err != nil || len(root.Entries) != 4 || root.GetTruncated() {
		t.Fatalf("%d entries, %v", len(root.Entries), err)
	}
	whole, _, err := gh.Git.GetTree(ctx, "acme", "repo-0001", "main", true)
	if err != nil || len(whole.Entries) != 250+3+3 { // directories: assets, docs, src and three in it
		t.Errorf("%d entries, %v", len(whole.Entries), err)
	}
	src, _, err := gh.Git.GetTree(ctx, "acme", "repo-0001", root.Entries[3].GetSHA(), true)
	if err != nil || len(src.Entries) != 247+3 || src.Entries[0].GetPath() != "part-000" {
		t.Errorf("src has %d entries, %v", len(src.Entries), err)
	}
	sim.SetContents("acme", "repo-0002", fleettest.Contents{Files: 60_000})
	huge, _, err := gh.Git.GetTree(ctx, "acme", "repo-0002", "main", true)
	if err != nil || !huge.GetTruncated() || len(huge.Entries) < 10_000 {
		t.Errorf("%d entries, truncated %v, %v", len(huge.Entries), huge.GetTruncated(), err)
	}
}

func TestGitHub_says_that_a_history_is_too_large(t *testing.T) {
	t.Parallel()
	token := canary.Token("hub-large")
	sim := hub(token)
	large := fleettest.GitHubListTooLarge()
	large.Match, large.Times = fleettest.Requests("GET", "/repos/acme/repo-0002/contributors"), -1
	sim.Inject(large)
	_, _, err := client(token, sim).Repositories.ListContributors(t.Context(), "acme", "repo-0002", nil)
	var refused *github.ErrorResponse
	if !errors.As(err, &refused) || refused.Response.StatusCode != 403 || !strings.Contains(refused.Message, "list is too large") {
		t.Errorf("go-github says %v", err)
	}
	if _, _, err := client(token, sim).Repositories.ListContributors(t.Context(), "acme", "repo-0001", nil); err != nil {
		t.Errorf("another repository: %v", err)
	}
}
