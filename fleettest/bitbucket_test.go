package fleettest_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/internal/canary"
	"github.com/google/go-cmp/cmp"
	"github.com/ktrysmt/go-bitbucket"
)

// bucketAPI is where the simulated Bitbucket's API is.
const bucketAPI = "https://api.bitbucket.org/2.0"

// bucketClient is go-bitbucket with one access token.
func bucketClient(t *testing.T, token string, base http.RoundTripper, url string) *bitbucket.Client {
	t.Helper()
	c, err := bitbucket.NewOAuthbearerTokenWithBaseUrlStr("", url)
	if err != nil {
		t.Fatal(err)
	}
	c.HttpClient = &http.Client{Transport: staticToken{token, base}}
	c.Pagelen = 100
	return c
}

// bucketGet asks the simulated Bitbucket for a path with an access token, ""
// for none.
func bucketGet(t *testing.T, rt http.RoundTripper, token, path string) reply {
	t.Helper()
	return send(t, rt, request{path: bucketAPI + path, token: token})
}

// bucket is a simulator with one workspace and one user that own things.
func bucket(token string) *fleettest.Bitbucket {
	return fleettest.NewBitbucket(fleettest.Config{
		Tokens:        []string{token},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 25, Private: 5}},
		Users:         []fleettest.Owner{{Login: "user-1", Repositories: 4, Private: 3}},
	})
}

func TestBitbucket_lists_a_workspace_once_each(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-list")
	cfg := fleettest.Config{Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 450, Private: 7}}}
	tests := []struct {
		name    string
		pagelen int
		calls   int
		connect func(*testing.T, *fleettest.Bitbucket) *bitbucket.Client
	}{
		{"in memory", 100, 5, func(t *testing.T, sim *fleettest.Bitbucket) *bitbucket.Client {
			return bucketClient(t, token, sim, bucketAPI)
		}},
		{"in the library's own pages", bitbucket.DEFAULT_PAGE_LENGTH, 45, func(t *testing.T, sim *fleettest.Bitbucket) *bitbucket.Client {
			return bucketClient(t, token, sim, bucketAPI)
		}},
		{"over a socket", 100, 5, func(t *testing.T, sim *fleettest.Bitbucket) *bitbucket.Client {
			s := sim.Serve()
			t.Cleanup(s.Close)
			return bucketClient(t, token, s.Transport(), s.URL+"/2.0")
		}},
		{"over a pipe", 100, 5, func(t *testing.T, sim *fleettest.Bitbucket) *bitbucket.Client {
			s := sim.ServePipe()
			t.Cleanup(s.Close)
			return bucketClient(t, token, s.Transport(), s.URL+"/2.0")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim := fleettest.NewBitbucket(cfg)
			c := tt.connect(t, sim)
			c.Pagelen = tt.pagelen
			repos, err := c.Repositories.ListForAccount(&bitbucket.RepositoriesOptions{Owner: "acme"})
			if err != nil {
				t.Fatal(err)
			}
			seen := make(map[string]bool)
			for _, r := range repos.Items {
				seen[r.Uuid] = true
			}
			if len(repos.Items) != 450 || len(seen) != 450 || repos.Size != 450 {
				t.Errorf("listed %d repositories, %d different ones of %d, want 450", len(repos.Items), len(seen), repos.Size)
			}
			if got := sim.Stats().Requests; got != tt.calls {
				t.Errorf("listing took %d requests, want %d", got, tt.calls)
			}
		})
	}
}

// page is a list's page, less its values.
type page struct {
	Pagelen, Size, Page, Values any
	Next, Previous              any
}

func pageOf(t *testing.T, r reply) page {
	t.Helper()
	values, _ := r.field(t, "values").([]any)
	return page{r.field(t, "pagelen"), r.field(t, "size"), r.field(t, "page"), len(values), r.field(t, "next"), r.field(t, "previous")}
}

func TestBitbucket_pages_are_Bitbuckets(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-pages")
	sim := bucket(token)
	const by = bucketAPI + "/repositories/acme?"
	tests := []struct {
		query string
		want  page
	}{
		{"", page{10.0, 25.0, 1.0, 10, by + "page=2", nil}},
		{"?pagelen=500", page{100.0, 25.0, 1.0, 25, nil, nil}},
		{"?pagelen=10&page=2&role=member", page{10.0, 25.0, 2.0, 10, by + "page=3&pagelen=10&role=member", by + "page=1&pagelen=10&role=member"}},
		{"?page=3", page{10.0, 25.0, 3.0, 5, nil, by + "page=2"}},
		{"?page=9", page{10.0, 25.0, 9.0, 0, nil, by + "page=3"}},
	}
	for _, tt := range tests {
		r := bucketGet(t, sim, token, "/repositories/acme"+tt.query)
		if diff := cmp.Diff(tt.want, pageOf(t, r)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.query, diff)
		}
	}
}

func TestBitbucket_history_leads_on_by_an_opaque_ctx(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-history")
	sim := bucket(token)
	c := bucketClient(t, token, sim, bucketAPI)
	c.Pagelen = 7
	for _, rev := range []string{"main", "branch-1"} {
		got, err := c.Repositories.Commits.GetCommits(&bitbucket.CommitsOptions{Owner: "acme", RepoSlug: "repo-0001", Branchortag: rev})
		if err != nil {
			if rev == "main" {
				t.Fatal(err)
			}
			continue // it has one branch only
		}
		all, _ := got.(map[string]any)["values"].([]any)
		for i, v := range all {
			parents, _ := v.(map[string]any)["parents"].([]any)
			if last := i == len(all)-1; last != (len(parents) == 0) || !last && parents[0].(map[string]any)["hash"] != all[i+1].(map[string]any)["hash"] {
				t.Fatalf("%s: commit %d of %d has parents %v", rev, i, len(all), parents)
			}
		}
	}
	first := bucketGet(t, sim, token, "/repositories/acme/repo-0001/commits?pagelen=2")
	next, _ := first.field(t, "next").(string)
	if first.field(t, "size") != nil || first.field(t, "page") != nil || !strings.Contains(next, "ctx=") {
		t.Errorf("first page is %s", first.body)
	}
	if got := bucketGet(t, sim, token, "/repositories/acme/repo-0001/commits?ctx=forged").status; got != 400 {
		t.Errorf("a made-up ctx: status %d, want 400", got)
	}
	if r := bucketGet(t, sim, token, "/repositories/acme/repo-0001/commits/none"); r.status != 404 {
		t.Errorf("a revision that is not there: status %d, want 404", r.status)
	}
}

func TestBitbucket_repository_has_what_go_bitbucket_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-fields")
	c := bucketClient(t, token, bucket(token), bucketAPI)
	r, err := c.Repositories.Repository.Get(&bitbucket.RepositoryOptions{Owner: "ACME", RepoSlug: "repo-0007"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{r.Full_name, r.Slug, r.Mainbranch.Name, r.Is_private, r.Owner["type"], r.Owner["username"], r.Project.Key, r.Type, r.CreatedOnTime.Format(time.RFC3339Nano)}
	want := []any{"acme/repo-0007", "repo-0007", "main", false, "team", "acme", "PROJ", "repository", "2014-03-01T16:00:00.000007Z"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("repository (-want +got):\n%s", diff)
	}
	clone, _ := r.Links["clone"].([]any)
	if len(clone) != 2 || clone[0].(map[string]any)["href"] != "https://user-1@bitbucket.org/acme/repo-0007.git" {
		t.Errorf("clone from %v", clone)
	}
	again, err := c.Repositories.Repository.Get(&bitbucket.RepositoryOptions{Owner: "acme", RepoSlug: r.Uuid})
	if err != nil || again.Full_name != r.Full_name {
		t.Errorf("by UUID: %v, %v", again, err)
	}
}

func TestBitbucket_spells_times_as_it_is_told(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-times")
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens: []string{token}, Organizations: []fleettest.Owner{{Login: "acme", Repositories: 4}},
		Bitbucket: fleettest.BitbucketConfig{TimeLayouts: []string{"2006-01-02T15:04:05.000000-07:00", "2006-01-02T15:04:05-07:00", "2006-01-02T15:04:05.000Z07:00"}},
	})
	var got []any
	values, _ := bucketGet(t, sim, token, "/repositories/acme").field(t, "values").([]any)
	for _, v := range values {
		got = append(got, v.(map[string]any)["created_on"])
	}
	want := []any{"2014-03-01T10:00:00.000001+00:00", "2014-03-01T11:00:00+00:00", "2014-03-01T12:00:00.000Z", "2014-03-01T13:00:00.000004+00:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("created_on (-want +got):\n%s", diff)
	}
	// That is what go-bitbucket loses repositories over, without an error.
	repos, err := bucketClient(t, token, sim, bucketAPI).Repositories.ListForAccount(&bitbucket.RepositoriesOptions{Owner: "acme"})
	if err != nil || len(repos.Items) != 2 {
		t.Errorf("go-bitbucket reads %d, %v; want 2 of 4", len(repos.Items), err)
	}
}

func TestBitbucket_endpoints_that_go_bitbucket_reads(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-endpoints")
	sim := bucket(token)
	c := bucketClient(t, token, sim, bucketAPI)
	tests := []struct {
		name string
		ask  func() (any, error)
		want any
	}{
		{"user", func() (any, error) {
			u, err := c.User.Profile()
			return []any{u.Nickname, u.DisplayName, u.AccountStatus, strings.HasPrefix(u.AccountId, "557058:"), u.Username}, err
		}, []any{"user-1", "User-1", "active", true, ""}},
		{"workspaces", func() (any, error) {
			all, err := c.Workspaces.List()
			var slugs []string
			for _, w := range all.Workspaces {
				slugs = append(slugs, w.Slug)
			}
			return slugs, err
		}, []string{"acme", "user-1"}},
		{"workspace", func() (any, error) {
			w, err := c.Workspaces.Get("acme")
			return []any{w.Slug, w.Name, w.Is_Private}, err
		}, []any{"acme", "Acme", false}},
		{"branches", func() (any, error) {
			b, err := c.Repositories.Repository.ListBranches(&bitbucket.RepositoryBranchOptions{Owner: "acme", RepoSlug: "repo-0001", Pagelen: 50})
			return []any{b.Branches[0].Name, len(b.Branches[0].Target["hash"].(string)), b.Size == len(b.Branches)}, err
		}, []any{"main", 40, true}},
		{"tags", func() (any, error) {
			tags, err := c.Repositories.Repository.ListTags(&bitbucket.RepositoryTagOptions{Owner: "acme", RepoSlug: "repo-0002"})
			return tags.Size == len(tags.Tags) && tags.Size > 0 && tags.Tags[0].Target["hash"] != "", err
		}, true},
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

func TestBitbucket_pull_requests_are_the_open_ones_unless_states_are_given(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-states")
	sim := bucket(token)
	states := func(query string) map[string]int {
		found := make(map[string]int)
		values, _ := bucketGet(t, sim, token, "/repositories/acme/repo-0004/pullrequests/?pagelen=50"+query).field(t, "values").([]any)
		for _, v := range values {
			found[v.(map[string]any)["state"].(string)]++
		}
		return found
	}
	all := states("&state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED")
	if len(all) != 4 {
		t.Fatalf("states %v, want four of them", all)
	}
	for query, want := range map[string][]string{"": {"OPEN"}, "&state=MERGED": {"MERGED"}, "&state=OPEN&state=DECLINED": {"OPEN", "DECLINED"}} {
		got := states(query)
		for state, n := range all {
			if slices.Contains(want, state) && got[state] != n || !slices.Contains(want, state) && got[state] != 0 {
				t.Errorf("%q: %v of %v, want all of %v", query, got, all, want)
			}
		}
	}
}

func TestBitbucket_pull_request_comes_back_as_it_was_sent(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-pull")
	sim := bucket(token)
	c := bucketClient(t, token, sim, bucketAPI)
	c.Pagelen = 50 // more is refused
	title, body := "Ünïcode & <tags>", strings.Repeat("line\r\n\"quoted\"\t", 5000)
	made, err := c.Repositories.PullRequests.Create(&bitbucket.PullRequestsOptions{Owner: "acme", RepoSlug: "repo-0003", Title: title, Description: body, SourceBranch: "fix"})
	if err != nil {
		t.Fatal(err)
	}
	v := made.(map[string]any)
	author, _ := v["author"].(map[string]any)
	if v["title"] != title || v["description"] != body || v["state"] != "OPEN" || author["nickname"] != "user-1" {
		t.Errorf("created %v %q by %v", v["id"], v["title"], author)
	}
	if got := sim.PullRequests(); len(got) != 1 || got[0].Body != body || got[0].Target != "main" || float64(got[0].Number) != v["id"] {
		t.Errorf("simulator kept %d pull requests", len(got))
	}
	open, err := c.Repositories.PullRequests.List(&bitbucket.PullRequestsOptions{Owner: "acme", RepoSlug: "repo-0003"})
	if err != nil || open.(map[string]any)["values"].([]any)[0].(map[string]any)["title"] != title {
		t.Errorf("the newest is not the first: %v", err)
	}
	for name, q := range map[string]request{
		"no title":   {token: token, body: `{"source":{"branch":{"name":"fix"}}}`},
		"no JSON":    {token: token, body: `{`},
		"no account": {body: `{"title":"t","source":{"branch":{"name":"fix"}}}`},
	} {
		q.method, q.path = "POST", bucketAPI+"/repositories/acme/repo-0003/pullrequests"
		if got := send(t, sim, q).status; got != 400 && got != 401 {
			t.Errorf("%s: status %d", name, got)
		}
	}
}

func TestBitbucket_answers_errors_in_its_own_form(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-errors")
	sim := bucket(token)
	wrap := func(text string) string { return `{"type":"error","error":{"message":"` + text + `"}}` }
	tests := []struct {
		token, url string
		status     int
		want       string
	}{
		{token, bucketAPI + "/repositories/acme/repo-0026", 404, wrap("Repository acme/repo-0026 not found")},
		{"", bucketAPI + "/repositories/acme/repo-0025", 404, wrap("Repository acme/repo-0025 not found")},
		{token, bucketAPI + "/repositories/none", 404, wrap("No workspace with identifier 'none'.")},
		{token, bucketAPI + "/repositories/acme/repo-0001/pullrequests/999", 404, wrap("Pull request 999 not found")},
		{token, bucketAPI + "/no/such/path", 404, wrap("Resource not found")},
		{token, bucketAPI + "/repositories/acme/repo-0001/issues", 410, wrap("This resource has been removed.")},
		{token, "https://api.bitbucket.org/user", 403, wrap("Forbidden")},
		{"", bucketAPI + "/user", 401, wrap("Token is invalid, expired, or not supported for this endpoint.")},
	}
	for _, tt := range tests {
		r := send(t, sim, request{path: tt.url, token: tt.token})
		if r.status != tt.status || strings.ReplaceAll(r.body, `\u0026`, "&") != tt.want || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", tt.url, r.status, r.body)
		}
	}
	sim.Inject(fleettest.BitbucketLacksScope([]string{"pullrequest:write"}, []string{"account", "repository"}))
	const want = `{"type":"error","error":{"message":"Your credentials lack one or more required privilege scopes.","detail":{"granted":["account","repository"],"required":["pullrequest:write"]}}}`
	if r := bucketGet(t, sim, token, "/user"); r.status != 403 || r.body != want || r.header.Get("X-RateLimit-Limit") != "1000" {
		t.Errorf("scope: %d %s", r.status, r.body)
	}
}

func TestBitbucket_lists_show_what_the_account_sees(t *testing.T) {
	t.Parallel()
	token, guest := canary.Token("bucket-member"), canary.Token("bucket-guest")
	sim := fleettest.NewBitbucket(fleettest.Config{
		Tokens:        []string{token},
		Accounts:      []fleettest.Account{{Tokens: []string{guest}, Owners: []string{}}},
		Organizations: []fleettest.Owner{{Login: "acme", Repositories: 25, Private: 5}},
	})
	for _, tt := range []struct {
		token, path string
		want        float64
	}{
		{token, "/repositories/acme", 25}, {guest, "/repositories/acme", 20}, {"", "/repositories/acme", 20},
		{token, "/user/workspaces", 2}, {guest, "/user/workspaces", 1},
	} {
		if r := bucketGet(t, sim, tt.token, tt.path); r.field(t, "size") != tt.want {
			t.Errorf("%s: %v, want %v", tt.path, r.field(t, "size"), tt.want)
		}
	}
}

func TestBitbucket_download_is_at_a_storage_host_that_takes_no_token(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-download")
	sim := bucket(token)
	r := request{path: bucketAPI + "/repositories/acme/repo-0001/downloads/a%20b.zip", token: token}.build(t)
	resp, err := (&http.Client{Transport: sim}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := readReply(t, resp); got.status != 200 || got.body != "a b.zip of repository 1001000001\n" || len(sim.Leaks()) != 0 {
		t.Errorf("downloaded %d %q with leaks %v", got.status, got.body, sim.Leaks())
	}
	// The token goes along, as RoundTrippers that add it to every hop do.
	resp, err = (&http.Client{Transport: staticToken{token, sim}}).Do(r)
	if err != nil || readReply(t, resp).status != 400 {
		t.Errorf("storage host took a second credential: %v", err)
	}
	if got, want := sim.Leaks(), []fleettest.Leak{{Scheme: "https", Host: "bbuseruploads.s3.amazonaws.com", Header: "Authorization"}}; !cmp.Equal(got, want) {
		t.Errorf("leaks %v, want %v", got, want)
	}
}

func TestBitbucket_takes_an_API_token_as_a_password(t *testing.T) {
	t.Parallel()
	token := canary.Token("bucket-basic")
	sim := bucket(token)
	c, err := bitbucket.NewAPITokenAuth("ada@example.com", token)
	if err != nil {
		t.Fatal(err)
	}
	c.HttpClient = &http.Client{Transport: sim}
	if u, err := c.User.Profile(); err != nil || u.Nickname != "user-1" {
		t.Errorf("profile %v, %v", u, err)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ada@example.com:"+token))
	r := send(t, sim, request{path: bucketAPI + "/user", header: http.Header{"Authorization": {basic}}})
	if r.status != 200 || r.header.Get("X-RateLimit-Limit") != "" {
		t.Errorf("%d with %v: only access tokens are told their limit", r.status, r.header)
	}
}
