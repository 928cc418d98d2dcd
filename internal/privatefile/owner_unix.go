//go:build unix

package privatefile

import (
	"io/fs"
	"os"
	"syscall"
)

// isForeign reports whether a file belongs to neither this user nor root.
func isForeign(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && isOfAnother(stat.Uid, uint32(os.Geteuid()))
}

// isOfAnother leaves root alone: with sudo, it reads the files of the user who
// asked for it.
func isOfAnother(owner, user uint32) bool { return owner != user && owner != 0 && user != 0 }
