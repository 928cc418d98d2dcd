package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write makes text all that the file holds, in one go: whenever the machine
// stops, the file is as it was or as it is to be. Folders that are missing are
// made with mode 0700.
func Write(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := checkFolder(dir); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case err == nil:
		if err := checkKind(path, info); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncFolder(dir)
}

// SyncFolder makes the names of new files in a folder last when the machine
// loses power. Not every system can, and then it does nothing; Windows is one.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = folder.Sync()
	return folder.Close()
}
