package gitlab_test

import (
	"errors"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-cmp/cmp"
)

func TestFetchContent_decodes_files_of_any_kind(t *testing.T) {
	t.Parallel()
	const file = `{"file_name":"a b.md","file_path":"docs/a b.md","size":4,"blob_id":"b10b","ref":"main","encoding":`
	for name, tt := range map[string]struct{ text, want string }{
		"base64":              {`"base64","content":"AP/+Cg=="}`, "\x00\xff\xfe\n"},
		"base64 in lines":     {`"base64","content":"AP/+\nCg==\n"}`, "\x00\xff\xfe\n"},
		"text":                {`"text","content":"abc\n"}`, "abc\n"},
		"nothing in the file": {`"base64","content":""}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := says(map[string]string{ofTools + "repository/files/docs%2Fa%20b%2Emd": file + tt.text})
			got, err := h.client(t).FetchContent(t.Context(), "garden/tools", "docs/a b.md")
			if err != nil || string(got.Data) != tt.want || got.Path != "docs/a b.md" || got.SHA != "b10b" || got.SizeBytes != 4 {
				t.Errorf("%+v, %v", got, err)
			}
			h.wantAsked(t, "GET /api/v4/"+ofTools+"repository/files/docs%2Fa%20b%2Emd?ref=HEAD")
		})
	}
	h := says(map[string]string{ofTools + "repository/files/x": file + `"base64","content":"*"}`})
	if _, err := h.client(t).FetchContent(t.Context(), "garden/tools", "x", providers.Ref("v1")); !errors.Is(err, providers.ErrMalformed) {
		t.Errorf("no base64: %v", err)
	}
	h.wantAsked(t, "GET /api/v4/"+ofTools+"repository/files/x?ref=v1")
}

func TestFetchTree_tells_files_from_what_is_none(t *testing.T) {
	t.Parallel()
	h := says(map[string]string{ofTools + "repository/tree": `[{"id":"1","name":"d","type":"tree","path":"x/d","mode":"040000"},
		{"id":"2","name":"f","type":"blob","path":"x/f","mode":"100755"},{"id":"3","name":"l","type":"blob","path":"x/l","mode":"120000"},
		{"id":"4","name":"s","type":"commit","path":"x/s","mode":"160000"}]`})
	got, err := h.client(t).FetchTree(t.Context(), "garden/tools", "x")
	want := []providers.TreeEntry{
		{Origin: gitlabOrigin, Path: "x/d", SHA: "1", Kind: providers.Directory},
		{Origin: gitlabOrigin, Path: "x/f", SHA: "2", Kind: providers.File},
		{Origin: gitlabOrigin, Path: "x/l", SHA: "3", Kind: providers.Symlink},
		{Origin: gitlabOrigin, Path: "x/s", SHA: "4", Kind: providers.Submodule},
	}
	if diff := cmp.Diff(want, got, ignoreOrigin); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestFetchLanguages_turns_percentages_into_shares(t *testing.T) {
	t.Parallel()
	got, err := says(map[string]string{ofTools + "languages": `{"Shell":6.25,"Go":87.5,"Make":6.25}`}).client(t).FetchLanguages(t.Context(), "garden/tools")
	want := []providers.Language{{Name: "Go", Share: 0.875}, {Name: "Make", Share: 0.0625}, {Name: "Shell", Share: 0.0625}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if got, err := says(map[string]string{ofTools + "languages": `{}`}).client(t).FetchLanguages(t.Context(), "garden/tools"); err != nil || got == nil || len(got) != 0 {
		t.Errorf("no languages: %v, %v", got, err)
	}
}
