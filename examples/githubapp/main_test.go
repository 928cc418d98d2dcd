package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `golang, installation 7: available (4999 of 5000 left)
octocat, installation 8: available (4998 of 5000 left)
`

func TestRun_spends_the_budgets_of_both_installations(t *testing.T) {
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
