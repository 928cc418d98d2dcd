package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `call 1: 502 Bad Gateway
call 2: 502 Bad Gateway
call 3: 502 Bad Gateway
call 4: nothing was sent, come again in 5s
call 5: 502 Bad Gateway
call 6: nothing was sent, come again in 10s
call 7: 200 OK
`

func TestRun_leaves_a_failing_host_alone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != want {
			t.Errorf("run() printed\n%swant\n%s", got, want)
		}
	})
}
