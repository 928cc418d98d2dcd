//go:build (!unix && !windows) || solaris || aix

package filelock

import "os"

func lock(*os.File) error   { return nil }
func unlock(*os.File) error { return nil }
