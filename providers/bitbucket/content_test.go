package bitbucket_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
)

// attachment is a file as Bitbucket sends it.
func attachment(kind, body string) reply {
	return reply{header: http.Header{"Content-Type": {kind}, "Content-Disposition": {`attachment; filename="x"`}}, body: body}
}

func TestContent_is_the_file_as_it_is(t *testing.T) {
	t.Parallel()
	binary := "\x00\xff\r\n" + strings.Repeat("x", 70_000)
	s := &script{answers: map[string]reply{
		"/repositories/acme/web":           {body: main},
		src + "/main/a%20b/c%23%3F%25.bin": attachment("application/octet-stream", binary),
		src + "/v1/list.json":              attachment("application/json", entries("", "docs/")),
		src + "/v1/empty":                  attachment("text/plain", ""),
		src + "/v1/plain.json":             {body: `{"a":1}`},
		src + "/v1/values.json":            {body: `{"values":[]}`},
	}}
	c := s.client(t)
	got, err := c.FetchContent(t.Context(), "acme/web", "a b/c#?%.bin")
	wantRecords(t, []providers.Content{got}, err, []providers.Content{{
		Origin: from, Path: "a b/c#?%.bin", SizeBytes: int64(len(binary)), Data: []byte(binary),
	}})
	wantAsked(t, s, "/repositories/acme/web?fields=uuid%2Cfull_name%2Cmainbranch.name", src+"/main/a%20b/c%23%3F%25.bin")
	for path, want := range map[string]string{"list.json": entries("", "docs/"), "empty": "", "plain.json": `{"a":1}`, "values.json": `{"values":[]}`} {
		if got, err := c.FetchContent(t.Context(), "acme/web", path, providers.Ref("v1")); err != nil || string(got.Data) != want {
			t.Errorf("%s: %q, %v", path, got.Data, err)
		}
	}
}

func TestContent_keeps_the_files_record_if_asked(t *testing.T) {
	t.Parallel()
	const record = `{"type":"commit_file","path":"x","size":3,"attributes":["executable"]}`
	s := told(map[string]string{src + "/v1/x?format=meta": record, src + "/v1/x": "abc"})
	got, err := s.client(t).FetchContent(t.Context(), "acme/web", "x", providers.Ref("v1"), providers.Raw())
	if err != nil || string(got.Raw) != record || string(got.Data) != "abc" {
		t.Errorf("FetchContent() = %q with %s, %v", got.Data, got.Raw, err)
	}
}

func TestContent_of_what_is_no_file(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{
		"/repositories/acme/web": `{"uuid":"{r}","full_name":"acme/web","mainbranch":null}`,
		src + "/v1/docs":         entries("", "docs/a"), src + "/v1/bare": `{"pagelen":10,"values":[]}`,
	})
	c := s.client(t)
	for _, dir := range []string{"docs", "bare"} {
		_, err := c.FetchContent(t.Context(), "acme/web", dir, providers.Ref("v1"))
		wantError(t, err, providers.ErrInvalid, "is a directory")
	}
	_, err := c.FetchContent(t.Context(), "acme/web", "x")
	wantError(t, err, providers.ErrNotFound, "empty")
}

// What LFS keeps is at another host, which wants no credential of ours.
func TestI2_Content_kept_elsewhere_is_fetched_without_the_credential(t *testing.T) {
	t.Parallel()
	const storage = "https://api.media.atlassian.example/file/1?token=signed"
	s := &script{answers: map[string]reply{
		src + "/v1/big": {status: 301, header: http.Header{"Location": {storage}}},
		storage:         {header: http.Header{"Content-Type": {"application/octet-stream"}}, body: "big"},
	}}
	got, err := s.client(t).FetchContent(t.Context(), "acme/web", "big", providers.Ref("v1"))
	if err != nil || string(got.Data) != "big" {
		t.Errorf("FetchContent() = %q, %v", got.Data, err)
	}
	for _, r := range s.asked {
		if has := r.Header.Get("Authorization") != ""; has != (r.URL.Host == "api.bitbucket.org") {
			t.Errorf("%s: with a credential: %v", r.URL, has)
		}
	}
	s = &script{answers: map[string]reply{src + "/v1/big": {status: 301, header: http.Header{"Location": {"http://storage.example/1"}}}}}
	_, err = s.client(t).FetchContent(t.Context(), "acme/web", "big", providers.Ref("v1"))
	wantError(t, err, providers.ErrMalformed, "redirect")
	wantAsked(t, s, src+"/v1/big")
}

// A file is read to its end, or it is an error.
func TestI15_Content_that_breaks_off_is_an_error(t *testing.T) {
	t.Parallel()
	s := told(map[string]string{src + "/v1/x": "abc"})
	broken := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := s.RoundTrip(r)
		resp.Body = io.NopCloser(io.MultiReader(resp.Body, cut{}))
		return resp, err
	})
	c := portable(t, broken)
	if got, err := c.FetchContent(t.Context(), "acme/web", "x", providers.Ref("v1")); err == nil || len(got.Data) > 0 {
		t.Errorf("FetchContent() = %q, %v", got.Data, err)
	}
}

// cut is where a connection ends.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
