//go:build (unix && !solaris && !aix) || windows

package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gitfleet/gitfleet/internal/filelock"
)

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // some tests have closed it
	return f
}

func TestLock_is_one_at_a_time_until_it_is_unlocked_or_closed(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "file")
	a, b, c := open(t, name), open(t, name), open(t, name)
	if err := filelock.Lock(a); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Lock(b); !errors.Is(err, filelock.ErrInUse) {
		t.Errorf("Lock() of a locked file = %v, want ErrInUse", err)
	}
	if err := filelock.Unlock(a); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Lock(b); err != nil {
		t.Errorf("Lock() after Unlock() = %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Lock(c); err != nil {
		t.Errorf("Lock() after Close() = %v", err)
	}
}

func TestLock_keeps_nobody_from_reading_and_writing(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "file")
	a, b := open(t, name), open(t, name)
	if err := filelock.Lock(a); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WriteString("text"); err != nil {
		t.Errorf("another file cannot write: %v", err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "text" {
		t.Errorf("ReadFile() = %q, %v", text, err)
	}
}

func TestLock_tells_a_file_that_cannot_be_locked_from_one_in_use(t *testing.T) {
	t.Parallel()
	f := open(t, filepath.Join(t.TempDir(), "file"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Lock(f); err == nil || errors.Is(err, filelock.ErrInUse) {
		t.Errorf("Lock() of a closed file = %v, want an error that is not ErrInUse", err)
	}
}
