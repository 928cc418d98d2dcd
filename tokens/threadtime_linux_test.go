package tokens

import (
	"syscall"
	"time"
	"unsafe"
)

// threadTime returns how long a processor has worked for this thread, in the program
// and for it in the kernel (clock_getres(2), CLOCK_THREAD_CPUTIME_ID).
func threadTime() time.Duration {
	const clockThreadCPUTime = 3
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockThreadCPUTime, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}
