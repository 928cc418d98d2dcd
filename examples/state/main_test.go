package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `at the start: unknown
after a call: available (4999 of 5000 left)
at the start: available (4999 of 5000 left)
the file's mode is -rw-------
`

func TestRun_knows_the_limits_of_the_run_before(t *testing.T) {
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
