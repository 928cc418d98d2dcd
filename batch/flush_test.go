//go:build unix && !solaris && !aix

package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipe returns a checkpoint over a pipe, which cannot be flushed: an error tells
// that this was tried.
func pipe(t *testing.T) (c *checkpoint, written func() string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() }) // one may be closed already
	return &checkpoint{path: "pipe", file: w, synced: time.Now()}, func() string {
		text := make([]byte, 1000)
		n, err := r.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
}

func TestCheckpoint_is_flushed_to_the_disk_every_second_and_at_the_end(t *testing.T) {
	t.Parallel()
	c, _ := pipe(t)
	c.synced = time.Now().Add(time.Hour)
	if err := c.add("a", 1); err != nil {
		t.Errorf("add() right after a flush = %v", err)
	}
	c.synced = time.Now().Add(-syncEvery)
	if err := c.add("b", 1); err == nil {
		t.Error("a second after a flush there was no other")
	}
	if err := c.close(); err == nil {
		t.Error("there was no flush at the end")
	}
}

func TestCheckpoint_begins_with_a_flush_of_its_first_line_and_of_its_folder(t *testing.T) {
	t.Parallel()
	c, written := pipe(t)
	if err := c.begin([]byte("first\n")); err == nil || written() != "first\n" {
		t.Errorf("begin() = %v, want the error of the flush", err)
	}
	path := filepath.Join(t.TempDir(), "checkpoint")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c = &checkpoint{path: path, file: file}
	if err := c.begin([]byte("first\n")); err != nil {
		t.Errorf("begin() = %v", err)
	}
	c.path = filepath.Join(filepath.Dir(path), "none", "checkpoint") // a folder that cannot be opened
	if err := c.begin([]byte("first\n")); err == nil {
		t.Error("the folder was not flushed")
	}
}

func TestCheckpoint_counts_the_second_from_the_last_flush(t *testing.T) {
	t.Parallel()
	c, err := openCheckpoint(filepath.Join(t.TempDir(), "checkpoint"), "")
	if err != nil {
		t.Fatal(err)
	}
	c.synced = time.Now().Add(-syncEvery)
	if err := c.add("a", 1); err != nil || time.Since(c.synced) >= syncEvery {
		t.Errorf("add() = %v, the last flush was %v ago", err, time.Since(c.synced))
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
}

func TestCheckpoint_whose_last_flush_fails_is_an_error_of_the_batch(t *testing.T) {
	t.Parallel()
	e, err := newEngine(t.Context(), func(context.Context, string) (int, error) { return 1, nil }, Config{})
	if err != nil {
		t.Fatal(err)
	}
	e.saved, _ = pipe(t)
	if err := e.end(true); !errors.Is(err, ErrStopped) {
		t.Errorf("end() = %v, want ErrStopped", err)
	}
}

// After a line that may have been written halfway no other may follow.
func TestCheckpoint_writes_nothing_after_an_error(t *testing.T) {
	t.Parallel()
	c, written := pipe(t)
	c.synced = time.Now().Add(-syncEvery)
	first := c.add("a", 1)
	if err := c.add("b", 1); first == nil || err != first {
		t.Errorf("errors %v and %v, want the first again", first, err)
	}
	if text := written(); strings.Count(text, "\n") != 1 {
		t.Errorf("written is %q, want a alone", text)
	}
}

// A process that is started while a batch runs has a copy of the file for a
// moment, as the duplicate here stands for.
func TestCheckpoint_is_free_after_a_batch_whoever_has_a_copy_of_the_file(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "checkpoint")
	c, err := openCheckpoint(path, "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := syscall.Dup(int(c.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(other) }()
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	c, err = openCheckpoint(path, "")
	if err != nil {
		t.Fatalf("the next batch met %v", err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}
