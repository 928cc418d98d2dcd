package privatefile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Folder makes a folder of mode 0700, with those above it that are missing. One that
// is there must be a folder that nobody but this user can use: else whoever owns it
// could open it to others later, and exchange its files.
func Folder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if err := checkAlone(path, info.Mode(), isForeign(info)); err != nil {
		return err
	}
	return checkFolder(filepath.Dir(path))
}

func checkAlone(path string, mode fs.FileMode, foreign bool) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link and is not followed: name the folder itself", path)
	case !mode.IsDir():
		return fmt.Errorf("%s is not a folder", path)
	case runtime.GOOS == "windows":
		return nil
	case mode.Perm()&0o077 != 0:
		return fmt.Errorf("folder %s has mode %#o, so that others can use it: run chmod 700 on it", path, mode.Perm())
	case foreign:
		return fmt.Errorf("folder %s belongs to another user", path)
	}
	return nil
}
