package bitbucket_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-cmp/cmp"
)

// none is a list with nothing in it.
const none = `{"pagelen":100,"values":[]}`

// main is what a repository says of its main branch.
const main = `{"uuid":"{r}","full_name":"acme/web","mainbranch":{"name":"main"}}`

func wantAsked(t *testing.T, s *script, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.urls()); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

func wantError(t *testing.T, err, kind error, says ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want one that is %q", err, kind)
		return
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func TestRepositories_are_asked_for_as_the_options_say(t *testing.T) {
	t.Parallel()
	since := time.Date(2024, 1, 2, 4, 4, 5, 999_999_999, time.FixedZone("", 3600))
	for _, tt := range []struct {
		name    string
		options []providers.Option
		want    string
	}{
		{"by default with the oldest first", nil, "pagelen=100&sort=created_on"},
		{"by size of page", []providers.Option{providers.PageSize(7)}, "pagelen=7&sort=created_on"},
		{"the newest first", []providers.Option{providers.SortBy(providers.ByCreated, false)}, "pagelen=100&sort=-created_on"},
		{"by update", []providers.Option{providers.SortBy(providers.ByUpdated, true)}, "pagelen=100&sort=updated_on"},
		{"with groups, of which there are none", []providers.Option{providers.Recursive()}, "pagelen=100&sort=created_on"},
		{"by name", []providers.Option{providers.SortBy(providers.ByName, true)}, "pagelen=100&sort=name"},
		{"since a time", []providers.Option{providers.Since(since)}, "pagelen=100&q=updated_on%3E%3D2024-01-02T03%3A04%3A05.999%2B00%3A00&sort=created_on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := told(map[string]string{"/repositories/acme": none})
			if _, err := s.client(t).FetchRepositories(t.Context(), "acme", tt.options...); err != nil {
				t.Fatal(err)
			}
			wantAsked(t, s, "/repositories/acme?"+tt.want)
		})
	}
}

// Bitbucket's filter knows milliseconds; its records have microseconds.
func TestRepositories_since_a_time_are_exactly_those(t *testing.T) {
	t.Parallel()
	const values = `{"values":[
		{"uuid":"{1}","full_name":"acme/before","updated_on":"2024-01-02T03:04:05.999998+00:00"},
		{"uuid":"{2}","full_name":"acme/at","updated_on":"2024-01-02T03:04:05.999999+00:00"},
		{"uuid":"{3}","full_name":"acme/after","updated_on":"2024-01-02T03:04:06Z"}]}`
	s := told(map[string]string{"/repositories/acme": values})
	got, err := s.client(t).FetchRepositories(t.Context(), "acme", providers.Since(time.Date(2024, 1, 2, 3, 4, 5, 999_999_000, time.UTC)))
	if err != nil || len(got) != 2 || got[0].Name != "at" || got[1].Name != "after" {
		t.Errorf("FetchRepositories() = %v, %v; want those at and after the time", got, err)
	}
}

func TestRepositories_of_the_token_are_in_the_workspace_of_its_user(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/user": `{"type":"user","uuid":"{u1}","nickname":"ada"}`, "/repositories/%7Bu1%7D": testdata(t, "repositories.json")})
	got, err := s.client(t).FetchRepositories(t.Context(), "")
	if err != nil || len(got) != 3 {
		t.Errorf("FetchRepositories() = %d, %v", len(got), err)
	}
	wantAsked(t, s, "/user", "/repositories/%7Bu1%7D?pagelen=100&sort=created_on")

	s = told(map[string]string{"/user": `{"type":"user","uuid":"{u1}","nickname":"ada"}`})
	_, err = s.client(t).FetchRepositories(t.Context(), "")
	wantError(t, err, providers.ErrNotFound, "no workspace of that name")

	s = &script{answers: map[string]reply{"/user": {status: 403, body: `{"type":"error","error":{"message":"no"}}`}}}
	_, err = s.client(t).FetchRepositories(t.Context(), "")
	wantError(t, err, providers.ErrForbidden, "name the workspace")
}

func TestPullRequests_are_asked_for_in_all_states(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options []providers.Option
		want    string
	}{
		{"by default", nil, "pagelen=50&sort=created_on&state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"},
		{"open", []providers.Option{providers.InState(providers.Open)}, "pagelen=50&sort=created_on&state=OPEN"},
		{"merged", []providers.Option{providers.InState(providers.Merged)}, "pagelen=50&sort=created_on&state=MERGED"},
		{"closed", []providers.Option{providers.InState(providers.Closed)}, "pagelen=50&sort=created_on&state=DECLINED&state=SUPERSEDED"},
		{"pages beyond the most", []providers.Option{providers.PageSize(80), providers.InState(providers.Open)}, "pagelen=50&sort=created_on&state=OPEN"},
		{"shorter pages", []providers.Option{providers.PageSize(30), providers.InState(providers.Open)}, "pagelen=30&sort=created_on&state=OPEN"},
		{
			"since a time, by update",
			[]providers.Option{
				providers.InState(providers.Open), providers.SortBy(providers.ByUpdated, false),
				providers.Since(time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)),
			},
			"pagelen=50&q=updated_on%3E%3D2024-01-02T03%3A04%3A05.000%2B00%3A00&sort=-updated_on&state=OPEN",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := told(map[string]string{"/repositories/acme/web/pullrequests": none})
			if _, err := s.client(t).FetchPullRequests(t.Context(), "acme/web", tt.options...); err != nil {
				t.Fatal(err)
			}
			wantAsked(t, s, "/repositories/acme/web/pullrequests?"+tt.want)
		})
	}
}

// Without a revision Bitbucket lists the commits of all branches, and a name with
// a slash it does not find.
func TestCommits_are_asked_for_by_a_revision_that_Bitbucket_finds(t *testing.T) {
	t.Parallel()
	const (
		web     = "/repositories/acme/web"
		whose   = web + "?fields=uuid%2Cfull_name%2Cmainbranch.name"
		branch  = web + "/refs/branches/feature%2Fx"
		tag     = web + "/refs/tags/feature%2Fx"
		aTarget = `{"name":"feature/x","target":{"hash":"c3"}}`
	)
	for _, tt := range []struct {
		name    string
		answers map[string]string
		options []providers.Option
		want    []string
	}{
		{"the main branch", map[string]string{web: main}, nil, []string{whose, web + "/commits/main?pagelen=100"}},
		{
			"a main branch with a slash", map[string]string{web: strings.Replace(main, `:"main"`, `:"feature/x"`, 1), branch: aTarget}, nil,
			[]string{whose, branch, web + "/commits/c3?pagelen=100"},
		},
		{"none, if the repository is empty", map[string]string{web: `{"uuid":"{r}","full_name":"acme/web","mainbranch":null}`}, nil, []string{whose}},
		{"a name", nil, []providers.Option{providers.Ref("v1+b")}, []string{web + "/commits/v1+b?pagelen=100"}},
		{"a branch with a slash", map[string]string{branch: aTarget}, []providers.Option{providers.Ref("feature/x")}, []string{branch, web + "/commits/c3?pagelen=100"}},
		{"a tag with a slash", map[string]string{tag: aTarget}, []providers.Option{providers.Ref("feature/x")}, []string{branch, tag, web + "/commits/c3?pagelen=100"}},
		{
			"those of a file", nil, []providers.Option{providers.Ref("main"), providers.Path("a b/c.go")},
			[]string{web + "/commits/main?pagelen=100&path=a+b%2Fc.go"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := told(tt.answers)
			for _, revision := range []string{"main", "v1+b", "c3"} {
				s.answers[web+"/commits/"+revision] = reply{body: none}
			}
			got, err := s.client(t).FetchCommits(t.Context(), "acme/web", tt.options...)
			if err != nil || got == nil || len(got) != 0 {
				t.Errorf("FetchCommits() = %v, %v", got, err)
			}
			wantAsked(t, s, tt.want...)
		})
	}
	t.Run("no branch and no tag", func(t *testing.T) {
		t.Parallel()
		s := told(nil)
		_, err := s.client(t).FetchCommits(t.Context(), "acme/web", providers.Ref("feature/x"))
		wantError(t, err, providers.ErrNotFound)
		wantAsked(t, s, branch, tag)
	})
	t.Run("a failure is not taken for a tag", func(t *testing.T) {
		t.Parallel()
		s := &script{answers: map[string]reply{branch: {status: 500}}}
		_, err := s.client(t).FetchCommits(t.Context(), "acme/web", providers.Ref("feature/x"))
		wantError(t, err, providers.ErrUnavailable)
		wantAsked(t, s, branch)
	})
}

func TestRefs_that_lead_elsewhere_are_refused(t *testing.T) {
	t.Parallel()
	s := told(nil)
	c := s.client(t)
	for _, ref := range []string{"..", ".", "a/../b", "/a", "a//b", "a/"} {
		_, err := c.FetchCommits(t.Context(), "acme/web", providers.Ref(ref))
		wantError(t, err, providers.ErrInvalid)
		_, err = c.FetchContent(t.Context(), "acme/web", "x", providers.Ref(ref))
		wantError(t, err, providers.ErrInvalid)
	}
	wantAsked(t, s)
}

// Bitbucket takes %2F for a slash, so that acme/web/src would be files.
func TestWorkspaces_are_not_nested(t *testing.T) {
	t.Parallel()
	s := told(nil)
	c, ctx := s.client(t), t.Context()
	for _, call := range []func() error{
		func() error { _, err := c.FetchRepository(ctx, "acme/web/src"); return err },
		func() error { _, err := c.FetchBranches(ctx, "acme/web/src"); return err },
		func() error { _, err := c.FetchRepositories(ctx, "acme/web"); return err },
		func() error { _, err := c.FetchOrganization(ctx, "acme/web"); return err },
		func() error { _, err := c.FetchUser(ctx, "acme/web"); return err },
		func() error { _, err := c.FetchTree(ctx, "acme/web/src", "a", providers.Ref("main")); return err },
		func() error { _, err := c.FetchContent(ctx, "acme/web/src", "a"); return err },
	} {
		wantError(t, call(), providers.ErrInvalid, "slash")
	}
	wantAsked(t, s)
}

func TestWhat_Bitbucket_cannot_do_sends_nothing(t *testing.T) {
	t.Parallel()
	s := told(nil)
	c, ctx, now := s.client(t), t.Context(), time.Now()
	for name, call := range map[string]func() error{
		"contributors": func() error { _, err := c.FetchContributors(ctx, "acme/web"); return err },
		"issues":       func() error { _, err := c.FetchIssues(ctx, "acme/web"); return err },
		"releases":     func() error { _, err := c.FetchReleases(ctx, "acme/web"); return err },
		"languages":    func() error { _, err := c.FetchLanguages(ctx, "acme/web"); return err },
		"GraphQL":      func() error { return c.GraphQL(ctx, "query { x }", nil, nil) },
		"commits by author": func() error {
			_, err := c.FetchCommits(ctx, "acme/web", providers.Author("ada"))
			return err
		},
		"commits since": func() error { _, err := c.FetchCommits(ctx, "acme/web", providers.Since(now)); return err },
		"commits until": func() error { _, err := c.FetchCommits(ctx, "acme/web", providers.Until(now)); return err },
		"pull requests by name": func() error {
			_, err := c.FetchPullRequests(ctx, "acme/web", providers.SortBy(providers.ByName, true))
			return err
		},
		"somebody's workspaces": func() error { _, err := c.FetchOrganizations(ctx, "ada"); return err },
	} {
		if err := call(); !errors.Is(err, providers.ErrUnsupported) {
			t.Errorf("%s: %v, want %v", name, err, providers.ErrUnsupported)
		}
	}
	wantAsked(t, s)
	for _, op := range []providers.Op{providers.OpContributors, providers.OpIssues, providers.OpReleases, providers.OpLanguages, providers.OpGraphQL} {
		if c.Supports(op) {
			t.Errorf("Supports(%q)", op)
		}
	}
}

// A link to the next page is Bitbucket's business, its parameters included.
func TestLists_follow_the_link_as_it_comes(t *testing.T) {
	t.Parallel()
	next := "/repositories/acme/web/commits/main?ctx=b%2Fp%3D%3D&page=2"
	s := told(map[string]string{
		"/repositories/acme/web/commits/main": `{"values":[{"hash":"1"}],"size":900,"next":"` + home + next + `"}`,
		next:                                  `{"values":[{"hash":"2"}],"next":null}`,
	})
	got, err := s.client(t).FetchCommits(t.Context(), "acme/web", providers.Ref("main"))
	if err != nil || len(got) != 2 {
		t.Errorf("FetchCommits() = %d, %v; want 2", len(got), err)
	}
	wantAsked(t, s, "/repositories/acme/web/commits/main?pagelen=100", next)
}

func TestI2_I15_a_link_that_leads_away_is_not_followed(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"https://evil.example/2.0/repositories/acme?page=2", "http://api.bitbucket.org/2.0/repositories/acme?page=2",
		"https://api.bitbucket.org:8443/2.0/repositories/acme?page=2", "https://api.bitbucket.org/internal/x",
		"https://user@api.bitbucket.org/2.0/repositories/acme?page=2", "//evil.example/2.0/x", "::",
		home + "/repositories/acme?pagelen=100&sort=created_on", home + "/repositories/acme?pagelen=100&sort=created_on#2",
	} {
		s := told(map[string]string{"/repositories/acme": `{"values":[{"uuid":"{1}","full_name":"acme/web"}],"next":"` + link + `"}`})
		got, err := s.client(t).FetchRepositories(t.Context(), "acme")
		wantError(t, err, providers.ErrMalformed, "next page")
		if len(got) != 1 || len(s.urls()) != 1 {
			t.Errorf("%s: %d records in %d requests, want the one that came in the one", link, len(got), len(s.urls()))
		}
	}
}

// A record that cannot be read is an error, after those before it.
func TestI15_a_record_that_is_none_is_not_left_out(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"null": "null", "a number": "7", "nothing in it": "{}", "no id": `{"full_name":"acme/b"}`, "no name": `{"uuid":"{2}"}`,
		"a time that is none": `{"uuid":"{2}","full_name":"acme/b","created_on":"yesterday"}`, "a list": "[]",
	} {
		s := told(map[string]string{"/repositories/acme": `{"values":[{"uuid":"{1}","full_name":"acme/a"},` + value + `,{"uuid":"{3}","full_name":"acme/c"}]}`})
		got, err := s.client(t).FetchRepositories(t.Context(), "acme")
		if !errors.Is(err, providers.ErrMalformed) || !slices.Equal(names(got), []string{"a"}) {
			t.Errorf("%s: %v, %v; want the record before it and %v", name, names(got), err, providers.ErrMalformed)
		}
	}
	for _, body := range []string{`{}`, `{"values":null}`, `{"values":{}}`, `[]`, `7`, ``, `{"values":[`} {
		s := told(map[string]string{"/repositories/acme": body})
		_, err := s.client(t).FetchRepositories(t.Context(), "acme")
		wantError(t, err, providers.ErrMalformed)
	}
}

func names(all []providers.Repository) []string {
	var list []string
	for _, r := range all {
		list = append(list, r.Name)
	}
	return list
}
