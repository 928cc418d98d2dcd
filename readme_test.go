package gitfleet_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every piece of Go in the README is a piece of an example, so that it compiles
// and, where the example has an output, runs.
func TestReadme_go_code_is_part_of_an_example(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(blocks) == 0 {
		t.Fatal("README.md has no Go code")
	}
	for _, block := range blocks {
		if !strings.Contains(unindented(examples), unindented(block[1])) {
			t.Errorf("no example of example_test.go has these lines:\n%s", block[1])
		}
	}
}

// unindented removes the white space at the beginning of lines.
func unindented(text []byte) string {
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(string(text), "")
}
