// Command mutants breaks the product on purpose, one way after the other, in a
// copy of the module, and wants the tests that bear the invariant's number to
// notice each. Run it in the module's folder:
//
//	go run ./internal/mutants          all of them
//	go run ./internal/mutants 5 6      those of I5 and I6
//	go run ./internal/mutants -list    docs/mutants.md
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if slices.Contains(args, "-list") {
		_, err := io.WriteString(out, page())
		return err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		return err
	}
	var failed []error
	for _, m := range mutants {
		if len(args) > 0 && !slices.Contains(args, strconv.Itoa(m.invariant)) {
			continue
		}
		by, err := m.tryIn(dir)
		if err != nil {
			failed = append(failed, err)
			by = "SURVIVED"
		}
		fmt.Fprintf(out, "I%d %s: %s: %s\n", m.invariant, m.file, m.breaks, by)
	}
	return errors.Join(failed...)
}

// tryIn breaks the copy of the module, and returns the name of a test that failed.
func (m mutant) tryIn(dir string) (killer string, err error) {
	path := filepath.Join(dir, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	broken, err := m.apply(string(text))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
		return "", err
	}
	defer func() {
		if back := os.WriteFile(path, text, 0o600); err == nil {
			err = back
		}
	}()
	names := fmt.Sprintf(`^Test(I\d+_)*I%d_`, m.invariant)
	args := append([]string{"test", "-vet=off", "-short", "-failfast", "-timeout", "3m", "-run", names}, strings.Fields(m.tests)...)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	said, failure := cmd.CombinedOutput()
	switch {
	case failure == nil:
		return "", fmt.Errorf("no test of I%d notices that %s (%s)", m.invariant, m.breaks, m.file)
	case strings.Contains(string(said), "[build failed]"), strings.Contains(string(said), "[setup failed]"):
		return "", fmt.Errorf("the mutant of I%d in %s does not compile:\n%s", m.invariant, m.file, said)
	}
	return killerIn(string(said)), nil
}

// killerIn finds the test that failed in what go test said.
func killerIn(said string) string {
	for line := range strings.Lines(said) {
		if _, name, ok := strings.Cut(line, "--- FAIL: "); ok {
			name, _, _ = strings.Cut(name, " ")
			return name
		}
	}
	return "a panic or a test without end"
}

// apply breaks the text of the mutant's file.
func (m mutant) apply(text string) (string, error) {
	if n := strings.Count(text, m.old); n != 1 {
		return "", fmt.Errorf("%s: %q occurs %d times, want once: the mutant of I%d has to follow the code", m.file, m.old, n, m.invariant)
	}
	return strings.Replace(text, m.old, m.with, 1), nil
}

const pageHead = `# Mutants

Code that is broken on purpose shows whether a test would notice. For each invariant ([CONTRIBUTING.md](../CONTRIBUTING.md)) the
product is broken in the ways below, one at a time in a copy of the module, and the tests whose names bear that invariant's number
must fail. ` + "`make mutants`" + ` does it and names the test that noticed; ` + "`go run ./internal/mutants 5`" + ` tries those of I5 only. The table is
` + "`internal/mutants/table.go`" + `; a test keeps this page and the code in step with it.

| invariant | what is broken | where |
|---|---|---|
`

// page is docs/mutants.md.
func page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, m := range mutants {
		fmt.Fprintf(&b, "| I%d | %s | `%s` |\n", m.invariant, m.breaks, m.file)
	}
	return b.String()
}
