package fleettest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
)

// unlike are fields of real answers that the simulator leaves out.
var unlike = []string{
	"gravatar_id",        // gone from GitHub since 2012
	"description_html",   // of GitLab, only if it is asked for
	"evidence_file_path", // of GitLab, only if there is evidence
	"username",           // of people at Bitbucket, gone since 2019
	"next", "page",       // only where there is more than one page
}

// leftOut reports whether a field need not be there. Of links there are those
// that clients follow.
func leftOut(path, name string) bool {
	if strings.HasSuffix(path, ".links") {
		return !slices.Contains([]string{"self", "html", "commits", "clone"}, name) || strings.HasSuffix(path, "project.links")
	}
	return strings.HasSuffix(name, "_url") || slices.Contains(unlike, name)
}

// missing adds to found the paths of fields that want has and got has not.
// Where one has null or nothing in a list there is nothing to compare.
func missing(want, got any, path string, found *[]string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return
		}
		for name, v := range w {
			if leftOut(path, name) {
				continue
			}
			if _, ok := g[name]; !ok {
				*found = append(*found, path+"."+name)
				continue
			}
			missing(v, g[name], path+"."+name, found)
		}
	case []any:
		if g, ok := got.([]any); ok && len(w) > 0 && len(g) > 0 {
			missing(w[0], g[0], path+"[]", found)
		}
	}
}

// fixture reads the body of a real answer: the file itself, or that of the
// exchange in it whose URL ends so.
func fixture(t *testing.T, name, url string) any {
	t.Helper()
	dir := os.Getenv("GITFLEET_FIXTURES")
	if dir == "" {
		t.Skip("GITFLEET_FIXTURES is not set: it names the directory of recorded exchanges")
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if url == "" {
		var body any
		if err := json.Unmarshal(data, &body); err != nil {
			t.Fatal(err)
		}
		return body
	}
	var rec struct {
		Exchanges []struct {
			Request  struct{ URL string }
			Response struct{ Body any }
		}
	}
	if err := json.Unmarshal(data, &rec); err != nil {
		t.Fatal(err)
	}
	for _, e := range rec.Exchanges {
		if strings.Contains(e.Request.URL, url) {
			return e.Response.Body
		}
	}
	t.Fatalf("%s has no exchange with %s", name, url)
	return nil
}

func TestHosts_answers_have_the_fields_of_real_ones(t *testing.T) {
	t.Parallel()
	token := canary.Token("shapes")
	contents := fleettest.Contents{Tags: 3, Releases: 3, PullRequests: 12, Issues: 12, Commits: 12}
	tests := []struct{ fixture, url, host, path string }{
		{"github/commits-2020.json", "/commits", "GitHub", "/commits"},
		{"github/contributors-2020.json", "/contributors", "GitHub", "/contributors"},
		{"github/contributors.json", "/contributors", "GitHub", "/contributors"},
		{"github/tags.json", "/tags", "GitHub", "/tags"},
		{"github/pull-requests.json", "/pulls", "GitHub", "/pulls?state=all"},
		{"github/issues-many-pages.json", "/issues", "GitHub", "/issues?state=all"},
		{"github/user-orgs.json", "/orgs", "GitHub", "/../../../users/user-1/orgs"},
		{"gitlab/branches.json", "", "GitLab", "/repository/branches"},
		{"gitlab/tags.json", "", "GitLab", "/repository/tags"},
		{"gitlab/commits.json", "", "GitLab", "/repository/commits"},
		{"gitlab/merges.json", "", "GitLab", "/merge_requests"},
		{"gitlab/issues.json", "", "GitLab", "/issues"},
		{"gitlab/release.json", "", "GitLab", "/releases/v1.0.0"},
		{"gitlab/releases.json", "", "GitLab", "/releases"},
		{"bitbucket/branches.json", "", "Bitbucket", "/refs/branches"},
		{"bitbucket/tags.json", "", "Bitbucket", "/refs/tags"},
		{"bitbucket/commits.json", "", "Bitbucket", "/commits"},
		{"bitbucket/prs.json", "", "Bitbucket", "/pullrequests"},
		{"bitbucket/repo.json", "", "Bitbucket", ""},
		{"bitbucket/error.json", "", "Bitbucket", "x"},
	}
	for _, tt := range tests {
		t.Run(tt.fixture, func(t *testing.T) {
			t.Parallel()
			want := fixture(t, tt.fixture, tt.url)
			url := repositoryAt[tt.host] + tt.path
			if up := "/repos/acme/repo-0001/../../.."; strings.Contains(url, up) {
				url = strings.Replace(url, up, "", 1)
			}
			r := send(t, makeHost(tt.host, token, contents), request{path: url, token: token})
			var got any
			if err := json.Unmarshal([]byte(r.body), &got); err != nil {
				t.Fatalf("%d %v: %.200s", r.status, err, r.body)
			}
			var found []string
			missing(want, got, "", &found)
			slices.Sort(found)
			if len(found) > 0 {
				t.Errorf("the simulator leaves out %q", found)
			}
		})
	}
}
