package fleettest_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/ktrysmt/go-bitbucket"
)

// filledBucket is a simulated Bitbucket with repositories of known contents.
func filledBucket(token string) *fleettest.Bitbucket {
	return fleettest.NewBitbucket(fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{
		Login: "acme", Repositories: 25,
		Contents: fleettest.Contents{Branches: 4, Tags: 6, Commits: 40, PullRequests: 40, Files: 250},
	}}})
}

func TestBitbucket_contents_that_go_bitbucket_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-contents")
	c := bucketClient(t, token, filledBucket(token), bucketAPI)
	branches, err := c.Repositories.Repository.ListBranches(&bitbucket.RepositoryBranchOptions{Owner: "acme", RepoSlug: "repo-0001"})
	if err != nil || len(branches.Branches) != 4 || branches.Branches[2].Name != "feature/branch-2" {
		t.Errorf("branches %v, %v", branches, err)
	}
	branch, err := c.Repositories.Repository.GetBranch(&bitbucket.RepositoryBranchOptions{Owner: "acme", RepoSlug: "repo-0001", BranchName: "feature/branch-2"})
	if err != nil || branch.Target["hash"] == "" {
		t.Errorf("branch %v, %v", branch, err)
	}
	tags, err := c.Repositories.Repository.ListTags(&bitbucket.RepositoryTagOptions{Owner: "acme", RepoSlug: "repo-0001"})
	if err != nil || len(tags.Tags) != 6 {
		t.Errorf("tags %v, %v", tags, err)
	}
	commit, err := c.Repositories.Commits.GetCommit(&bitbucket.CommitsOptions{Owner: "acme", RepoSlug: "repo-0001", Revision: "main"})
	if err != nil || !strings.HasPrefix(commit.(map[string]any)["message"].(string), "Change 40 of main") {
		t.Errorf("commit %v, %v", commit, err)
	}
	files, err := c.Repositories.Repository.ListFiles(&bitbucket.RepositoryFilesOptions{Owner: "acme", RepoSlug: "repo-0001", Ref: "main", Path: ""})
	var names []string
	for _, f := range files {
		names = append(names, f.Type+" "+f.Path)
	}
	if want := []string{"commit_file README.md", "commit_directory assets", "commit_directory docs", "commit_directory src"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("files %q, %v", names, err)
	}
	blob, err := c.Repositories.Repository.GetFileBlob(&bitbucket.RepositoryBlobOptions{Owner: "acme", RepoSlug: "repo-0001", Ref: "feature/branch-2", Path: "README.md"})
	if err != nil || !strings.HasPrefix(blob.String(), "# repo-0001\n") {
		t.Errorf("README.md is %v, %v", blob, err)
	}
}

func TestBitbucket_source_is_a_file_or_a_directory(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-source")
	sim := filledBucket(token)
	const at = "/repositories/acme/repo-0001/src"
	root := bucketGet(t, sim, token, at+"?pagelen=2")
	to := root.header.Get("Location")
	if root.status != 302 || !strings.HasPrefix(to, bucketAPI+at+"/") || !strings.HasSuffix(to, "/?pagelen=2") {
		t.Fatalf("the root leads to %q with %d", to, root.status)
	}
	page := send(t, sim, request{path: to, token: token})
	if values, _ := page.field(t, "values").([]any); len(values) != 2 || page.field(t, "next") == nil || page.field(t, "size") != nil {
		t.Errorf("the root is %.300s", page.body)
	}
	meta := bucketGet(t, sim, token, at+"/main/docs/Ma%C3%9Fe%20&%20gr%C3%B6%C3%9Fe.md?format=meta")
	if meta.field(t, "type") != "commit_file" || meta.field(t, "path") != "docs/Maße & größe.md" {
		t.Errorf("a file's description: %s", meta.body)
	}
	if r := bucketGet(t, sim, token, at+"/main/assets/large.bin"); len(r.body) <= 1<<20 {
		t.Errorf("a large file has %d bytes", len(r.body))
	}
	for path, want := range map[string]string{"/none/README.md": "Commit not found", "/main/none": "No such file or directory: none"} {
		if r := bucketGet(t, sim, token, at+path); r.status != 404 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

func TestBitbucket_filters_and_sorts_by_what_it_knows(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-query")
	sim := filledBucket(token)
	const pulls = "/repositories/acme/repo-0001/pullrequests"
	tests := []struct {
		path, q, sort string
		want          int // -1: it is refused
	}{
		{"/repositories/acme", `name = "repo-0007"`, "", 1},
		{"/repositories/acme", `name ~ "002"`, "", 7},
		{"/repositories/acme", `name ~ "002" AND name != "repo-0020"`, "", 6},
		{"/repositories/acme", `name = "repo-0001" OR name = "repo-0002"`, "-updated_on", 2},
		{"/repositories/acme", `created_on >= 2014-03-02`, "", 11},
		{"/repositories/acme", `is_private = true`, "", 0},
		{"/repositories/acme", `size > 0`, "size", 25},
		{"/repositories/acme", `stars > 3`, "", -1},
		{"/repositories/acme", `name`, "", -1},
		{"/repositories/acme", `name = "a" AND`, "", -1},
		{"/repositories/acme", "", "stars", -1},
		{"/repositories/acme/repo-0001/refs/branches", `name ~ "feature"`, "", 1},
		{"/repositories/acme/repo-0001/refs/tags", "", "-name", 6},
		{pulls, `state = "OPEN" OR state = "MERGED" OR state = "DECLINED" OR state = "SUPERSEDED"`, "", 40},
		{pulls, `state != "NONE" AND source.branch.name = "feature/7"`, "", 1},
		{pulls, `updated_on < 2014-03-01T00:00:00Z`, "", 0},
		{pulls, `author = "x"`, "", -1},
	}
	for _, tt := range tests {
		r := bucketGet(t, sim, token, tt.path+"?pagelen=50&q="+url.QueryEscape(tt.q)+"&sort="+tt.sort)
		if tt.want < 0 {
			if r.status != 400 {
				t.Errorf("%s sorted by %q: %d, want 400", tt.q, tt.sort, r.status)
			}
			continue
		}
		if values, _ := r.field(t, "values").([]any); r.status != 200 || len(values) != tt.want {
			t.Errorf("%s: %d with %d, want %d", tt.q, r.status, len(values), tt.want)
		}
	}
	if r := bucketGet(t, sim, token, pulls+"?pagelen=51"); r.status != 400 || !strings.Contains(r.body, "Invalid pagelen") {
		t.Errorf("51 pull requests on a page: %d %s", r.status, r.body)
	}
}

func TestBitbucket_users_are_found_by_id_alone(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-users")
	sim := filledBucket(token)
	me := bucketGet(t, sim, token, "/user")
	uuid, account := me.field(t, "uuid").(string), me.field(t, "account_id").(string)
	for id, want := range map[string]int{uuid: 200, account: 200, "user-1": 404, "acme": 404, "{none}": 404} {
		r := bucketGet(t, sim, token, "/users/"+url.PathEscape(id))
		if r.status != want || want == 200 && r.field(t, "account_id") != account {
			t.Errorf("%s: %d, want %d", id, r.status, want)
		}
	}
}
