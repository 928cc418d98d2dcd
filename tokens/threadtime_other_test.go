//go:build !linux

package tokens

import "time"

// threadTime is 0: nothing tells how long a processor has worked for a thread.
func threadTime() time.Duration { return 0 }
