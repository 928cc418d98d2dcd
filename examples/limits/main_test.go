package main

import (
	"strings"
	"testing"
	"testing/synctest"
)

const want = `alice: available (4998 of 5000 left)
  core     4998 of 5000 left
  graphql  4999 of 5000 left
  search   0 of 1 left
tokens that can search now: 0
`

func TestRun_shows_a_budget_for_each_resource(t *testing.T) {
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
