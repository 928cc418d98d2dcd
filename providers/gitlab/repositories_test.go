package gitlab_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gitfleet/gitfleet/fleettest"
	"github.com/gitfleet/gitfleet/providers"
)

const oneProject = `[{"id":7,"path":"tools","path_with_namespace":"x/tools","updated_at":"2024-01-01T00:00:00Z"}]`

func TestFetchRepositories_asks_for_a_group_then_for_a_user(t *testing.T) {
	t.Parallel()
	const order = "&per_page=100&sort=asc"
	group := func(path string) string {
		return "GET /api/v4/groups/" + path + "/projects?order_by=id" + order + "&with_shared=false"
	}
	user := func(login string) string { return "GET /api/v4/users/" + login + "/projects?order_by=id" + order }
	tests := []struct {
		name, owner string
		bodies      map[string]string
		want        []string
		items       int
		kind        error
	}{
		{"a group", "acme", map[string]string{"groups/acme/projects": oneProject}, []string{group("acme")}, 1, nil},
		{"an empty group", "acme", map[string]string{"groups/acme/projects": "[]", "users/acme/projects": oneProject}, []string{group("acme")}, 0, nil},
		{"a subgroup", "a/b/c", map[string]string{"groups/a%2Fb%2Fc/projects": oneProject}, []string{group("a%2Fb%2Fc")}, 1, nil},
		{"a user", "alice", map[string]string{"users/alice/projects": oneProject}, []string{group("alice"), user("alice")}, 1, nil},
		{"nobody", "nobody", nil, []string{group("nobody"), user("nobody")}, 0, providers.ErrNotFound},
		{"no subgroup, which no user can be", "a/b", nil, []string{group("a%2Fb")}, 0, providers.ErrNotFound},
		{"a user whose name is a number", "42", map[string]string{
			"groups/42/projects": oneProject, "users?username=42": `[{"id":5,"username":"42"}]`, "users/5/projects": oneProject,
		}, []string{"GET /api/v4/users?username=42", user("5")}, 1, nil},
		{"the id of somebody else", "42", map[string]string{"groups/42/projects": oneProject, "users/42/projects": oneProject, "users?username=42": `[]`},
			[]string{"GET /api/v4/users?username=42"}, 0, providers.ErrNotFound},
		{"one's own", "", map[string]string{"user": `{"id":5,"username":"me"}`, "users/5/projects": oneProject},
			[]string{"GET /api/v4/user", "GET /api/v4/users/5/projects?order_by=id&owned=true" + order}, 1, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := says(tt.bodies)
			got, err := h.client(t).FetchRepositories(t.Context(), tt.owner)
			if len(got) != tt.items || !errors.Is(err, tt.kind) || (err == nil) != (tt.kind == nil) {
				t.Errorf("FetchRepositories() = %d, %v; want %d, %v", len(got), err, tt.items, tt.kind)
			}
			h.wantAsked(t, tt.want...)
		})
	}
}

// A failure of either request is told, and not taken for nobody.
func TestFetchRepositories_hides_no_failure_behind_the_other_kind_of_owner(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		group, user int
		want        error
		requests    int
	}{
		"the group is forbidden":     {http.StatusForbidden, http.StatusOK, providers.ErrForbidden, 1},
		"the group cannot be read":   {http.StatusInternalServerError, http.StatusOK, providers.ErrUnavailable, 1},
		"the user is forbidden":      {http.StatusNotFound, http.StatusForbidden, providers.ErrForbidden, 2},
		"there is neither":           {http.StatusNotFound, http.StatusNotFound, providers.ErrNotFound, 2},
		"the user cannot be read":    {http.StatusNotFound, http.StatusBadGateway, providers.ErrUnavailable, 2},
		"the user is taken down":     {http.StatusNotFound, http.StatusUnavailableForLegalReasons, providers.ErrBlocked, 2},
		"the group was there before": {http.StatusGone, http.StatusGone, providers.ErrNotFound, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &host{answer: func(r *http.Request) (int, http.Header, string) {
				if strings.HasPrefix(pathOf(r), "groups/") {
					return tt.group, nil, `{"message":"no"}`
				}
				return tt.user, nil, `{"message":"no"}`
			}}
			_, err := h.client(t).FetchRepositories(t.Context(), "acme")
			if !errors.Is(err, tt.want) || len(h.asked) != tt.requests {
				t.Errorf("%v after %d requests, want %v after %d", err, len(h.asked), tt.want, tt.requests)
			}
		})
	}
}

func TestFetchRepositories_sends_the_options(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		option providers.Option
		want   string
	}{
		"subgroups":         {providers.Recursive(), "include_subgroups=true&order_by=id&per_page=100&sort=asc"},
		"pages":             {providers.PageSize(7), "order_by=id&per_page=7&sort=asc"},
		"by name":           {providers.SortBy(providers.ByName, true), "order_by=path&per_page=100&sort=asc"},
		"newest first":      {providers.SortBy(providers.ByCreated, false), "order_by=created_at&per_page=100&sort=desc"},
		"last changed last": {providers.SortBy(providers.ByUpdated, true), "order_by=updated_at&per_page=100&sort=asc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := says(map[string]string{"groups/acme/projects": oneProject})
			if _, err := h.client(t).FetchRepositories(t.Context(), "acme", tt.option); err != nil {
				t.Fatal(err)
			}
			h.wantAsked(t, "GET /api/v4/groups/acme/projects?"+tt.want+"&with_shared=false")
		})
	}
}

func TestFetchRepositories_chooses_by_last_update_itself(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{"groups/acme/projects": `[
		{"id":1,"path":"old","updated_at":"2023-12-31T23:59:59.999Z"}, {"id":2,"path":"just","updated_at":"2024-01-01T00:00:00Z"},
		{"id":3,"path":"unknown"}, {"id":4,"path":"new","updated_at":"2024-01-01T01:00:00+01:00"}]`})
	got, err := h.client(t).FetchRepositories(t.Context(), "acme", providers.Since(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)))
	if err != nil || len(got) != 3 || got[0].Name != "just" || got[1].Name != "unknown" || got[2].Name != "new" {
		t.Errorf("got %v, %v", got, err)
	}
}

// simulated makes a client of a simulated GitLab where alice has n projects.
func simulated(t *testing.T, n int) (*fleettest.GitLab, *providers.Client) {
	t.Helper()
	sim := fleettest.NewGitLab(fleettest.Config{
		Tokens: []string{tokenA}, Limit: -1, Users: []fleettest.Owner{{Login: "alice", Repositories: n}},
		GitLab: fleettest.GitLabConfig{NoApplicationLimits: true},
	})
	return sim, newClient(t, providers.Config{Base: sim})
}

// GitLab counts no list beyond 10,000 and refuses page numbers beyond 50,000
// projects.
func TestI15_a_user_with_more_projects_than_GitLab_counts_is_read_by_id(t *testing.T) {
	t.Parallel()
	sim, c := simulated(t, 10_250)
	got, err := c.FetchRepositories(t.Context(), "alice")
	if err != nil || len(got) != 10_250 {
		t.Fatalf("FetchRepositories() = %d, %v; want 10250", len(got), err)
	}
	var byNumber, byID int
	for _, r := range sim.Requests() {
		u, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		switch q := u.Query(); {
		case q.Get("page") != "":
			byNumber++
		case q.Get("pagination") == "keyset" && q.Get("id_after") != "":
			byID++
		}
	}
	if byNumber != 0 || byID < 102 {
		t.Errorf("%d pages were asked for by number and %d by id", byNumber, byID)
	}
}

func TestI15_the_pages_of_a_user_are_read_by_number_at_once_and_by_id_in_turn(t *testing.T) {
	t.Parallel()
	for concurrency, parameter := range map[int]string{1: "id_after", 8: "page"} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			t.Parallel()
			sim, c := simulated(t, 450)
			got, err := c.FetchRepositories(t.Context(), "alice", providers.Concurrency(concurrency))
			if err != nil || len(got) != 450 {
				t.Fatalf("FetchRepositories() = %d, %v; want 450", len(got), err)
			}
			requests := sim.Requests()[2:] // after the group that there is not, and the first page
			for _, r := range requests {
				if u, err := url.Parse(r.URL); err != nil || u.Query().Get(parameter) == "" {
					t.Errorf("%s has no %s", r.URL, parameter)
				}
			}
			if len(requests) < 4 {
				t.Errorf("%d further requests", len(requests))
			}
		})
	}
}

// What is deleted before the place that a walk has come to moves the rest
// forward by one, so that page 2 would begin too late.
func TestI15_an_iterator_loses_nothing_when_a_project_is_deleted_meanwhile(t *testing.T) {
	t.Parallel()
	ids := []int{1, 2, 3, 4, 5, 6}
	h := &host{answer: func(r *http.Request) (int, http.Header, string) {
		if strings.HasPrefix(pathOf(r), "groups/") {
			return http.StatusNotFound, nil, `{"message":"404 Group Not Found"}`
		}
		return pageOfIDs(r, ids)
	}}
	var got []string
	for r, err := range h.client(t).Repositories(t.Context(), "alice", providers.PageSize(2)) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, r.ID); len(got) == 2 {
			ids = ids[1:]
		}
	}
	if strings.Join(got, " ") != "1 2 3 4 5 6" {
		t.Errorf("got %v", got)
	}
}

// pageOfIDs answers with two projects, by number or by id as it is asked for.
func pageOfIDs(r *http.Request, ids []int) (int, http.Header, string) {
	q := r.URL.Query()
	var after, number int
	_, _ = fmt.Sscan(q.Get("id_after"), &after)
	_, _ = fmt.Sscan(q.Get("page"), &number)
	left := slices.DeleteFunc(slices.Clone(ids), func(id int) bool { return id <= after })
	left = left[min(len(left), 2*max(0, number-1)):]
	header := http.Header{"X-Total-Pages": {fmt.Sprint((len(ids) + 1) / 2)}}
	if len(left) > 2 {
		left = left[:2]
		q.Set("page", fmt.Sprint(max(1, number)+1))
		if q.Get("pagination") == "keyset" {
			header = http.Header{}
			q.Del("page")
			q.Set("id_after", fmt.Sprint(left[1]))
		}
		header.Set("Link", "<https://gitlab.com"+r.URL.Path+"?"+q.Encode()+`>; rel="next"`)
	}
	var rows []string
	for _, id := range left {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"path":"p%d"}`, id, id))
	}
	return http.StatusOK, header, "[" + strings.Join(rows, ",") + "]"
}
