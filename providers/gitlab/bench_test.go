//lint:file-ignore SA1019 The successor of go-gitlab v0.115.0 is another module; programs that stay with this one are to be served.

package gitlab

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/gitfleet/gitfleet/providers"
	"github.com/xanzy/go-gitlab"
)

// pageOf is a page of n projects.
func pageOf(tb testing.TB, n int) []byte {
	tb.Helper()
	text, err := os.ReadFile("testdata/project.json")
	if err != nil {
		tb.Fatal(err)
	}
	return []byte("[" + strings.Repeat(string(text)+",", n-1) + string(text) + "]")
}

// BenchmarkProjects compares what decoding and mapping cost with what decoding
// costs the library alone, for a page of 100.
func BenchmarkProjects(b *testing.B) {
	page := pageOf(b, 100)
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			decodeByLibrary(b, page)
		}
	})
	b.Run("models", func(b *testing.B) {
		d := &driver{base: &url.URL{Scheme: "https", Host: "gitlab.com"}}
		b.ReportAllocs()
		for b.Loop() {
			decodeModels(b, d, page)
		}
	})
}

func decodeByLibrary(tb testing.TB, page []byte) []*gitlab.Project {
	var all []*gitlab.Project
	if err := json.Unmarshal(page, &all); err != nil {
		tb.Fatal(err)
	}
	return all
}

func decodeModels(tb testing.TB, d *driver, page []byte) []providers.Repository {
	rows, _, err := decodeRows[project](page, false)
	if err != nil {
		tb.Fatal(err)
	}
	all := make([]providers.Repository, 0, len(rows))
	for _, r := range rows {
		all = append(all, d.repository(r, nil))
	}
	return all
}

// A model may take 1.15 times the library's allocations.
func TestProjects_are_mapped_with_few_allocations(t *testing.T) {
	page, d := pageOf(t, 100), &driver{base: &url.URL{Scheme: "https", Host: "gitlab.com"}}
	library := testing.AllocsPerRun(5, func() { decodeByLibrary(t, page) })
	models := testing.AllocsPerRun(5, func() { decodeModels(t, d, page) })
	if models > 1.15*library {
		t.Errorf("%.0f allocations, %.0f by the library", models, library)
	}
}
