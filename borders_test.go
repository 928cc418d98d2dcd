package gitfleet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module   = "github.com/gitfleet/gitfleet"
	maxLines = 600 // of a Go file that is not a test
)

// border says what the code of a package, its tests apart, may import besides
// the standard library.
type border struct {
	own   []string // packages of this module, "" is the root
	other []string // packages of other modules, with all below them
	deep  bool     // holds for all that the imports import, too
	all   bool     // whatever is not for tests only
}

// borders is the table of docs/architecture.md. A row whose name ends in /...
// holds for every package below that folder.
var borders = map[string]border{
	"ratelimit": {deep: true},
	"tokens":    {own: []string{"ratelimit"}, other: []string{oauth2}, deep: true},
	"tokens/githubapp": {
		own:   []string{"tokens", "ratelimit"},
		other: []string{oauth2, "github.com/golang-jwt/jwt/v5"},
		deep:  true,
	},
	"transport": {own: []string{"tokens", "ratelimit"}, other: []string{oauth2}, deep: true},

	"transport/diskcache": {own: []string{"internal/privatefile"}, other: []string{"github.com/peterbourgon/diskv/v3"}},

	"providers":              {own: []string{"tokens", "ratelimit", "transport"}, other: []string{oauth2}},
	"providers/github":       {own: []string{"providers", "transport", "tokens"}, other: []string{"github.com/google/go-github"}},
	"providers/gitlab":       {own: []string{"providers", "transport", "tokens"}, other: []string{"github.com/xanzy/go-gitlab", "gitlab.com/gitlab-org/api/client-go"}},
	"providers/bitbucket":    {own: []string{"providers", "transport", "tokens"}, other: []string{"github.com/ktrysmt/go-bitbucket"}},
	"providers/providertest": {own: []string{"providers", "fleettest"}},

	"": {own: []string{
		"ratelimit", "tokens", "transport", "providers",
		"providers/github", "providers/gitlab", "providers/bitbucket", "internal/privatefile",
	}},

	"pool":      {own: []string{"tokens", "ratelimit", "transport"}},
	"batch":     {own: []string{"internal/filelock", "internal/privatefile"}},
	"usage":     {own: []string{"tokens", "transport", "pool"}},
	"quota":     {},
	"fleettest": {},
	"tabular":   {},

	"cmd/...":              {all: true},
	"examples/...":         {all: true},
	"internal/canary":      {},
	"internal/chaos":       {},
	"internal/filelock":    {},
	"internal/mutants":     {},
	"internal/privatefile": {},
}

const oauth2 = "golang.org/x/oauth2"

// forTests lists what no code but tests may import, and which packages may do
// so all the same.
var forTests = map[string][]string{
	module + "/internal/canary":        nil,
	module + "/fleettest":              {"providers/providertest", "cmd/...", "examples/..."},
	module + "/providers/providertest": nil,
	"github.com/google/go-cmp":         nil,
	"github.com/jarcoal/httpmock":      nil,
}

// onlyFor lists packages of this module that few others may import, even where
// a row says all.
var onlyFor = map[string][]string{
	"":      {"cmd/...", "examples/..."},
	"quota": {"cmd/...", "examples/..."},
}

// vague lists names that do not tell what a package provides.
var vague = []string{"util", "utils", "common", "helper", "helpers", "types"}

// A pkg is what the go command tells about one package of this module.
type pkg struct {
	ImportPath string
	Imports    []string // by its code, tests apart
	Deps       []string // the same with all that those import
}

func TestBorders(t *testing.T) {
	packages := list(t)
	if len(packages) < 2 {
		t.Fatalf("go list found %d packages", len(packages))
	}
	for _, p := range packages {
		for _, complaint := range check(p) {
			t.Error(complaint)
		}
	}
}

func TestBorders_a_package_is_named_after_what_it_provides_and_a_file_stays_short(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == "testdata" || file != "." && strings.HasPrefix(name, ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, content, parser.PackageClauseOnly)
		if err != nil {
			return err
		}
		if name := strings.TrimSuffix(parsed.Name.Name, "_test"); slices.Contains(vague, name) {
			t.Errorf("%s: package %s: name it after what it provides", file, name)
		}
		apart := strings.HasSuffix(file, "_test.go") || strings.HasPrefix(filepath.ToSlash(file), "bench/")
		if n := bytes.Count(content, []byte("\n")); n > maxLines && !apart {
			t.Errorf("%s has %d lines, at most %d are allowed", file, n, maxLines)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The table is of use only if it can be broken.
func TestBorders_complain_of_what_breaks_them(t *testing.T) {
	own := func(rel string) string { return path.Join(module, rel) }
	for _, tt := range []struct {
		name string
		pkg  pkg
		want string // part of the one complaint, "" for none
	}{
		{"standard library", pkg{ImportPath: own("batch"), Imports: []string{"net/http", "unsafe", "C"}}, ""},
		{"transport may use tokens and oauth2", pkg{ImportPath: own("transport"), Deps: []string{"vendor/golang.org/x/net/idna", own("tokens"), oauth2, oauth2 + "/internal"}}, ""},
		{"ratelimit stays with the standard library", pkg{ImportPath: own("ratelimit"), Imports: []string{oauth2}, Deps: []string{oauth2}}, "ratelimit must not import golang.org/x/oauth2"},
		{"tokens does not know transport", pkg{ImportPath: own("tokens"), Deps: []string{own("transport")}}, "tokens must not import transport"},
		{"transport imports a library through another", pkg{ImportPath: own("transport"), Imports: []string{own("tokens")}, Deps: []string{own("tokens"), "example.com/heavy"}}, "transport must not import example.com/heavy, not through another package either"},
		{"another module with a longer name", pkg{ImportPath: own("batch"), Imports: []string{module + "-extra"}}, "batch must not import github.com/gitfleet/gitfleet-extra"},
		{"a path that only begins alike", pkg{ImportPath: own("tokens"), Deps: []string{"golang.org/x/oauth2x"}}, "tokens must not import golang.org/x/oauth2x"},
		{"providers stays free of host libraries", pkg{ImportPath: own("providers"), Imports: []string{"github.com/google/go-github/v66/github"}}, "providers must not import github.com/google/go-github"},
		{"the github driver knows its library", pkg{ImportPath: own("providers/github"), Imports: []string{own("providers"), "github.com/google/go-github/v66/github"}}, ""},
		{"the github driver knows no other library", pkg{ImportPath: own("providers/github"), Imports: []string{"github.com/xanzy/go-gitlab"}}, "providers/github must not import github.com/xanzy/go-gitlab"},
		{"drivers do not know each other", pkg{ImportPath: own("providers/gitlab"), Imports: []string{own("providers/github")}}, "providers/gitlab must not import providers/github"},
		{"the root knows no host library", pkg{ImportPath: module, Imports: []string{"github.com/google/go-github/v66/github"}}, "gitfleet must not import github.com/google/go-github"},
		{"the root wires the drivers", pkg{ImportPath: module, Imports: []string{own("providers/github"), own("tokens")}}, ""},
		{"nobody below imports the root", pkg{ImportPath: own("pool"), Imports: []string{module}}, "pool must not import gitfleet"},
		{"fleettest stands alone", pkg{ImportPath: own("fleettest"), Imports: []string{own("ratelimit")}}, "fleettest must not import ratelimit"},
		{"batch keeps its checkpoint in a private file", pkg{ImportPath: own("batch"), Imports: []string{own("internal/privatefile")}}, ""},
		{"batch stands alone", pkg{ImportPath: own("batch"), Imports: []string{own("tokens")}}, "batch must not import tokens"},
		{"quota is for cmd", pkg{ImportPath: own("cmd/gitfleet"), Imports: []string{own("quota"), module, "golang.org/x/term"}}, ""},
		{"quota is for examples", pkg{ImportPath: own("examples/basic"), Imports: []string{own("quota")}}, ""},
		{"quota is for no other package", pkg{ImportPath: own("pool"), Imports: []string{own("quota")}}, "pool must not import quota: only cmd/... and examples/... may"},
		{"a pure Go database driver in usage", pkg{ImportPath: own("usage"), Imports: []string{"modernc.org/sqlite"}}, "usage must not import modernc.org/sqlite"},
		{"a database driver in usage", pkg{ImportPath: own("usage"), Imports: []string{"github.com/jackc/pgx/v5"}}, "usage must not import github.com/jackc/pgx/v5"},
		{"simulated hosts in the demo", pkg{ImportPath: own("cmd/gitfleet"), Imports: []string{own("fleettest")}}, ""},
		{"simulated hosts in the conformance suite", pkg{ImportPath: own("providers/providertest"), Imports: []string{own("fleettest"), own("providers")}}, ""},
		{"simulated hosts in the product", pkg{ImportPath: own("transport"), Imports: []string{own("fleettest")}, Deps: []string{own("fleettest")}}, "transport must not import fleettest: it is for tests"},
		{"canaries in the program", pkg{ImportPath: own("cmd/gitfleet"), Imports: []string{own("internal/canary")}}, "cmd/gitfleet must not import internal/canary: it is for tests"},
		{"go-cmp in an example", pkg{ImportPath: own("examples/basic"), Imports: []string{"github.com/google/go-cmp/cmp"}}, "examples/basic must not import github.com/google/go-cmp/cmp: it is for tests"},
		{"a mock in a driver", pkg{ImportPath: own("providers/github"), Imports: []string{"github.com/jarcoal/httpmock"}}, "providers/github must not import github.com/jarcoal/httpmock: it is for tests"},
		{"a package without a row", pkg{ImportPath: own("surprise")}, "surprise: add a row to the table"},
		{"a sub-package needs its own row", pkg{ImportPath: own("tokens/vault")}, "tokens/vault: add a row to the table"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := check(tt.pkg)
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("check() = %q, want no complaint", got)
			case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
				t.Errorf("check() = %q, want one complaint with %q", got, tt.want)
			}
		})
	}
}

// check returns what is wrong with the imports of p.
func check(p pkg) []string {
	name := relative(p.ImportPath)
	row, known := rowOf(name)
	if !known {
		return []string{fmt.Sprintf("package %s: add a row to the table of borders in borders_test.go that says what it may import", shown(name))}
	}
	imports, how := p.Imports, ""
	if row.deep {
		imports, how = p.Deps, ", not through another package either"
	}
	var complaints []string
	complain := func(imported, why string) {
		complaints = append(complaints, fmt.Sprintf("package %s must not import %s%s", shown(name), shown(imported), why))
	}
	for _, imported := range imports {
		rel := relative(imported)
		few, limited := onlyFor[rel]
		switch {
		case isStandard(imported):
		case isForTestsOnly(imported, name):
			complain(rel, ": it is for tests")
		case limited && !matches(name, few):
			complain(rel, ": only "+strings.Join(few, " and ")+" may")
		case row.all:
		case isOwn(imported) && !slices.Contains(row.own, rel):
			complain(rel, how)
		case !isOwn(imported) && !slices.ContainsFunc(row.other, func(m string) bool { return below(imported, m) }):
			complain(rel, how)
		}
	}
	return complaints
}

// rowOf returns the row of the package name: its own, or that of a folder.
func rowOf(name string) (border, bool) {
	if row, ok := borders[name]; ok {
		return row, true
	}
	for pattern, row := range borders {
		if matches(name, []string{pattern}) {
			return row, true
		}
	}
	return border{}, false
}

func isForTestsOnly(imported, by string) bool {
	for p, except := range forTests {
		if below(imported, p) {
			return !matches(by, except)
		}
	}
	return false
}

// matches reports whether one of the patterns is name or, ending in /..., a
// folder above it.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		folder, ok := strings.CutSuffix(pattern, "/...")
		return name == pattern || ok && below(name, folder)
	})
}

func below(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

func isOwn(imported string) bool { return below(imported, module) }

// The paths of other modules begin with a host name, which has a dot.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// relative returns the path inside this module, "" for the root; paths of
// other modules stay as they are.
func relative(imported string) string {
	if !isOwn(imported) {
		return imported
	}
	return strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
}

func shown(rel string) string {
	if rel == "" {
		return path.Base(module)
	}
	return rel
}

// list asks the go command for the packages of this module.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var packages []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}
