package bitbucket_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/gitfleet/gitfleet/tokens"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// from is the origin of all records; what is below it is looked at elsewhere.
var from = providers.Origin{Provider: tokens.Bitbucket, Host: "https://api.bitbucket.org"}

func wantRecords[T any](t *testing.T, got []T, err error, want []T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(providers.Origin{})); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func date(year int, month time.Month, day, hour, minute, second, nanos int) time.Time {
	return time.Date(year, month, day, hour, minute, second, nanos, time.UTC)
}

func TestRepositories_say_all_that_Bitbucket_says(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/Acme": testdata(t, "repositories.json")})
	got, err := s.client(t).FetchRepositories(t.Context(), "Acme")
	wantRecords(t, got, err, []providers.Repository{{
		Origin: from, ID: "{0b220000-0000-4000-8000-000000000001}", Name: "web.site", FullName: "Acme/web.site",
		Owner: providers.User{
			Origin: from, ID: "{0a110000-0000-4000-8000-000000000001}", Login: "Acme", Name: "Acme Inc.", Kind: providers.OrgAccount,
			AvatarURL: "https://bitbucket.org/account/acme/avatar/", WebURL: "https://bitbucket.org/acme/",
		},
		Description: "Shows „ä“ & <b>", Homepage: "https://acme.example", DefaultBranch: "release/main", Visibility: providers.Public, Language: "go",
		WebURL: "https://bitbucket.org/Acme/web.site", CloneURL: "https://bitbucket.org/Acme/web.site.git", SSHURL: "git@bitbucket.org:Acme/web.site.git",
		Private: new(false), Fork: new(false), HasWiki: new(true), HasIssues: new(false), AllowForking: new(true), SizeBytes: new(int64(5368709120)),
		CreatedAt: date(2014, 3, 1, 10, 0, 0, 123456000), UpdatedAt: date(2024, 5, 6, 5, 8, 9, 500000000),
	}, {
		Origin: from, ID: "{0b220000-0000-4000-8000-000000000002}", Name: "secret", FullName: "Acme/secret",
		Owner:      providers.User{Origin: from, ID: "557058:ada", Login: "Acme", Name: "Ada Byron", Kind: providers.Person},
		Visibility: providers.Private, WebURL: "https://bitbucket.org/Acme/secret",
		Private: new(true), Fork: new(true), Parent: "upstream/secret", HasWiki: new(false), HasIssues: new(true), AllowForking: new(false), SizeBytes: new(int64(0)),
		CreatedAt: date(2015, 1, 2, 3, 4, 5, 0), UpdatedAt: date(2015, 1, 2, 3, 4, 5, 0),
	}, {
		Origin: from, ID: "{0b220000-0000-4000-8000-000000000003}", Name: "bare", FullName: "Acme/bare",
		Owner: providers.User{Origin: from, Login: "Acme"}, Fork: new(false),
	}})
}

func TestPullRequests_say_all_that_Bitbucket_says(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/acme/web/pullrequests": testdata(t, "pullrequests.json")})
	got, err := s.client(t).FetchPullRequests(t.Context(), "acme/web")
	main := providers.Side{Ref: "main"}
	wantRecords(t, got, err, []providers.PullRequest{{
		Origin: from, Number: 7, Title: "Mend it", Body: "Why", State: providers.Merged, Draft: new(false),
		Author: providers.User{
			Origin: from, ID: "557058:ada", Login: "ada", Name: "Ada Byron", Kind: providers.Person,
			AvatarURL: "https://a.example/1", WebURL: "https://bitbucket.org/%7Bu1%7D/",
		},
		Reviewers: []providers.User{{Origin: from, ID: "{u3}", Name: "Grace", Kind: providers.Person}},
		Head:      providers.Side{Ref: "feature/mend", SHA: "31c54529bd80", Repository: "ada/web"},
		Base:      providers.Side{Ref: "main", SHA: "710db794f15b", Repository: "acme/web"},
		CreatedAt: date(2020, 1, 17, 1, 2, 49, 3611000), UpdatedAt: date(2020, 1, 18, 1, 2, 49, 0),
		MergedBy: providers.User{Origin: from, ID: "557058:bot", Login: "bot", Kind: providers.Bot}, MergeSHA: "0f0f0f0f0f0f",
		Comments: new(int64(3)), WebURL: "https://bitbucket.org/acme/web/pull-requests/7",
	}, {
		Origin: from, Number: 8, Title: "Gone fork", State: providers.Closed,
		Head: providers.Side{Ref: "x"}, Base: providers.Side{Ref: "main", Repository: "acme/web"},
		CreatedAt: date(2020, 1, 19, 1, 2, 49, 3611000), UpdatedAt: date(2020, 1, 20, 1, 2, 49, 3611000),
	}, {
		Origin: from, Number: 9, Title: "No", State: providers.Closed, Head: providers.Side{Ref: "y"}, Base: main,
	}, {
		Origin: from, Number: 10, Title: "Now", State: providers.Open, Draft: new(true), Head: providers.Side{Ref: "z"}, Base: main,
	}})
}

// Git takes any text for a name and an address.
func TestCommits_say_all_that_Bitbucket_says(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/acme/web/commits/main": testdata(t, "commits.json")})
	got, err := s.client(t).FetchCommits(t.Context(), "acme/web", providers.Ref("main"))
	at := date(2015, 8, 27, 3, 25, 4, 0)
	wantRecords(t, got, err, []providers.Commit{{
		Origin: from, SHA: "a6e5e7d797edf751cbd839d6bd4aef86c941eec9", Message: "Add\n\nWhy.\n",
		Author:  providers.Signature{Name: "Ada Byron", Email: "ada@example.com", Date: at, Login: "ada", ID: "557058:ada"},
		Parents: []string{"5be6855032e171280a1acb860d7265c29f40487c", "6be6855032e171280a1acb860d7265c29f40487c"},
		WebURL:  "https://bitbucket.org/acme/web/commits/a6e5e7d",
	}, {
		Origin: from, SHA: "b1", Author: providers.Signature{Name: "renovate[bot]", Email: "29+renovate[bot]@users.example.com", Date: at},
	}, {
		Origin: from, SHA: "b2", Author: providers.Signature{Name: "build server, nowhere", Date: at},
	}, {
		Origin: from, SHA: "b3", Author: providers.Signature{Name: "Ann <ann@@example.com>", Date: at},
	}, {
		Origin: from, SHA: "b4", Author: providers.Signature{Name: "Jörg Ümlaut", Email: "j@example.com", Date: at},
	}, {
		Origin: from, SHA: "b5",
	}})
}

func TestTags_and_branches_say_all_that_Bitbucket_says(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		"/repositories/acme/web/refs/tags":     testdata(t, "tags.json"),
		"/repositories/acme/web/refs/branches": testdata(t, "branches.json"),
	})
	at := date(2018, 4, 16, 2, 35, 52, 0)
	tags, err := s.client(t).FetchTags(t.Context(), "acme/web")
	wantRecords(t, tags, err, []providers.Tag{{
		Origin: from, Name: "@acme/web@1.0.3", SHA: "ceb01356c3f062579bdfeb15bc53fe151b9e00f0", Message: "Release\n", Date: at,
		Tagger: providers.Signature{Name: "Ada Byron", Email: "ada@example.com", Date: at, Login: "ada", ID: "557058:ada"},
	}, {
		Origin: from, Name: "light", SHA: "c2",
	}})
	branches, err := s.client(t).FetchBranches(t.Context(), "acme/web")
	wantRecords(t, branches, err, []providers.Branch{{
		Origin: from, Name: "feature/x", SHA: "c3", CommittedAt: date(2018, 4, 15, 0, 0, 0, 0), WebURL: "https://bitbucket.org/acme/web/branch/feature/x",
	}})
}

func TestOrganizations_are_what_is_wrapped_in_memberships(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/user/workspaces": testdata(t, "workspaces.json")})
	got, err := s.client(t).FetchOrganizations(t.Context(), "")
	wantRecords(t, got, err, []providers.Organization{{
		Origin: from, ID: "{0a110000-0000-4000-8000-000000000001}", Login: "acme", Name: "Acme Inc.", Visibility: providers.Private,
		AvatarURL: "https://bitbucket.org/workspaces/acme/avatar/", WebURL: "https://bitbucket.org/acme/",
		CreatedAt: date(2018, 11, 14, 19, 15, 5, 58566000),
	}, {
		Origin: from, ID: "{w2}", Login: "beta",
	}})
}

func TestUser_is_known_by_account_id(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/users/%7Bu1%7D": `{"type":"user","uuid":"{u1}","account_id":"557058:ada","nickname":"ada","display_name":"Ada Byron","created_on":"2012-07-25T04:53:41.525465+00:00"}`})
	got, err := s.client(t).FetchUser(t.Context(), "{u1}")
	wantRecords(t, []providers.User{got}, err, []providers.User{{
		Origin: from, ID: "557058:ada", Login: "ada", Name: "Ada Byron", Kind: providers.Person, CreatedAt: date(2012, 7, 25, 4, 53, 41, 525465000),
	}})
}

// Nothing of a record is lost, not even what no model has.
func TestRecords_lead_to_all_that_Bitbucket_said(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/acme/web/refs/branches": testdata(t, "branches.json")})
	got, err := s.client(t).FetchBranches(t.Context(), "acme/web", providers.Raw())
	if err != nil {
		t.Fatal(err)
	}
	var native json.RawMessage
	if !got[0].As(&native) || string(native) != string(got[0].Raw) {
		t.Errorf("As() gives %s, Raw is %s", native, got[0].Raw)
	}
	var all struct {
		Strategies []string `json:"merge_strategies"`
	}
	clear(got[0].Raw) // it is the caller's
	if err := json.Unmarshal(native, &all); err != nil || len(all.Strategies) != 1 {
		t.Errorf("the record is %s, %v", native, err)
	}
}
