package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type platform struct{ os, arch string }

var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

func (p platform) program() string {
	if p.os == "windows" {
		return "gitfleet.exe"
	}
	return "gitfleet"
}

func (p platform) extension() string {
	if p.os == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

// source is the commit that is released.
type source struct {
	dir     string // a clone of its own
	version string // without "v"
	commit  string
	time    time.Time // of the commit, UTC
}

// checkOut clones a repository's HEAD, so that nothing that lies about in the
// work tree gets into the release. The go command takes the version of the main
// module from the tags that it finds; the clone has one, whatever the repository
// has, or how deep it is.
func checkOut(ctx context.Context, repository, version, dir string) (source, error) {
	s := source{dir: dir, version: version}
	if _, err := command(ctx, ".", "git", "clone", "--quiet", "--no-tags", repository, dir); err != nil {
		return s, err
	}
	if err := s.checkVersion(); err != nil {
		return s, err
	}
	if _, err := command(ctx, dir, "git", "tag", "v"+version); err != nil {
		return s, err
	}
	stamp, err := command(ctx, dir, "git", "show", "--no-patch", "--format=%H %ct", "HEAD")
	if err != nil {
		return s, err
	}
	commit, at, _ := strings.Cut(strings.TrimSpace(stamp), " ")
	seconds, err := strconv.ParseInt(at, 10, 64)
	s.commit, s.time = commit, time.Unix(seconds, 0).UTC()
	return s, err
}

// checkVersion compares the version with the one that the program says of
// itself.
func (s source) checkVersion() error {
	text, err := os.ReadFile(filepath.Join(s.dir, "providers", "config.go"))
	if err != nil {
		return err
	}
	if line := fmt.Sprintf("const Version = %q\n", s.version); !bytes.Contains(text, []byte(line)) {
		return fmt.Errorf("providers/config.go of HEAD has no line %q: set the version there first", strings.TrimSpace(line))
	}
	return nil
}

// build makes the program. What would let the machine show is switched off or
// fixed: paths, the C compiler, flags and levels of the architecture from the
// environment. The commit and its time are in it.
func (s source) build(ctx context.Context, p platform, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-mod=readonly", "-ldflags=-s -w -buildid=",
		"-o", program, "./cmd/gitfleet")
	cmd.Env = append(os.Environ(),
		"GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0",
		"GOOS="+p.os, "GOARCH="+p.arch)
	_, err := output(cmd, s.dir)
	return err
}

// command runs a program in a folder and returns what it prints.
func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	return output(exec.CommandContext(ctx, name, args...), dir)
}

func output(cmd *exec.Cmd, dir string) (string, error) {
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &errs)
	}
	return out.String(), nil
}
