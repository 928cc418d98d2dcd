package privatefile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gitfleet/gitfleet/internal/privatefile"
)

func TestFolder_is_made_with_those_above_it_for_this_user_alone(t *testing.T) {
	t.Parallel()
	noModes(t)
	path := filepath.Join(private(t), "a", "b")
	for range 2 {
		if err := privatefile.Folder(path); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: %v, %v, want mode 0700", dir, info.Mode(), err)
		}
	}
}

func TestFolder_that_others_can_use_or_exchange_is_refused(t *testing.T) {
	t.Parallel()
	noModes(t)
	for _, mode := range []fs.FileMode{0o701, 0o710, 0o740, 0o777} {
		dir := private(t)
		chmod(t, dir, mode)
		refused(t, privatefile.Folder(dir), "so that others can use it")
	}
	dir := private(t)
	path := filepath.Join(dir, "folder")
	chmod(t, dir, 0o777)
	refused(t, privatefile.Folder(path), "everybody can exchange its files")
	chmod(t, dir, 0o777|fs.ModeSticky)
	if err := privatefile.Folder(path); err != nil {
		t.Errorf("Folder() = %v below a folder such as /tmp", err)
	}
}

func TestFolder_is_no_link_and_no_file(t *testing.T) {
	t.Parallel()
	refused(t, privatefile.Folder(link(t, private(t))), "is a symbolic link and is not followed")
	if err := privatefile.Folder(file(t, 0o600, "")); err == nil {
		t.Error("a file was taken for a folder")
	}
}
