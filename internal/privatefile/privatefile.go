// Package privatefile reads and writes the files that a program keeps for the
// user it runs as: configuration, state, checkpoints, databases, kept answers.
//
// Such a file has mode 0600. It is never reached through a symbolic link in its
// own place, since whoever may put one there could have another file read or
// overwritten; links among the folders above it are the user's and are
// followed. A file that the group or others can change, that belongs to another
// user, or that lies in a folder where everybody can exchange files is not
// believed.
//
// On Windows, modes and owners are in access lists, which are not looked at:
// what a user keeps below the own profile is for that user already. Links are
// refused there too.
//
// All functions are safe for concurrent use, also by several processes.
package privatefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Read returns what a file holds, and the mode that it has. It is an error if
// the file has more than limit bytes.
func Read(path string, limit int64) ([]byte, fs.FileMode, error) {
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return nil, 0, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, 0, err
	}
	f, err := reopen(path, info, os.O_RDONLY)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, 0, err
	}
	if err := checkOwner(path, info); err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return text, info.Mode().Perm(), err
}

// Open opens a file for reading and writing, and makes it with mode 0600 if
// there is none. Its folder must be there. The mode of a file that was there
// stays as it is.
func Open(path string) (*os.File, error) {
	for {
		info, err := os.Lstat(path)
		if err == nil {
			return reopen(path, info, os.O_RDWR)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		f, err := create(path)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		} // somebody else has made it since
	}
}

// create makes a file where there is none. O_EXCL follows no link (POSIX, open).
func create(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// reopen opens what info is of, and nothing that has taken its place since.
func reopen(path string, info fs.FileInfo, flag int) (*os.File, error) {
	if err := checkKind(path, info); err != nil { // first, because opening a pipe would wait for its other end
		return nil, err
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(info, opened) {
		err = fmt.Errorf("%s was exchanged while it was opened", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func checkKind(path string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link and is not followed: name the file itself", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	}
	return nil
}

func checkOwner(path string, info fs.FileInfo) error {
	switch mode := info.Mode().Perm(); {
	case runtime.GOOS == "windows":
		return nil
	case mode&0o022 != 0:
		return fmt.Errorf("%s has mode %#o, so that others can change it: run chmod 600 on it", path, mode)
	case isForeign(info):
		return fmt.Errorf("%s belongs to another user", path)
	}
	return nil
}

// checkFolder refuses a folder where everybody can exchange files. The sticky
// bit prevents that, as in /tmp; a folder that the group can write to is taken,
// because on many systems each user has a group of one.
func checkFolder(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode(); runtime.GOOS != "windows" && mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("folder %s has mode %#o, so that everybody can exchange its files: run chmod 700 on it", path, mode.Perm())
	}
	return nil
}
