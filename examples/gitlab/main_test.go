package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `350 projects
alice: available (1998 of 2000 left)
bot: available (1998 of 2000 left)
`

func TestRun_lists_a_group_with_go_gitlab(t *testing.T) {
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
