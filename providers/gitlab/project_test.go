//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	gogitlab "github.com/xanzy/go-gitlab"
)

// ignoreOrigin compares models without where they are from.
var ignoreOrigin = cmpopts.IgnoreFields(providers.Origin{}, "native")

func from(o providers.Origin) providers.Origin {
	return providers.Origin{Provider: o.Provider, Host: o.Host}
}

func TestFetchRepository_says_all_that_GitLab_does(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{"projects/garden%2Fsmall-animals%2Fhedgehog-tools?license=true&statistics=true": file(t, "project.json")})
	got, err := h.client(t).FetchRepository(t.Context(), "garden/small-animals/hedgehog-tools")
	if err != nil {
		t.Fatal(err)
	}
	origin := providers.Origin{Provider: "gitlab", Host: "https://gitlab.com"}
	want := providers.Repository{
		Origin: origin, ID: "4711", Name: "hedgehog-tools", FullName: "garden/small-animals/hedgehog-tools",
		Owner: providers.User{
			Origin: origin, ID: "99", Login: "garden/small-animals", Name: "Small Animals", Kind: providers.OrgAccount,
			AvatarURL: "https://gitlab.com/uploads/-/system/group/avatar/99/a.png", WebURL: "https://gitlab.com/groups/garden/small-animals",
		},
		Description: "Tools for hedgehogs", DefaultBranch: "trunk", Visibility: providers.Internal, License: "mit",
		Topics:   []string{"animals", "tools"},
		WebURL:   "https://gitlab.com/garden/small-animals/hedgehog-tools",
		CloneURL: "https://gitlab.com/garden/small-animals/hedgehog-tools.git",
		SSHURL:   "git@gitlab.com:garden/small-animals/hedgehog-tools.git",
		Private:  new(true), Archived: new(false), Fork: new(true), Parent: "upstream/tools",
		HasWiki: new(false), HasIssues: new(true), HasPages: new(true), AllowForking: new(false),
		Stars: new(int64(0)), Forks: new(int64(3)), OpenIssues: new(int64(12)), SizeBytes: new(int64(1038090)),
		CreatedAt:  time.Date(2021, 3, 4, 5, 6, 7, 891e6, time.UTC),
		UpdatedAt:  time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC),
		PushedAt:   time.Date(2024, 6, 7, 8, 9, 10, 0, time.UTC),
		Permission: providers.CanMaintain,
	}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
		t.Error(diff)
	}
	if got.CreatedAt.Location() != time.UTC {
		t.Errorf("the time is in %v", got.CreatedAt.Location())
	}
}

// What stands in the place of the library's fields must be there again.
func TestFetchRepository_leads_to_the_librarys_whole_record(t *testing.T) {
	t.Parallel()
	text := file(t, "project.json")
	h := says(map[string]string{"projects/garden%2Ftools": text})
	got, err := h.client(t).FetchRepository(t.Context(), "garden/tools", providers.Raw())
	if err != nil {
		t.Fatal(err)
	}
	var native *gogitlab.Project
	if !got.As(&native) {
		t.Fatal("As does not reach a *gitlab.Project")
	}
	want := new(gogitlab.Project)
	if err := json.Unmarshal([]byte(text), want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, native); diff != "" {
		t.Error(diff)
	}
	if string(got.Raw) != text {
		t.Errorf("Raw is %s", got.Raw)
	}
	got.Topics[0], *got.Forks, *got.Archived = "mine", 5, true
	if native.Topics[0] != "animals" || native.ForksCount != 3 || native.Archived {
		t.Error("the record of the library is changed through ours")
	}
}

// Without a token GitLab leaves out most of a project.
func TestFetchRepository_does_not_make_up_what_is_not_said(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"missing": `{"id":1,"path":"tools","path_with_namespace":"garden/tools","namespace":{"id":2,"path":"garden","kind":"user","full_path":"garden"}}`,
		"null": `{"id":1,"path":"tools","path_with_namespace":"garden/tools","namespace":{"id":2,"path":"garden","kind":"user","full_path":"garden"},
			"description":null,"default_branch":null,"archived":null,"issues_enabled":null,"wiki_enabled":null,"star_count":null,"forks_count":null,
			"open_issues_count":null,"created_at":null,"updated_at":null,"last_activity_at":null,"statistics":null,"license":null,"topics":null,
			"tag_list":null,"owner":null,"permissions":null,"forked_from_project":null,"mr_default_target_self":null,"visibility":null}`,
		"not a time": `{"id":1,"path":"tools","path_with_namespace":"garden/tools","created_at":"yesterday","updated_at":"","last_activity_at":"2024-13-41",
			"namespace":{"id":2,"path":"garden","kind":"user","full_path":"garden"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := says(map[string]string{"projects/garden%2Ftools": text}).client(t).FetchRepository(t.Context(), "garden/tools")
			if err != nil {
				t.Fatal(err)
			}
			want := providers.Repository{
				Origin: from(got.Origin), ID: "1", Name: "tools", FullName: "garden/tools",
				Owner: providers.User{Origin: from(got.Origin), Login: "garden", Kind: providers.Person},
			}
			if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFetchRepository_reads_what_older_and_other_GitLabs_say(t *testing.T) {
	t.Parallel()
	const start = `{"id":1,"path":"tools","path_with_namespace":"a/b/tools",`
	tests := []struct {
		name, text string
		ok         func(providers.Repository) bool
	}{
		{"topics by their old name", `"tag_list":["x","y"]`, func(r providers.Repository) bool { return len(r.Topics) == 2 }},
		{"no namespace", `"visibility":"public"`, func(r providers.Repository) bool { return r.Owner.Login == "a/b" }},
		{"a namespace without its full path", `"namespace":{"id":3,"path":"b","kind":"group"}`, func(r providers.Repository) bool {
			return r.Owner.Login == "a/b" && r.Owner.ID == "3" && r.Owner.Kind == providers.OrgAccount
		}},
		{"a user's namespace has another id than the user", `"namespace":{"id":3,"path":"a","kind":"user","full_path":"a"},"owner":{"id":8,"username":"a"}`,
			func(r providers.Repository) bool { return r.Owner.ID == "8" && r.Owner.Kind == providers.Person }},
		{"a fork whose parent is hidden", `"visibility":"public","mr_default_target_self":true`, func(r providers.Repository) bool {
			return r.Fork != nil && *r.Fork && r.Parent == ""
		}},
		{"no fork", `"visibility":"public"`, func(r providers.Repository) bool { return r.Fork != nil && !*r.Fork && !*r.Private }},
		{"no updated_at", `"last_activity_at":"2020-01-01T00:00:00Z"`, func(r providers.Repository) bool {
			return r.UpdatedAt.Year() == 2020 && r.PushedAt.Year() == 2020
		}},
		{"no rights", `"permissions":{"project_access":null,"group_access":null}`, func(r providers.Repository) bool { return r.Permission == "" }},
		{"guest", `"permissions":{"project_access":{"access_level":10}}`, func(r providers.Repository) bool { return r.Permission == providers.CanRead }},
		{"reporter", `"permissions":{"group_access":{"access_level":20}}`, func(r providers.Repository) bool { return r.Permission == providers.CanTriage }},
		{"developer", `"permissions":{"project_access":{"access_level":30}}`, func(r providers.Repository) bool { return r.Permission == providers.CanWrite }},
		{"owner", `"permissions":{"project_access":{"access_level":50},"group_access":{"access_level":10}}`, func(r providers.Repository) bool { return r.Permission == providers.CanAdmin }},
		{"issues are off", `"visibility":"public","issues_enabled":false`, func(r providers.Repository) bool { return !*r.HasIssues && r.OpenIssues == nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := says(map[string]string{"projects/a%2Fb%2Ftools": start + tt.text + "}"})
			got, err := h.client(t).FetchRepository(t.Context(), "a/b/tools")
			if err != nil {
				t.Fatal(err)
			}
			if !tt.ok(got) {
				t.Errorf("it is %+v", got)
			}
		})
	}
}

func TestFetchRepository_escapes_dots_which_GitLab_takes_for_formats(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{"projects/a%2Fweb%2Ejson": strings.Replace(file(t, "project.json"), "4711", "1", 1)})
	if _, err := h.client(t).FetchRepository(t.Context(), "a/web.json"); err != nil {
		t.Fatal(err)
	}
	h.wantAsked(t, "GET /api/v4/projects/a%2Fweb%2Ejson?license=true&statistics=true")
}
