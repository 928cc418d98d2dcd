package gitlab_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/gitfleet/gitfleet/providers"
)

// linking is a host whose first page of branches has these headers, the first
// few times that it is asked for.
func linking(header http.Header) *host {
	var times atomic.Int64
	return &host{answer: func(r *http.Request) (int, http.Header, string) {
		if times.Add(1) > 10 {
			return http.StatusOK, nil, "[]"
		}
		if number := r.URL.Query().Get("page"); number != "" || strings.Contains(r.URL.RawQuery, "page_token") {
			return http.StatusOK, nil, fmt.Sprintf(`[{"name":"on-page-%s"}]`, number)
		}
		return http.StatusOK, header, `[{"name":"first"}]`
	}}
}

func TestI15_lists_follow_the_way_that_GitLab_shows(t *testing.T) {
	t.Parallel()
	const here = "https://gitlab.com/api/v4/projects/garden%2Ftools/repository/branches?"
	for name, tt := range map[string]struct {
		header http.Header
		names  string
	}{
		"nowhere":                  {http.Header{}, "first"},
		"by number":                {http.Header{"Link": {`<` + here + `page=1>; rel="prev", <` + here + `page=2&per_page=100>; rel="next", <` + here + `page=9>; rel="last"`}}, "first on-page-2"},
		"without quotes":           {http.Header{"Link": {`<` + here + `page=2>; rel=next; title="x"`}}, "first on-page-2"},
		"with a comma in it":       {http.Header{"Link": {`<` + here + `page=2&x=a,b;c>; rel="next"`}}, "first on-page-2"},
		"in several headers":       {http.Header{"Link": {`<` + here + `page=1>; rel="first"`, `<` + here + `page=2>; rel="next"`}}, "first on-page-2"},
		"relative to the page":     {http.Header{"Link": {`<?page=2>; rel="next"`}}, "first on-page-2"},
		"by a token":               {http.Header{"Link": {`<` + here + `pagination=keyset&page_token=abc>; rel="next"`}}, "first on-page-"},
		"by X-Next-Page alone":     {http.Header{"X-Next-Page": {"2"}}, "first on-page-2"},
		"X-Next-Page has the link": {http.Header{"X-Next-Page": {"3"}, "Link": {`<` + here + `page=2>; rel="next"`}}, "first on-page-2"},
		"an empty X-Next-Page":     {http.Header{"X-Next-Page": {""}}, "first"},
		"no link that makes sense": {http.Header{"Link": {`next, <x`}}, "first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := linking(tt.header).client(t).FetchBranches(t.Context(), "garden/tools")
			var names []string
			for _, b := range got {
				names = append(names, b.Name)
			}
			if strings.Join(names, " ") != tt.names || err != nil {
				t.Errorf("%v, %v; want %s", names, err, tt.names)
			}
		})
	}
}

// A way that leads elsewhere is neither followed nor taken for the end.
func TestI2_I15_lists_follow_no_link_that_leads_elsewhere(t *testing.T) {
	t.Parallel()
	for _, next := range []string{
		"https://evil.example/api/v4/projects/1/repository/branches?page=2", "http://gitlab.com/api/v4/x?page=2", "//evil.example/api/v4/x?page=2",
		"https://gitlab.com.evil.example/api/v4/x?page=2", "https://gitlab.com:8443/api/v4/x?page=2", "https://gitlab.com/login?page=2",
		"https://user@gitlab.com/api/v4/x?page=2", "https://gitlab.com/api/v4/../../login?page=2", "https://gitlab.com/api/v4/projects/garden%2Ftools/repository/branches?per_page=100", "%zz",
	} {
		t.Run(next, func(t *testing.T) {
			t.Parallel()
			h := linking(http.Header{"Link": {"<" + next + `>; rel="next"`}})
			c := h.client(t)
			got, err := c.FetchBranches(t.Context(), "garden/tools")
			if len(got) != 1 || !errors.Is(err, providers.ErrMalformed) {
				t.Errorf("%v, %v; want what came before, and an error", got, err)
			}
			var pages int
			for _, err = range c.Pages(t.Context(), "projects/garden%2Ftools/repository/branches?per_page=100") {
				if err == nil {
					pages++
				}
			}
			if pages > 1 || !errors.Is(err, providers.ErrMalformed) {
				t.Errorf("%d pages, %v", pages, err)
			}
			if len(h.asked) != 2 {
				t.Errorf("asked for %v", h.asked)
			}
		})
	}
}

// X-Total-Pages says how many pages may be asked for at once. Four of them wait
// for each other.
func TestFetchBranches_asks_for_counted_pages_at_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var together sync.WaitGroup
		together.Add(4)
		h := &host{answer: func(r *http.Request) (int, http.Header, string) {
			number := r.URL.Query().Get("page")
			header := http.Header{"X-Total-Pages": {"5"}}
			if number == "" {
				header.Set("Link", `<https://gitlab.com`+r.URL.EscapedPath()+`?page=2&per_page=100>; rel="next"`)
			} else {
				together.Done()
				together.Wait()
			}
			return http.StatusOK, header, fmt.Sprintf(`[{"name":"b%s"}]`, number)
		}}
		got, err := h.client(t).FetchBranches(t.Context(), "garden/tools")
		if err != nil || len(got) != 5 || got[1].Name != "b2" || got[4].Name != "b5" {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// A project that has moved is redirected to its id, and its list goes on there.
func TestFetchBranches_follows_a_project_that_has_moved_within_the_host_only(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]error{
		"https://gitlab.com/api/v4/projects/7/repository/branches":   nil,
		"https://evil.example/api/v4/projects/7/repository/branches": providers.ErrMalformed,
		"http://gitlab.com/api/v4/projects/7/repository/branches":    providers.ErrMalformed,
	} {
		t.Run(location, func(t *testing.T) {
			t.Parallel()
			h := &host{answer: func(r *http.Request) (int, http.Header, string) {
				if r.URL.Path == "/api/v4/projects/7/repository/branches" {
					return http.StatusOK, nil, `[{"name":"main"}]`
				}
				return http.StatusMovedPermanently, http.Header{"Location": {location}}, "moved"
			}}
			got, err := h.client(t).FetchBranches(t.Context(), "garden/tools")
			if !errors.Is(err, want) || want == nil && len(got) != 1 {
				t.Errorf("%v, %v; want %v", got, err, want)
			}
			if want != nil && len(h.asked) != 1 {
				t.Errorf("asked for %v", h.asked)
			}
		})
	}
}
