package github

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/google/go-github/v66/github"
)

// BenchmarkMapping compares decoding a page of repositories by the library alone
// with decoding and making our records of them. "per repository" is what
// ns/op and allocs/op are divided by.
func BenchmarkMapping(b *testing.B) {
	one, err := os.ReadFile("testdata/repository.json")
	if err != nil {
		b.Fatal(err)
	}
	page := append([]byte("["), bytes.TrimSuffix(bytes.Repeat(append(one, ','), 100), []byte(","))...)
	page = append(page, ']')
	d := newDriver(github.NewClient(nil))
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var rows []*github.Repository
			if err := json.NewDecoder(bytes.NewReader(page)).Decode(&rows); err != nil || len(rows) != 100 {
				b.Fatal(len(rows), err)
			}
		}
	})
	b.Run("library and ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rows, _, err := decodeList[github.Repository](&http.Response{
				StatusCode: http.StatusOK, ContentLength: -1, Body: io.NopCloser(bytes.NewReader(page)),
			}, false)
			if err != nil {
				b.Fatal(err)
			}
			ours := make([]providers.Repository, 0, len(rows))
			for _, r := range rows {
				ours = append(ours, d.repository(providers.NewOrigin(d.info, r), r))
			}
			if len(ours) != 100 {
				b.Fatal(len(ours))
			}
		}
	})
}
