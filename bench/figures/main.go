// Command figures runs every measurement of the project, those beside peers and
// those of single packages, and writes what they say as tables: each figure under
// the command that prints it, with the machine, the commit and the time.
//
//	go run ./figures -o figures.md          all, with 6 runs of each benchmark
//	go run ./figures -only Lease -o -       what matches, to standard output
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	out := flag.String("o", "figures.md", "file to write, - for standard output")
	count := flag.Int("count", 6, "runs of each benchmark")
	only := flag.String("only", ".", "regular expression of the tests and benchmarks to run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *count, *only); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

// run measures, and writes the file also if some measurement missed its bound.
func run(ctx context.Context, out string, count int, only string) error {
	program, remove, err := buildProgram(ctx)
	if err != nil {
		return err
	}
	defer remove()
	var text strings.Builder
	fmt.Fprintf(&text, "# Figures\n\nWritten by `make figures`. Do not edit: run it again.\n\n%s\n", machine(ctx))
	var failed []error
	for _, m := range []measurement{
		{title: "Beside peers", dir: ".", args: []string{"-run", only, "-v", "."}, tests: true},
		{title: "Costs of a call, beside peers", dir: ".", args: benchmarks(only, count, ".")},
		{title: "Costs within packages", dir: "..", args: benchmarks(only, count, "./...")},
	} {
		fmt.Fprintln(os.Stderr, m.command())
		printed, err := m.measure(ctx, program)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.command(), err))
		}
		fmt.Fprintf(&text, "\n## %s\n\n```sh\n%s\n```\n%s", m.title, m.command(), m.tables(printed))
	}
	if out == "-" {
		_, err = io.WriteString(os.Stdout, text.String())
	} else {
		err = os.WriteFile(out, []byte(text.String()), 0o644)
	}
	return errors.Join(append(failed, err)...)
}

// measurement is one run of go test.
type measurement struct {
	title, dir string
	args       []string
	tests      bool // measurements that are tests and log what they find
}

func benchmarks(only string, count int, packages string) []string {
	return []string{"-run", "^$", "-bench", only, "-benchmem", "-count", fmt.Sprint(count), packages}
}

// command is how to run the same from the folder bench.
func (m measurement) command() string {
	var words []string
	for _, a := range append([]string{"go", "test", "-timeout", "60m"}, m.args...) {
		if strings.ContainsAny(a, "^$|*") {
			a = "'" + a + "'"
		}
		words = append(words, a)
	}
	line := strings.Join(words, " ")
	if m.dir == "." {
		return line
	}
	return "(cd " + m.dir + " && " + line + ")"
}

func (m measurement) measure(ctx context.Context, program string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-timeout", "60m"}, m.args...)...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GITFLEET_COMMAND="+program)
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	return string(printed), err
}

func (m measurement) tables(printed string) string {
	if m.tests {
		return logged(printed)
	}
	return tables(printed)
}

// buildProgram makes the command line whose start is measured, as a release has it.
func buildProgram(ctx context.Context) (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "gitfleet-figures-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	path = filepath.Join(dir, "gitfleet")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./cmd/gitfleet")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		remove()
		return "", nil, err
	}
	return path, remove, nil
}

// machine says where and of what the figures are.
func machine(ctx context.Context) string {
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		commit = []byte("unknown")
	}
	return fmt.Sprintf("%s: %d processors (%s), %s for %s/%s, commit %s.\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(),
		processor(), runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.TrimSpace(string(commit)))
}

// processor returns the name of the processor where the system tells it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
