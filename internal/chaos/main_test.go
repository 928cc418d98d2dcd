package chaos_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// TestMain wants no goroutine of the module left when all is closed. A bubble
// sees to its own; over sockets only the end of all runs can tell.
func TestMain(m *testing.M) {
	code := m.Run()
	if !eventually(func() bool { return leftover() == "" }) {
		fmt.Printf("FAIL: I16: a goroutine is left:\n%s\n", leftover())
		code = 1
	}
	os.Exit(code)
}

// leftover returns the stack of a goroutine that the module or its connections
// have left behind, empty if there is none.
func leftover() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, of := range []string{"gitfleet/transport.", "gitfleet/tokens.", "gitfleet/providers.", "net/http.(*persistConn)", "net/http.(*http2"} {
			if strings.Contains(stack, of) {
				return stack
			}
		}
	}
	return ""
}
