package github_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	gogithub "github.com/google/go-github/v66/github"
)

// from is the origin of all records of a script.
var from = providers.Origin{Provider: tokens.GitHub, Host: "https://api.github.com"}

// wantSame compares records by what users see.
func wantSame(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(providers.Origin{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

func TestDriver_a_repository_has_all_that_GitHub_says(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web": testdata(t, "repository.json")})
	got, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, providers.Repository{
		Origin: from, ID: "1296269", Name: "web", FullName: "acme/web",
		Owner: providers.User{
			Origin: from, ID: "77", Login: "acme", Kind: providers.OrgAccount,
			AvatarURL: "https://avatars.example.com/77", WebURL: "https://github.com/acme",
		},
		Description: "The site", Homepage: "https://acme.example.com", DefaultBranch: "trunk", Visibility: providers.Internal,
		Language: "Go", License: "MIT", Topics: []string{"site", "go"},
		WebURL: "https://github.com/acme/web", CloneURL: "https://github.com/acme/web.git", SSHURL: "git@github.com:acme/web.git",
		Private: new(true), Archived: new(false), Disabled: new(true), Fork: new(true), Parent: "upstream/web", Template: new(true),
		HasWiki: new(false), HasIssues: new(true), HasProjects: new(false), HasPages: new(true), HasDownloads: new(true), AllowForking: new(false),
		Stars: new(int64(80)), Forks: new(int64(9)), Watchers: new(int64(80)), Subscribers: new(int64(42)), Network: new(int64(11)),
		OpenIssues: new(int64(3)), SizeBytes: new(int64(108 * 1024)),
		CreatedAt: at("2020-01-26T19:01:12Z"), UpdatedAt: at("2024-02-03T04:05:06Z"), PushedAt: at("2024-02-03T02:05:07Z"),
		Permission: providers.CanMaintain,
	})
	if got.PushedAt.Location() != time.UTC {
		t.Errorf("times are in %v, want UTC", got.PushedAt.Location())
	}
}

// What the host does not say is nil or empty.
func TestI11_a_repository_has_nothing_that_GitHub_does_not_say(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web": `{"id": 5, "name": "web", "full_name": "acme/web", "owner": null,
		"description": null, "license": {"spdx_id": "NOASSERTION"}, "pushed_at": null}`})
	got, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, providers.Repository{Origin: from, ID: "5", Name: "web", FullName: "acme/web"})
}

func TestDriver_visibility_of_a_server_that_knows_private_only(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]providers.Visibility{
		`{"id":1,"private":true}`:                         providers.Private,
		`{"id":1,"private":false}`:                        providers.Public,
		`{"id":1,"private":true,"visibility":"internal"}`: providers.Internal,
		`{"id":1}`: "",
	} {
		got, err := told(map[string]string{"/repos/acme/web": body}).client(t).FetchRepository(t.Context(), "acme/web")
		if err != nil || got.Visibility != want {
			t.Errorf("%s is %q, %v; want %q", body, got.Visibility, err, want)
		}
	}
}

func TestDriver_pull_requests_have_all_that_the_list_says(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/pulls": testdata(t, "pulls.json")})
	got, err := s.client(t).FetchPullRequests(t.Context(), "acme/web")
	if err != nil || len(got) != 3 {
		t.Fatal(len(got), err)
	}
	wantSame(t, got[0], providers.PullRequest{
		Origin: from, ID: "1", Number: 1347, Title: "Amazing new feature", Body: "Please pull", State: providers.Merged, Draft: new(false),
		Author:    providers.User{Origin: from, ID: "583231", Login: "octocat", Kind: providers.Person},
		Assignees: []providers.User{{Origin: from, ID: "2", Login: "hubot", Kind: providers.Bot}},
		Reviewers: []providers.User{{Origin: from, ID: "3", Login: "other"}},
		Labels:    []string{"bug", "ui"},
		Head:      providers.Side{Ref: "new-topic", SHA: "6dcb09b5b57875f334f61aebed695e2e4193db5e"}, // the fork is gone
		Base:      providers.Side{Ref: "main", SHA: "c3d0be41ecbe669545ee3e94d31ed9a4bc91ee3c", Repository: "acme/web"},
		CreatedAt: at("2021-01-26T19:01:12Z"), UpdatedAt: at("2021-01-27T19:01:12Z"),
		ClosedAt: at("2021-01-27T19:01:12Z"), MergedAt: at("2021-01-27T19:01:12Z"),
		MergeSHA: "e5bd3914e2e596debea16f433f57875b5b90bcd6", WebURL: "https://github.com/acme/web/pull/1347",
	})
	if got[1].State != providers.Closed || got[1].Author.Login != "" || !*got[1].Draft {
		t.Errorf("a declined one of a ghost is %+v", got[1])
	}
	if got[2].State != providers.Open || got[2].MergeSHA != "" {
		t.Errorf("an open one has the merge commit %q, which is of a merge on trial", got[2].MergeSHA)
	}
}

func TestDriver_pull_requests_in_one_state(t *testing.T) {
	t.Parallel()
	for state, want := range map[providers.State]struct {
		number int64
		query  string
	}{
		providers.Open: {1349, "open"}, providers.Closed: {1348, "closed"}, providers.Merged: {1347, "closed"},
	} {
		s := told(map[string]string{"/repos/acme/web/pulls": testdata(t, "pulls.json")})
		got, err := s.client(t).FetchPullRequests(t.Context(), "acme/web", providers.InState(state))
		if err != nil || len(got) != 1 || got[0].Number != want.number {
			t.Errorf("%s: %d, %v", state, len(got), err)
		}
		if address := "/repos/acme/web/pulls?direction=asc&per_page=100&sort=created&state=" + want.query; s.urls()[0] != address {
			t.Errorf("%s: asked for %s, want %s", state, s.urls()[0], address)
		}
	}
}

func TestDriver_issues_are_without_pull_requests(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/issues": testdata(t, "issues.json")})
	got, err := s.client(t).FetchIssues(t.Context(), "acme/web", providers.Since(at("2020-01-01T02:00:00+02:00")))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, []providers.Issue{{
		Origin: from, ID: "11", Number: 4, Title: "A bug", Body: "It breaks", State: providers.Closed, Reason: "not_planned",
		Author:    providers.User{Origin: from, ID: "583231", Login: "octocat"},
		Assignees: []providers.User{{Origin: from, ID: "2", Login: "hubot"}},
		Labels:    []string{"bug"}, Milestone: "v1", Comments: new(int64(2)), Locked: new(true),
		CreatedAt: at("2021-01-26T19:01:12Z"), UpdatedAt: at("2021-01-28T19:01:12Z"), ClosedAt: at("2021-01-27T19:01:12Z"),
		WebURL: "https://github.com/acme/web/issues/4",
	}, {
		Origin: from, ID: "13", Number: 6, Title: "By a ghost", State: providers.Open, Comments: new(int64(0)), Locked: new(false),
		CreatedAt: at("2021-01-26T19:01:12Z"), UpdatedAt: at("2021-01-26T19:01:12Z"),
	}})
	if want := "/repos/acme/web/issues?direction=asc&per_page=100&since=2020-01-01T00%3A00%3A00Z&sort=created&state=all"; s.urls()[0] != want {
		t.Errorf("asked for %s, want %s", s.urls()[0], want)
	}
}

func TestDriver_commits_have_accounts_where_GitHub_knows_them(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/commits": testdata(t, "commits.json")})
	got, err := s.client(t).FetchCommits(t.Context(), "acme/web", providers.Ref("feature/x"), providers.Path("a b.go"),
		providers.Author("octocat"), providers.Since(at("2001-01-01T00:00:00Z")), providers.Until(at("2024-01-01T00:00:00Z")))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, []providers.Commit{{
		Origin: from, SHA: "6dcb09b5b57875f334f61aebed695e2e4193db5e", Message: "Fix all the bugs\n\nWhy.",
		Author:    providers.Signature{Name: "Monalisa", Email: "mona@example.com", Date: at("2011-04-14T16:00:49Z"), Login: "octocat", ID: "583231"},
		Committer: providers.Signature{Name: "GitHub", Email: "noreply@example.com", Date: at("2011-04-14T16:00:50Z"), Login: "web-flow", ID: "19864447"},
		Parents:   []string{"aaa", "bbb"}, WebURL: "https://github.com/acme/web/commit/6dcb09b",
	}, {
		Origin: from, SHA: "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d", Message: "First",
		Author: providers.Signature{Name: "Nobody", Email: "nobody@example.com", Date: at("2010-01-01T00:00:00Z")},
	}})
	if want := "/repos/acme/web/commits?author=octocat&path=a+b.go&per_page=100&sha=feature%2Fx&since=2001-01-01T00%3A00%3A00Z&until=2024-01-01T00%3A00%3A00Z"; s.urls()[0] != want {
		t.Errorf("asked for %s, want %s", s.urls()[0], want)
	}
}

func TestDriver_contributors_without_an_account_are_told_apart_by_address(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/contributors": testdata(t, "contributors.json")})
	got, err := s.client(t).FetchContributors(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, []providers.Contributor{
		{Origin: from, ID: "583231", Login: "octocat", Commits: 32, AvatarURL: "https://avatars.example.com/1", WebURL: "https://github.com/octocat"},
		{Origin: from, Name: "Nobody", Email: "nobody@example.com", Commits: 3},
		{Origin: from, Name: "Nobody", Email: "other@example.com", Commits: 1},
	})
	if want := "/repos/acme/web/contributors?anon=1&per_page=100"; s.urls()[0] != want {
		t.Errorf("asked for %s, want %s", s.urls()[0], want)
	}
}

func TestDriver_releases_have_assets(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/releases": testdata(t, "releases.json")})
	got, err := s.client(t).FetchReleases(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, []providers.Release{{
		Origin: from, ID: "1", Tag: "v1.0.0", Name: "One", Body: "Notes", Draft: new(false), Prerelease: new(true),
		Author:    providers.User{Origin: from, ID: "583231", Login: "octocat"},
		CreatedAt: at("2013-02-27T19:35:32Z"), PublishedAt: at("2013-02-28T19:35:32Z"),
		Assets: []providers.Asset{{
			Name: "web.zip", URL: "https://github.com/acme/web/releases/download/v1.0.0/web.zip",
			SizeBytes: new(int64(1024)), Downloads: new(int64(42)),
		}},
		WebURL: "https://github.com/acme/web/releases/v1.0.0",
	}, {
		Origin: from, ID: "2", Tag: "v1.1.0", Draft: new(true), Prerelease: new(false), CreatedAt: at("2013-03-27T19:35:32Z"),
	}})
}

func TestDriver_branches_and_tags(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		"/repos/acme/web":          `{"id": 5, "default_branch": "feature/ü"}`,
		"/repos/acme/web/branches": `[{"name": "feature/ü", "commit": {"sha": "aa"}, "protected": true}, {"name": "main", "commit": {"sha": "bb"}}]`,
		"/repos/acme/web/tags":     `[{"name": "v1", "commit": {"sha": "cc"}, "zipball_url": "https://x"}]`,
	})
	c := s.client(t)
	branches, err := c.FetchBranches(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, branches, []providers.Branch{
		{Origin: from, Name: "feature/ü", SHA: "aa", Protected: new(true), Default: new(true)},
		{Origin: from, Name: "main", SHA: "bb", Default: new(false)},
	})
	tags, err := c.FetchTags(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, tags, []providers.Tag{{Origin: from, Name: "v1", SHA: "cc"}})
}

// The default branch is known on every page, though it is asked for once.
func TestDriver_the_default_branch_is_asked_for_once(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web": `{"id": 5, "default_branch": "ü#1"}`})
	next := func(page string) http.Header {
		return http.Header{"Link": {`<https://api.github.com/repositories/5/branches?page=` + page + `>; rel="next"`}}
	}
	s.answers["/repos/acme/web/branches"] = reply{body: `[{"name": "a"}]`, header: next("2")}
	s.answers["/repositories/5/branches?page=2"] = reply{body: `[{"name": "b"}]`, header: next("3")}
	s.answers["/repositories/5/branches?page=3"] = reply{body: `[{"name": "ü#1"}]`}
	got, err := s.client(t).FetchBranches(t.Context(), "acme/web")
	if err != nil || len(got) != 3 || *got[0].Default || *got[1].Default || !*got[2].Default {
		t.Errorf("%+v, %v", got, err)
	}
	if len(s.urls()) != 4 {
		t.Errorf("asked for %q", s.urls())
	}
}

func TestDriver_users_and_organizations(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		"/user":             `{"login": "octocat", "id": 1, "type": "User", "name": "Mona", "email": "m@example.com", "avatar_url": "https://a", "html_url": "https://h", "created_at": "2008-01-14T04:33:35Z"}`,
		"/users/hubot":      `{"login": "hubot", "id": 2, "type": "Bot"}`,
		"/orgs/acme":        `{"login": "acme", "id": 3, "name": "Acme", "description": "d", "avatar_url": "https://a", "html_url": "https://h", "created_at": "2008-01-14T04:33:35Z"}`,
		"/user/orgs":        `[{"login": "acme", "id": 3, "description": "d"}]`,
		"/users/hubot/orgs": `[]`,
	})
	c := s.client(t)
	me, err := c.FetchCurrentUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, me, providers.User{
		Origin: from, ID: "1", Login: "octocat", Name: "Mona", Email: "m@example.com", Kind: providers.Person,
		AvatarURL: "https://a", WebURL: "https://h", CreatedAt: at("2008-01-14T04:33:35Z"),
	})
	if bot, err := c.FetchUser(t.Context(), "hubot"); err != nil || bot.Kind != providers.Bot {
		t.Errorf("%+v, %v", bot, err)
	}
	org, err := c.FetchOrganization(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, org, providers.Organization{
		Origin: from, ID: "3", Login: "acme", Name: "Acme", Description: "d", AvatarURL: "https://a", WebURL: "https://h", CreatedAt: at("2008-01-14T04:33:35Z"),
	})
	orgs, err := c.FetchOrganizations(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, orgs, []providers.Organization{{Origin: from, ID: "3", Login: "acme", Description: "d"}})
	if orgs, err := c.FetchOrganizations(t.Context(), "hubot"); err != nil || len(orgs) != 0 {
		t.Errorf("%d, %v", len(orgs), err)
	}
}

func TestDriver_languages_have_shares(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/languages": `{"C": 100, "Go": 700, "Ada": 100, "Make": 100}`, "/repos/acme/empty/languages": `{}`})
	c := s.client(t)
	got, err := c.FetchLanguages(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, []providers.Language{
		{Name: "Go", Share: 0.7, Bytes: new(int64(700))}, {Name: "Ada", Share: 0.1, Bytes: new(int64(100))},
		{Name: "C", Share: 0.1, Bytes: new(int64(100))}, {Name: "Make", Share: 0.1, Bytes: new(int64(100))},
	})
	if got, err := c.FetchLanguages(t.Context(), "acme/empty"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDriver_owners_of_records_lead_to_the_library_too(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web": testdata(t, "repository.json")})
	got, err := s.client(t).FetchRepository(t.Context(), "acme/web")
	if err != nil {
		t.Fatal(err)
	}
	var native *gogithub.User
	if !got.Owner.As(&native) || native.GetID() != 77 {
		t.Errorf("the owner is %v", native)
	}
}
