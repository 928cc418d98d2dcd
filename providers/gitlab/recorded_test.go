//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recorded reads a body in the shape of the vendor's documentation.
func recorded(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("GITFLEET_FIXTURES")
	if dir == "" {
		t.Skip("needs GITFLEET_FIXTURES, the folder with the recorded bodies")
	}
	text, err := os.ReadFile(filepath.Join(dir, "gitlab", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// All that was recorded is decoded, with what its fields say.
func TestRecorded_bodies_are_decoded_with_nothing_lost(t *testing.T) {
	t.Parallel()
	c := says(map[string]string{
		"groups/diaspora/projects":      recorded(t, "repos.json"),
		ofTools + "repository/branches": recorded(t, "branches.json"),
		ofTools + "repository/tags":     recorded(t, "tags.json"),
		ofTools + "repository/commits":  recorded(t, "commits.json"),
		ofTools + "merge_requests":      recorded(t, "merges.json"),
		ofTools + "issues":              recorded(t, "issues.json"),
		ofTools + "releases":            recorded(t, "releases.json"),
		"groups":                        recorded(t, "groups.json"),
		"groups/twitter":                recorded(t, "group.json"),
		"user":                          recorded(t, "user.json"),
	}).client(t)
	tests := []struct {
		name, want string
		get        func() (any, error)
	}{
		{"repositories", `{"id":"178504","owner":{"id":"120836","login":"diaspora","name":"diaspora","kind":"organization"},"name":"diaspora","full_name":"diaspora/diaspora",
			"default_branch":"master","visibility":"public","web_url":"https://gitlab.com/diaspora/diaspora","clone_url":"https://gitlab.com/diaspora/diaspora.git",
			"ssh_url":"git@gitlab.com:diaspora/diaspora.git","private":false,"archived":false,"fork":false,"has_wiki":true,"has_issues":true,"stars":0,"forks":0,"open_issues":0,
			"created_at":"2015-03-03T18:37:05.387Z","updated_at":"2015-03-03T18:37:20.795Z","pushed_at":"2015-03-03T18:37:20.795Z"}`,
			func() (any, error) { return first(c.FetchRepositories(t.Context(), "diaspora")) }},
		{"branches", `{"name":"master","sha":"7b5c3cc8be40ee161ae89a06bba6229da1032a0c","protected":true,"committed_at":"2012-06-28T10:44:20Z"}`,
			func() (any, error) { return first(c.FetchBranches(t.Context(), "garden/tools")) }},
		{"tags", `{"name":"v1.0.0","sha":"2695effb5807a22ff3d138d593fd856244e155e7"}`,
			func() (any, error) { return first(c.FetchTags(t.Context(), "garden/tools")) }},
		{"commits", `{"sha":"6104942438c14ec7bd21c6cd5bd995272b3faff6","message":"Sanitize for network graph",
			"author":{"name":"randx","email":"dmitriy.zaporozhets@gmail.com","date":"2012-06-28T10:44:20Z"},
			"committer":{"name":"Dmitriy","email":"dmitriy.zaporozhets@gmail.com","date":"2012-06-28T10:44:20Z"},
			"parents":["ae1d9fb46aa2b07ee9836d49862ec4e2c46fbbba"]}`,
			func() (any, error) { return first(c.FetchCommits(t.Context(), "garden/tools")) }},
		{"merge requests", `{"id":"239450","number":1,"title":"JS fix","body":"Signed-off-by: Dmitriy Zaporozhets <dmitriy.zaporozhets@gmail.com>","state":"closed","draft":false,
			"author":{"id":"13356","login":"dblessing","name":"Drew Blessing","avatar_url":"https://secure.gravatar.com/avatar/b5bf44866b4eeafa2d8114bfe15da02f?s=80&d=identicon","web_url":"https://gitlab.com/dblessing"},
			"labels":["bug","documentation"],"head":{"ref":"fix","sha":"12d65c8dd2b2676fa3ac47d955accc085a37a9c1","repository":"garden/tools"},"base":{"ref":"master","repository":"garden/tools"},
			"created_at":"2015-12-18T18:29:53.563Z","updated_at":"2015-12-18T18:30:22.522Z","comments":1,"web_url":"https://gitlab.com/gitlab-org/testme/merge_requests/1"}`,
			func() (any, error) { return first(c.FetchPullRequests(t.Context(), "garden/tools")) }},
		{"issues", `{"id":"41","number":1,"title":"Ut commodi ullam eos dolores perferendis nihil sunt.","body":"Omnis vero earum sunt corporis dolor et placeat.","state":"closed",
			"author":{"id":"1","login":"root","name":"Administrator","web_url":"https://gitlab.example.com/root"},
			"assignees":[{"id":"9","login":"lennie","name":"Dr. Luella Kovacek","web_url":"https://gitlab.example.com/lennie"}],"milestone":"v3.0","comments":1,"locked":false,
			"created_at":"2016-01-04T15:31:46.176Z","updated_at":"2016-01-04T15:31:46.176Z","closed_at":"2016-01-05T15:31:46.176Z","web_url":"http://example.com/example/example/issues/1"}`,
			func() (any, error) { return first(c.FetchIssues(t.Context(), "garden/tools")) }},
		{"groups", `{"id":"1","login":"twitter","name":"Twitter","description":"An interesting group","avatar_url":"http://localhost:3000/uploads/group/avatar/1/twitter.jpg",
			"web_url":"http://localhost:3000/groups/twitter","visibility":"public"}`,
			func() (any, error) { return first(c.FetchOrganizations(t.Context(), "")) }},
		{"a group", `{"id":"4","login":"twitter","name":"Twitter","description":"Aliquid qui quis dignissimos distinctio ut commodi voluptas est.",
			"avatar_url":"http://localhost:3000/uploads/group/avatar/1/twitter.jpg","web_url":"https://gitlab.example.com/groups/twitter","visibility":"public"}`,
			func() (any, error) { return c.FetchOrganization(t.Context(), "twitter") }},
		{"the user", `{"id":"1","login":"john_smith","name":"John Smith","email":"john@example.com","kind":"user","avatar_url":"http://localhost:3000/uploads/user/avatar/1/index.jpg",
			"web_url":"http://localhost:3000/john_smith","created_at":"2012-05-23T08:00:58Z"}`,
			func() (any, error) { return c.FetchCurrentUser(t.Context()) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.get()
			if err != nil {
				t.Fatal(err)
			}
			if text, want := plain(t, got), canonical(t, tt.want); text != want {
				t.Errorf("it is\n%s\nwant\n%s", text, want)
			}
		})
	}
	releases, err := c.FetchReleases(t.Context(), "garden/tools")
	if err != nil || len(releases) != 2 || releases[0].Tag != "v0.2" || len(releases[0].Assets) != 6 ||
		!releases[1].PublishedAt.Equal(time.Date(2019, 1, 3, 1, 55, 18, 203e6, time.UTC)) || releases[1].Author.Login != "root" {
		t.Errorf("%+v, %v", releases, err)
	}
}

func first[T any](all []T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// plain is how a model looks without where it is from.
func plain(t *testing.T, model any) string {
	text, err := json.Marshal(model)
	if err != nil {
		t.Fatal(err)
	}
	origin, err := json.Marshal(gitlabOrigin)
	if err != nil {
		t.Fatal(err)
	}
	return canonical(t, strings.ReplaceAll(string(text), string(origin[1:len(origin)-1])+",", ""))
}

// canonical is JSON with its keys sorted.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}
