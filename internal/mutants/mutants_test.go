package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func TestMutants_fit_the_code_and_every_invariant_has_two(t *testing.T) {
	t.Parallel()
	count := map[int]int{}
	for _, m := range mutants {
		count[m.invariant]++
		text, err := os.ReadFile(filepath.Join(root, m.file))
		if err != nil {
			t.Error(err)
			continue
		}
		broken, err := m.apply(string(text))
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), m.file, broken, 0); err != nil {
			t.Errorf("the mutant of I%d is no Go: %v", m.invariant, err)
		}
	}
	for i := range 18 {
		if n := count[i+1]; n < 2 {
			t.Errorf("I%d has %d mutants, want 2 or more", i+1, n)
		}
	}
}

func TestMutants_are_all_on_the_page(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs", "mutants.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page(), string(text)); diff != "" {
		t.Errorf("docs/mutants.md (write it with go run ./internal/mutants -list) differs (-want +got):\n%s", diff)
	}
}

func TestMutants_killer_is_the_first_test_that_failed(t *testing.T) {
	t.Parallel()
	if got := killerIn("x\n--- FAIL: TestI5_a (0.00s)\n--- FAIL: TestI5_b (0.00s)\n"); got != "TestI5_a" {
		t.Errorf("killerIn() = %q", got)
	}
}
