package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `alice was used 1 times
bob was used 4 times
a limit was met 1 times
80% succeeded
the last minutes: ··········█
`

func TestRun_reports_who_used_what(t *testing.T) {
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
