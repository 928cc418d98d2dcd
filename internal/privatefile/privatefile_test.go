package privatefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gitfleet/gitfleet/internal/privatefile"
)

const limit = 1 << 10

// private returns a folder for its owner only, whatever the umask.
func private(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	chmod(t, dir, 0o700)
	return dir
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func file(t *testing.T, mode fs.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(private(t), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
	return path
}

func link(t *testing.T, target string) string {
	t.Helper()
	path := filepath.Join(private(t), "link")
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
	return path
}

func noModes(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing there")
	}
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

func TestWrite_makes_a_file_of_0600_in_folders_of_0700(t *testing.T) {
	t.Parallel()
	noModes(t)
	path := filepath.Join(private(t), "a", "b", "file")
	for _, text := range []string{"one", "two"} {
		if err := privatefile.Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, mode, err := privatefile.Read(path, limit)
		if err != nil || string(got) != text || mode != 0o600 {
			t.Errorf("Read() = %q, mode %#o, %v; want %q, 0600", got, mode, err, text)
		}
	}
	for dir := filepath.Dir(path); filepath.Base(dir) != "001"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, %v, want 0700", dir, info.Mode(), err)
		}
	}
}

func TestWrite_makes_a_file_that_others_could_read_private_again(t *testing.T) {
	t.Parallel()
	noModes(t)
	path := file(t, 0o666, "old")
	if err := privatefile.Write(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
}

// Whoever reads while another writes sees one of the two, whole.
func TestWrite_is_seen_whole_or_not_at_all(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a file that is being read cannot be replaced there")
	}
	path := file(t, 0o600, strings.Repeat("a", limit))
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := range 100 {
			if err := privatefile.Write(path, []byte(strings.Repeat(string(rune('a'+i%2)), limit))); err != nil {
				t.Error(err)
			}
		}
	})
	for range 200 {
		f, err := os.ReadFile(path)
		if err != nil || len(f) != limit || strings.Trim(string(f), string(f[0])) != "" {
			t.Fatalf("%d bytes, %v: want %d alike", len(f), err, limit)
		}
	}
	writing.Wait()
}

// Another name of the old file still has the old text: nothing was written into
// it, so that there is no instant at which it is half of either.
func TestWrite_leaves_the_old_file_as_it_was_and_nothing_beside_the_new_one(t *testing.T) {
	t.Parallel()
	path := file(t, 0o600, "old")
	other := filepath.Join(private(t), "other")
	if err := os.Link(path, other); err != nil {
		t.Skip(err)
	}
	if err := privatefile.Write(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != "old" {
		t.Errorf("the old file has %q, %v", text, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v, want the file alone", entries, err)
	}
}

func TestNothing_goes_through_a_link_or_to_what_is_no_file(t *testing.T) {
	t.Parallel()
	target := file(t, 0o600, "theirs")
	dangling := link(t, filepath.Join(private(t), "none"))
	for path, want := range map[string]string{
		link(t, target):      "is a symbolic link and is not followed",
		dangling:             "is a symbolic link and is not followed",
		filepath.Dir(target): "is not a regular file",
	} {
		_, _, err := privatefile.Read(path, limit)
		refused(t, err, want)
		refused(t, privatefile.Write(path, []byte("ours")), want)
		_, err = privatefile.Open(path)
		refused(t, err, want)
	}
	if text, err := os.ReadFile(target); err != nil || string(text) != "theirs" {
		t.Errorf("the target has %q, %v", text, err)
	}
	if _, err := os.Stat(dangling); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link leads to something: %v", err)
	}
}

func TestRead_follows_links_among_the_folders_above(t *testing.T) {
	t.Parallel()
	path := file(t, 0o600, "text")
	text, _, err := privatefile.Read(filepath.Join(link(t, filepath.Dir(path)), "file"), limit)
	if err != nil || string(text) != "text" {
		t.Errorf("Read() = %q, %v", text, err)
	}
}

func TestRead_does_not_believe_what_others_can_change(t *testing.T) {
	t.Parallel()
	noModes(t)
	for mode, want := range map[fs.FileMode]string{
		0o620: "has mode 0620, so that others can change it: run chmod 600 on it",
		0o602: "has mode 0602",
		0o644: "",
		0o400: "",
	} {
		_, got, err := privatefile.Read(file(t, mode, "text"), limit)
		if want != "" {
			refused(t, err, want)
		} else if err != nil || got != mode {
			t.Errorf("mode %#o: Read() says mode %#o, %v", mode, got, err)
		}
	}
}

func TestFolders_where_everybody_can_exchange_files_are_refused(t *testing.T) {
	t.Parallel()
	noModes(t)
	path := file(t, 0o600, "text")
	for mode, want := range map[fs.FileMode]string{
		0o777:                 "has mode 0777, so that everybody can exchange its files: run chmod 700 on it",
		0o777 | fs.ModeSticky: "",
		0o770:                 "",
	} {
		chmod(t, filepath.Dir(path), mode)
		_, _, err := privatefile.Read(path, limit)
		written := privatefile.Write(path, []byte("text"))
		if want != "" {
			refused(t, err, want)
			refused(t, written, want)
		} else if err != nil || written != nil {
			t.Errorf("folder of mode %v: Read() %v, Write() %v", mode, err, written)
		}
	}
}

func TestRead_is_bounded(t *testing.T) {
	t.Parallel()
	path := file(t, 0o600, strings.Repeat("x", limit))
	if text, _, err := privatefile.Read(path, limit); err != nil || len(text) != limit {
		t.Errorf("Read() = %d bytes, %v", len(text), err)
	}
	_, _, err := privatefile.Read(path, limit-1)
	refused(t, err, "has more than 1023 bytes")
	_, _, err = privatefile.Read(filepath.Join(private(t), "none"), limit)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read() of no file: %v", err)
	}
}

func TestOpen_makes_a_private_file_and_opens_one_that_is_there(t *testing.T) {
	t.Parallel()
	path := filepath.Join(private(t), "file")
	for _, text := range []string{"one", "two"} {
		f, err := privatefile.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "two" {
		t.Errorf("the file has %q, %v", text, err)
	}
	_, err := privatefile.Open(filepath.Join(filepath.Dir(path), "none", "file"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open() in no folder: %v", err)
	}
}
