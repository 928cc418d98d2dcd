// Package filelock keeps two programs from writing one file.
package filelock

import (
	"errors"
	"os"
)

// ErrInUse is returned for a file that somebody else has locked.
var ErrInUse = errors.New("in use")

// Lock locks a file, which must be open for writing, without waiting. It returns
// [ErrInUse] if another process has locked it, or this one through another
// [os.File]. The system takes the lock away when the file is closed or the process
// ends in any way, so that none is left behind by kill -9. It keeps nobody from
// the file who does not ask for it.
//
// On systems that lock no files this way (Plan 9, WebAssembly, Solaris, AIX) Lock
// does nothing.
func Lock(f *os.File) error { return lock(f) }

// Unlock lets go at once. Closing the file would not, as long as a process that
// was started meanwhile has not got rid of its copy of it.
func Unlock(f *os.File) error { return unlock(f) }
