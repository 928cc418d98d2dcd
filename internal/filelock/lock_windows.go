package filelock

import (
	"errors"
	"os"
	"syscall"
	"unsafe"
)

// Package syscall has no name for these (Microsoft Learn, "LockFileEx function").
const (
	failImmediately = 0x1
	exclusive       = 0x2
	lockViolation   = syscall.Errno(33)
)

var (
	kernel32     = syscall.NewLazyDLL("kernel32.dll")
	lockFileEx   = kernel32.NewProc("LockFileEx")
	unlockFileEx = kernel32.NewProc("UnlockFileEx")
)

// place is the byte that is locked. Windows keeps others from reading and writing
// what is locked, so it is one that no file has.
func place() *syscall.Overlapped { return &syscall.Overlapped{OffsetHigh: 0x7fffffff} }

func lock(f *os.File) error {
	ok, _, err := lockFileEx.Call(f.Fd(), exclusive|failImmediately, 0, 1, 0, uintptr(unsafe.Pointer(place())))
	switch {
	case ok != 0:
		return nil
	case errors.Is(err, lockViolation):
		return ErrInUse
	}
	return os.NewSyscallError("LockFileEx", err)
}

func unlock(f *os.File) error {
	if ok, _, err := unlockFileEx.Call(f.Fd(), 0, 1, 0, uintptr(unsafe.Pointer(place()))); ok == 0 {
		return os.NewSyscallError("UnlockFileEx", err)
	}
	return nil
}
