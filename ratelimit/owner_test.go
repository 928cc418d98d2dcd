package ratelimit_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/ratelimit"
)

// bases are where the hosts of each dialect have their APIs.
var bases = map[ratelimit.Dialect][]string{
	ratelimit.GitHub:              {"https://api.github.com", "https://api.acme.ghe.com"},
	ratelimit.GitHubEnterprise:    {"https://git.example.com/api/v3"},
	ratelimit.GitLab:              {"https://gitlab.com/api/v4", "https://git.example.com/gitlab/api/v4"},
	ratelimit.BitbucketCloud:      {"https://api.bitbucket.org/2.0"},
	ratelimit.BitbucketDataCenter: {"https://git.example.com/rest/api/1.0", "https://git.example.com/bitbucket/rest/api/latest"},
}

const (
	gitHubs = 1 << iota
	gitLabs
	clouds
	dataCenters
)

// families are the dialects that read a path the same.
var families = map[int][]ratelimit.Dialect{
	gitHubs:     {ratelimit.GitHub, ratelimit.GitHubEnterprise},
	gitLabs:     {ratelimit.GitLab},
	clouds:      {ratelimit.BitbucketCloud},
	dataCenters: {ratelimit.BitbucketDataCenter},
}

// everyBase calls check with the URL of a path at every host of a family.
func everyBase(t *testing.T, family int, path string, check func(d ratelimit.Dialect, u *url.URL)) {
	t.Helper()
	for _, d := range families[family] {
		for _, base := range bases[d] {
			check(d, get(t, base+path).URL)
		}
	}
}

func TestOwner_is_read_from_the_path(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hosts          int
		path, name, id string
	}{
		{gitHubs, "/repos/acme/web", "acme", ""},
		{gitHubs, "/repos/Acme/web/issues/1/comments?page=2", "Acme", ""},
		{gitHubs, "/orgs/acme", "acme", ""},
		{gitHubs, "/orgs/acme/repos", "acme", ""},
		{gitHubs, "/users/octocat", "octocat", ""},
		{gitHubs, "/users/octocat/repos", "octocat", ""},
		{gitHubs, "/networks/acme/web/events", "acme", ""},
		{gitHubs, "/enterprises/acme/audit-log", "acme", ""},
		{gitHubs, "/repositories/1296269/issues?page=2", "", "repositories/1296269"},
		{gitHubs, "/organizations/9919/repos?page=2", "", "organizations/9919"},
		{gitHubs, "/user/583231/repos?page=2", "", "user/583231"},
		{gitHubs, "/repositories?since=5", "", ""},
		{gitHubs, "/organizations", "", ""},
		{gitHubs, "/users", "", ""},
		{gitHubs, "/user/repos", "", ""},
		{gitHubs, "/user", "", ""},
		{gitHubs, "/rate_limit", "", ""},
		{gitHubs, "/graphql", "", ""},
		{gitHubs, "/", "", ""},
		{gitHubs, "", "", ""},
		{gitHubs, "/teams/repos/acme", "", ""},
		{gitHubs, "/search/code?q=parser+user:acme", "acme", ""},
		{gitHubs, "/search/code?per_page=5&q=org%3Aacme%20parser", "acme", ""},
		{gitHubs, "/search/issues?q=repo:acme/web+is:open", "acme", ""},
		{gitHubs, "/search/issues?q=repo%3Aacme%2Fweb+repo%3AACME%2Fapi", "acme", ""},
		{gitHubs, "/search/issues?q=REPO:acme/web", "acme", ""},
		{gitHubs, "/search/issues?q=repo:acme/web+repo:other/web", "", ""},
		{gitHubs, "/search/issues?q=user:acme+OR+parser", "", ""},
		{gitHubs, "/search/issues?q=parser+NOT+user:acme", "", ""},
		{gitHubs, "/search/issues?q=parser+-user:acme", "", ""},
		{gitHubs, "/search/issues?q=%22my+user:acme%22", "", ""},
		{gitHubs, "/search/issues?q=label:%22good+first+issue%22+user:acme", "acme", ""},
		{gitHubs, "/search/issues?q=user:@me", "", ""},
		{gitHubs, "/search/issues?q=user:", "", ""},
		{gitHubs, "/search/issues?q=users:acme", "", ""},
		{gitHubs, "/search/issues?sort=user:acme", "", ""},
		{gitHubs, "/search/users", "", ""},
		{gitLabs, "/projects/13083", "", "projects/13083"},
		{gitLabs, "/projects/13083/issues?page=2", "", "projects/13083"},
		{gitLabs, "/projects/acme%2Fweb", "acme", ""},
		{gitLabs, "/projects/acme%2fplatform%2fweb/issues", "acme/platform", ""},
		{gitLabs, "/projects/acme%2Fweb%20site/repository/files/a%2Fb", "acme", ""},
		{gitLabs, "/projects/acme%20co%2Fweb", "acme co", ""},
		{gitLabs, "/projects", "", ""},
		{gitLabs, "/projects/web", "", ""},
		{gitLabs, "/groups/9970", "", "groups/9970"},
		{gitLabs, "/groups/acme/projects", "acme", ""},
		{gitLabs, "/groups/acme%2Fplatform/projects", "acme/platform", ""},
		{gitLabs, "/users/octocat/projects", "octocat", ""},
		{gitLabs, "/users/1/projects", "", "users/1"},
		{gitLabs, "/namespaces/acme%2Fplatform", "acme/platform", ""},
		{gitLabs, "/user", "", ""},
		{gitLabs, "/repos/acme/web", "", ""},
		{clouds, "/repositories/acme", "acme", ""},
		{clouds, "/repositories/acme/web/pullrequests", "acme", ""},
		{clouds, "/repositories/%7Bf7dba7f4-8d2b%7D/web", "", "{f7dba7f4-8d2b}"},
		{clouds, "/repositories/{f7dba7f4-8d2b}", "", "{f7dba7f4-8d2b}"},
		{clouds, "/workspaces/acme/projects", "acme", ""},
		{clouds, "/teams/acme", "acme", ""},
		{clouds, "/users/acme", "acme", ""},
		{clouds, "/snippets/acme/x", "acme", ""},
		{clouds, "/repositories", "", ""},
		{clouds, "/user", "", ""},
		{clouds, "/hook_events", "", ""},
		{dataCenters, "/projects/ACME/repos/web", "ACME", ""},
		{dataCenters, "/users/octocat", "octocat", ""},
		{dataCenters, "/projects", "", ""},
		{dataCenters, "/repos?name=web", "", ""},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			everyBase(t, tt.hosts, tt.path, func(d ratelimit.Dialect, u *url.URL) {
				if name, id := d.Owner(u); name != tt.name || id != tt.id {
					t.Errorf("%v: Owner(%s) = %q, %q, want %q, %q", d, u, name, id, tt.name, tt.id)
				}
			})
		})
	}
}

func TestOwner_of_other_places_is_unknown(t *testing.T) {
	t.Parallel()
	for d, address := range map[ratelimit.Dialect]string{
		ratelimit.Generic:             "https://git.example.com/repos/acme/web",
		ratelimit.AzureDevOps:         "https://dev.azure.com/orgs/acme",
		ratelimit.GitLab:              "https://gitlab.com/groups/acme",
		ratelimit.BitbucketDataCenter: "https://git.example.com/projects/ACME",
	} {
		if name, id := d.Owner(get(t, address).URL); name != "" || id != "" {
			t.Errorf("%v: Owner(%s) = %q, %q, want none", d, address, name, id)
		}
	}
	odd := &url.URL{Path: "/api/v4/groups/a", RawPath: "/api/v4/groups/acme%2Fweb"} // not the same path
	if name, _ := ratelimit.GitLab.Owner(odd); name != "" {
		t.Errorf("Owner() = %q of a RawPath that is not the path's, want none", name)
	}
}

func TestIdentity_knows_what_belongs_to_whoever_asks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hosts int
		path  string
		want  bool
	}{
		{gitHubs, "/user", true},
		{gitHubs, "/user/", true},
		{gitHubs, "/user/repos?page=2", true},
		{gitHubs, "/user/583231", false},
		{gitHubs, "/user/583231/repos", false},
		{gitHubs, "/users/octocat", false},
		{gitHubs, "/notifications", true},
		{gitHubs, "/notifications/threads/1", true},
		{gitHubs, "/repos/acme/web/notifications", false},
		{gitHubs, "/installation/repositories", true},
		{gitHubs, "/orgs/acme/installation", false},
		{gitHubs, "/issues?filter=all", true},
		{gitHubs, "/repos/acme/issues", false},
		{gitHubs, "/gists", true},
		{gitHubs, "/gists/starred", true},
		{gitHubs, "/gists/public", false},
		{gitHubs, "/gists/0a1b", false},
		{gitHubs, "/feeds", true},
		{gitHubs, "/search/issues?q=is:open+author:@me", true},
		{gitHubs, "/search/issues?q=assignee%3A%40me", true},
		{gitHubs, "/search/issues?q=author:octocat", false},
		{gitHubs, "/repos/user/notifications", false},
		{gitHubs, "/rate_limit", false},
		{gitHubs, "/graphql", false},
		{gitHubs, "", false},
		{gitLabs, "/user", true},
		{gitLabs, "/user/keys", true},
		{gitLabs, "/users/1", false},
		{gitLabs, "/todos", true},
		{gitLabs, "/events", true},
		{gitLabs, "/projects/1/events", false},
		{gitLabs, "/notification_settings", true},
		{gitLabs, "/projects/1/notification_settings", true},
		{gitLabs, "/personal_access_tokens/self", true},
		{gitLabs, "/job", true},
		{gitLabs, "/namespaces", true},
		{gitLabs, "/namespaces/acme", false},
		{gitLabs, "/snippets", true},
		{gitLabs, "/snippets/1", false},
		{gitLabs, "/runners", true},
		{gitLabs, "/runners/all", false},
		{gitLabs, "/projects", false},
		{gitLabs, "/projects?membership=true", true},
		{gitLabs, "/projects?per_page=5&owned=1", true},
		{gitLabs, "/projects?starred=true", true},
		{gitLabs, "/projects?membership=false&owned=0&starred=", false},
		{gitLabs, "/groups?min_access_level=30", true},
		{gitLabs, "/groups/1/projects?owned=true", true},
		{gitLabs, "/projects/1/issues?scope=assigned_to_me", true},
		{gitLabs, "/projects/1/merge_requests?scope=created_by_me", true},
		{gitLabs, "/projects/1/issues?my_reaction_emoji=star", true},
		{gitLabs, "/projects/1/issues", false},
		{gitLabs, "/issues", true},
		{gitLabs, "/issues?scope=all", false},
		{gitLabs, "/merge_requests/", true},
		{gitLabs, "/merge_requests?state=opened&scope=all", false},
		{gitLabs, "/projects/1/membership", false},
		{clouds, "/user", true},
		{clouds, "/user/emails", true},
		{clouds, "/users/acme", false},
		{clouds, "/workspaces", true},
		{clouds, "/workspaces/acme", false},
		{clouds, "/snippets", true},
		{clouds, "/repositories", false},
		{clouds, "/repositories?role=member", true},
		{clouds, "/repositories/acme?role=contributor", true},
		{clouds, "/repositories/acme/web/pullrequests?role=x", true},
		{clouds, "/teams?role=member", true},
		{clouds, "/hook_events?role=member", false},
		{dataCenters, "/dashboard/pull-requests", true},
		{dataCenters, "/inbox/pull-requests", true},
		{dataCenters, "/profile/recent/repos", true},
		{dataCenters, "/projects", false},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			everyBase(t, tt.hosts, tt.path, func(d ratelimit.Dialect, u *url.URL) {
				if got := d.Identity(u); got != tt.want {
					t.Errorf("%v: Identity(%s) = %v, want %v", d, u, got, tt.want)
				}
			})
		})
	}
	if ratelimit.Generic.Identity(get(t, "https://git.example.com/user").URL) {
		t.Error("Identity() = true for a dialect that is not known")
	}
}

// Not parallel: testing.AllocsPerRun counts the allocations of all goroutines.
func TestOwner_and_Identity_allocate_nothing(t *testing.T) {
	for d, path := range map[ratelimit.Dialect]string{
		ratelimit.GitHub:              "/search/issues?q=is:open+repo%3Aacme%2Fweb",
		ratelimit.GitHubEnterprise:    "/repositories/1296269",
		ratelimit.GitLab:              "/projects/acme%2Fplatform%2Fweb/issues?scope=created_by_me",
		ratelimit.BitbucketCloud:      "/repositories/acme?role=member",
		ratelimit.BitbucketDataCenter: "/projects/ACME",
	} {
		u := get(t, bases[d][0]+path).URL
		read := ""
		n := testing.AllocsPerRun(100, func() {
			name, id := d.Owner(u)
			read = name
			if read == "" {
				read = id
			}
			d.Identity(u)
		})
		if n != 0 || read == "" {
			t.Errorf("%v: reading the owner %q allocates %v times, want 0", d, read, n)
		}
	}
}

// FuzzOwner reads arbitrary URLs: what is read is a part of the URL, and an id
// begins with what it is a number of.
func FuzzOwner(f *testing.F) {
	for _, s := range []string{
		"/repos/acme/web?q=a", "/repositories/1", "/api/v4/projects/a%2Fb%2Fc/issues?membership=true", "/api/v4/groups/%61%2f",
		"/search/issues?q=repo:a/b+%22x+user:c%22", "/2.0/repositories/%7Ba%7D", "/rest/api/1.0/projects/A", "/rest//", "//", "%2F", "/api/v4", "/user/1",
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, rawPath string) {
		u, err := url.Parse(text)
		if err != nil {
			u = &url.URL{Path: text}
		}
		odd := *u
		odd.RawPath = rawPath // as only a program can write it
		for _, u := range []*url.URL{u, &odd} {
			for _, d := range allDialects {
				name, id := d.Owner(u)
				if name != "" && id != "" {
					t.Errorf("%v: Owner(%q) = %q and %q, want one", d, text, name, id)
				}
				if !strings.Contains(u.Path+" "+u.RawPath+" "+u.RawQuery, name) || !strings.Contains(u.Path+" "+u.RawPath, id) {
					t.Errorf("%v: Owner(%q) = %q, %q, which is no part of it", d, text, name, id)
				}
				if kind, number, ok := strings.Cut(id, "/"); id != "" && id[0] != '{' && (!ok || kind == "" || strings.Trim(number, "0123456789") != "") {
					t.Errorf("%v: id of %q = %q", d, text, id)
				}
				d.Identity(u)
				d.Draw(ratelimit.Request{Method: http.MethodGet, URL: u})
			}
		}
	})
}

func BenchmarkOwner_GitHub(b *testing.B)    { benchmarkOwner(b, "GitHub") }
func BenchmarkOwner_GitLab(b *testing.B)    { benchmarkOwner(b, "GitLab") }
func BenchmarkIdentity_GitHub(b *testing.B) { benchmarkIdentity(b, "GitHub") }
func BenchmarkIdentity_GitLab(b *testing.B) { benchmarkIdentity(b, "GitLab") }

func benchmarkOwner(b *testing.B, name string) {
	x := named(b, name)
	b.ReportAllocs()
	for b.Loop() {
		x.dialect.Owner(x.req.URL)
	}
}

func benchmarkIdentity(b *testing.B, name string) {
	x := named(b, name)
	b.ReportAllocs()
	for b.Loop() {
		x.dialect.Identity(x.req.URL)
	}
}
