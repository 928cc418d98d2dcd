package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `first start: the host says 429 Too Many Requests
second start: known to be limited, nothing was sent
`

func TestRun_knows_after_a_restart_what_it_knew_before(t *testing.T) {
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
