//go:build !unix

package privatefile

import "io/fs"

// isForeign reports false, because the owner is not in what the system tells.
func isForeign(fs.FileInfo) bool { return false }
