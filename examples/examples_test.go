// Package examples holds what is true of all examples.
package examples

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/predecessors.md is worth reading as long as what it names is there.
func TestPredecessors_names_what_exists(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/predecessors.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([^`\n]+)`").FindAllSubmatch(page, -1)
	if len(named) < 100 {
		t.Fatalf("the page names %d things, want more", len(named))
	}
	exists := declared(t)
	for _, name := range named {
		switch name := string(name[1]); {
		case strings.HasSuffix(name, "/"), strings.ContainsAny(name, " \n"): // a folder, a command
		case strings.HasPrefix(name, "examples/"):
			if _, err := os.Stat(filepath.Join("..", name, "main_test.go")); err != nil {
				t.Errorf("%s has no test: %v", name, err)
			}
		case regexp.MustCompile(`^(Test|Example|Fuzz)\w+$|\.`).MatchString(name) && !exists[name]:
			t.Errorf("there is no %s", name)
		}
	}
}

// So are the pages that say which test shows what, and which command prints
// which figure.
func TestPages_name_tests_that_exist(t *testing.T) {
	t.Parallel()
	exists := declared(t)
	for path, least := range map[string]int{"../docs/security.md": 60, "../docs/performance.md": 15} {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\b(Test|Benchmark|Example|Fuzz)[A-Z]\w+`).FindAllString(string(page), -1)
		if len(names) < least {
			t.Errorf("%s names %d tests, want %d", path, len(names), least)
		}
		for _, name := range names {
			if !exists[name] {
				t.Errorf("%s: there is no %s", path, name)
			}
		}
	}
}

// declared returns the names of all tests of the module, and what its packages
// export in the form package.Name, package.Type.Method and package.Type.Field.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "testdata" {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		scope := file.Name.Name + "."
		if strings.HasSuffix(path, "_test.go") {
			scope = ""
		}
		for _, d := range file.Decls {
			for _, name := range namesOf(d) {
				names[scope+name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// namesOf returns what a declaration declares, with methods and fields.
func namesOf(d ast.Decl) []string {
	var names []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			receiver := d.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if generic, ok := receiver.(*ast.IndexExpr); ok {
				receiver = generic.X
			}
			if of, ok := receiver.(*ast.Ident); ok {
				name = of.Name + "." + name
			}
		}
		names = append(names, name)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names = append(names, id.Name)
				}
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						for _, id := range field.Names {
							names = append(names, spec.Name.Name+"."+id.Name)
						}
					}
				}
			}
		}
	}
	return names
}

func TestReadme_lists_every_example(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) == 0 {
		t.Fatalf("%d programs, %v", len(programs), err)
	}
	for _, program := range programs {
		if !strings.Contains(string(readme), "("+filepath.ToSlash(filepath.Dir(program))+"/") {
			t.Errorf("README.md does not link to %s", program)
		}
	}
}

// The table at the top of docs/predecessors.md counts the rows of each section.
func TestPredecessors_counts_its_rows(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/predecessors.md")
	if err != nil {
		t.Fatal(err)
	}
	var all, allOpen int
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		rows := regexp.MustCompile(`(?m)^\| \d+ \|.*$`).FindAllString(body, -1)
		if len(rows) == 0 {
			continue // of defects
		}
		var open int
		for _, row := range rows {
			if strings.Contains(row, "*open:*") {
				open++
			}
		}
		all, allOpen = all+len(rows), allOpen+open
		if want := fmt.Sprintf("| %s | %d | %d | %d | 0 |", title, len(rows), len(rows)-open, open); !strings.Contains(string(page), want) {
			t.Errorf("docs/predecessors.md: want the line %q", want)
		}
	}
	if want := fmt.Sprintf("| all | %d | %d | %d | 0 |", all, all-allOpen, allOpen); !strings.Contains(string(page), want) {
		t.Errorf("docs/predecessors.md: want the line %q", want)
	}
}
