package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `250 repositories
alice: available
bot: available
`

func TestRun_lists_a_workspace_with_go_bitbucket(t *testing.T) {
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
