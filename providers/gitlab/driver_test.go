//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/providers/gitlab"
	"github.com/gitfleet/gitfleet/providers/providertest"
	"github.com/gitfleet/gitfleet/tokens"
	gogitlab "github.com/xanzy/go-gitlab"
)

func TestDriver_does_what_every_driver_does(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t testing.TB, o providertest.Options) providertest.Harness {
		sim := fleettest.NewGitLab(fleettest.Config{
			Tokens: []string{tokenA},
			Organizations: []fleettest.Owner{
				{Login: "acme", Repositories: o.Repositories, Contents: contents}, {Login: "acme/platform"}, {Login: "other"},
			},
			GitLab: fleettest.GitLabConfig{NoApplicationLimits: true},
		})
		// As at gitlab.com, files have a throttle of their own.
		sim.Inject(fleettest.Fault{
			Match:  func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/repository/files/") },
			Times:  -1,
			Header: http.Header{"RateLimit-Name": {"throttle_authenticated_files_api"}},
		})
		h := providertest.Harness{
			Client: newClient(t, providers.Config{MaxAnswer: o.MaxAnswer, Base: o.Wrap(byUpdate(sim))}), Owner: "acme", Organization: "acme/platform", User: "user-1",
			Call: "user", Pages: "groups/acme/projects?per_page=3",
			Exhaust:      func() { sim.SetRemaining(tokenA, throttle, 0) },
			Native:       natives,
			NativeClient: (*gogitlab.Client)(nil),
		}
		if o.Repositories > 0 {
			h.Repository, h.File = "acme/repo-0001", "README.md"
		}
		return h
	})
}

// contents is a page of everything.
var contents = fleettest.Contents{
	Branches: 5, Tags: 6, Commits: 12, Contributors: 5, PullRequests: 9, Issues: 9, Releases: 4, Files: 7,
}

// newClient makes a client with one token. The manager's own requests go
// nowhere.
func newClient(t testing.TB, c providers.Config) *providers.Client {
	t.Helper()
	nowhere := roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe })
	m, err := tokens.NewManager(tokens.Config{Base: nowhere}, tokens.Token{Provider: tokens.GitLab, Host: c.Host, Secret: tokens.Static(tokenA)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	c.Manager = m
	client, err := gitlab.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// byUpdate does for the projects of one page what the simulated host does not:
// it sorts them by their last update.
func byUpdate(host http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := host.RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.HasSuffix(r.URL.Path, "/acme/projects") || r.URL.Query().Get("order_by") != "updated_at" {
			return resp, err
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		var all []map[string]any
		if err := json.Unmarshal(body, &all); err != nil {
			return nil, err
		}
		slices.SortFunc(all, func(a, b map[string]any) int {
			return cmp.Compare(a["updated_at"].(string), b["updated_at"].(string))
		})
		if r.URL.Query().Get("sort") == "desc" {
			slices.Reverse(all)
		}
		body, err = json.Marshal(all)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return resp, err
	})
}

// natives are the library's records below ours.
var natives = map[providers.Op]any{
	providers.OpRepositories:  (*gogitlab.Project)(nil),
	providers.OpRepository:    (*gogitlab.Project)(nil),
	providers.OpUser:          (*gogitlab.User)(nil),
	providers.OpCurrentUser:   (*gogitlab.User)(nil),
	providers.OpOrganizations: (*gogitlab.Group)(nil),
	providers.OpOrganization:  (*gogitlab.Group)(nil),
	providers.OpBranches:      (*gogitlab.Branch)(nil),
	providers.OpTags:          (*gogitlab.Tag)(nil),
	providers.OpCommits:       (*gogitlab.Commit)(nil),
	providers.OpContributors:  (*gogitlab.Contributor)(nil),
	providers.OpPullRequests:  (*gogitlab.MergeRequest)(nil),
	providers.OpIssues:        (*gogitlab.Issue)(nil),
	providers.OpReleases:      (*gogitlab.Release)(nil),
	providers.OpContent:       (*gogitlab.File)(nil),
	providers.OpTree:          (*gogitlab.TreeNode)(nil),
}
