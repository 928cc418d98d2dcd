package github_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
)

// player serves recorded exchanges by path and page, whatever else a query says.
// What a login stands for is taken from what was recorded of it under any path.
type player struct {
	script
	lists map[string][]map[string]any // the rows of all pages by the path of the first
}

// recorded returns a file of exchanges as they went over the wire.
func recorded(t *testing.T, name string) *player {
	t.Helper()
	dir := os.Getenv("GITFLEET_FIXTURES")
	if dir == "" {
		t.Skip("GITFLEET_FIXTURES is not set: it names the directory of recorded exchanges")
	}
	f, err := os.Open(filepath.Join(dir, "github", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	var file struct {
		Exchanges []struct {
			Request  struct{ URL string }
			Response struct {
				Status  int
				Headers map[string]string
				Body    json.RawMessage
			}
		}
	}
	if err := json.NewDecoder(in).Decode(&file); err != nil {
		t.Fatal(err)
	}
	p := &player{script: script{base: "https://api.github.com", answers: map[string]reply{}}, lists: map[string][]map[string]any{}}
	var first string
	for _, e := range file.Exchanges {
		u, err := url.Parse(e.Request.URL)
		if err != nil {
			t.Fatal(err)
		}
		r := reply{status: e.Response.Status, header: http.Header{}, body: string(e.Response.Body)}
		for name, value := range e.Response.Headers {
			r.header.Set(name, value)
		}
		maps.DeleteFunc(r.header, func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Ratelimit") })
		p.answers[place(u)] = r
		if login, ok := strings.CutPrefix(u.Path, "/orgs/"); ok && !strings.Contains(login, "/") {
			p.answers["/users/"+login+"#"] = r
		}
		var rows []map[string]any
		if json.Unmarshal(e.Response.Body, &rows) != nil {
			continue
		}
		if u.Query().Get("page") == "" {
			first = u.Path
		}
		p.lists[first] = append(p.lists[first], rows...)
	}
	return p
}

// place is what a request is known by.
func place(u *url.URL) string { return u.Path + "#" + u.Query().Get("page") }

func (p *player) RoundTrip(r *http.Request) (*http.Response, error) {
	a, ok := p.answers[place(r.URL)]
	if !ok {
		a = reply{status: http.StatusNotFound, body: `{"message":"Not Found"}`}
	}
	one := &script{base: p.base, answers: map[string]reply{r.URL.Path: a}}
	return one.RoundTrip(r)
}

func TestRecorded_2204_repositories_come_with_nothing_lost(t *testing.T) {
	t.Parallel()
	p := recorded(t, "org-repositories-2019.json.gz")
	rows := p.lists["/orgs/jenkinsci/repos"]
	got, err := clientOver(t, p, "").FetchRepositories(t.Context(), "jenkinsci")
	if err != nil || len(got) != 2204 || len(rows) != 2204 {
		t.Fatalf("%d of %d, %v; want 2204", len(got), len(rows), err)
	}
	for i, r := range got {
		same(t, rows[i], map[string]any{
			"name": r.Name, "full_name": r.FullName, "description": r.Description, "homepage": r.Homepage, "html_url": r.WebURL,
			"clone_url": r.CloneURL, "ssh_url": r.SSHURL, "language": r.Language, "default_branch": r.DefaultBranch,
			"created_at": r.CreatedAt, "updated_at": r.UpdatedAt, "pushed_at": r.PushedAt,
			"private": *r.Private, "fork": *r.Fork, "archived": *r.Archived, "disabled": *r.Disabled,
			"has_wiki": *r.HasWiki, "has_issues": *r.HasIssues, "has_projects": *r.HasProjects, "has_pages": *r.HasPages, "has_downloads": *r.HasDownloads,
			"stargazers_count": *r.Stars, "forks_count": *r.Forks, "watchers_count": *r.Watchers, "open_issues_count": *r.OpenIssues,
			"size": *r.SizeBytes / 1024,
		})
		if owner := rows[i]["owner"].(map[string]any); r.Owner.Login != owner["login"] || r.Owner.AvatarURL != owner["avatar_url"] {
			t.Errorf("%s is of %+v", r.FullName, r.Owner)
		}
		if license, ok := rows[i]["license"].(map[string]any); ok && r.License != license["spdx_id"] && license["spdx_id"] != "NOASSERTION" {
			t.Errorf("%s has the license %q", r.FullName, r.License)
		}
	}
}

// same compares a row as it came with our values. null is empty.
func same(t *testing.T, row, ours map[string]any) {
	t.Helper()
	for field, got := range ours {
		want := row[field]
		switch v := got.(type) {
		case int64:
			got = float64(v)
		case time.Time:
			text, _ := want.(string)
			when, _ := time.Parse(time.RFC3339, text)
			if !v.Equal(when) {
				t.Errorf("%v: %s is %v, want %v", row["full_name"], field, v, want)
			}
			continue
		}
		if got != want && (want != nil || got != "") {
			t.Errorf("%v: %s is %v, want %v", row["full_name"], field, got, want)
		}
	}
}

func TestRecorded_lists_of_old_and_new_come_whole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, path string
		fetch      func(*testing.T, *providers.Client) (int, error)
	}{
		{"issues-many-pages.json", "/repos/openframeworks/openFrameworks/issues", func(t *testing.T, c *providers.Client) (int, error) {
			got, err := c.FetchIssues(t.Context(), "openframeworks/openFrameworks")
			return len(got), err
		}},
		{"tags.json", "/repos/hub4j-test-org/github-api/tags", func(t *testing.T, c *providers.Client) (int, error) {
			got, err := c.FetchTags(t.Context(), "hub4j-test-org/github-api")
			return len(got), err
		}},
		{"commits-2020.json", "/repos/kohsuke/empty-commit/commits", func(t *testing.T, c *providers.Client) (int, error) {
			got, err := c.FetchCommits(t.Context(), "kohsuke/empty-commit")
			return len(got), err
		}},
		{"contributors.json", "/repos/PyGithub/PyGithub/contributors", func(t *testing.T, c *providers.Client) (int, error) {
			got, err := c.FetchContributors(t.Context(), "PyGithub/PyGithub")
			return len(got), err
		}},
		{"pull-requests.json", "/repos/PyGithub/PyGithub/pulls", func(t *testing.T, c *providers.Client) (int, error) {
			got, err := c.FetchPullRequests(t.Context(), "PyGithub/PyGithub")
			return len(got), err
		}},
		{"user-orgs.json", "/users/jacquev6/orgs", func(t *testing.T, c *providers.Client) (int, error) {
			got, err := c.FetchOrganizations(t.Context(), "jacquev6")
			return len(got), err
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			p := recorded(t, tt.file)
			want := len(p.lists[tt.path])
			if got, err := tt.fetch(t, clientOver(t, p, "")); err != nil || got != want || want == 0 {
				t.Errorf("%d, %v; want %d", got, err, want)
			}
		})
	}
}

// Only the first of four pages was recorded.
func TestI15_recorded_contributors_that_break_off_come_with_an_error(t *testing.T) {
	t.Parallel()
	got, err := clientOver(t, recorded(t, "contributors-2020.json"), "").FetchContributors(t.Context(), "hub4j/github-api")
	var e *providers.Error
	if len(got) != 30 || !errors.As(err, &e) || e.Page != 2 || !errors.Is(err, providers.ErrNotFound) {
		t.Errorf("%d, %v; want 30 and an error of page 2", len(got), err)
	}
}
