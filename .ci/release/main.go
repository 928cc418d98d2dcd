// Command release builds what a release consists of: an archive for each
// platform, a bill of materials beside each, and SHA256SUMS. The same commit
// and the same Go make the same bytes, on any machine and in any folder.
//
//	go run . -version 0.1.0 -o ../../dist
//
// It is a module of its own, so that what it needs never enters the product's
// graph of dependencies.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	version := flag.String("version", "", "version of the release, such as 0.1.0")
	out := flag.String("o", filepath.Join("..", "..", "dist"), "folder for what is made; it must be empty or new")
	repository := flag.String("repository", filepath.Join("..", ".."), "clone whose HEAD is built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *repository, *version, *out); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run makes a release of the repository's HEAD in the folder out.
func run(ctx context.Context, repository, version, out string) error {
	if err := emptyFolder(out); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "gitfleet-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	s, err := checkOut(ctx, repository, version, filepath.Join(work, "source"))
	if err != nil {
		return err
	}
	for _, p := range platforms {
		if err := s.release(ctx, p, work, out); err != nil {
			return fmt.Errorf("%s/%s: %w", p.os, p.arch, err)
		}
	}
	return writeSums(out)
}

func emptyFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty", path)
	}
	return err
}

// release makes a platform's archive and bill of materials.
func (s source) release(ctx context.Context, p platform, work, out string) error {
	name := fmt.Sprintf("gitfleet_%s_%s_%s", s.version, p.os, p.arch)
	program := filepath.Join(work, name, p.program())
	if err := s.build(ctx, p, program); err != nil {
		return err
	}
	linked, err := linkedInto(program)
	if err != nil {
		return err
	}
	licences, err := s.licences(ctx, linked.modules)
	if err != nil {
		return err
	}
	files := []file{{name: "LICENSES.txt", text: licences}}
	for _, path := range []string{filepath.Join(s.dir, "LICENSE"), filepath.Join(s.dir, "README.md"), filepath.Join(s.dir, "CHANGELOG.md"), program} {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files = append(files, file{name: filepath.Base(path), text: text, program: path == program})
	}
	archive := filepath.Join(out, name+p.extension())
	if err := writeArchive(archive, name, files, s.time); err != nil {
		return err
	}
	if err := writeBill(filepath.Join(out, name+".cdx.json"), linked, s); err != nil {
		return err
	}
	info, err := os.Stat(archive)
	if err != nil {
		return err
	}
	fmt.Printf("%s  %.1f MiB, %d modules\n", filepath.Base(archive), float64(info.Size())/(1<<20), len(linked.modules))
	return nil
}
