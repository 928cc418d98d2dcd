package bitbucket_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-cmp/cmp"
)

// entries are a page of a directory. A name that ends in a slash is a directory.
func entries(next string, paths ...string) string {
	var all []string
	for _, p := range paths {
		kind := "commit_file"
		if dir, ok := strings.CutSuffix(p, "/"); ok {
			p, kind = dir, "commit_directory"
		}
		all = append(all, fmt.Sprintf(`{"type":%q,"path":%q,"size":3,"commit":{"hash":"c0ffee"}}`, kind, p))
	}
	return `{"pagelen":100,"values":[` + strings.Join(all, ",") + `],"next":"` + next + `"}`
}

func paths(all []providers.TreeEntry) []string {
	var list []string
	for _, e := range all {
		list = append(list, e.Path)
	}
	return list
}

const src = "/repositories/acme/web/src"

func TestTree_lists_a_directory(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		src + "/main/docs%20x/a/": `{"pagelen":100,"values":[
			{"type":"commit_directory","path":"docs x/a/b","commit":{"hash":"c0ffee"}},
			{"type":"commit_file","path":"docs x/a/c.md","size":12,"attributes":["executable"]},
			{"type":"commit_file","path":"docs x/a/link","size":5,"attributes":["link"]},
			{"type":"commit_file","path":"docs x/a/sub","size":40,"attributes":["subrepository"]}],"next":"` + home + src + `/c0ffee/x?page=2"}`,
		src + "/c0ffee/x?page=2": entries("", "docs x/a/d/"),
	})
	got, err := s.client(t).FetchTree(t.Context(), "acme/web", "/docs x/a/", providers.Ref("main"))
	wantRecords(t, got, err, []providers.TreeEntry{
		{Origin: from, Path: "docs x/a/b", Kind: providers.Directory},
		{Origin: from, Path: "docs x/a/c.md", Kind: providers.File, SizeBytes: new(int64(12))},
		{Origin: from, Path: "docs x/a/link", Kind: providers.Symlink, SizeBytes: new(int64(5))},
		{Origin: from, Path: "docs x/a/sub", Kind: providers.Submodule},
		{Origin: from, Path: "docs x/a/d", Kind: providers.Directory},
	})
	wantAsked(t, s, src+"/main/docs%20x/a/?pagelen=100", src+"/c0ffee/x?page=2")
}

// deep answers for a tree as Bitbucket does: level by level, down to max_depth.
type deep struct {
	*script
	files []string
	most  int // the depth above which it takes too long
}

func (d *deep) answer(t *testing.T) {
	t.Helper()
	dirs := map[string]bool{"": true}
	for _, f := range d.files {
		for i := range f {
			if f[i] == '/' {
				dirs[f[:i]] = true
			}
		}
	}
	for dir := range dirs {
		for _, depth := range []int{1, 10} {
			where := src + "/main/" + dir
			if dir != "" {
				where = src + "/c0ffee/" + strings.ReplaceAll((&url.URL{Path: dir}).EscapedPath(), "%2F", "/") + "/"
			}
			where += "?max_depth=" + strconv.Itoa(depth) + "&pagelen=100"
			if depth > d.most {
				d.answers[where] = reply{status: 555}
				d.answers[strings.Replace(where, "/main/", "/c0ffee/", 1)] = reply{status: 555}
				continue
			}
			found := d.below(dir, depth, dirs)
			d.answers[where] = reply{body: entries("", found...)}
			d.answers[strings.Replace(where, "/main/", "/c0ffee/", 1)] = reply{body: entries("", found...)}
		}
	}
}

func (d *deep) below(dir string, depth int, dirs map[string]bool) []string {
	prefix := dir + "/"
	if dir == "" {
		prefix = ""
	}
	var found []string
	add := func(path, as string) {
		rest, ok := strings.CutPrefix(path, prefix)
		if ok && rest != "" && strings.Count(rest, "/") < depth {
			found = append(found, as)
		}
	}
	for sub := range dirs {
		add(sub, sub+"/")
	}
	for _, f := range d.files {
		add(f, f)
	}
	slices.Sort(found)
	return found
}

// No directory is left out, however deep it is.
func TestI15_Tree_goes_down_to_the_bottom(t *testing.T) {
	t.Parallel()
	bottom := strings.TrimSuffix(strings.Repeat("d/", 25), "/")
	files := []string{
		"README.md", "a/x", "a/b/c/y", "d/f", bottom + "/f1", bottom + "/f2",
		strings.Repeat("e/", 9) + "f", strings.Repeat("e/", 10) + "f", strings.Repeat("é k/", 11) + "f",
	}
	want := map[string]bool{}
	for _, f := range files {
		want[f] = true
		for i := range f {
			if f[i] == '/' {
				want[f[:i]] = true
			}
		}
	}
	for _, tt := range []struct {
		name     string
		most     int
		requests int
	}{
		{"ten levels at once", 10, 1 + 2 + 1 + 1},
		{"one level at once where ten take too long", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &deep{script: told(nil), files: files, most: tt.most}
			s.answer(t)
			got, err := s.client(t).FetchTree(t.Context(), "acme/web", "", providers.Ref("main"), providers.Recursive())
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, p := range paths(got) {
				if seen[p] {
					t.Errorf("%s was there before", p)
				}
				seen[p] = true
			}
			if diff := cmp.Diff(want, seen); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
			if n := len(s.urls()); tt.requests > 0 && n != tt.requests {
				t.Errorf("%d requests, want %d: %v", n, tt.requests, s.urls())
			}
		})
	}
}

// Bitbucket gives up in the middle: what came before is not lost or doubled.
func TestI15_Tree_goes_on_after_a_page_that_took_too_long(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		src + "/main/?max_depth=10&pagelen=100":    entries(home+src+"/c0ffee/?page=2", "a/", "b", "a/c"),
		src + "/c0ffee/?max_depth=1&pagelen=100":   entries("", "a/", "b", "z/"),
		src + "/c0ffee/a/?max_depth=1&pagelen=100": entries("", "a/c", "a/d"),
		src + "/c0ffee/z/?max_depth=1&pagelen=100": entries("", "z/e"),
	})
	s.answers[src+"/c0ffee/?page=2"] = reply{status: 555, body: "<html></html>"}
	got, err := s.client(t).FetchTree(t.Context(), "acme/web", "", providers.Ref("main"), providers.Recursive())
	if err != nil || !slices.Equal(paths(got), []string{"a", "b", "a/c", "z", "a/d", "z/e"}) {
		t.Errorf("FetchTree() = %v, %v", paths(got), err)
	}

	s = &script{answers: map[string]reply{src + "/main/": {status: 555}}}
	_, err = s.client(t).FetchTree(t.Context(), "acme/web", "", providers.Ref("main"), providers.Recursive())
	wantError(t, err, providers.ErrUnavailable)
	wantAsked(t, s, src+"/main/?max_depth=10&pagelen=100", src+"/main/?max_depth=1&pagelen=100")

	// One level cannot be made shallower.
	s = &script{answers: map[string]reply{src + "/main/": {status: 555}}}
	_, err = s.client(t).FetchTree(t.Context(), "acme/web", "", providers.Ref("main"))
	wantError(t, err, providers.ErrUnavailable)
	wantAsked(t, s, src+"/main/?pagelen=100")
}

// What is put off comes after the pages that are left.
func TestI15_Tree_reads_all_pages_before_it_goes_deeper(t *testing.T) {
	t.Parallel()
	tenth := strings.TrimSuffix(strings.Repeat("d/", 10), "/")
	s := told(map[string]string{
		src + "/main/?max_depth=10&pagelen=100":                               entries(home+src+"/c0ffee/?page=2", tenth+"/"),
		src + "/c0ffee/?page=2":                                               entries("", "z"),
		src + "/c0ffee/" + tenth + "/?max_depth=10&pagelen=100":               entries(home+src+"/c0ffee/d/?page=2", tenth+"/a"),
		src + "/c0ffee/d/?page=2":                                             entries("", tenth+"/"+tenth+"/"),
		src + "/c0ffee/" + tenth + "/" + tenth + "/?max_depth=10&pagelen=100": entries("", tenth+"/"+tenth+"/b"),
	})
	got, err := s.client(t).FetchTree(t.Context(), "acme/web", "", providers.Ref("main"), providers.Recursive())
	want := []string{tenth, "z", tenth + "/a", tenth + "/" + tenth, tenth + "/" + tenth + "/b"}
	if err != nil || !slices.Equal(paths(got), want) {
		t.Errorf("FetchTree() = %v, %v; want %v", paths(got), err, want)
	}
}

func TestTree_of_what_is_no_directory(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repositories/acme/web": `{"uuid":"{r}","full_name":"acme/web","mainbranch":null}`})
	if got, err := s.client(t).FetchTree(t.Context(), "acme/web", ""); err != nil || got == nil || len(got) != 0 {
		t.Errorf("an empty repository has %v, %v", got, err)
	}
	_, err := s.client(t).FetchTree(t.Context(), "acme/web", "gone", providers.Ref("main"))
	wantError(t, err, providers.ErrNotFound)
	s = &script{answers: map[string]reply{src + "/main/package.json/": attachment("application/json", `{"values":[],"pagelen":10}`)}}
	_, err = s.client(t).FetchTree(t.Context(), "acme/web", "package.json", providers.Ref("main"))
	if !errors.Is(err, providers.ErrInvalid) {
		t.Errorf("a file: %v, want %v", err, providers.ErrInvalid)
	}
}
