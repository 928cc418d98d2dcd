package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Between the look at a file and its opening, another can take its place.
func TestOpening_what_has_been_exchanged_is_refused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	for _, name := range []string{path, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	seen, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path); err != nil {
		t.Skip(err)
	}
	if _, err := create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create() where a link stands = %v, want a refusal", err)
	}
	if _, err := reopen(path, seen, os.O_RDWR); err == nil || !strings.Contains(err.Error(), "was exchanged while it was opened") {
		t.Errorf("reopen() = %v, want a refusal", err)
	}
}
