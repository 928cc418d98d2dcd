package gitfleet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every piece of Go in the README is a piece of an example, so that it compiles
// and, where the example has an output, runs.
func TestReadme_go_code_is_part_of_an_example(t *testing.T) {
	t.Parallel()
	goIsPartOf(t, "README.md", "example_test.go")
}

// So is that of the guides.
func TestGuides_go_code_is_part_of_an_example(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"cookbook.md", "github.md", "gitlab.md", "bitbucket.md", "cache.md"} {
		goIsPartOf(t, filepath.Join("docs", page), "cookbook_test.go", "example_test.go")
	}
}

// goIsPartOf reports the pieces of Go of a page that are not in one of the
// sources, wherever lines begin.
func goIsPartOf(t *testing.T, page string, sources ...string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var examples string
	for _, source := range sources {
		code, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		examples += unindented(code)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatalf("%s has no Go code", page)
	}
	for _, block := range blocks {
		if !strings.Contains(examples, unindented(block[1])) {
			t.Errorf("%s: no example of %v has these lines:\n%s", page, sources, block[1])
		}
	}
}

// unindented removes the white space at the beginning of lines.
func unindented(text []byte) string {
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(string(text), "")
}
