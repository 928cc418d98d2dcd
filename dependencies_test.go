package gitfleet_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A required is a module that go.mod asks for.
type required struct {
	Path, Version string
	Indirect      bool
}

func requirements(t *testing.T) []required {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit: %v\n%s", err, &stderr)
	}
	var mod struct{ Require []required }
	if err := json.Unmarshal(out, &mod); err != nil || len(mod.Require) == 0 {
		t.Fatalf("go mod edit: %d requirements, %v", len(mod.Require), err)
	}
	return mod.Require
}

// What the page says of a dependency is so, and none is missing or left over.
func TestDependencies_have_a_row_each_with_the_version_and_who_imports_them(t *testing.T) {
	t.Parallel()
	page := page(t, "docs/dependencies.md")
	packages := list(t)
	rows := map[string][]string{}
	for _, row := range tableRows(section(page, "## Direct ones"))[1:] {
		rows[strings.Trim(row[0], "`")] = row
	}
	for _, m := range requirements(t) {
		if m.Indirect {
			if !strings.Contains(page, "`"+m.Path+"`") {
				t.Errorf("docs/dependencies.md does not say what brings %s", m.Path)
			}
			continue
		}
		row, ok := rows[m.Path]
		delete(rows, m.Path)
		if !ok || len(row) < 7 {
			t.Errorf("docs/dependencies.md has no row of 7 cells for %s %s", m.Path, m.Version)
			continue
		}
		if row[1] != m.Version {
			t.Errorf("docs/dependencies.md: %s is %s, want %s", m.Path, row[1], m.Version)
		}
		if got, want := strings.Split(row[6], ", "), importers(packages, m.Path); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("docs/dependencies.md: %s is linked into %s, want %v", m.Path, got, want)
		}
	}
	for path := range rows {
		if strings.Contains(path, ".") {
			t.Errorf("docs/dependencies.md: go.mod does not ask for %s", path)
		}
	}
}

// importers returns the packages that import something of a module, examples
// apart, in the form of the page.
func importers(packages []pkg, module string) []string {
	var names []string
	for _, p := range packages {
		name := relative(p.ImportPath)
		if !below(name, "examples") && slices.ContainsFunc(p.Imports, func(i string) bool { return below(i, module) }) {
			names = append(names, "`"+name+"`")
		}
	}
	if names == nil {
		return []string{"tests"}
	}
	return names
}
