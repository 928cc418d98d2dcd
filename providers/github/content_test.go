package github_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

func TestDriver_a_file_comes_decoded(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		"/repos/acme/web/contents/docs/a%20b.md?ref=feature%2Fx": `{"type": "file", "encoding": "base64", "size": 5, "sha": "aa", "path": "docs/a b.md", "html_url": "https://h", "content": "aGVs\nbG8=\n"}`,
		"/repos/acme/web/contents/empty":                         `{"type": "file", "encoding": "base64", "size": 0, "sha": "bb", "content": ""}`,
		"/repos/acme/web/contents/link":                          `{"type": "symlink", "target": "/etc/hosts", "size": 10, "sha": "cc"}`,
	})
	c := s.client(t)
	got, err := c.FetchContent(t.Context(), "acme/web", "/docs/a b.md", providers.Ref("feature/x"))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, providers.Content{Origin: from, Path: "docs/a b.md", SHA: "aa", SizeBytes: 5, Data: []byte("hello"), WebURL: "https://h"})
	if got, err := c.FetchContent(t.Context(), "acme/web", "empty"); err != nil || len(got.Data) != 0 {
		t.Errorf("%q, %v", got.Data, err)
	}
	if got, err := c.FetchContent(t.Context(), "acme/web", "link"); err != nil || string(got.Data) != "/etc/hosts" || got.SizeBytes != 10 {
		t.Errorf("%q of %d bytes, %v", got.Data, got.SizeBytes, err)
	}
	if len(s.urls()) != 3 {
		t.Errorf("asked for %q", s.urls())
	}
}

// large is a host with a file that is described without its content.
type large struct {
	script
	data []byte
}

func (l *large) RoundTrip(r *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"type": "file", "encoding": "none", "size": %d, "sha": "aa", "content": ""}`, 2<<20)
	if strings.Contains(r.Header.Get("Accept"), "raw") {
		body = string(l.data)
	}
	l.answers = map[string]reply{"/repos/acme/web/contents/big": {body: body}}
	return l.script.RoundTrip(r)
}

func TestI15_a_file_of_more_than_1_MiB_comes_whole(t *testing.T) {
	t.Parallel()
	whole := bytes.Repeat([]byte("0123456789abcdef"), 2<<20/16)
	for _, tt := range []struct {
		data []byte
		want error
	}{{whole, nil}, {whole[1:], providers.ErrMalformed}, {nil, providers.ErrMalformed}} {
		l := &large{script: script{base: "https://api.github.com"}, data: tt.data}
		c := clientOver(t, l, l.base)
		got, err := c.FetchContent(t.Context(), "acme/web", "big")
		if tt.want != nil {
			wantError(t, err, tt.want, "")
		} else if err != nil || !bytes.Equal(got.Data, whole) || got.SizeBytes != 2<<20 {
			t.Errorf("%d bytes, %v", len(got.Data), err)
		}
	}
}

func TestDriver_what_is_no_file_is_not_found(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		"/repos/acme/web/contents/docs": `[{"type": "file", "path": "docs/a"}]`,
		"/repos/acme/web/contents/sub":  `{"type": "submodule", "submodule_git_url": "git://x", "sha": "aa"}`,
		"/repos/acme/web/contents/odd":  `{"type": "file", "encoding": "base64", "size": 3, "content": "***"}`,
		"/repos/acme/web/contents/none": `{"message": "?"}`,
	})
	c := s.client(t)
	for path, want := range map[string]struct {
		kind error
		text string
	}{
		"docs": {providers.ErrNotFound, `"docs" is a directory`},
		"sub":  {providers.ErrNotFound, `"sub" is a submodule`},
		"odd":  {providers.ErrMalformed, "base64"},
		"none": {providers.ErrMalformed, "no file"},
		"nope": {providers.ErrNotFound, "404"},
	} {
		_, err := c.FetchContent(t.Context(), "acme/web", path)
		wantError(t, err, want.kind, want.text)
	}
}

// forest is a repository whose trees are cut off when they are asked for with
// all below them.
func forest() *script {
	return told(map[string]string{
		"/repos/acme/web/git/trees/main?recursive=1": `{"tree": [{"path": "a", "type": "tree", "sha": "ta"}], "truncated": true}`,
		"/repos/acme/web/git/trees/main": `{"tree": [{"path": "a", "type": "tree", "mode": "040000", "sha": "ta"},
			{"path": "b", "type": "tree", "mode": "040000", "sha": "tb"}, {"path": "c", "type": "blob", "mode": "100644", "sha": "fc", "size": 3}]}`,
		"/repos/acme/web/git/trees/ta?recursive=1": `{"tree": [{"path": "x", "type": "tree", "mode": "040000", "sha": "tx"},
			{"path": "x/1", "type": "blob", "mode": "100755", "sha": "f1", "size": 1}, {"path": "y", "type": "blob", "mode": "120000", "sha": "fy", "size": 2}]}`,
		"/repos/acme/web/git/trees/ta":             `{"tree": [{"path": "x", "type": "tree", "mode": "040000", "sha": "tx"}, {"path": "y", "type": "blob", "mode": "120000", "sha": "fy", "size": 2}]}`,
		"/repos/acme/web/git/trees/tx?recursive=1": `{"tree": [{"path": "1", "type": "blob", "mode": "100755", "sha": "f1", "size": 1}]}`,
		"/repos/acme/web/git/trees/tb?recursive=1": `{"tree": [{"path": "m", "type": "commit", "mode": "160000", "sha": "sm"}]}`,
	})
}

func pathsOf(entries []providers.TreeEntry) (all []string) {
	for _, e := range entries {
		all = append(all, string(e.Kind)+" "+e.Path)
	}
	return all
}

func TestI15_a_tree_that_GitHub_cuts_off_is_read_by_its_parts(t *testing.T) {
	t.Parallel()
	c := forest().client(t)
	got, err := c.FetchTree(t.Context(), "acme/web", "", providers.Ref("main"), providers.Recursive())
	want := []string{"directory a", "directory a/x", "file a/x/1", "symlink a/y", "directory b", "submodule b/m", "file c"}
	if err != nil || !slices.Equal(pathsOf(got), want) {
		t.Errorf("%q, %v; want %q", pathsOf(got), err, want)
	}
	if got[0].SizeBytes != nil || got[2].SizeBytes == nil || *got[2].SizeBytes != 1 || got[2].SHA != "f1" {
		t.Errorf("%+v", got)
	}
}

func TestI15_a_directory_that_GitHub_cuts_off_is_an_error_with_what_was_read(t *testing.T) {
	t.Parallel()
	s := forest()
	s.answers["/repos/acme/web/git/trees/ta?recursive=1"] = reply{body: `{"tree": [], "truncated": true}`}
	s.answers["/repos/acme/web/git/trees/ta"] = reply{body: `{"tree": [{"path": "y", "type": "blob", "sha": "fy"}], "truncated": true}`}
	c := s.client(t)
	got, err := c.FetchTree(t.Context(), "acme/web", "", providers.Ref("main"), providers.Recursive())
	wantError(t, err, providers.ErrTooLarge, `all of "a"`)
	if want := []string{"directory a", "file a/y"}; !slices.Equal(pathsOf(got), want) {
		t.Errorf("%q, want %q", pathsOf(got), want)
	}
}

func TestDriver_a_directory_is_found_from_the_root(t *testing.T) {
	t.Parallel()
	s := forest()
	c := s.client(t)
	got, err := c.FetchTree(t.Context(), "acme/web", "a/", providers.Ref("main"))
	if want := []string{"directory a/x", "symlink a/y"}; err != nil || !slices.Equal(pathsOf(got), want) {
		t.Errorf("%q, %v; want %q", pathsOf(got), err, want)
	}
	if want := []string{"/repos/acme/web/git/trees/main", "/repos/acme/web/git/trees/ta"}; !slices.Equal(s.urls(), want) {
		t.Errorf("asked for %q, want %q", s.urls(), want)
	}
	for _, path := range []string{"c", "a/nope", "nope/x"} {
		_, err := c.FetchTree(t.Context(), "acme/web", path, providers.Ref("main"))
		wantError(t, err, providers.ErrNotFound, "is no directory")
	}
}

func TestDriver_a_revision_with_slashes_is_one_segment(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{"/repos/acme/web/git/trees/feature%2Fx": `{"tree": []}`})
	if _, err := s.client(t).FetchTree(t.Context(), "acme/web", "", providers.Ref("feature/x")); err != nil {
		t.Error(err)
	}
}

func FuzzDriver_reads_any_content(f *testing.F) {
	f.Add(`{"type": "file", "encoding": "base64", "size": 5, "content": "aGVsbG8="}`)
	f.Add(`[{"path": 1}]`)
	f.Add(`{"type": "file", "content": null, "size": -1}`)
	f.Fuzz(func(t *testing.T, body string) {
		c := told(map[string]string{"/repos/acme/web/contents/f": body}).client(t)
		got, err := c.FetchContent(t.Context(), "acme/web", "f")
		if err == nil && got.SizeBytes != int64(len(got.Data)) {
			t.Errorf("%d bytes, and %d are said", len(got.Data), got.SizeBytes)
		}
	})
}
