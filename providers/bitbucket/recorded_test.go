package bitbucket_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// Bodies of real hosts, or in the form of the vendor's documentation.
func TestI15_recorded_bodies_are_read_whole(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("GITFLEET_FIXTURES")
	if dir == "" {
		t.Skip("GITFLEET_FIXTURES is not set: it names the directory of recorded exchanges")
	}
	body := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, "bitbucket", name))
		if err != nil {
			t.Fatal(err)
		}
		// All of it is to be one page.
		var page map[string]json.RawMessage
		if json.Unmarshal(text, &page) == nil && page["values"] != nil {
			delete(page, "next")
			text, _ = json.Marshal(page)
		}
		return string(text)
	}
	const repo = "/repositories/acme/web"
	s := told(map[string]string{
		"/repositories/acme": body("repos.json"), "/repositories/other": body("repos-2.json"), repo: body("repo.json"),
		repo + "/refs/branches": body("branches.json"), repo + "/refs/tags": body("tags.json"),
		repo + "/commits/main": body("commits.json"), repo + "/pullrequests": body("prs.json"),
		"/user": body("user.json"), "/user/workspaces": body("user_workspaces.json"),
	})
	s.answers["/repositories/dev/null"] = reply{status: 404, body: body("error.json")}
	c, ctx := s.client(t), t.Context()
	for name, fetch := range map[string]func() (any, int, error){
		"repos.json": func() (any, int, error) {
			all, err := c.FetchRepositories(ctx, "acme")
			return all, len(all), err
		},
		"repos-2.json": func() (any, int, error) {
			all, err := c.FetchRepositories(ctx, "other")
			return all, len(all), err
		},
		"branches.json": func() (any, int, error) {
			all, err := c.FetchBranches(ctx, "acme/web")
			return all, len(all), err
		},
		"tags.json": func() (any, int, error) {
			all, err := c.FetchTags(ctx, "acme/web")
			return all, len(all), err
		},
		"commits.json": func() (any, int, error) {
			all, err := c.FetchCommits(ctx, "acme/web", providers.Ref("main"))
			return all, len(all), err
		},
		"prs.json": func() (any, int, error) {
			all, err := c.FetchPullRequests(ctx, "acme/web")
			return all, len(all), err
		},
		"user_workspaces.json": func() (any, int, error) {
			all, err := c.FetchOrganizations(ctx, "")
			return all, len(all), err
		},
	} {
		var page struct {
			Values []any `json:"values"`
		}
		if err := json.Unmarshal([]byte(body(name)), &page); err != nil || len(page.Values) == 0 {
			t.Fatalf("%s: %d values, %v", name, len(page.Values), err)
		}
		all, n, err := fetch()
		if err != nil || n != len(page.Values) {
			t.Errorf("%s: %d records of %d, %v", name, n, len(page.Values), err)
		}
		text, err := json.Marshal(all)
		if err != nil || strings.Contains(string(text), "0001-01-01") {
			t.Errorf("%s: a time is zero, or %v", name, err)
		}
	}
	r, err := c.FetchRepository(ctx, "acme/web")
	if err != nil || r.FullName != "atlassian/stash-example-plugin" || r.Owner.Login != "atlassian" || *r.SizeBytes != 1116345 ||
		r.CloneURL != "https://bitbucket.org/atlassian/stash-example-plugin.git" || r.DefaultBranch != "master" || !*r.Private {
		t.Errorf("repo.json: %+v, %v", r, err)
	}
	u, err := c.FetchCurrentUser(ctx)
	if err != nil || u.Login != "brydzewski" || u.ID != "557058:2a6349dc-4346-4805-bd84-3abdd0812d17" {
		t.Errorf("user.json: %+v, %v", u, err)
	}
	if _, err := c.FetchRepository(ctx, "dev/null"); err == nil || !strings.Contains(err.Error(), "Repository dev/null not found") {
		t.Errorf("error.json: %v", err)
	}
}
