//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-cmp/cmp"
	gogitlab "github.com/xanzy/go-gitlab"
)

const ofTools = "projects/garden%2Ftools/"

// at is a time of 2024 in UTC.
func at(month time.Month, day, hour, minute, second, milli int) time.Time {
	return time.Date(2024, month, day, hour, minute, second, milli*1e6, time.UTC)
}

var gitlabOrigin = providers.Origin{Provider: "gitlab", Host: "https://gitlab.com"}

func TestFetchPullRequests_says_all_that_GitLab_does(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{ofTools + "merge_requests": "[" + file(t, "merge_request.json") + "]"})
	got, err := h.client(t).FetchPullRequests(t.Context(), "garden/tools")
	if err != nil {
		t.Fatal(err)
	}
	person := func(id, login, name, avatar string) providers.User {
		return providers.User{Origin: gitlabOrigin, ID: id, Login: login, Name: name, AvatarURL: avatar, WebURL: "https://gitlab.com/" + login}
	}
	mole := person("6", "mole", "Mole", "")
	want := []providers.PullRequest{{
		Origin: gitlabOrigin, ID: "900001", Number: 17, Title: "Draft: wake them up later", Body: "It is too cold.",
		State: providers.Merged, Draft: new(true),
		Author: person("5", "hedgehog", "Hedgehog", "https://gitlab.com/h.png"), Assignees: []providers.User{mole},
		Reviewers: []providers.User{person("7", "shrew", "Shrew", "")}, Labels: []string{"winter", "größer"},
		Head:      providers.Side{Ref: "sleep/longer", SHA: strings.Repeat("1f", 20), Repository: "4712"},
		Base:      providers.Side{Ref: "trunk", SHA: strings.Repeat("3d", 20), Repository: "garden/small-animals/hedgehog-tools"},
		CreatedAt: at(1, 2, 3, 4, 5, 678), UpdatedAt: at(1, 3, 3, 4, 5, 678), MergedAt: at(1, 3, 3, 4, 5, 678),
		MergedBy: mole, MergeSHA: strings.Repeat("2e", 20), Comments: new(int64(0)),
		WebURL: "https://gitlab.com/garden/small-animals/hedgehog-tools/-/merge_requests/17",
	}}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
	var native, library *gogitlab.MergeRequest
	if err := json.Unmarshal([]byte(file(t, "merge_request.json")), &library); err != nil || !got[0].As(&native) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(library, native); diff != "" {
		t.Error(diff)
	}
	h.wantAsked(t, "GET /api/v4/"+ofTools+"merge_requests?order_by=created_at&per_page=100&scope=all&sort=asc&state=all")
}

func TestFetchPullRequests_reads_every_state_and_side(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		ok         func(providers.PullRequest) bool
	}{
		{"opened", `"state":"opened"`, func(p providers.PullRequest) bool { return p.State == providers.Open }},
		{"closed", `"state":"closed"`, func(p providers.PullRequest) bool { return p.State == providers.Closed }},
		{"merged", `"state":"merged"`, func(p providers.PullRequest) bool { return p.State == providers.Merged }},
		{"being merged", `"state":"locked"`, func(p providers.PullRequest) bool { return p.State == providers.Open }},
		{"the account is gone", `"author":null`, func(p providers.PullRequest) bool { return cmp.Equal(p.Author, providers.User{}, ignoreOrigin) }},
		{"nobody is assigned", `"assignees":[],"assignee":null`, func(p providers.PullRequest) bool { return p.Assignees == nil }},
		{"one is assigned, as it was said before", `"assignee":{"id":3,"username":"x"}`, func(p providers.PullRequest) bool { return len(p.Assignees) == 1 }},
		{"draft by its old name", `"work_in_progress":true`, func(p providers.PullRequest) bool { return p.Draft != nil && *p.Draft }},
		{"no draft", `"draft":false,"work_in_progress":true`, func(p providers.PullRequest) bool { return p.Draft != nil && !*p.Draft }},
		{"nothing of drafts and comments", `"draft":null`, func(p providers.PullRequest) bool { return p.Draft == nil && p.Comments == nil }},
		{"from the project itself", `"source_project_id":4,"target_project_id":4`, func(p providers.PullRequest) bool {
			return p.Head.Repository == "garden/tools" && p.Base.Repository == "garden/tools"
		}},
		{"from a fork", `"source_project_id":5,"target_project_id":4`, func(p providers.PullRequest) bool { return p.Head.Repository == "5" }},
		{"from a fork that is gone", `"source_project_id":null,"target_project_id":4`, func(p providers.PullRequest) bool { return p.Head.Repository == "" }},
		{"merged by a merge commit", `"merge_commit_sha":"a","squash_commit_sha":"b"`, func(p providers.PullRequest) bool { return p.MergeSHA == "a" }},
		{"a number that needs all its digits", `"id":9007199254740993`, func(p providers.PullRequest) bool { return p.ID == "9007199254740993" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := says(map[string]string{ofTools + "merge_requests": `[{"iid":1,` + tt.text + `}]`})
			got, err := h.client(t).FetchPullRequests(t.Context(), "garden/tools")
			if err != nil || len(got) != 1 || !tt.ok(got[0]) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestLists_send_the_options(t *testing.T) {
	t.Parallel()
	since := providers.Since(time.Date(2024, 1, 2, 3, 4, 5, 600e6, time.FixedZone("", 3600)))
	const page = "&per_page=100"
	tests := []struct {
		name string
		list func(*providers.Client, ...providers.Option) error
		with []providers.Option
		want string
	}{
		{"open merge requests", fetch((*providers.Client).FetchPullRequests), []providers.Option{providers.InState(providers.Open)}, "merge_requests?order_by=created_at" + page + "&scope=all&sort=asc&state=opened"},
		{"closed merge requests", fetch((*providers.Client).FetchPullRequests), []providers.Option{providers.InState(providers.Closed)}, "merge_requests?order_by=created_at" + page + "&scope=all&sort=asc&state=closed"},
		{"merged ones since", fetch((*providers.Client).FetchPullRequests), []providers.Option{providers.InState(providers.Merged), since}, "merge_requests?order_by=created_at" + page + "&scope=all&sort=asc&state=merged&updated_after=2024-01-02T02%3A04%3A05.6Z"},
		{"by last update", fetch((*providers.Client).FetchPullRequests), []providers.Option{providers.SortBy(providers.ByUpdated, false)}, "merge_requests?order_by=updated_at" + page + "&scope=all&sort=desc&state=all"},
		{"issues", fetch((*providers.Client).FetchIssues), nil, "issues?order_by=created_at" + page + "&scope=all&sort=asc&state=all"},
		{"closed issues by title", fetch((*providers.Client).FetchIssues), []providers.Option{providers.InState(providers.Closed), providers.SortBy(providers.ByName, true)}, "issues?order_by=title" + page + "&scope=all&sort=asc&state=closed"},
		{"issues since", fetch((*providers.Client).FetchIssues), []providers.Option{since}, "issues?order_by=created_at" + page + "&scope=all&sort=asc&state=all&updated_after=2024-01-02T02%3A04%3A05.6Z"},
		{"branches", fetch((*providers.Client).FetchBranches), []providers.Option{providers.PageSize(3)}, "repository/branches?per_page=3"},
		{"tags, the oldest first", fetch((*providers.Client).FetchTags), nil, "repository/tags?order_by=updated" + page + "&sort=asc"},
		{"commits", fetch((*providers.Client).FetchCommits), nil, "repository/commits?per_page=100"},
		{"commits of a branch that touch a file", fetch((*providers.Client).FetchCommits), []providers.Option{providers.Ref("a/b"), providers.Path("x y.go")}, "repository/commits?path=x+y.go" + page + "&ref_name=a%2Fb"},
		{"commits in a time, by whole seconds inside", fetch((*providers.Client).FetchCommits), []providers.Option{since, providers.Until(at(2, 1, 0, 0, 1, 500))}, "repository/commits?per_page=100&since=2024-01-02T02%3A04%3A06Z&until=2024-02-01T00%3A00%3A01Z"},
		{"commits of somebody", fetch((*providers.Client).FetchCommits), []providers.Option{providers.Author("a@example.com")}, "repository/commits?author=a%40example.com" + page},
		{"contributors, the busiest first", fetch((*providers.Client).FetchContributors), nil, "repository/contributors?order_by=commits" + page + "&sort=desc"},
		{"releases", fetch((*providers.Client).FetchReleases), nil, "releases?order_by=released_at" + page + "&sort=desc"},
		{"a tree", fetchTree("docs"), []providers.Option{providers.Recursive(), providers.Ref("v1")}, "repository/tree?pagination=keyset&path=docs" + page + "&recursive=true&ref=v1"},
		{"the root", fetchTree(""), nil, "repository/tree?pagination=keyset" + page},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path, _, _ := strings.Cut(tt.want, "?")
			h := says(map[string]string{ofTools + path: "[]"})
			if err := tt.list(h.client(t), tt.with...); err != nil {
				t.Error(err)
			}
			h.wantAsked(t, "GET /api/v4/"+ofTools+tt.want)
		})
	}
}

// fetch calls a method of a client for one repository.
func fetch[T any](method func(*providers.Client, context.Context, string, ...providers.Option) ([]T, error)) func(*providers.Client, ...providers.Option) error {
	return func(c *providers.Client, o ...providers.Option) error {
		_, err := method(c, context.Background(), "garden/tools", o...)
		return err
	}
}

func fetchTree(path string) func(*providers.Client, ...providers.Option) error {
	return func(c *providers.Client, o ...providers.Option) error {
		_, err := c.FetchTree(context.Background(), "garden/tools", path, o...)
		return err
	}
}

func TestUnsupported_options_send_nothing(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*providers.Client) error{
		"merged issues": func(c *providers.Client) error {
			_, err := c.FetchIssues(context.Background(), "garden/tools", providers.InState(providers.Merged))
			return err
		},
		"an author's login": func(c *providers.Client) error {
			_, err := c.FetchCommits(context.Background(), "garden/tools", providers.Author("hedgehog"))
			return err
		},
		"another user's groups": func(c *providers.Client) error {
			_, err := c.FetchOrganizations(context.Background(), "hedgehog")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := says(nil)
			if err := call(h.client(t)); !errors.Is(err, providers.ErrUnsupported) {
				t.Error(err)
			}
			h.wantAsked(t)
		})
	}
}

func TestFetchIssues_says_all_that_GitLab_does(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{ofTools + "issues": `[{"id":9007199254740993,"iid":3,"title":"Cold","description":"Brr","state":"closed",
		"author":{"id":5,"username":"hedgehog","name":"Hedgehog"},"assignees":[{"id":6,"username":"mole"}],"assignee":{"id":6,"username":"mole"},
		"labels":["winter"],"milestone":{"id":1,"title":"Spring"},"user_notes_count":4,"discussion_locked":null,
		"created_at":"2024-01-02T03:04:05.006Z","updated_at":"2024-01-02T05:04:05+01:00","closed_at":"2024-01-03T00:00:00Z","web_url":"https://gitlab.com/i/3"},
		{"id":8,"iid":4,"state":"opened","author":null,"discussion_locked":true,"assignee":{"id":6,"username":"mole"}}]`})
	got, err := h.client(t).FetchIssues(t.Context(), "garden/tools")
	if err != nil {
		t.Fatal(err)
	}
	mole := []providers.User{{Origin: gitlabOrigin, ID: "6", Login: "mole"}}
	want := []providers.Issue{{
		Origin: gitlabOrigin, ID: "9007199254740993", Number: 3, Title: "Cold", Body: "Brr", State: providers.Closed,
		Author: providers.User{Origin: gitlabOrigin, ID: "5", Login: "hedgehog", Name: "Hedgehog"}, Assignees: mole,
		Labels: []string{"winter"}, Milestone: "Spring", Comments: new(int64(4)),
		CreatedAt: at(1, 2, 3, 4, 5, 6), UpdatedAt: at(1, 2, 4, 4, 5, 0), ClosedAt: at(1, 3, 0, 0, 0, 0), WebURL: "https://gitlab.com/i/3",
	}, {Origin: gitlabOrigin, ID: "8", Number: 4, State: providers.Open, Locked: new(true), Assignees: mole}}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
	var native *gogitlab.Issue
	if !got[0].As(&native) || native.UserNotesCount != 4 {
		t.Errorf("the library's record is %+v", native)
	}
}

func TestFetchReleases_says_all_that_GitLab_does(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{ofTools + "releases": "[" + file(t, "release.json") + `,{"tag_name":"v1.1"}]`})
	got, err := h.client(t).FetchReleases(t.Context(), "garden/tools")
	if err != nil {
		t.Fatal(err)
	}
	want := []providers.Release{{
		Origin: gitlabOrigin, Tag: "v1.2", Name: "Spring", Body: "What is new",
		Author:    providers.User{Origin: gitlabOrigin, ID: "5", Login: "hedgehog", Name: "Hedgehog", WebURL: "https://gitlab.com/hedgehog"},
		CreatedAt: at(3, 1, 10, 0, 0, 0), PublishedAt: at(4, 1, 8, 0, 0, 0), WebURL: "https://gitlab.com/garden/tools/-/releases/v1.2",
		Assets: []providers.Asset{
			{Name: "linux-amd64", URL: "https://downloads.example.com/tools"},
			{Name: "tools-v1.2.zip", URL: "https://gitlab.com/garden/tools/-/archive/v1.2/tools-v1.2.zip"},
		},
	}, {Origin: gitlabOrigin, Tag: "v1.1"}}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

func TestFetchBranches_and_tags_say_all_that_GitLab_does(t *testing.T) {
	t.Parallel()
	c := says(map[string]string{
		ofTools + "repository/branches": `[{"name":"a/b","protected":true,"default":false,"web_url":"https://w","commit":{"id":"c1","committed_date":"2024-01-02T03:04:05.000+00:00"}},
			{"name":"old","commit":null}]`,
		ofTools + "repository/tags": `[{"name":"v1","message":"One","target":"7a9","created_at":"2024-01-02T03:04:05.000Z","commit":{"id":"c1","committed_date":"2023-01-01T00:00:00Z"}},
			{"name":"light","message":null,"target":"c2","created_at":null,"commit":{"id":"c2"}}]`,
	}).client(t)
	branches, err := c.FetchBranches(t.Context(), "garden/tools")
	if err != nil {
		t.Fatal(err)
	}
	wantBranches := []providers.Branch{
		{Origin: gitlabOrigin, Name: "a/b", SHA: "c1", Protected: new(true), Default: new(false), CommittedAt: at(1, 2, 3, 4, 5, 0), WebURL: "https://w"},
		{Origin: gitlabOrigin, Name: "old"},
	}
	if diff := cmp.Diff(wantBranches, branches, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
	tags, err := c.FetchTags(t.Context(), "garden/tools")
	if err != nil {
		t.Fatal(err)
	}
	wantTags := []providers.Tag{
		{Origin: gitlabOrigin, Name: "v1", SHA: "c1", Message: "One", Date: at(1, 2, 3, 4, 5, 0)},
		{Origin: gitlabOrigin, Name: "light", SHA: "c2"},
	}
	if diff := cmp.Diff(wantTags, tags, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
	var native *gogitlab.Branch
	if !branches[0].As(&native) || !native.Protected {
		t.Errorf("the library's record is %+v", native)
	}
}

// GitLab takes the author for a pattern, and older versions do not know it.
func TestFetchCommits_says_all_that_GitLab_does_and_chooses_authors_itself(t *testing.T) {
	t.Parallel()
	c := says(map[string]string{ofTools + "repository/commits": `[{"id":"c2","message":"Two\n\nmore","parent_ids":["c1","c0"],"web_url":"https://w",
		"author_name":"A","author_email":"A@Example.com","authored_date":"2024-01-02T03:04:05.000+00:00",
		"committer_name":"B","committer_email":"b@example.com","committed_date":"2024-01-02T04:04:05.000+01:00"},
		{"id":"c1","author_email":"aa@example.com","parent_ids":[]}]`}).client(t)
	got, err := c.FetchCommits(t.Context(), "garden/tools", providers.Author("a@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	want := []providers.Commit{{
		Origin: gitlabOrigin, SHA: "c2", Message: "Two\n\nmore", Parents: []string{"c1", "c0"}, WebURL: "https://w",
		Author:    providers.Signature{Name: "A", Email: "A@Example.com", Date: at(1, 2, 3, 4, 5, 0)},
		Committer: providers.Signature{Name: "B", Email: "b@example.com", Date: at(1, 2, 3, 4, 5, 0)},
	}}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
}

// GitLab says 0 to mean that it does not count.
func TestFetchContributors_takes_no_lines_for_unknown(t *testing.T) {
	t.Parallel()
	c := says(map[string]string{ofTools + "repository/contributors": `[{"name":"A","email":"a@example.com","commits":117,"additions":0,"deletions":0},
		{"name":"B","email":"b@example.com","commits":1,"additions":3,"deletions":0}]`}).client(t)
	got, err := c.FetchContributors(t.Context(), "garden/tools")
	want := []providers.Contributor{
		{Origin: gitlabOrigin, Name: "A", Email: "a@example.com", Commits: 117},
		{Origin: gitlabOrigin, Name: "B", Email: "b@example.com", Commits: 1, Additions: new(int64(3)), Deletions: new(int64(0))},
	}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// GitLab answers 404 for some lists of a repository without a commit.
func TestLists_of_an_empty_repository_are_empty(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func(*providers.Client, ...providers.Option) error{
		"commits":      fetch((*providers.Client).FetchCommits),
		"contributors": fetch((*providers.Client).FetchContributors),
		"tree":         fetchTree(""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			project := `{"id":1,"path":"tools","empty_repo":true}`
			if err := list(says(map[string]string{"projects/garden%2Ftools": project}).client(t)); err != nil {
				t.Errorf("empty: %v", err)
			}
			project = strings.Replace(project, "true", "false", 1)
			if err := list(says(map[string]string{"projects/garden%2Ftools": project}).client(t)); !errors.Is(err, providers.ErrNotFound) {
				t.Errorf("not empty: %v", err)
			}
			if err := list(says(nil).client(t)); !errors.Is(err, providers.ErrNotFound) {
				t.Errorf("not there: %v", err)
			}
			if name == "contributors" {
				return
			}
			if err := list(says(map[string]string{"projects/garden%2Ftools": `{"id":1,"path":"tools","empty_repo":true}`}).client(t), providers.Ref("v1")); !errors.Is(err, providers.ErrNotFound) {
				t.Errorf("a ref that is not there: %v", err)
			}
		})
	}
}

func TestFetchUser_says_all_that_GitLab_does(t *testing.T) {
	t.Parallel()
	c := says(map[string]string{
		"users?username=Hedgehog": `[{"id":5,"username":"hedgehog"}]`,
		"users/5": `{"id":5,"username":"hedgehog","name":"Hedgehog","public_email":"h@example.com","bot":false,"avatar_url":"https://a",
			"web_url":"https://w","created_at":"2024-01-02T03:04:05.000Z"}`,
		"users?username=robot": `[{"id":6,"username":"robot"}]`,
		"users/6":              `{"id":6,"username":"robot","bot":true}`,
		"user":                 `{"id":7,"username":"me","email":"me@example.com","public_email":"other@example.com"}`,
		"users?username=acme":  `[]`,
		"groups/acme?with_projects=false": `{"id":9,"path":"acme","full_path":"acme","name":"Acme","description":"D","visibility":"private","parent_id":null,
			"avatar_url":"/uploads/a.png","web_url":"https://w","created_at":"2024-01-02T03:04:05.000Z"}`,
		"groups/acme%2Fsub?with_projects=false": `{"id":10,"path":"sub","full_path":"acme/sub","name":"Sub","parent_id":9}`,
		"users?username=42":                     `[]`,
		"groups/42?with_projects=false":         `{"id":42,"path":"else","full_path":"else"}`,
		"users?username=nobody":                 `[]`,
	}).client(t)
	for login, want := range map[string]providers.User{
		"Hedgehog": {
			Origin: gitlabOrigin, ID: "5", Login: "hedgehog", Name: "Hedgehog", Email: "h@example.com", Kind: providers.Person,
			AvatarURL: "https://a", WebURL: "https://w", CreatedAt: at(1, 2, 3, 4, 5, 0),
		},
		"robot": {Origin: gitlabOrigin, ID: "6", Login: "robot", Kind: providers.Bot},
		"acme": {
			Origin: gitlabOrigin, ID: "9", Login: "acme", Name: "Acme", Kind: providers.OrgAccount,
			AvatarURL: "https://gitlab.com/uploads/a.png", WebURL: "https://w", CreatedAt: at(1, 2, 3, 4, 5, 0),
		},
		"acme/sub": {Origin: gitlabOrigin, ID: "10", Login: "acme/sub", Name: "Sub", Kind: providers.OrgAccount},
	} {
		got, err := c.FetchUser(t.Context(), login)
		if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" || err != nil {
			t.Errorf("%s: %v %s", login, err, diff)
		}
	}
	for _, login := range []string{"nobody", "42"} {
		if _, err := c.FetchUser(t.Context(), login); !errors.Is(err, providers.ErrNotFound) {
			t.Errorf("%s: %v", login, err)
		}
	}
	me, err := c.FetchCurrentUser(t.Context())
	if err != nil || me.Login != "me" || me.Email != "me@example.com" {
		t.Errorf("FetchCurrentUser() = %+v, %v", me, err)
	}
	group, err := c.FetchOrganization(t.Context(), "acme")
	wantGroup := providers.Organization{
		Origin: gitlabOrigin, ID: "9", Login: "acme", Name: "Acme", Description: "D", Visibility: providers.Private,
		AvatarURL: "https://gitlab.com/uploads/a.png", WebURL: "https://w", CreatedAt: at(1, 2, 3, 4, 5, 0),
	}
	if diff := cmp.Diff(wantGroup, group, ignoreOrigin); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if sub, err := c.FetchOrganization(t.Context(), "acme/sub"); err != nil || sub.ParentID != "9" || sub.Login != "acme/sub" {
		t.Errorf("FetchOrganization() = %+v, %v", sub, err)
	}
	if _, err := c.FetchOrganization(t.Context(), "42"); !errors.Is(err, providers.ErrNotFound) {
		t.Errorf("the group whose id is 42: %v", err)
	}
}

func TestFetchOrganizations_lists_the_groups_of_the_tokens_user(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{"groups": `[{"id":9,"path":"acme","full_path":"acme"},{"id":10,"path":"sub","full_path":"acme/sub","parent_id":9}]`})
	got, err := h.client(t).FetchOrganizations(t.Context(), "")
	if err != nil || len(got) != 2 || got[1].Login != "acme/sub" || got[1].ParentID != "9" {
		t.Errorf("%+v, %v", got, err)
	}
	h.wantAsked(t, "GET /api/v4/groups?min_access_level=10&order_by=id&per_page=100&sort=asc")
}
