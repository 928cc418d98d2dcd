package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `550 repositories
alice: available (1 of 4 left)
ci: available (1 of 4 left)
`

func TestRun_lists_with_two_tokens_what_either_is_too_small_for(t *testing.T) {
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
