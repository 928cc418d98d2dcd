//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package fleettest_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/xanzy/go-gitlab"
)

func TestGitLab_reads_a_token_in_every_form(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-forms")
	sim := lab(token)
	tests := []struct {
		name  string
		query string
		head  http.Header
	}{
		{"PRIVATE-TOKEN", "", http.Header{"Private-Token": {token}}},
		{"Bearer", "", http.Header{"Authorization": {"Bearer " + token}}},
		{"bearer", "", http.Header{"Authorization": {"bearer " + token}}},
		{"JOB-TOKEN", "", http.Header{"Job-Token": {token}}},
		{"parameter", "?private_token=" + token, nil},
		{"Bearer beside an empty PRIVATE-TOKEN", "", http.Header{"Private-Token": {""}, "Authorization": {"Bearer " + token}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := send(t, sim, request{path: labAPI + "/user" + tt.query, header: tt.head})
			if r.status != 200 || r.field(t, "username") != "user-1" {
				t.Errorf("status %d, want 200 as user-1", r.status)
			}
		})
	}
	two := send(t, sim, request{path: labAPI + "/user", header: http.Header{"Private-Token": {token}, "Authorization": {"Bearer " + token}}})
	if log := sim.Requests(); two.status != 200 || log[len(log)-1].Authorizations != 2 {
		t.Errorf("two credentials: status %d, logged %d", two.status, log[len(log)-1].Authorizations)
	}
}

func TestGitLab_refuses_a_token_in_the_form_it_came_in(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		revoked, expired, unknown := canary.Token("lab-revoked"), canary.Token("lab-expired"), canary.Token("lab-unknown")
		sim := fleettest.NewGitLab(fleettest.Config{Tokens: []string{revoked, expired}})
		sim.Revoke(revoked)
		sim.Expire(expired, time.Now().Add(-time.Hour))
		const again = `{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}`
		tests := []struct {
			name, header, value, want string
		}{
			{"unknown", "Private-Token", unknown, `{"message":"401 Unauthorized"}`},
			{"revoked", "Private-Token", revoked, `{"message":"401 Unauthorized"}`},
			{"none", "Accept", "*/*", `{"message":"401 Unauthorized"}`},
			{"revoked Bearer", "Authorization", "Bearer " + revoked, again},
			{"expired Bearer", "Authorization", "Bearer " + expired, `{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}`},
			{"unknown Bearer", "Authorization", "Bearer " + unknown, `{"error":"invalid_token","error_description":"Bad Access Token."}`},
			{"empty Bearer", "Authorization", "Bearer ", `{"error":"invalid_token","error_description":"Bad Access Token."}`},
		}
		for i, tt := range tests {
			r := send(t, sim, request{path: labAPI + "/user", header: http.Header{tt.header: {tt.value}}})
			if r.status != 401 || r.body != tt.want {
				t.Errorf("%s: %d %s", tt.name, r.status, r.body)
			}
			if name, left := r.header.Get("RateLimit-Name"), r.number("RateLimit-Remaining"); name != "throttle_unauthenticated_api" || left != int64(499-i) {
				t.Errorf("%s: told %d left of %q", tt.name, left, name)
			}
		}
		if got := sim.Stats().Unauthorized; got != len(tests)-1 {
			t.Errorf("counted %d unauthorized, want %d", got, len(tests)-1)
		}
		sim.Restore(revoked)
		if r := labGet(t, sim, revoked, "/user"); r.status != 200 || r.number("RateLimit-Remaining") != 1999 {
			t.Errorf("restored: %d with %d left", r.status, r.number("RateLimit-Remaining"))
		}
	})
}

func TestGitLab_gives_an_address_without_token_its_own_throttle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-address")
		sim := fleettest.NewGitLab(fleettest.Config{
			Tokens: []string{token}, Limits: map[string]int{"throttle_unauthenticated_api": 3},
			Organizations: []fleettest.Owner{{Login: "acme", Repositories: 2, Private: 1}},
		})
		if got := len(listGroup(t, labClient(t, "", sim, "https://gitlab.com"), "acme", false)); got != 1 {
			t.Errorf("the public sees %d projects, want 1", got)
		}
		labGet(t, sim, "", "/groups/acme")
		labGet(t, sim, "", "/projects/acme%2Frepo-0001")
		if r := labGet(t, sim, "", "/groups/acme"); r.status != 429 || r.header.Get("RateLimit-Name") != "throttle_unauthenticated_api" {
			t.Errorf("call 4: %d of %q", r.status, r.header.Get("RateLimit-Name"))
		}
		if got := labGet(t, sim, token, "/user").status; got != 200 {
			t.Errorf("an account: status %d, want 200", got)
		}
	})
}

func TestGitLab_project_has_what_go_gitlab_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-fields")
	c := labClient(t, token, lab(token), "https://gitlab.com")
	license, statistics := true, true
	p, _, err := c.Projects.GetProject("acme/platform/repo-0002", &gitlab.GetProjectOptions{License: &license, Statistics: &statistics})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{
		p.PathWithNamespace, p.Path, p.Namespace.FullPath, p.Namespace.Kind, p.NameWithNamespace, p.DefaultBranch, string(p.Visibility),
		p.WebURL, p.HTTPURLToRepo, p.SSHURLToRepo, p.Links.Self,
	}
	want := []string{
		"acme/platform/repo-0002", "repo-0002", "acme/platform", "group", "Acme / Platform / repo-0002", "main", "public",
		"https://gitlab.com/acme/platform/repo-0002", "https://gitlab.com/acme/platform/repo-0002.git", "git@gitlab.com:acme/platform/repo-0002.git",
		"https://gitlab.com/api/v4/projects/1003000002",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("project (-want +got):\n%s", diff)
	}
	if p.CreatedAt == nil || p.LastActivityAt.Before(*p.CreatedAt) || p.Permissions.GroupAccess.AccessLevel != gitlab.DeveloperPermissions || p.Statistics.RepositorySize == 0 {
		t.Errorf("created %v, active %v, permissions %v, statistics %v", p.CreatedAt, p.LastActivityAt, p.Permissions, p.Statistics)
	}
	byID, _, err := c.Projects.GetProject(p.ID, nil)
	if err != nil || byID.PathWithNamespace != p.PathWithNamespace || byID.License != nil {
		t.Errorf("by id: %v, %v", byID, err)
	}
}

func TestGitLab_endpoints_that_go_gitlab_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-endpoints")
	sim := lab(token)
	c := labClient(t, token, sim, "https://gitlab.com")
	const project = "acme/platform/repo-0001"
	tests := []struct {
		name string
		ask  func() (any, error)
		want any
	}{
		{"user", func() (any, error) {
			u, _, err := c.Users.CurrentUser()
			return u.Username + " " + u.Email, err
		}, "user-1 user-1@example.com"},
		{"user by name", func() (any, error) {
			users, _, err := c.Users.ListUsers(&gitlab.ListUsersOptions{Username: gitlab.Ptr("USER-1")})
			return users[0].ID, err
		}, 1004},
		{"group is no user", func() (any, error) {
			users, _, err := c.Users.ListUsers(&gitlab.ListUsersOptions{Username: gitlab.Ptr("acme")})
			return len(users), err
		}, 0},
		{"user by id", func() (any, error) {
			u, _, err := c.Users.GetUser(1004, gitlab.GetUsersOptions{})
			return u.Username, err
		}, "user-1"},
		{"projects of a user", func() (any, error) {
			p, _, err := c.Projects.ListUserProjects("user-1", nil)
			return len(p), err
		}, 4},
		{"projects seen", func() (any, error) {
			_, resp, err := c.Projects.ListProjects(nil)
			return resp.TotalItems, err
		}, 42},
		{"projects owned", func() (any, error) {
			_, resp, err := c.Projects.ListProjects(&gitlab.ListProjectsOptions{Owned: gitlab.Ptr(true)})
			return resp.TotalItems, err
		}, 4},
		{"projects by search", func() (any, error) {
			_, resp, err := c.Projects.ListProjects(&gitlab.ListProjectsOptions{Search: gitlab.Ptr("repo-0002")})
			return resp.TotalItems, err
		}, 4},
		{"private projects", func() (any, error) {
			_, resp, err := c.Projects.ListProjects(&gitlab.ListProjectsOptions{Visibility: gitlab.Ptr(gitlab.PrivateVisibility)})
			return resp.TotalItems, err
		}, 9},
		{"groups", func() (any, error) {
			groups, _, err := c.Groups.ListGroups(nil)
			var names []string
			for _, g := range groups {
				names = append(names, g.FullPath)
			}
			return strings.Join(names, " "), err
		}, "acme acme/platform acme/platform/tools"},
		{"group", func() (any, error) {
			g, _, err := c.Groups.GetGroup("acme/platform", nil)
			return []int{g.ID, g.ParentID, len(g.Projects)}, err
		}, []int{1003, 1001, 10}},
		{"group by id", func() (any, error) {
			g, _, err := c.Groups.GetGroup(1002, &gitlab.GetGroupOptions{WithProjects: gitlab.Ptr(false)})
			return []any{g.FullPath, g.FullName, g.ParentID, g.Projects == nil}, err
		}, []any{"acme/platform/tools", "Acme / Platform / Tools", 1003, true}},
		{"subgroups", func() (any, error) {
			groups, _, err := c.Groups.ListSubGroups("acme", nil)
			return len(groups), err
		}, 1},
		{"branches", func() (any, error) {
			b, _, err := c.Branches.ListBranches(project, nil)
			return []any{b[0].Name, b[0].Default, len(b[0].Commit.ID), b[0].Commit.CommittedDate.IsZero()}, err
		}, []any{"main", true, 40, false}},
		{"merge requests", func() (any, error) {
			all, resp, err := c.MergeRequests.ListProjectMergeRequests(project, &gitlab.ListProjectMergeRequestsOptions{State: gitlab.Ptr("merged")})
			ok := resp.TotalItems > 0
			for _, m := range all {
				ok = ok && m.State == "merged" && m.MergedAt != nil && len(m.MergeCommitSHA) == 40
			}
			return ok, err
		}, true},
		{"token", func() (any, error) {
			tok, _, err := c.PersonalAccessTokens.GetSinglePersonalAccessToken()
			return []any{tok.UserID, tok.Active, tok.Scopes[0], tok.ExpiresAt == nil}, err
		}, []any{1004, true, "api", true}},
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

func TestGitLab_history_is_whole(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-history")
	c := labClient(t, token, lab(token), "https://gitlab.com")
	for _, ref := range []string{"", "main"} {
		var all []*gitlab.Commit
		opt := &gitlab.ListCommitsOptions{ListOptions: gitlab.ListOptions{PerPage: 7}, RefName: &ref}
		for {
			page, resp, err := c.Commits.ListCommits(1001000001, opt)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page...)
			if resp.NextPage == 0 {
				break
			}
			opt.Page = resp.NextPage
		}
		for i, commit := range all {
			last := i == len(all)-1
			if last != (len(commit.ParentIDs) == 0) || !last && commit.ParentIDs[0] != all[i+1].ID {
				t.Fatalf("ref %q: commit %d of %d has parents %v", ref, i, len(all), commit.ParentIDs)
			}
		}
		if branch, _, _ := c.Branches.ListBranches(1001000001, nil); branch[0].Commit.ID != all[0].ID {
			t.Errorf("main is at %s, its history begins at %s", branch[0].Commit.ID, all[0].ID)
		}
	}
}

func TestGitLab_issue_and_merge_request_come_back_as_they_were_sent(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-issue")
	sim := lab(token)
	sim.SetContents("acme", "repo-0003", fleettest.Contents{Issues: -1})
	c := labClient(t, token, sim, "https://gitlab.com")
	title, body := "Ünïcode & <tags>", strings.Repeat("line\r\n\"quoted\"\t", 5000)
	for n := range 2 {
		i, resp, err := c.Issues.CreateIssue("acme/repo-0003", &gitlab.CreateIssueOptions{Title: &title, Description: &body, Labels: &gitlab.LabelOptions{"bug", "ui"}})
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 201 || i.Title != title || i.Description != body || i.IID != n+1 || !cmp.Equal(i.Labels, gitlab.Labels{"bug", "ui"}) {
			t.Errorf("created %d: issue %d %q with %v", resp.StatusCode, i.IID, i.Title, i.Labels)
		}
	}
	if got := sim.Issues(); len(got) != 2 || got[1].Body != body || got[1].Repository != "acme/repo-0003" || got[1].Account != "user-1" {
		t.Errorf("simulator kept %d issues", len(got))
	}
	if i, _, err := c.Issues.GetIssue("acme/repo-0003", 2); err != nil || i.Description != body {
		t.Errorf("get issue 2: %v", err)
	}
	if list, _, err := c.Issues.ListProjectIssues("acme/repo-0003", nil); err != nil || len(list) != 2 || list[0].IID != 2 {
		t.Errorf("listed %d issues, %v; want 2, the newest first", len(list), err)
	}
	m, _, err := c.MergeRequests.CreateMergeRequest("acme/repo-0003", &gitlab.CreateMergeRequestOptions{Title: &title, Description: &body, SourceBranch: gitlab.Ptr("fix"), TargetBranch: gitlab.Ptr("main")})
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := c.MergeRequests.GetMergeRequest("acme/repo-0003", m.IID, nil)
	if err != nil || again.Title != title || again.Description != body || again.SourceBranch != "fix" || again.State != "opened" || again.Author.Username != "user-1" {
		t.Errorf("merge request %d: %q by %v, %v", m.IID, again.Title, again.Author, err)
	}
	if got := sim.PullRequests(); len(got) != 1 || got[0].Number != m.IID || got[0].Target != "main" {
		t.Errorf("simulator kept %d merge requests", len(got))
	}
}

func TestGitLab_what_is_missing_or_private_is_404(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-missing")
	sim := lab(token)
	const project, group, user = `{"message":"404 Project Not Found"}`, `{"message":"404 Group Not Found"}`, `{"message":"404 User Not Found"}`
	tests := []struct{ token, path, want string }{
		{token, "/projects/acme%2Frepo-0026", project}, {token, "/projects/1", project}, {token, "/projects/repo-0001", project},
		{"", "/projects/acme%2Frepo-0025", project}, {"", "/projects/1001000025/issues", project},
		{token, "/groups/none", group}, {token, "/groups/user-1/projects", group}, {token, "/users/9", user}, {token, "/users/acme/projects", user},
		{token, "/projects/acme/repo-0001", `{"error":"404 Not Found"}`}, {token, "/no/such/path", `{"error":"404 Not Found"}`},
	}
	for _, tt := range tests {
		if r := labGet(t, sim, tt.token, tt.path); r.status != 404 || r.body != tt.want {
			t.Errorf("%s: %d %s, want 404 %s", tt.path, r.status, r.body, tt.want)
		}
	}
	if _, _, err := labClient(t, token, sim, "https://gitlab.com").Projects.GetProject("acme/none", nil); !errors.Is(err, gitlab.ErrNotFound) {
		t.Errorf("go-gitlab says %v", err)
	}
}

func TestGitLab_members_see_what_is_inside_their_group(t *testing.T) {
	t.Parallel()
	member, guest := canary.Token("lab-member"), canary.Token("lab-guest")
	sim := fleettest.NewGitLab(fleettest.Config{
		Accounts: []fleettest.Account{
			{Login: "member", Tokens: []string{member}, Owners: []string{"acme"}},
			{Login: "guest", Tokens: []string{guest}, Owners: []string{"other"}},
		},
		Organizations: []fleettest.Owner{{Login: "acme/platform", Repositories: 5, Private: 5}},
	})
	for token, want := range map[string]int{member: 5, guest: 0} {
		if got := len(listGroup(t, labClient(t, token, sim, "https://gitlab.com"), "acme", true)); got != want {
			t.Errorf("%d projects, want %d", got, want)
		}
	}
}

func TestGitLab_renamed_project_is_found_by_reads_only(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-renamed")
	sim := lab(token)
	sim.Rename("acme", "repo-0002", "rockets")
	r := labGet(t, sim, token, "/projects/acme%2Frepo-0002/repository/branches?per_page=2")
	const want = labAPI + "/projects/1001000002/repository/branches?per_page=2"
	if r.status != 301 || r.header.Get("Location") != want || r.body != "This resource has been moved permanently to "+want {
		t.Errorf("old path: %d to %q: %s", r.status, r.header.Get("Location"), r.body)
	}
	c := labClient(t, token, sim, "https://gitlab.com")
	if p, _, err := c.Projects.GetProject("acme/repo-0002", nil); err != nil || p.PathWithNamespace != "acme/rockets" {
		t.Errorf("followed to %v, %v", p, err)
	}
	_, resp, err := c.Issues.CreateIssue("acme/repo-0002", &gitlab.CreateIssueOptions{Title: gitlab.Ptr("t")})
	if err == nil || resp.StatusCode != 405 || !strings.Contains(err.Error(), "Non GET methods are not allowed for moved projects") {
		t.Errorf("write to the old path: %v", err)
	}
}

func TestGitLab_archive_is_at_a_storage_host_that_takes_no_token(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-archive")
	sim := lab(token)
	var out bytes.Buffer
	client := &http.Client{Transport: sim}
	for header, value := range map[string]string{"Private-Token": token, "Authorization": "Bearer " + token} {
		r := request{path: labAPI + "/projects/acme%2Frepo-0001/repository/archive.zip", header: http.Header{header: {value}}}.build(t)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(&out, resp.Body)
		resp.Body.Close()
	}
	if got, want := out.String(), "archive.zip of project 1001000001\n"; got != want+want {
		t.Errorf("downloaded %q", got)
	}
	// net/http drops Authorization on the way to another host, and nothing else.
	const storage = "gitlab-archives.storage.googleapis.com"
	if got, want := sim.Leaks(), []fleettest.Leak{{Scheme: "https", Host: storage, Header: "Private-Token"}}; !cmp.Equal(got, want) {
		t.Errorf("leaks %v, want %v", got, want)
	}
	resp, err := staticToken{token, sim}.RoundTrip(request{path: "https://" + storage + "/projects/1/archive.zip"}.build(t))
	if err != nil || readReply(t, resp).status != 400 {
		t.Errorf("storage host took a second credential: %v", err)
	}
}

func TestGitLab_outside_its_API_is_a_website(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-website")
	sim := lab(token)
	r := send(t, sim, request{path: "https://gitlab.com/acme/repo-0001", token: token})
	if r.status != 404 || r.header.Get("RateLimit-Name") != "" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
		t.Errorf("%d with %v", r.status, r.header)
	}
	if got := send(t, sim, request{path: "https://gitlab.com/dev/api/v4/user", token: token}).status; got != 404 {
		t.Errorf("below a root that gitlab.com does not have: %d", got)
	}
	want := []fleettest.Leak{{"https", "gitlab.com", "Authorization"}, {"https", "gitlab.com", "Authorization"}}
	if got := sim.Leaks(); !cmp.Equal(got, want) {
		t.Errorf("leaks %v, want %v", got, want)
	}
	if r := send(t, sim, request{path: "http://gitlab.com/api/v4/user"}); r.status != 301 || r.header.Get("Location") != labAPI+"/user" {
		t.Errorf("plain http: %d to %q", r.status, r.header.Get("Location"))
	}
}

func TestGitLab_GraphQL_draws_on_the_same_throttle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-graphql")
		sim := lab(token)
		q := request{method: "POST", path: "https://gitlab.com/api/graphql", token: token, body: `{"query":"{currentUser{username}}"}`}
		r := send(t, sim, q)
		if r.status != 200 || !strings.Contains(r.body, `"username":"user-1"`) || r.header.Get("RateLimit-Name") != "throttle_authenticated_api" {
			t.Errorf("%d %s of %q", r.status, r.body, r.header.Get("RateLimit-Name"))
		}
		sim.SetRemaining(token, "", 0)
		if r := send(t, sim, q); r.status != 429 {
			t.Errorf("with nothing left: %d, want 429", r.status)
		}
	})
}

func TestGitLab_304_costs_a_call(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		token := canary.Token("lab-304")
		sim := lab(token)
		etag := labGet(t, sim, token, "/user").header.Get("ETag")
		r := send(t, sim, request{path: labAPI + "/user", token: token, header: http.Header{"If-None-Match": {etag}}})
		if r.status != 304 || r.body != "" || r.number("RateLimit-Remaining") != 1998 || sim.Stats().NotModified != 1 {
			t.Errorf("%d with %d left, want 304 with 1998", r.status, r.number("RateLimit-Remaining"))
		}
	})
}

func TestGitLab_project_token_acts_as_a_bot(t *testing.T) {
	t.Parallel()
	token := canary.Token("lab-bot")
	sim := fleettest.NewGitLab(fleettest.Config{Accounts: []fleettest.Account{{Login: "project_9_bot", Tokens: []string{token}, Installation: true}}})
	u, _, err := labClient(t, token, sim, "https://gitlab.com").Users.CurrentUser()
	if err != nil || !u.Bot || u.Username != "project_9_bot" {
		t.Errorf("user %v, %v", u, err)
	}
}
