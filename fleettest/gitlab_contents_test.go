//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package fleettest_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/xanzy/go-gitlab"
)

// filledLab is a simulated GitLab with projects of known contents.
func filledLab(token string) *fleettest.GitLab {
	return fleettest.NewGitLab(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{
		Login: "acme/platform", Repositories: 5,
		Contents: fleettest.Contents{Branches: 4, Tags: 6, Commits: 40, Contributors: 7, PullRequests: 30, Issues: 25, Releases: 5, Files: 250},
	}}})
}

func TestGitLab_contents_that_go_gitlab_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-contents")
	c := labClient(t, token, filledLab(token), "https://gitlab.com")
	const project = "acme/platform/repo-0003"
	tests := []struct {
		name string
		ask  func() (any, error)
		want any
	}{
		{"branch with a slash", func() (any, error) {
			b, _, err := c.Branches.GetBranch(project, "feature/branch-2")
			return []any{b.Name, len(b.Commit.ID), b.Default}, err
		}, []any{"feature/branch-2", 40, false}},
		{"branches by name", func() (any, error) {
			b, _, err := c.Branches.ListBranches(project, &gitlab.ListBranchesOptions{Search: gitlab.Ptr("feature")})
			return len(b), err
		}, 1},
		{"tag and its release", func() (any, error) {
			tag, _, err := c.Tags.GetTag(project, "v1.4.0")
			return []any{tag.Name, tag.Release.TagName, tag.Target == tag.Commit.ID}, err
		}, []any{"v1.4.0", "v1.4.0", true}},
		{"commit", func() (any, error) {
			v, _, err := c.Commits.GetCommit(project, "feature/branch-2", nil)
			return []any{v.Title, v.Stats.Total > 0, v.ProjectID}, err
		}, []any{"Change 39 of feature/branch-2", true, 1001000003}},
		{"commits of a file", func() (any, error) {
			v, _, err := c.Commits.ListCommits(project, &gitlab.ListCommitsOptions{Path: gitlab.Ptr("README.md"), WithStats: gitlab.Ptr(true)})
			return []any{len(v), v[0].Stats != nil}, err
		}, []any{1, true}},
		{"contributors", func() (any, error) {
			all, resp, err := c.Repositories.Contributors(project, &gitlab.ListContributorsOptions{Sort: gitlab.Ptr("desc")})
			return []any{resp.TotalItems, all[0].Name, all[0].Commits, all[2].Email}, err
		}, []any{7, "Ada Byron", 6, "edsger@example.com"}},
		{"languages", func() (any, error) {
			all, _, err := c.Projects.GetProjectLanguages(project)
			return (*all)["Shell"], err
		}, float32(10)},
		{"releases", func() (any, error) {
			all, resp, err := c.Releases.ListReleases(project, nil)
			v := all[0]
			return []any{resp.TotalItems, v.TagName, v.ReleasedAt.IsZero(), len(v.Assets.Links), v.Assets.Count, v.Author.Username != "", v.Commit.ID != ""}, err
		}, []any{5, "v1.4.0", false, 1, 5, true, true}},
		{"release", func() (any, error) {
			v, _, err := c.Releases.GetRelease(project, "v1.2.0")
			return v.TagName, err
		}, "v1.2.0"},
		{"tree", func() (any, error) {
			all, _, err := c.Repositories.ListTree(project, nil)
			var names []string
			for _, e := range all {
				names = append(names, e.Type+" "+e.Path)
			}
			return names, err
		}, []string{"tree assets", "tree docs", "tree src", "blob README.md"}},
		{"file", func() (any, error) {
			f, _, err := c.RepositoryFiles.GetFile(project, "docs/Maße & größe.md", &gitlab.GetFileOptions{Ref: gitlab.Ptr("feature/branch-2")})
			text, _ := base64.StdEncoding.DecodeString(f.Content)
			return []any{f.FileName, f.Size == len(text), len(f.LastCommitID)}, err
		}, []any{"Maße & größe.md", true, 40}},
		{"raw file", func() (any, error) {
			text, _, err := c.RepositoryFiles.GetRawFile(project, "README.md", nil)
			return strings.HasPrefix(string(text), "# repo-0003\n"), err
		}, true},
		{"groups inside", func() (any, error) {
			all, _, err := c.Groups.ListDescendantGroups("acme", nil)
			return len(all), err
		}, 1},
		{"groups with more access than one has", func() (any, error) {
			all, _, err := c.Groups.ListGroups(&gitlab.ListGroupsOptions{MinAccessLevel: gitlab.Ptr(gitlab.MaintainerPermissions)})
			return len(all), err
		}, 0},
		{"groups one works in", func() (any, error) {
			all, _, err := c.Groups.ListGroups(&gitlab.ListGroupsOptions{MinAccessLevel: gitlab.Ptr(gitlab.DeveloperPermissions)})
			return len(all), err
		}, 2},
		{"projects one owns", func() (any, error) {
			all, _, err := c.Projects.ListProjects(&gitlab.ListProjectsOptions{MinAccessLevel: gitlab.Ptr(gitlab.OwnerPermissions)})
			return len(all), err
		}, 0},
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

func TestGitLab_issues_and_merge_requests_by_state_scope_and_time(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-states")
	c := labClient(t, token, filledLab(token), "https://gitlab.com")
	const project = "acme/platform/repo-0001"
	if _, _, err := c.Issues.CreateIssue(project, &gitlab.CreateIssueOptions{Title: gitlab.Ptr("mine")}); err != nil {
		t.Fatal(err)
	}
	list := func(opt gitlab.ListProjectIssuesOptions) []*gitlab.Issue {
		opt.PerPage = 100
		all, _, err := c.Issues.ListProjectIssues(project, &opt)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	all, opened, closed := list(gitlab.ListProjectIssuesOptions{}), list(gitlab.ListProjectIssuesOptions{State: gitlab.Ptr("opened")}), list(gitlab.ListProjectIssuesOptions{State: gitlab.Ptr("closed")})
	if len(all) != 26 || len(opened)+len(closed) != 26 || closed[0].ClosedAt == nil || opened[0].State != "opened" {
		t.Errorf("%d issues, %d opened, %d closed", len(all), len(opened), len(closed))
	}
	if mine := list(gitlab.ListProjectIssuesOptions{Scope: gitlab.Ptr("created_by_me")}); len(mine) != 1 || mine[0].Title != "mine" {
		t.Errorf("%d are mine", len(mine))
	}
	if got := list(gitlab.ListProjectIssuesOptions{Scope: gitlab.Ptr("all")}); len(got) != 26 {
		t.Errorf("%d are somebody's", len(got))
	}
	since := all[10].UpdatedAt
	recent := list(gitlab.ListProjectIssuesOptions{UpdatedAfter: since, OrderBy: gitlab.Ptr("updated_at")})
	if len(recent) == 0 || len(recent) == 26 || !slices.IsSortedFunc(recent, func(a, b *gitlab.Issue) int { return b.UpdatedAt.Compare(*a.UpdatedAt) }) {
		t.Errorf("%d were updated since, or they are not in order", len(recent))
	}
	for _, i := range recent {
		if i.UpdatedAt.Before(*since) {
			t.Errorf("%d was updated at %v", i.IID, i.UpdatedAt)
		}
	}
	merges, _, err := c.MergeRequests.ListProjectMergeRequests(project, &gitlab.ListProjectMergeRequestsOptions{ListOptions: gitlab.ListOptions{PerPage: 100}, CreatedBefore: gitlab.Ptr(time.Date(2014, 3, 2, 0, 0, 0, 0, time.UTC))})
	if err != nil || len(merges) == 0 || len(merges) == 30 {
		t.Errorf("%d merge requests of the first day, %v", len(merges), err)
	}
}

func TestGitLab_lists_by_key_only_what_it_can(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-keys")
	sim := filledLab(token)
	const project = "/projects/acme%2Fplatform%2Frepo-0001"
	for _, path := range []string{"/issues", "/merge_requests"} {
		if r := labGet(t, sim, token, project+path+"?pagination=keyset&order_by=created_at"); r.status != 405 {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	first := labGet(t, sim, token, project+"/repository/tree?pagination=keyset&per_page=2")
	if next := nextLink(first.header); !strings.Contains(next, "page_token=") || first.header.Get("X-Total") != "" || first.header.Get("X-Next-Page") != "" {
		t.Errorf("the next page is %q, with %v", next, first.header)
	}
	if got := walk(t, sim, token, labAPI+project+"/repository/tree?pagination=keyset&per_page=2", "path", func(int) {}); len(got) != 4 || got[3] != `"README.md"` {
		t.Errorf("the tree is %v", got)
	}
	if r := labGet(t, sim, token, project+"/repository/tree?pagination=keyset&page_token=none"); r.status != 422 {
		t.Errorf("a token that is no entry: %d", r.status)
	}
}

func TestGitLab_files_that_are_not_there(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-files")
	sim := filledLab(token)
	const project = "/projects/acme%2Fplatform%2Frepo-0001/repository"
	tests := []struct {
		path   string
		status int
		want   string
	}{
		{"/files/README.md", 400, `{"error":"ref is missing, ref is empty"}`},
		{"/files/none?ref=main", 404, `{"message":"404 File Not Found"}`},
		{"/files/README.md?ref=none", 404, `{"message":"404 Commit Not Found"}`},
		{"/tree?path=none", 404, `{"message":"404 invalid revision or path Not Found"}`},
		{"/commits/none", 404, `{"message":"404 Commit Not Found"}`},
		{"/branches/none", 404, `{"message":"404 Branch Not Found"}`},
		{"/tags/none", 404, `{"message":"404 Tag Not Found"}`},
	}
	for _, tt := range tests {
		if r := labGet(t, sim, token, project+tt.path); r.status != tt.status || r.body != tt.want {
			t.Errorf("%s: %d %s", tt.path, r.status, r.body)
		}
	}
	if r := labGet(t, sim, token, project+"/files/README.md/raw"); r.header.Get("X-Gitlab-File-Path") != "README.md" || r.number("X-Gitlab-Size") != int64(len(r.body)) {
		t.Errorf("told %v", r.header)
	}
}
