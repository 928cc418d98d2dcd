package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// licences returns the licences of what is linked into a program, since most of
// them want to be handed on with it. A module without one is an error.
func (s source) licences(ctx context.Context, modules []*debug.Module) ([]byte, error) {
	var all bytes.Buffer
	root, err := command(ctx, s.dir, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	if err := appendLicences(&all, "the Go standard library", strings.TrimSpace(root)); err != nil {
		return nil, err
	}
	for _, m := range modules {
		text, err := command(ctx, s.dir, "go", "mod", "download", "-json", m.Path+"@"+m.Version)
		if err != nil {
			return nil, err
		}
		var at struct{ Dir string }
		if err := json.Unmarshal([]byte(text), &at); err != nil {
			return nil, err
		}
		if err := appendLicences(&all, m.Path+" "+m.Version, at.Dir); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

// licenceFiles are the patterns of the names that licences and notices have.
var licenceFiles = []string{"LICENSE*", "LICENCE*", "COPYING*", "NOTICE*"}

func appendLicences(all *bytes.Buffer, of, dir string) error {
	found := false
	for _, pattern := range licenceFiles {
		paths, err := filepath.Glob(filepath.Join(dir, pattern)) // sorted
		if err != nil {
			return err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			found = true
			fmt.Fprintf(all, "=== %s: %s\n\n%s\n", of, filepath.Base(path), bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
			all.WriteByte('\n')
		}
	}
	if !found {
		return errors.New(of + " has no licence")
	}
	return nil
}
