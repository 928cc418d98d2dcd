//go:build unix && !solaris && !aix

package batch

import (
	"os"
	"syscall"
)

// lock keeps other processes, and other batches of this one, from the file until
// it is closed or the process ends in any way.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// unlock lets go at once. Closing the file would not, as long as a process that
// was started meanwhile has not got rid of its copy of it.
func unlock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
}
